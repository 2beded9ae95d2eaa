// Reading rows and elements by index.
#include "run_kernel.h"

namespace keratin::testing {
namespace {

struct Shape {
  int64_t outer, axis, inner, n;
};

const Shape kShapes[] = {{1, 1, 1, 1},   {1, 5, 1, 0},      {0, 5, 3, 2},   {1, 7, 1, 100},  {3, 7, 1, 65},  {2, 4, 3, 9},
                         {1, 9, 16, 17}, {4, 3, 17, 5},     {1, 50, 128, 40}, {2, 3, 20000, 4}, {5, 10, 1, 1}, {3, 10, 2, 1},
                         {1, 3, 0, 4},   {2, 1000, 1, 9000}};

std::vector<int32_t> indices_of(int64_t count, int64_t axis, bool wrap) {
  Noise noise(11);
  std::vector<int32_t> indices(static_cast<size_t>(count));
  for (int32_t& index : indices) index = static_cast<int32_t>(wrap ? noise.below(2 * axis) - axis : noise.below(axis));
  return indices;
}

// The reference: idx is looked up at [j] or, when `along`, at [o, j, i].
std::vector<char> reference(const Shape& s, const std::vector<char>& x, const std::vector<int32_t>& idx, int64_t size,
                            bool along) {
  std::vector<char> out(static_cast<size_t>(s.outer * s.n * s.inner * size));
  for (int64_t o = 0; o < s.outer; ++o) {
    for (int64_t j = 0; j < s.n; ++j) {
      for (int64_t i = 0; i < s.inner; ++i) {
        const int64_t at = (o * s.n + j) * s.inner + i;
        int64_t row = idx[along ? at : j];
        if (row < 0) row += s.axis;
        std::memcpy(&out[at * size], &x[((o * s.axis + row) * s.inner + i) * size], size);
      }
    }
  }
  return out;
}

void check(const IsaTable& isa, const char* name, const Shape& s, DType dtype, bool wrap, bool along) {
  const int64_t size = size_of(dtype);
  std::vector<char> x = noise_bytes(s.outer * s.axis * s.inner * size, 5);
  std::vector<int32_t> idx = indices_of(along ? s.outer * s.n * s.inner : s.n, s.axis, wrap);
  const std::vector<char> expected = reference(s, x, idx, size, along);
  for (Order order : {Order::Together, Order::Reversed}) {
    std::vector<char> out(expected.size(), 1);
    const std::vector<int64_t> ints = {s.outer, s.axis, s.inner, s.n, wrap};
    const Outcome outcome = run_kernel(isa, name, dtype, ints, {}, {x.data(), idx.data(), out.data()}, order);
    ASSERT_TRUE(outcome.found);
    ASSERT_EQ(outcome.fault, Fault::None);
    ASSERT_EQ(out, expected) << isa.name << " " << name << " " << name_of(dtype) << " " << ::testing::PrintToString(ints);
  }
}

TEST(Gather, EveryTypeAndShape) {
  for (const IsaTable* isa : isa_tables()) {
    for (DType dtype : kAllDTypes) {
      for (const Shape& s : kShapes) {
        check(*isa, "gather", s, dtype, false, false);
        check(*isa, "gather", s, dtype, true, false);
        check(*isa, "gather_along", s, dtype, true, true);
      }
    }
  }
}

TEST(Gather, ReportsAnIndexOutOfRange) {
  for (const IsaTable* isa : isa_tables()) {
    for (int64_t inner : {1, 3}) {
      for (const auto& [bad, wrap] : {std::pair{4, 1}, {-5, 1}, {-1, 0}, {1 << 30, 0}, {INT32_MIN, 1}}) {
        std::vector<float> x(4 * inner, 1.0f), out(3 * inner, 5.0f);
        std::vector<int32_t> idx = {2, bad, 1};
        const std::vector<void*> operands = {x.data(), idx.data(), out.data()};
        const Outcome outcome = run_kernel(*isa, "gather", DType::F32, {1, 4, inner, 3, wrap}, {}, operands);
        EXPECT_EQ(outcome.fault, Fault::IndexOutOfRange);
        EXPECT_EQ(outcome.value, bad);
        EXPECT_EQ(outcome.limit, 4);
        for (int64_t i = 0; i < 3 * inner; ++i) EXPECT_EQ(out[i], i / inner == 1 ? 0.0f : 1.0f);
      }
    }
    std::vector<float> x(4, 1.0f), out(2, 5.0f);
    std::vector<int32_t> idx = {9, 1};
    const Outcome outcome = run_kernel(*isa, "gather_along", DType::F32, {1, 2, 2, 1, 0}, {}, {x.data(), idx.data(), out.data()});
    EXPECT_EQ(outcome.value, 9);
    EXPECT_EQ(outcome.limit, 2);
    EXPECT_EQ(out, (std::vector<float>{0, 1}));
  }
}

TEST(GatherBlock, ClampsItsStart) {
  for (const IsaTable* isa : isa_tables()) {
    for (DType dtype : kAllDTypes) {
      const int64_t rows = 40, inner = 1500, n = 13, size = size_of(dtype);
      std::vector<char> x = noise_bytes(rows * inner * size, 6);
      for (int32_t start : {-7, 0, 5, 27, 28, 1000}) {
        const int64_t row = std::max(0, std::min<int32_t>(start, rows - n));
        const std::vector<char> expected(x.begin() + row * inner * size, x.begin() + (row + n) * inner * size);
        std::vector<char> out(expected.size());
        const std::vector<void*> operands = {x.data(), &start, out.data()};
        ASSERT_TRUE(run_kernel(*isa, "gather_block", dtype, {rows, inner, n}, {}, operands, Order::Reversed).found);
        ASSERT_EQ(out, expected);
      }
    }
  }
}

}  // namespace
}  // namespace keratin::testing
