// Pooling, against a direct evaluation of each window.
#include <algorithm>
#include <functional>
#include "run_kernel.h"
#include "typed.h"

namespace keratin::testing {
namespace {

struct Axis {
  int64_t in, out, size, stride, pad;
};
struct Shape {
  int64_t outer, channels;
  std::vector<Axis> axes;  // missing ones are of size 1
};

constexpr Axis kNone = {1, 1, 1, 1, 0};
const Shape kShapes[] = {
    {2, 3, {{7, 3, 2, 2, 0}}},                                    // a rest that no window covers
    {1, 1, {{9, 9, 3, 1, 1}, {6, 6, 2, 1, 0}}},                   // overlapping, over the borders
    {2, 75, {{5, 3, 3, 2, 1}, {4, 2, 2, 2, 0}}},                  // whole vectors and a rest
    {1, 16, {{8, 3, 2, 3, 0}, {7, 3, 1, 3, 0}}},                  // gaps between windows
    {1, 17, {{3, 2, 2, 1, 0}, {4, 2, 3, 2, 1}, {5, 2, 4, 2, 1}}},
    {2, 5, {{7, 3, 0, 1, 0}, {6, 4, 0, 1, 0}}},                   // adaptive
    {1, 33, {{2, 5, 0, 1, 0}, {3, 1, 0, 1, 0}, {4, 4, 0, 1, 0}}},
    {1, 64, {{200, 100, 3, 2, 1}, {40, 40, 1, 1, 0}}},            // several units
    {3, 2, {{5000, 2500, 2, 2, 0}}},
    {2, 600, {{64, 33, 0, 1, 0}, {9, 9, 3, 1, 1}}},
    {0, 4, {{4, 2, 2, 2, 0}}},
    {2, 0, {{4, 2, 2, 2, 0}}},
    {1, 3, {{1, 1, 5, 4, 2}, {2, 1, 9, 1, 4}}},                   // windows larger than the input
};

std::vector<int64_t> ints_of(const Shape& s) {
  std::vector<int64_t> ints = {s.outer, s.channels};
  for (size_t d = 0; d < 3; ++d) {
    const Axis a = d < s.axes.size() ? s.axes[d] : kNone;
    ints.insert(ints.end(), {a.in, a.out, a.size, a.stride, a.pad});
  }
  return ints;
}

Axis axis_of(const Shape& s, size_t d) { return d < s.axes.size() ? s.axes[d] : kNone; }

void window_of(const Axis& a, int64_t i, int64_t& begin, int64_t& end) {
  if (a.size == 0) {
    begin = i * a.in / a.out;
    end = ((i + 1) * a.in + a.out - 1) / a.out;
  } else {
    begin = std::max<int64_t>(0, i * a.stride - a.pad);
    end = std::min(a.in, i * a.stride - a.pad + a.size);
  }
}

int64_t count_of(const Shape& s, int64_t Axis::*side) {
  int64_t count = s.outer * s.channels;
  for (const Axis& a : s.axes) count *= a.*side;
  return count;
}

// Calls fn(output, places of the window's elements, in order) for every output element.
void for_windows(const Shape& s, const std::function<void(int64_t, const std::vector<int64_t>&)>& fn) {
  const Axis a = axis_of(s, 0), b = axis_of(s, 1), c = axis_of(s, 2);
  int64_t output = 0;
  for (int64_t n = 0; n < s.outer; ++n) {
    for (int64_t i = 0; i < a.out; ++i) {
      for (int64_t j = 0; j < b.out; ++j) {
        for (int64_t k = 0; k < c.out; ++k) {
          int64_t begin[3], end[3];
          window_of(a, i, begin[0], end[0]);
          window_of(b, j, begin[1], end[1]);
          window_of(c, k, begin[2], end[2]);
          for (int64_t channel = 0; channel < s.channels; ++channel, ++output) {
            std::vector<int64_t> places;
            for (int64_t u = begin[0]; u < end[0]; ++u) {
              for (int64_t v = begin[1]; v < end[1]; ++v) {
                for (int64_t w = begin[2]; w < end[2]; ++w) {
                  places.push_back((((n * a.in + u) * b.in + v) * c.in + w) * s.channels + channel);
                }
              }
            }
            fn(output, places);
          }
        }
      }
    }
  }
}

// Small whole numbers, so that there are ties and that sums are exact.
template <typename T>
std::vector<T> numbers(int64_t count, uint64_t seed, bool specials = false) {
  Noise noise(seed);
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) {
    value = static_cast<T>(noise.below(9) - (std::is_signed_v<T> ? 4 : 0));
    if constexpr (std::is_floating_point_v<T>) {
      const int64_t special = specials ? noise.below(12) : -1;
      if (special == 0) value = static_cast<T>(NAN);
      if (special == 1) value = -static_cast<T>(INFINITY);
    }
  }
  return values;
}

// Place of the first of the largest elements; NaN is the largest.
template <typename T>
int64_t winner(const std::vector<T>& x, const std::vector<int64_t>& places) {
  int64_t best = places[0];
  for (int64_t place : places) {
    const bool larger = x[place] > x[best] || (x[place] != x[place] && x[best] == x[best]);
    if (larger) best = place;
  }
  return best;
}

template <typename T>
void expect_same(const std::vector<T>& actual, const std::vector<T>& expected, const std::string& label) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    const bool near = std::is_floating_point_v<T> && std::abs(static_cast<double>(actual[i] - expected[i])) < 1e-5;
    ASSERT_TRUE(near || same(actual[i], expected[i])) << label << " at " << i;
  }
}

// Runs a kernel whose last operand is the output, in both orders.
template <typename T>
void expect_kernel(const IsaTable& isa, const char* name, DType dtype, const Shape& s, std::vector<std::vector<T>> inputs,
                   const std::vector<T>& expected) {
  for (Order order : {Order::Together, Order::Reversed}) {
    std::vector<T> out(expected.size(), T(99));
    std::vector<void*> operands;
    for (std::vector<T>& input : inputs) operands.push_back(input.data());
    operands.push_back(out.data());
    const Outcome outcome = run_kernel(isa, name, dtype, ints_of(s), {}, operands, order);
    ASSERT_TRUE(outcome.found);
    expect_same(out, expected, std::string(isa.name) + " " + name + " " + name_of(dtype) + " " + ::testing::PrintToString(ints_of(s)));
  }
}

template <typename T>
void check_max(const IsaTable& isa, DType dtype, const Shape& s, bool specials) {
  const std::vector<T> x = numbers<T>(count_of(s, &Axis::in), 1, specials);
  std::vector<T> y(count_of(s, &Axis::out));
  for_windows(s, [&](int64_t output, const std::vector<int64_t>& places) { y[output] = x[winner(x, places)]; });
  expect_kernel<T>(isa, "max_pool", dtype, s, {x}, y);
  if constexpr (std::is_floating_point_v<T>) {
    const std::vector<T> dy = numbers<T>(y.size(), 2), t = numbers<T>(x.size(), 3);
    std::vector<T> dx(x.size()), picked(y.size());
    for_windows(s, [&](int64_t output, const std::vector<int64_t>& places) {
      dx[winner(x, places)] += dy[output];
      picked[output] = t[winner(x, places)];
    });
    expect_kernel<T>(isa, "max_pool_grad", dtype, s, {x, y, dy}, dx);
    expect_kernel<T>(isa, "max_pool_pick", dtype, s, {x, y, t}, picked);
  }
}

TEST(Pooling, MaximumOfEveryTypeAndShape) {
  for (const IsaTable* isa : isa_tables()) {
    for (const Shape& s : kShapes) {
      check_max<uint8_t>(*isa, DType::Bool, s, false);
      for (DType dtype : kArithmeticDTypes) {
        with_type(dtype, [&]<typename T>(Type<T>) {
          if constexpr (!std::is_class_v<T>) check_max<T>(*isa, dtype, s, false);
        });
      }
      check_max<float>(*isa, DType::F32, s, true);
      check_max<double>(*isa, DType::F64, s, true);
    }
  }
}

template <typename T>
void check_average(const IsaTable& isa, DType dtype, const Shape& s) {
  const std::vector<T> x = numbers<T>(count_of(s, &Axis::in), 4), dy = numbers<T>(count_of(s, &Axis::out), 5);
  std::vector<T> y(dy.size()), dx(x.size());
  for_windows(s, [&](int64_t output, const std::vector<int64_t>& places) {
    for (int64_t place : places) {
      y[output] += x[place];
      dx[place] += dy[output] / static_cast<T>(places.size());
    }
    y[output] /= static_cast<T>(places.size());
  });
  expect_kernel<T>(isa, "average_pool", dtype, s, {x}, y);
  expect_kernel<T>(isa, "average_pool_grad", dtype, s, {dy}, dx);
}

TEST(Pooling, MeanOfEveryShape) {
  for (const IsaTable* isa : isa_tables()) {
    for (const Shape& s : kShapes) {
      check_average<float>(*isa, DType::F32, s);
      check_average<double>(*isa, DType::F64, s);
    }
  }
}

TEST(Pooling, RefusesWindowsOutsideOfTheInput) {
  for (const IsaTable* isa : isa_tables()) {
    for (const Axis& bad : {Axis{4, 3, 2, 2, 0}, Axis{4, 2, 2, 0, 0}, Axis{4, 2, 2, 2, 2}, Axis{4, 2, -1, 2, 0}, Axis{0, 0, 0, 1, 0},
                            Axis{4, 2, 2, 2, -1}, Axis{int64_t{1} << 40, 2, 2, 2, 0}}) {
      for (const char* name : {"max_pool", "average_pool", "max_pool_grad", "max_pool_pick", "average_pool_grad"}) {
        const KernelRow* row = find_kernel(*isa, name, DType::F32);
        ASSERT_NE(row, nullptr);
        EXPECT_TRUE(refuses(*row, ints_of({1, 1, {bad}})));
        EXPECT_TRUE(refuses(*row, ints_of({-1, 1, {}})));
      }
    }
  }
}

}  // namespace
}  // namespace keratin::testing
