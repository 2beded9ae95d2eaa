// Band matrices applied along an axis, against a plain loop in double.
#include <cmath>
#include "run_kernel.h"

namespace keratin::testing {
namespace {

struct Shape {
  int64_t outer, columns, inner, rows, taps;
};

const Shape kShapes[] = {{1, 1, 1, 1, 1},   {3, 9, 1, 5, 4},    {2, 9, 2, 17, 2},  {5, 7, 3, 11, 3},   {2, 8, 4, 3, 8},
                         {1, 12, 5, 20, 3}, {4, 6, 33, 4, 6},   {2, 5, 70, 9, 2},  {1, 40, 3000, 30, 5}, {0, 4, 3, 2, 2},
                         {3, 4, 0, 2, 2},   {2, 4, 3, 0, 2},    {200, 16, 3, 16, 2}};

std::vector<int64_t> ints_of(const Shape& s, bool transposed) {
  std::vector<int64_t> ints = {s.outer, s.columns, s.inner, s.rows, s.taps, transposed};
  Noise noise(7);
  for (int64_t row = 0; row < s.rows; ++row) ints.push_back(noise.below(s.columns - s.taps + 1));
  return ints;
}

template <typename T>
std::vector<double> reference(const Shape& s, const std::vector<int64_t>& ints, const std::vector<double>& weights,
                              const std::vector<T>& x, bool transposed) {
  const int64_t in = transposed ? s.rows : s.columns, out = transposed ? s.columns : s.rows;
  std::vector<double> y(static_cast<size_t>(s.outer * out * s.inner));
  for (int64_t o = 0; o < s.outer; ++o) {
    for (int64_t row = 0; row < s.rows; ++row) {
      for (int64_t k = 0; k < s.taps; ++k) {
        const int64_t column = ints[6 + row] + k, from = transposed ? row : column, to = transposed ? column : row;
        for (int64_t i = 0; i < s.inner; ++i) {
          y[(o * out + to) * s.inner + i] += weights[row * s.taps + k] * x[(o * in + from) * s.inner + i];
        }
      }
    }
  }
  return y;
}

template <typename T>
void check(const IsaTable& isa, DType dtype, const Shape& s, bool transposed) {
  const std::vector<int64_t> ints = ints_of(s, transposed);
  Noise noise(3);
  const auto draw = [&noise] { return static_cast<double>(noise.below(2001) - 1000) / 1000; };
  std::vector<double> weights(static_cast<size_t>(s.rows * s.taps));
  for (double& weight : weights) weight = draw();
  std::vector<T> x(static_cast<size_t>(s.outer * (transposed ? s.rows : s.columns) * s.inner));
  for (T& value : x) value = static_cast<T>(draw());
  const std::vector<double> expected = reference(s, ints, weights, x, transposed);
  std::vector<T> first;
  for (Order order : {Order::Together, Order::Reversed}) {
    std::vector<T> out(expected.size(), static_cast<T>(9));
    ASSERT_TRUE(run_kernel(isa, "resample", dtype, ints, weights, {x.data(), out.data()}, order).found);
    for (size_t i = 0; i < out.size(); ++i) {
      ASSERT_NEAR(out[i], expected[i], sizeof(T) == 4 ? 2e-5 : 1e-13) << isa.name << " " << ::testing::PrintToString(ints) << " at " << i;
    }
    if (order == Order::Together) first = out;
    else ASSERT_EQ(out, first) << isa.name << " depends on how units are grouped";
  }
}

TEST(Resample, MapsEveryShapeBothWays) {
  for (const IsaTable* isa : isa_tables()) {
    for (const Shape& s : kShapes) {
      for (bool transposed : {false, true}) {
        check<float>(*isa, DType::F32, s, transposed);
        check<double>(*isa, DType::F64, s, transposed);
      }
    }
  }
}

TEST(Resample, RefusesBandsThatReachOutside) {
  for (const IsaTable* isa : isa_tables()) {
    const KernelRow* row = find_kernel(*isa, "resample", DType::F32);
    ASSERT_NE(row, nullptr);
    for (int64_t start : {-1, 3, 100}) {
      const std::vector<int64_t> ints = {1, 4, 3, 1, 2, 0, start};
      EXPECT_TRUE(refuses(*row, ints));
    }
    const std::vector<int64_t> inside = {1, 4, 3, 1, 2, 0, 2};
    EXPECT_FALSE(refuses(*row, inside));
  }
}

}  // namespace
}  // namespace keratin::testing
