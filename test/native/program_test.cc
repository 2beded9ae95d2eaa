#include "exec/program.h"

#include <gtest/gtest.h>
#include <cstring>
#include <random>
#include "test_catalog.h"

namespace keratin {
namespace {

using Dims = std::vector<int64_t>;
constexpr double kF32 = static_cast<double>(DType::F32), kF64 = static_cast<double>(DType::F64), kBool = static_cast<double>(DType::Bool);

struct InputSpec {
  double dtype;
  Dims strides;
};

// Words of a program whose operands are numbered as its values are (in an epilogue, less one for the product).
struct Builder {
  Dims dims;
  std::vector<InputSpec> inputs;
  std::vector<double> outputs;  // dtypes
  int temps = 0;
  std::vector<std::vector<double>> steps;

  std::vector<double> words(bool epilogue = false) const {
    std::vector<double> words{static_cast<double>(dims.size())};
    for (int64_t dim : dims) words.push_back(static_cast<double>(dim));
    for (size_t n : {inputs.size(), outputs.size(), static_cast<size_t>(temps), steps.size()}) words.push_back(static_cast<double>(n));
    double operand = epilogue ? -1 : 0;
    for (const InputSpec& input : inputs) {
      words.insert(words.end(), {operand++, input.dtype});
      for (int64_t stride : input.strides) words.push_back(static_cast<double>(stride));
    }
    for (double dtype : outputs) words.insert(words.end(), {operand++, dtype});
    for (const auto& step : steps) words.insert(words.end(), step.begin(), step.end());
    return words;
  }

  std::unique_ptr<Program> read(bool epilogue = false) const {
    const std::vector<double> list = words(epilogue);
    Words cursor(list.data(), static_cast<int64_t>(list.size()));
    auto program = Program::read(cursor, test::catalog(), static_cast<int64_t>(inputs.size() + outputs.size()), epilogue);
    EXPECT_TRUE(cursor.ok()) << cursor.error();
    EXPECT_EQ(cursor.left(), 0);
    return program;
  }
};

int64_t product(const Dims& dims) {
  int64_t total = 1;
  for (int64_t dim : dims) total *= dim;
  return total;
}

// Position in memory of the i-th element of an input.
int64_t position(const Dims& dims, const Dims& strides, int64_t i) {
  int64_t at = 0;
  for (size_t d = dims.size(); d-- > 0; i /= dims[d]) at += i % dims[d] * strides[d];
  return at;
}

Dims dense(const Dims& dims) {
  Dims strides(dims.size());
  int64_t stride = 1;
  for (size_t d = dims.size(); d-- > 0; stride *= dims[d]) strides[d] = stride;
  return strides;
}

std::vector<float> random_floats(int64_t n, uint32_t seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(static_cast<size_t>(n));
  for (float& value : values) value = uniform(generator);
  return values;
}

std::vector<float> values_for(const Dims& dims, const Dims& strides, uint32_t seed) {
  int64_t last = 0;
  for (size_t d = 0; d < dims.size(); d++) last += std::max<int64_t>(0, dims[d] - 1) * strides[d];
  return random_floats(last + 1, seed);
}

// out0 = select(a < b, a * b, a), out1 (float64) = double(a * b) + double(b): two dtypes, temporaries, an output read again.
Builder two_outputs(const Dims& dims, const Dims& a, const Dims& b) {
  // values: 0 a, 1 b, 2 out0, 3 out1, 4 less, 5 product, 6 wide product, 7 wide b
  return {dims, {{kF32, a}, {kF32, b}}, {kF32, kF64}, 4,
          {{test::Less, 4, 0, 1, -1}, {test::Multiply, 5, 0, 1, -1}, {test::Select, 2, 4, 5, 0}, {test::Widen, 6, 5, -1, -1},
           {test::Widen, 7, 1, -1, -1}, {test::AddF64, 3, 6, 7, -1}}};
}

void check(const Dims& dims, const Dims& sa, const Dims& sb, bool unit_by_unit) {
  auto program = two_outputs(dims, sa, sb).read();
  ASSERT_NE(program, nullptr);
  std::vector<float> a = values_for(dims, sa, 1), b = values_for(dims, sb, 2);
  const auto total = static_cast<size_t>(product(dims));
  std::vector<float> narrow(total + 1, 77);
  std::vector<double> wide(total + 1, 77);
  void* operands[] = {a.data(), b.data(), narrow.data(), wide.data()};
  std::vector<double> scratch(static_cast<size_t>(program->scratch_bytes() / 8));
  const int64_t units = program->work().units[0];
  if (unit_by_unit) {
    for (int64_t u = units; u-- > 0;) program->run(operands, scratch.data(), {u, u + 1});
  } else {
    program->run(operands, scratch.data(), {0, units});
  }
  for (size_t i = 0; i < total; i++) {
    const float x = a[static_cast<size_t>(position(dims, sa, static_cast<int64_t>(i)))];
    const float y = b[static_cast<size_t>(position(dims, sb, static_cast<int64_t>(i)))];
    ASSERT_EQ(narrow[i], x < y ? x * y : x) << "element " << i;
    ASSERT_EQ(wide[i], double{x * y} + double{y}) << "element " << i;
  }
  ASSERT_EQ(narrow[total], 77);
  ASSERT_EQ(wide[total], 77);
}

TEST(Program, BroadcastsEveryWay) {
  const Dims sizes[] = {{}, {0}, {1}, {7}, {1024}, {1025}, {5000}, {3, 0, 2}, {1, 1, 1}, {128, 10}, {10, 128}, {3, 511}, {5, 512}, {4, 1500},
                        {1500, 3}, {2, 3, 5}, {6, 7, 40}, {3, 2, 600}, {2, 30, 4, 6}, {2, 2, 2, 2, 2}, {600, 1, 4}};
  for (const Dims& dims : sizes) {
    const Dims whole = dense(dims);
    for (uint32_t mask = 0; mask < (1u << dims.size()); mask++) {
      // The input has size 1 in the dimensions of the mask.
      Dims small = dims, strides;
      for (size_t d = 0; d < dims.size(); d++)
        if (mask >> d & 1) small[d] = 1;
      strides = dense(small);
      for (size_t d = 0; d < dims.size(); d++)
        if (mask >> d & 1) strides[d] = 0;
      for (bool unit_by_unit : {false, true}) {
        SCOPED_TRACE(testing::Message() << testing::PrintToString(dims) << " mask " << mask);
        check(dims, whole, strides, unit_by_unit);
        check(dims, strides, whole, unit_by_unit);
        check(dims, strides, strides, unit_by_unit);
      }
    }
  }
}

TEST(Program, FollowsAnyStrides) {
  for (bool unit_by_unit : {false, true}) {
    check({30, 50}, {1, 30}, {50, 1}, unit_by_unit);          // a transpose
    check({700, 900}, {1, 700}, {0, 2}, unit_by_unit);
    check({40, 1100}, {2200, 2}, {1100, 1}, unit_by_unit);    // every second column
    check({2000}, {3}, {1}, unit_by_unit);
    check({5, 6, 7}, {42, 1, 6}, {1, 5, 30}, unit_by_unit);
    check({9, 100}, {128, 1}, {256, 1}, unit_by_unit);        // rows with gaps
    check({9, 700}, {800, 1}, {1, 0}, unit_by_unit);
  }
}

TEST(Program, WritesOverAnInput) {
  for (int64_t n : {5, 1024, 4097}) {
    Builder builder{{n}, {{kF32, {1}}, {kF32, {0}}}, {kF32}, 1, {{test::Multiply, 3, 0, 1, -1}, {test::Add, 2, 0, 3, -1}}};
    auto program = builder.read();
    std::vector<float> x = random_floats(n, 3), before = x;
    float rate = 0.25f;
    void* operands[] = {x.data(), &rate, x.data()};
    std::vector<double> scratch(static_cast<size_t>(program->scratch_bytes() / 8));
    program->run(operands, scratch.data(), {0, program->work().units[0]});
    for (size_t i = 0; i < x.size(); i++) ASSERT_EQ(x[i], before[i] + before[i] * rate);
  }
}

// out = product * scale + residual, applied to a product that is cut into blocks. `flat`: rows are counted through all matrices.
void check_epilogue(const Dims& dims, const Dims& scale_strides, const Dims& residual_strides, int64_t block_rows, int64_t block_columns,
                    int64_t gap, bool flat) {
  const Dims whole = dense(dims);
  Builder builder{dims, {{kF32, whole}, {kF32, scale_strides}, {kF32, residual_strides}}, {kF32}, 1,
                  {{test::Multiply, 4, 0, 1, -1}, {test::Add, 3, 4, 2, -1}}};
  auto program = builder.read(true);
  ASSERT_NE(program, nullptr);
  const int64_t columns = dims.back(), total = product(dims), rows = flat ? total / columns : dims[dims.size() - 2];
  std::vector<float> matrix = random_floats(total, 4);
  std::vector<float> scale = values_for(dims, scale_strides, 5), residual = values_for(dims, residual_strides, 6);
  std::vector<float> out(static_cast<size_t>(total) + 1, 77);
  void* operands[] = {scale.data(), residual.data(), out.data()};
  std::vector<double> scratch(static_cast<size_t>(program->scratch_bytes() / 8));
  for (int64_t batch = 0; batch < total / (rows * columns); batch++)
    for (int64_t i0 = 0; i0 < rows; i0 += block_rows)
      for (int64_t j0 = 0; j0 < columns; j0 += block_columns) {
        const int64_t i1 = std::min(rows, i0 + block_rows), j1 = std::min(columns, j0 + block_columns), pitch = j1 - j0 + gap;
        std::vector<float> block(static_cast<size_t>((i1 - i0) * pitch), -1);
        for (int64_t i = i0; i < i1; i++)
          for (int64_t j = j0; j < j1; j++)
            block[static_cast<size_t>((i - i0) * pitch + j - j0)] = matrix[static_cast<size_t>((batch * rows + i) * columns + j)];
        program->run_block(operands, scratch.data(), block.data(), pitch * 4, batch, {i0, i1}, {j0, j1});
      }
  for (int64_t i = 0; i < total; i++) {
    const float expected = matrix[static_cast<size_t>(i)] * scale[static_cast<size_t>(position(dims, scale_strides, i))] +
                           residual[static_cast<size_t>(position(dims, residual_strides, i))];
    ASSERT_EQ(out[static_cast<size_t>(i)], expected) << "element " << i;
  }
  ASSERT_EQ(out.back(), 77);
}

TEST(Program, AppliesToBlocksOfAProduct) {
  for (const Dims& dims : {Dims{1, 1}, Dims{13, 10}, Dims{50, 64}, Dims{9, 700}, Dims{3, 2100}, Dims{2, 3, 11, 20}}) {
    const int64_t columns = dims.back();
    Dims bias(dims.size(), 0), column(dims.size(), 0), none(dims.size(), 0);
    bias.back() = 1;
    column[dims.size() - 2] = 1;
    const Dims whole = dense(dims);
    for (int64_t block_columns : {columns, (columns + 1) / 2, int64_t{32}})
      for (int64_t block_rows : {1, 6, 1000})
        for (auto [gap, flat] : {std::pair<int64_t, bool>{0, false}, {5, false}, {0, true}, {5, true}}) {
          SCOPED_TRACE(testing::Message() << testing::PrintToString(dims) << " in " << block_rows << " x " << block_columns << " gap " << gap);
          check_epilogue(dims, bias, whole, block_rows, block_columns, gap, flat);
          check_epilogue(dims, column, bias, block_rows, block_columns, gap, flat);
          check_epilogue(dims, none, column, block_rows, block_columns, gap, flat);
        }
  }
}

TEST(Program, TellsHowFarItReaches) {
  auto program = Builder{{4, 6}, {{kF32, {8, 1}}, {kBool, {0, 2}}, {kF64, {0, 0}}}, {kF32}, 0, {{test::Add, 3, 0, 0, -1}}}.read();
  std::vector<int64_t> bytes;
  for (const Program::Reach& reach : program->reaches()) bytes.push_back(reach.bytes);
  EXPECT_EQ(bytes, (std::vector<int64_t>{(3 * 8 + 5 + 1) * 4, 11, 8, 24 * 4}));
}

// Any single wrong word is an error or another valid program, never a crash.
TEST(Program, RefusesWrongWords) {
  const std::vector<double> good = two_outputs({3, 5}, {5, 1}, {0, 1}).words();
  for (size_t i = 0; i < good.size(); i++)
    for (double wrong : {-3.0, -1.0, 0.5, 300.0, 1e9, 9e15, 1e300, std::nan("")}) {
      std::vector<double> words = good;
      words[i] = wrong;
      Words cursor(words.data(), static_cast<int64_t>(words.size()));
      auto program = Program::read(cursor, test::catalog(), 4, false);
      EXPECT_EQ(program == nullptr, !cursor.ok());
    }
  for (size_t n = 0; n < good.size(); n++) {
    Words cursor(good.data(), static_cast<int64_t>(n));
    EXPECT_EQ(Program::read(cursor, test::catalog(), 4, false), nullptr);
    EXPECT_NE(cursor.error().find("word"), std::string::npos);
  }
  Builder unwritten{{3}, {{kF32, {1}}}, {kF32}, 1, {{test::Add, 1, 0, 2, -1}}};
  const std::vector<double> words = unwritten.words();
  Words cursor(words.data(), static_cast<int64_t>(words.size()));
  EXPECT_EQ(Program::read(cursor, test::catalog(), 2, false), nullptr);
  EXPECT_NE(cursor.error().find("read before it is written"), std::string::npos);
}

}  // namespace
}  // namespace keratin
