// Sums, products, extremes and their positions.
#include "run_kernel.h"
#include "typed.h"

namespace keratin::testing {
namespace {

struct Shape {
  int64_t outer, n, inner;
};

const Shape kShapes[] = {{1, 1, 1},      {3, 2, 1},      {2, 10, 1},   {5, 15, 1},  {4, 16, 1},  {3, 17, 1},
                         {2, 63, 1},     {2, 65, 1},     {1, 255, 1},  {1, 257, 1}, {3, 1000, 1}, {1, 4099, 1},
                         {1, 100003, 1}, {1, 300001, 1}, {4, 7, 2},    {2, 100, 3}, {1, 5000, 5}, {3, 33, 15},
                         {2, 40, 16},    {2, 31, 17},    {1, 50, 64},  {2, 19, 65}, {1, 128, 512}, {1, 20, 1030},
                         {1, 3, 70},     {1, 9000, 30},  {2, 5, 0},    {0, 4, 3},   {300, 4, 1},  {70, 3, 5}};

std::ostream& operator<<(std::ostream& out, const Shape& s) { return out << s.outer << "x" << s.n << "x" << s.inner; }

template <typename T>
std::vector<T> data_of(int64_t count, uint64_t seed, bool with_nan) {
  std::vector<T> x(static_cast<size_t>(count));
  Noise noise(seed);
  for (T& value : x) {
    if constexpr (std::is_class_v<T>) {
      const uint16_t infinity = std::is_same_v<T, f16> ? 0x7c00 : 0x7f80;
      do value.bits = static_cast<uint16_t>(noise.bits());
      while ((value.bits & 0x7fff) > infinity && !(with_nan && noise.below(40) == 0));
    } else if constexpr (std::is_floating_point_v<T>) {
      value = with_nan && noise.below(400) == 0 ? T(NAN) : static_cast<T>(noise.uniform(-1, 1));
    } else {
      value = static_cast<T>(noise.bits());
    }
  }
  return x;
}

template <typename T>
void check_extremes(const IsaTable& isa, DType dtype, const Shape& s, bool with_nan) {
  std::vector<T> x = data_of<T>(s.outer * s.n * s.inner, 21, with_nan);
  for (const bool largest : {true, false}) {
    std::vector<T> out(static_cast<size_t>(s.outer * s.inner));
    std::vector<int32_t> at(out.size()), at_reversed(out.size());
    const std::vector<int64_t> ints = {s.outer, s.n, s.inner};
    const char *value = largest ? "max" : "min", *position = largest ? "argmax" : "argmin";
    ASSERT_TRUE(run_kernel(isa, value, dtype, ints, {}, {x.data(), out.data()}, Order::Reversed).found);
    ASSERT_TRUE(run_kernel(isa, position, dtype, ints, {}, {x.data(), at.data()}).found);
    run_kernel(isa, position, dtype, ints, {}, {x.data(), at_reversed.data()}, Order::Reversed);
    ASSERT_EQ(at, at_reversed);
    for (size_t i = 0; i < out.size(); ++i) {
      const T* column = x.data() + i / s.inner * s.n * s.inner + i % s.inner;
      int32_t best = 0;
      for (int64_t j = 1; j < s.n; ++j) {
        const auto a = comparable(column[best * s.inner]), b = comparable(column[j * s.inner]);
        if (a == a && (b != b || (largest ? b > a : b < a))) best = static_cast<int32_t>(j);
      }
      ASSERT_TRUE(same(out[i], column[best * s.inner])) << isa.name << " " << name_of(dtype) << " " << s;
      ASSERT_EQ(at[i], best) << isa.name << " " << name_of(dtype) << " " << s << " largest " << largest;
    }
  }
}

TEST(Extremes, EveryTypeAndShape) {
  for (const IsaTable* isa : isa_tables()) {
    for (DType dtype : kAllDTypes) {
      for (const Shape& s : kShapes) {
        for (const bool with_nan : {false, true}) {
          with_type(dtype, [&](auto type) { check_extremes<typename decltype(type)::type>(*isa, dtype, s, with_nan); });
        }
      }
    }
  }
}

TEST(Extremes, FirstOfEqualsWins) {
  for (const IsaTable* isa : isa_tables()) {
    for (int64_t n : {3, 40, 1000, 200000}) {
      std::vector<float> x(static_cast<size_t>(n), 1.0f);
      x[0] = -0.0f;
      x[1] = 0.0f;
      int32_t at = -1;
      run_kernel(*isa, "argmax", DType::F32, {1, n, 1}, {}, {x.data(), &at});
      EXPECT_EQ(at, 2);
      run_kernel(*isa, "argmin", DType::F32, {1, n, 1}, {}, {x.data(), &at});
      EXPECT_EQ(at, 0);
      x[n - 1] = NAN;
      run_kernel(*isa, "argmin", DType::F32, {1, n, 1}, {}, {x.data(), &at});
      EXPECT_EQ(at, n - 1);
    }
  }
}

// Bits of a reduction in both orders; they must agree.
template <typename T>
std::vector<T> reduced(const IsaTable& isa, const char* name, DType dtype, const Shape& s, std::vector<T>& x) {
  std::vector<T> out(static_cast<size_t>(s.outer * s.inner), T(3)), reversed = out;
  EXPECT_TRUE(run_kernel(isa, name, dtype, {s.outer, s.n, s.inner}, {}, {x.data(), out.data()}).found);
  run_kernel(isa, name, dtype, {s.outer, s.n, s.inner}, {}, {x.data(), reversed.data()}, Order::Reversed);
  EXPECT_TRUE(out.empty() || std::memcmp(out.data(), reversed.data(), out.size() * sizeof(T)) == 0);
  return out;
}

template <typename T>
void check_arithmetic(const IsaTable& isa, DType dtype, const Shape& s) {
  std::vector<T> x = data_of<T>(s.outer * s.n * s.inner, 22, false);
  if constexpr (std::is_floating_point_v<T>) {
    for (T& value : x) value = T(1) + value / T(1000);  // products stay near 1
  }
  const std::vector<T> sums = reduced(isa, "sum", dtype, s, x), products = reduced(isa, "prod", dtype, s, x);
  for (size_t i = 0; i < sums.size(); ++i) {
    const T* column = x.data() + i / s.inner * s.n * s.inner + i % s.inner;
    if constexpr (std::is_integral_v<T>) {
      uint64_t sum = 0, product = 1;
      for (int64_t j = 0; j < s.n; ++j) {
        sum += static_cast<uint64_t>(column[j * s.inner]);
        product *= static_cast<uint64_t>(column[j * s.inner]);
      }
      ASSERT_EQ(sums[i], static_cast<T>(sum)) << isa.name << " " << name_of(dtype) << " " << s;
      ASSERT_EQ(products[i], static_cast<T>(product)) << isa.name << " " << name_of(dtype) << " " << s;
    } else {
      long double sum = 0, product = 1;
      for (int64_t j = 0; j < s.n; ++j) {
        sum += column[j * s.inner];
        product *= column[j * s.inner];
      }
      const double eps = sizeof(T) == 4 ? 0x1p-24 : 0x1p-53, n = static_cast<double>(s.n);
      ASSERT_NEAR(sums[i], sum, (std::log2(n) + 16) * eps * static_cast<double>(sum)) << isa.name << " " << s;
      ASSERT_NEAR(products[i], product, n * eps * static_cast<double>(product)) << isa.name << " " << s;
    }
  }
}

TEST(Arithmetic, EveryTypeAndShape) {
  for (const IsaTable* isa : isa_tables()) {
    for (DType dtype : kArithmeticDTypes) {
      for (const Shape& s : kShapes) {
        with_type(dtype, [&](auto type) {
          using T = typename decltype(type)::type;
          if constexpr (!std::is_class_v<T>) check_arithmetic<T>(*isa, dtype, s);
        });
      }
    }
  }
}

TEST(Arithmetic, EmptyAxis) {
  for (const IsaTable* isa : isa_tables()) {
    std::vector<float> none;
    for (int64_t inner : {1, 100}) {
      EXPECT_EQ(reduced(*isa, "sum", DType::F32, {2, 0, inner}, none), std::vector<float>(2 * inner, 0.0f));
      EXPECT_EQ(reduced(*isa, "prod", DType::F32, {2, 0, inner}, none), std::vector<float>(2 * inner, 1.0f));
    }
  }
}

TEST(Arithmetic, LongSumsStayExact) {
  constexpr int64_t n = 10'000'000;
  std::vector<float> x(n, 0.1f);
  const double exact = static_cast<double>(0.1f) * n;
  std::vector<float> bits;
  for (const IsaTable* isa : isa_tables()) {
    EXPECT_NEAR(reduced(*isa, "sum", DType::F32, {1, n, 1}, x)[0], exact, 2e-7 * exact) << isa->name;
    bits.push_back(reduced(*isa, "sum", DType::F32, {1, n, 1}, x)[0]);
    EXPECT_EQ(bits.back(), bits.front()) << isa->name;
    for (float sum : reduced(*isa, "sum", DType::F32, {1, n / 100, 100}, x)) EXPECT_NEAR(sum, exact / 100, 3e-7 * exact / 100);
  }
}

TEST(Arithmetic, SameBitsOnEveryInstructionSet) {
  for (const Shape& s : kShapes) {
    std::vector<float> x = data_of<float>(s.outer * s.n * s.inner, 23, false);
    const auto tables = isa_tables();
    const std::vector<float> first = reduced(*tables[0], "sum", DType::F32, s, x);
    for (const IsaTable* isa : tables) EXPECT_EQ(reduced(*isa, "sum", DType::F32, s, x), first) << isa->name << " " << s;
  }
}

}  // namespace
}  // namespace keratin::testing
