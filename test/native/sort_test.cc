// Sorting, selecting, searching and accumulating, against the standard library.
#include <algorithm>
#include <cmath>
#include <numeric>
#include "run_kernel.h"
#include "typed.h"

namespace keratin::testing {
namespace {

struct Shape {
  int64_t rows, n;
};
// One lane and many, the longest row of a network and one more, rows for buckets.
const Shape kShapes[] = {{1, 1}, {3, 2}, {1, 41}, {33, 7}, {16, 16}, {40, 100}, {17, 2048}, {2, 2049}, {1, 70000}};

// fn(Type<T>{}) for each type with arithmetic of its own.
template <typename Fn>
void with_number(DType dtype, Fn fn) {
  with_type(dtype, [&](auto type) {
    if constexpr (std::is_arithmetic_v<typename decltype(type)::type>) fn(type);
  });
}

// Numbers in which some are equal; with zeros of either sign, NaN and infinities for floats.
template <typename T>
std::vector<T> data_of(int64_t count, uint64_t seed) {
  Noise noise(seed);
  std::vector<T> x(static_cast<size_t>(count));
  for (T& value : x) {
    const int64_t draw = noise.below(1000);
    if constexpr (std::is_floating_point_v<T>) {
      value = draw < 20 ? T(0) : draw < 40 ? -T(0) : draw == 40 ? T(NAN) : draw == 41 ? T(INFINITY) : draw == 42 ? -T(INFINITY)
            : draw < 100 ? T(1.5) : static_cast<T>(noise.uniform(-100, 100));
    } else {
      value = static_cast<T>(draw < 500 ? noise.bits() : noise.bits() % 8);
    }
  }
  return x;
}
template <typename T>
bool less(T a, T b) {
  return a < b || (b != b && a == a);
}
template <typename T>
std::vector<int32_t> order_of(const T* x, int64_t n) {
  std::vector<int32_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [x](int32_t a, int32_t b) { return less(x[a], x[b]); });
  return order;
}
template <typename T>
bool same(const T* a, const T* b, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    if (std::memcmp(a + i, b + i, sizeof(T)) != 0 && !(a[i] != a[i] && b[i] != b[i])) return false;
  }
  return true;
}

template <typename T>
void check_sorts(const IsaTable& isa, const Shape& s, DType dtype, Order order) {
  std::vector<T> x = data_of<T>(s.rows * s.n, 5), sorted(x.size());
  std::vector<int32_t> places(x.size());
  ASSERT_TRUE(run_kernel(isa, "sort", dtype, {s.rows, s.n}, {}, {x.data(), sorted.data()}, order).found);
  ASSERT_TRUE(run_kernel(isa, "argsort", dtype, {s.rows, s.n}, {}, {x.data(), places.data()}, order).found);
  for (int64_t row = 0; row < s.rows; ++row) {
    const T* from = &x[static_cast<size_t>(row * s.n)];
    const std::vector<int32_t> expected = order_of(from, s.n);
    std::vector<T> values;
    for (int32_t place : expected) values.push_back(from[place]);
    ASSERT_TRUE(same(values.data(), &sorted[static_cast<size_t>(row * s.n)], s.n)) << isa.name << " sort " << name_of(dtype) << " " << s.rows << " x " << s.n;
    ASSERT_TRUE(std::equal(expected.begin(), expected.end(), places.begin() + row * s.n)) << isa.name << " argsort " << name_of(dtype) << " " << s.rows << " x " << s.n;
  }
}

TEST(Sort, EveryTypeAndShape) {
  for (const IsaTable* isa : isa_tables()) {
    for (const Shape& s : kShapes) {
      for (DType dtype : kArithmeticDTypes) {
        const Order order = s.rows % 2 == 0 ? Order::Reversed : Order::Together;
        with_number(dtype, [&](auto type) { check_sorts<typename decltype(type)::type>(*isa, s, dtype, order); });
      }
    }
  }
}

TEST(Sort, EqualAndOrderedRows) {
  for (const IsaTable* isa : isa_tables()) {
    for (int64_t n : {100, 3000, 70000}) {
      std::vector<int32_t> x(static_cast<size_t>(n), 7), out(x.size());
      run_kernel(*isa, "sort", DType::I32, {1, n}, {}, {x.data(), out.data()});
      EXPECT_EQ(out, x);
      for (int64_t i = 0; i < n; ++i) x[static_cast<size_t>(i)] = static_cast<int32_t>(n - i);
      run_kernel(*isa, "argsort", DType::I32, {1, n}, {}, {x.data(), out.data()});
      for (int64_t i = 0; i < n; ++i) ASSERT_EQ(out[static_cast<size_t>(i)], n - 1 - i);
    }
  }
}

template <typename T>
void check_top_k(const IsaTable& isa, int64_t rows, int64_t n, int64_t k, DType dtype) {
  std::vector<T> x = data_of<T>(rows * n, 9), values(static_cast<size_t>(rows * k));
  if constexpr (std::is_floating_point_v<T>) {
    for (T& value : x) value = value == 0 ? T(0) : value;  // -0 comes after 0 here
  }
  std::vector<int32_t> places(values.size());
  ASSERT_TRUE(run_kernel(isa, "top_k", dtype, {rows, n, k}, {}, {x.data(), values.data(), places.data()}, Order::Reversed).found);
  for (int64_t row = 0; row < rows; ++row) {
    const T* from = &x[static_cast<size_t>(row * n)];
    std::vector<int32_t> expected(static_cast<size_t>(n));
    std::iota(expected.begin(), expected.end(), 0);
    std::stable_sort(expected.begin(), expected.end(), [from](int32_t a, int32_t b) { return less(from[b], from[a]); });
    for (int64_t i = 0; i < k; ++i) {
      const size_t at = static_cast<size_t>(row * k + i);
      ASSERT_EQ(places[at], expected[static_cast<size_t>(i)]) << isa.name << " " << name_of(dtype) << " " << n << " " << k;
      ASSERT_TRUE(same(&values[at], &from[places[at]], 1));
    }
  }
}

TEST(TopK, EveryTypeAndShape) {
  for (const IsaTable* isa : isa_tables()) {
    for (DType dtype : kArithmeticDTypes) {
      with_number(dtype, [&](auto type) {
        using T = typename decltype(type)::type;
        for (int64_t k : {1, 2, 7}) check_top_k<T>(*isa, 5, 7, k, dtype);
        for (int64_t k : {1, 50, 1000, 3000}) check_top_k<T>(*isa, 2, 3000, k, dtype);
      });
    }
  }
}

TEST(TopK, ZeroIsLargerThanItsNegative) {
  for (const IsaTable* isa : isa_tables()) {
    std::vector<float> x = {-0.0f, 1, 0.0f, -0.0f, NAN, -1}, values(6);
    std::vector<int32_t> places(6);
    run_kernel(*isa, "top_k", DType::F32, {1, 6, 6}, {}, {x.data(), values.data(), places.data()});
    EXPECT_EQ(places, (std::vector<int32_t>{4, 1, 2, 0, 3, 5}));
  }
}

TEST(Search, AgreesWithTheStandardLibrary) {
  for (const IsaTable* isa : isa_tables()) {
    for (int64_t m : {0, 1, 2, 5, 64, 1000}) {
      for (int64_t n : {1, 7, 8, 9, 5000}) {
        std::vector<float> x = data_of<float>(m, 3), values = data_of<float>(n, 4);
        std::sort(x.begin(), x.end(), less<float>);
        for (int64_t right : {0, 1}) {
          std::vector<int32_t> out(static_cast<size_t>(n));
          run_kernel(*isa, "searchsorted", DType::F32, {m, n, right}, {}, {x.data(), values.data(), out.data()}, Order::Reversed);
          for (size_t i = 0; i < out.size(); ++i) {
            const auto at = right ? std::upper_bound(x.begin(), x.end(), values[i], less<float>) : std::lower_bound(x.begin(), x.end(), values[i], less<float>);
            ASSERT_EQ(out[i], at - x.begin()) << isa->name << " " << m << " " << n << " " << right;
          }
        }
      }
    }
  }
}

template <typename T>
void check_scan(const IsaTable& isa, int64_t outer, int64_t n, int64_t inner, bool reverse, bool product, DType dtype) {
  using A = std::conditional_t<std::is_floating_point_v<T>, long double, uint64_t>;
  Noise noise(8);
  std::vector<T> x(static_cast<size_t>(outer * n * inner)), out(x.size());
  for (T& value : x) value = product ? static_cast<T>(noise.below(2) + 1) : static_cast<T>(noise.below(100));
  if (product && std::is_floating_point_v<T>) for (T& value : x) value = static_cast<T>(noise.uniform(0.99, 1.01));
  const char* name = product ? "cumprod" : "cumsum";
  ASSERT_TRUE(run_kernel(isa, name, dtype, {outer, n, inner, reverse}, {}, {x.data(), out.data()}, Order::Reversed).found);
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t c = 0; c < inner; ++c) {
      A total = product ? 1 : 0;
      for (int64_t i = 0; i < n; ++i) {
        const size_t at = static_cast<size_t>((o * n + (reverse ? n - 1 - i : i)) * inner + c);
        total = product ? total * static_cast<A>(x[at]) : total + static_cast<A>(x[at]);
        if constexpr (std::is_floating_point_v<T>) {
          ASSERT_NEAR(static_cast<double>(out[at]), static_cast<double>(total), (sizeof(T) == 4 ? 1e-6 : 1e-11) * std::abs(static_cast<double>(total))) << isa.name << " " << name << " " << n;
        } else {
          ASSERT_EQ(out[at], static_cast<T>(total)) << isa.name << " " << name << " " << name_of(dtype) << " " << n << " x " << inner;
        }
      }
    }
  }
}

TEST(Scan, EveryTypeShapeAndDirection) {
  const int64_t shapes[][3] = {{1, 1, 1}, {3, 5, 1}, {2, 9, 3}, {1, 4, 130}, {2, 16384, 1}, {1, 30001, 1}, {500, 3, 1}};
  for (const IsaTable* isa : isa_tables()) {
    for (const auto& s : shapes) {
      for (DType dtype : kArithmeticDTypes) {
        with_number(dtype, [&](auto type) {
          using T = typename decltype(type)::type;
          for (bool product : {false, true}) check_scan<T>(*isa, s[0], s[1], s[2], s[1] % 2 == 0, product, dtype);
        });
      }
    }
  }
}

}  // namespace
}  // namespace keratin::testing
