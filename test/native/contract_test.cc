// The contracts of kernels: instructions that do not fit are refused, and those that are not stay within their operands. Instructions and
// words of plans are changed at random; AddressSanitizer sees what reaches too far.
#include "base/contract.h"

#include <gtest/gtest.h>
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include "exec/plan.h"
#include "run_kernel.h"

namespace keratin::testing {
namespace {

using List = std::vector<double>;
using Ints = std::vector<int64_t>;

// Integers that a kernel takes, and how many reals.
struct Call {
  Ints ints;
  size_t reals = 0;
};

const Ints kConvolution = {2, 1, 3, 4, 1, 1, 1, 1, 1, 0, 5, 3, 3, 1, 1, 0, 6, 3, 3, 2, 1, 1};
const Ints kDepthwise = {2, 5, 5, 5, 1, 1, 1, 1, 1, 0, 5, 3, 3, 1, 1, 0, 6, 3, 3, 2, 1, 1};
const Ints kPool = {2, 3, 1, 1, 1, 1, 0, 5, 3, 2, 2, 1, 7, 6, 2, 1, 0};

// One call of every kernel.
const std::map<std::string, Call> kCalls = {
    {"argmax", {{3, 9, 5}}},
    {"argmin", {{3, 9, 1}}},
    {"argsort", {{3, 17}}},
    {"attention", {{2, 5, 7, 4, 2, 3, 5, 1, 1, 0, 7, 0, 1}, 1}},
    {"attention_gradient", {{2, 5, 7, 4, 2, 3, 5, 0, 1, 7, 0, 0, 1}, 1}},
    {"average_pool", {kPool}},
    {"average_pool_grad", {kPool}},
    {"cholesky", {{2, 5}}},
    {"conv", {kConvolution}},
    {"conv_input", {kConvolution}},
    {"conv_kernel", {kConvolution}},
    {"copy_strided", {{2, 4, 6, 1, -4, 6, 1, 23, 2}}},
    {"ctc_beam_search", {{2, 4, 3, 0, 5, 2}}},
    {"ctc_collapse", {{2, 6, 1, 1}}},
    {"ctc_curvature", {{2, 6, 4, 3, 0}}},
    {"ctc_gradient", {{2, 6, 4, 3, 0}}},
    {"ctc_loss", {{2, 6, 4, 3, 0}}},
    {"cumprod", {{3, 7, 4, 1}}},
    {"cumsum", {{2, 20, 1, 0}}},
    {"depthwise", {kDepthwise}},
    {"depthwise_input", {kDepthwise}},
    {"depthwise_kernel", {kDepthwise}},
    {"determinant", {{3, 4}}},
    {"eig", {{2, 4}}},
    {"eigh", {{2, 4}}},
    {"fft", {{3, 12}, 1}},
    {"fill", {{40, 3}}},
    {"gather", {{2, 5, 3, 4, 1}}},
    {"gather_along", {{2, 5, 3, 4, 1}}},
    {"gather_block", {{6, 5, 3}}},
    {"gru", {{7, 3, 5, 1, 1, 1, 1}}},
    {"gru_gradient", {{7, 3, 5, 1, 1, 1, 1}}},
    {"iota", {{50}, 2}},
    {"irfft", {{3, 12}, 1}},
    {"log_softmax", {{3, 8, 2}}},
    {"logsumexp", {{3, 8, 1}}},
    {"lstm", {{7, 3, 5, 1, 1}}},
    {"lstm_gradient", {{7, 3, 5, 1, 1, 1}}},
    {"lu", {{2, 5, 4}}},
    {"matmul", {{5, 7, 6, 6, 1, 7, 1, 2, 3, 30, 0, 2, 90, 42}}},
    {"max", {{3, 9, 5}}},
    {"max_pool", {kPool}},
    {"max_pool_grad", {kPool}},
    {"max_pool_pick", {kPool}},
    {"min", {{3, 9, 1}}},
    {"overlap_add", {{2, 4, 6, 3, 15}}},
    {"permutation", {{33}}},
    {"pinv", {{2, 5, 3, 0}}},
    {"prod", {{2, 6, 3}}},
    {"qr", {{2, 5, 3, 3}}},
    {"random_binomial", {{37}}},
    {"random_bits", {{70}}},
    {"random_categorical", {{3, 5, 11}}},
    {"random_gamma", {{37, 2, 1}}},
    {"random_int", {{40, -3, 9}}},
    {"random_normal", {{70}, 2}},
    {"random_truncated_normal", {{70}, 2}},
    {"random_uniform", {{70}, 2}},
    {"resample", {{2, 6, 3, 4, 2, 0, 0, 1, 3, 4}, 8}},
    {"rfft", {{3, 12}, 1}},
    {"scatter_add", {{2, 5, 3, 4, 1}}},
    {"scatter_add_along", {{2, 5, 3, 4, 1}}},
    {"scatter_max", {{2, 5, 3, 4, 1}}},
    {"scatter_min", {{2, 5, 3, 4, 1}}},
    {"scatter_mul", {{2, 5, 3, 4, 1}}},
    {"scatter_set", {{2, 5, 3, 4, 1}}},
    {"searchsorted", {{9, 20, 1}}},
    {"slogdet", {{3, 4}}},
    {"softmax", {{3, 8, 2}}},
    {"softmax_crossentropy", {{4, 9}}},
    {"solve", {{2, 4, 3}}},
    {"sort", {{3, 17}}},
    {"sparse_softmax_crossentropy", {{4, 9}}},
    {"sum", {{3, 9, 5}}},
    {"svd", {{2, 5, 3, 3}}},
    {"top_k", {{3, 17, 4}}},
    {"triangular_solve", {{2, 4, 3, 1, 0, 0}}},
};

// Bytes of the operands of a call; empty when the kernel refuses it.
std::vector<int64_t> operand_bytes(const KernelRow& row, const Call& call) {
  Contract contract(row.types, call.ints.data(), static_cast<int64_t>(call.ints.size()), static_cast<int64_t>(call.reals), false);
  row.contract.call(contract);
  contract.close();
  std::vector<int64_t> bytes;
  for (int i = 0; i < contract.operand_count() && contract.ok(); ++i) bytes.push_back(contract.operand(i).bytes);
  return bytes;
}

// A plan of one instruction whose operands are external buffers.
List words_of(int64_t kernel, const Call& call, const std::vector<int64_t>& bytes) {
  List words{1, static_cast<double>(bytes.size()), 0, 0, 1};
  for (size_t i = 0; i < bytes.size(); ++i) words.insert(words.end(), {0, static_cast<double>(i)});
  words.insert(words.end(), {static_cast<double>(kernel), static_cast<double>(bytes.size())});
  for (size_t i = 0; i < bytes.size(); ++i) words.push_back(static_cast<double>(i));
  words.push_back(static_cast<double>(call.ints.size()));
  words.insert(words.end(), call.ints.begin(), call.ints.end());
  words.push_back(static_cast<double>(call.reals));
  for (size_t i = 0; i < call.reals; ++i) words.push_back(static_cast<double>(i) * 0.5);
  words.push_back(0);
  words.push_back(static_cast<double>(bytes.size()));
  words.insert(words.end(), bytes.begin(), bytes.end());
  return words;
}

std::shared_ptr<Plan> compile(const List& words, const Catalog& catalog, std::string* error, const Plans& children = {}) {
  return Plan::compile(words.data(), static_cast<int64_t>(words.size()), nullptr, 0, children, catalog, error);
}

// Runs a plan on buffers of exactly the bytes that it asks for, with noise in them; with small numbers every other time, which are indices.
void run_on_noise(Plan& plan, Noise& noise) {
  std::vector<std::unique_ptr<char[]>> buffers;
  std::vector<void*> externals;
  int64_t total = 0;
  for (int64_t bytes : plan.external_bytes()) total += bytes;
  if (total > 1 << 22) return;
  const bool small = noise.below(2) == 0;
  for (int64_t bytes : plan.external_bytes()) {
    buffers.emplace_back(new char[static_cast<size_t>(bytes)]);
    for (int64_t i = 0; i < bytes; ++i) {
      const int64_t value = !small ? noise.below(256) : i % 4 == 0 ? noise.below(4) : 0;
      buffers.back()[static_cast<size_t>(i)] = static_cast<char>(value);
    }
    externals.push_back(buffers.back().get());
  }
  plan.run(externals.data(), nullptr);
}

constexpr int64_t power_of_2(int exponent) { return int64_t{1} << exponent; }
constexpr int64_t kOdd[] = {0,         1,              2,              3,              -1, -2, 7, 16, 64, 1000, 1 << 20,
                            INT32_MAX, power_of_2(32), power_of_2(40), power_of_2(48), power_of_2(53) - 1, -power_of_2(53)};

Call changed(Call call, Noise& noise) {
  for (int64_t changes = 1 + noise.below(3); changes > 0; --changes) {
    const int64_t kind = noise.below(12), at = noise.below(std::max<int64_t>(1, static_cast<int64_t>(call.ints.size())));
    if (kind == 0 && !call.ints.empty()) call.ints.pop_back();
    else if (kind == 1) call.ints.push_back(noise.below(5));
    else if (kind == 2) call.reals = static_cast<size_t>(noise.below(4));
    else if (call.ints.empty()) continue;
    else if (kind < 7) call.ints[static_cast<size_t>(at)] += noise.below(5) - 2;
    else call.ints[static_cast<size_t>(at)] = kOdd[noise.below(std::size(kOdd))];
  }
  return call;
}

// Zero strides let a product be long while its operands are short.
bool is_short(const Call& call) {
  return std::all_of(call.ints.begin(), call.ints.end(), [](int64_t n) { return n <= 1000; });
}

template <typename Body>
void for_each_kernel(Body body) {
  for (const IsaTable* isa : isa_tables()) {
    const Catalog catalog = catalog_of(*isa);
    for (size_t k = 0; k < catalog.kernels.size(); ++k) {
      const auto call = kCalls.find(catalog.kernels[k]->name);
      ASSERT_NE(call, kCalls.end()) << catalog.kernels[k]->name << " has no call in this test";
      body(catalog, static_cast<int64_t>(k), call->second);
    }
  }
}

TEST(Contract, HoldsForACallOfEveryKernel) {
  for_each_kernel([](const Catalog& catalog, int64_t k, const Call& call) {
    const KernelRow& row = *catalog.kernels[static_cast<size_t>(k)];
    const std::vector<int64_t> bytes = operand_bytes(row, call);
    ASSERT_FALSE(bytes.empty()) << row.name;
    std::string error;
    const auto plan = compile(words_of(k, call, bytes), catalog, &error);
    ASSERT_NE(plan, nullptr) << error;
    Noise noise(static_cast<uint64_t>(k));
    for (int i = 0; i < 4; ++i) run_on_noise(*plan, noise);
  });
}

TEST(Contract, RefusesWhatDoesNotFit) {
  for_each_kernel([](const Catalog& catalog, int64_t k, const Call& call) {
    const KernelRow& row = *catalog.kernels[static_cast<size_t>(k)];
    const std::vector<int64_t> bytes = operand_bytes(row, call);
    std::string error;
    const auto refused = [&](const Call& wrong, const std::vector<int64_t>& operands) {
      error.clear();
      return compile(words_of(k, wrong, operands), catalog, &error) == nullptr && error.find(row.name) != std::string::npos;
    };
    for (size_t i = 0; i < bytes.size(); ++i) {
      std::vector<int64_t> shorter = bytes;
      --shorter[i];
      EXPECT_TRUE(refused(call, shorter)) << row.name << " operand " << i;
    }
    EXPECT_TRUE(refused(call, {bytes.begin(), bytes.end() - 1})) << row.name;
    EXPECT_TRUE(refused(call, {})) << row.name;
    std::vector<int64_t> more = bytes;
    more.push_back(8);
    EXPECT_TRUE(refused(call, more)) << row.name;
    Call wrong = call;
    wrong.ints.pop_back();
    EXPECT_TRUE(refused(wrong, bytes)) << row.name;
    EXPECT_TRUE(refused({{}, call.reals}, bytes)) << row.name;
    wrong = call;
    wrong.ints.push_back(1);
    EXPECT_TRUE(refused(wrong, bytes)) << row.name;
    EXPECT_TRUE(refused({call.ints, call.reals + 1}, bytes)) << row.name;
  });
}

TEST(Contract, NoOperandIsWrittenOverAnother) {
  for_each_kernel([](const Catalog& catalog, int64_t k, const Call& call) {
    const KernelRow& row = *catalog.kernels[static_cast<size_t>(k)];
    const std::vector<int64_t> bytes = operand_bytes(row, call);
    List words = words_of(k, call, bytes);
    const size_t operands = 5 + 2 * bytes.size() + 2;
    const size_t last = bytes.size() - 1;
    if (last == 0) return;
    words[operands + last] = 0;  // the result in the place of the first operand
    words[words.size() - bytes.size()] = static_cast<double>(*std::max_element(bytes.begin(), bytes.end()));
    std::string error;
    const bool over = std::string(row.name).rfind("scatter", 0) == 0;
    EXPECT_EQ(compile(words, catalog, &error) != nullptr, over) << row.name;
  });
}

TEST(Contract, WhatItAcceptsStaysWithinItsOperands) {
  Noise noise(7);
  for_each_kernel([&](const Catalog& catalog, int64_t k, const Call& call) {
    const KernelRow& row = *catalog.kernels[static_cast<size_t>(k)];
    const std::vector<int64_t> bytes = operand_bytes(row, call);
    for (int i = 0; i < 200; ++i) {
      const Call other = changed(call, noise);
      std::vector<int64_t> actual = operand_bytes(row, other);
      if (actual.empty() || noise.below(4) == 0) actual = bytes;
      for (int64_t& size : actual) size = std::min<int64_t>(size, 1 << 20);
      if (noise.below(4) == 0) actual[static_cast<size_t>(noise.below(static_cast<int64_t>(actual.size())))] = noise.below(300);
      std::string error;
      const auto plan = compile(words_of(k, other, actual), catalog, &error);
      EXPECT_EQ(plan == nullptr, !error.empty());
      if (plan != nullptr && is_short(other)) run_on_noise(*plan, noise);
    }
  });
}

int64_t kernel_number(const Catalog& catalog, const char* name, DType dtype) {
  const auto found = std::find(catalog.kernels.begin(), catalog.kernels.end(), find_kernel(*catalog.table, name, dtype));
  return found - catalog.kernels.begin();
}
double tile_number(const Catalog& catalog, const char* name, DType dtype) {
  const auto found = std::find(catalog.tiles.begin(), catalog.tiles.end(), find_tile(*catalog.table, name, dtype));
  return static_cast<double>(found - catalog.tiles.begin());
}

// relu(A . B + bias) with an epilogue, then its sum over rows in the arena, then a fused select: the kinds of instruction that plans have.
List mixed_plan(const Catalog& catalog) {
  const double f32 = static_cast<double>(DType::F32);
  const double add = tile_number(catalog, "add", DType::F32), relu = tile_number(catalog, "relu", DType::F32);
  const double less = tile_number(catalog, "less", DType::F32), select = tile_number(catalog, "select", DType::F32);
  List words{1, 6, 512, 0, 3, 0, 0, 0, 1, 0, 2, 1, 0, 1, 384, 0, 3};
  const auto put = [&](const List& more) { words.insert(words.end(), more.begin(), more.end()); };
  // matmul [5 x 6].[6 x 17]: slots 0, 1; bias slot 2; the result in slot 3
  put({static_cast<double>(kernel_number(catalog, "matmul", DType::F32)), 5, 0, 1, -1, 2, 3});
  put({8, 5, 17, 6, 6, 1, 17, 1, 0, 0});
  put({27, 2, 5, 17, 2, 1, 0, 2, -1, f32, 17, 1, 3, f32, 0, 1, 4, f32, add, 2, 0, 1, -1, relu, 2, 2, -1, -1});
  // sum over 5 rows of 17
  put({static_cast<double>(kernel_number(catalog, "sum", DType::F32)), 2, 3, 4, 3, 1, 5, 17, 0, 0});
  // out = sum < bias ? sum : bias
  put({-1, 3, 4, 2, 5, 24, 1, 17, 2, 1, 1, 2, 0, f32, 1, 1, f32, 1, 2, f32, less, 3, 0, 1, -1, select, 2, 3, 0, 1, 0, 0});
  put({4, 120, 408, 68, 68});
  return words;
}

TEST(Contract, MixedPlansSurviveWrongWords) {
  for (const IsaTable* isa : isa_tables()) {
    const Catalog catalog = catalog_of(*isa);
    const List good = mixed_plan(catalog);
    std::string error;
    const auto plan = compile(good, catalog, &error);
    ASSERT_NE(plan, nullptr) << error;
    Noise noise(11);
    run_on_noise(*plan, noise);
    for (int i = 0; i < 20000; ++i) {
      List words = good;
      for (int64_t changes = 1 + noise.below(3); changes > 0; --changes) {
        double& word = words[static_cast<size_t>(noise.below(static_cast<int64_t>(words.size())))];
        const int64_t kind = noise.below(4);
        if (kind == 0) word = static_cast<double>(kOdd[noise.below(std::size(kOdd))]);
        else if (kind == 1) word = static_cast<double>(noise.below(600));
        else word += static_cast<double>(noise.below(5) - 2);
      }
      error.clear();
      const auto other = compile(words, catalog, &error);
      EXPECT_EQ(other == nullptr, !error.empty());
      if (other != nullptr && std::all_of(words.begin(), words.end(), [](double w) { return w <= 2000; })) run_on_noise(*other, noise);
    }
  }
}

// What the processor lacks is passed over: of two rows for the same types the first that runs is found.
TEST(Contract, RowsNameTheFeaturesThatTheyNeed) {
  static constexpr auto run = [](const Args&, Range) {};
  static constexpr auto plan = [](const int64_t*, bool) { return Work{}; };
  static constexpr auto contract = [](Contract& c) { c.in(1); };
  static constexpr KernelRow rows[] = {
      {"first", DType::F32, run, plan, +contract, static_cast<CpuFeature>(200)},
      {"first", DType::F32, run, plan, +contract},
      {"first", {DType::I8, DType::I32}, run, plan, +contract},
  };
  static constexpr Family family = {{rows, 3}, {}};
  static constexpr const Family* families[] = {&family};
  static constexpr IsaTable table = {"features", families, 1};
  EXPECT_EQ(catalog_of(table).kernels.size(), 2u);
  EXPECT_EQ(find_kernel(table, "first", DType::F32), rows + 1);
  EXPECT_EQ(find_kernel(table, "first", {DType::I8, DType::I32}), rows + 2);
  EXPECT_EQ(find_kernel(table, "first", DType::I8), nullptr);
}

TEST(Extent, NeverOverflowsAndZerosHideNothing) {
  constexpr int64_t large = int64_t{1} << 40;
  EXPECT_TRUE((Extent(3) * 5 + 1).fits());
  EXPECT_EQ((Extent(3) * 5 + 1).count(), 16);
  EXPECT_FALSE((Extent(large) * large).fits());
  EXPECT_FALSE((Extent(0) * large * large).fits());
  EXPECT_FALSE((Extent(large) * large * 0).fits());
  EXPECT_FALSE(Extent(-1).fits());
  EXPECT_FALSE((Extent(Extent::kMost) + 1).fits());
}

TEST(Span, ReachesFromTheFirstToTheLastElement) {
  Span span;
  span.axis(4, -6);
  span.axis(3, 2);
  EXPECT_FALSE(span.extent().fits());
  span.shift(18);
  EXPECT_EQ(span.extent().count(), 23);
  Span empty;
  empty.axis(0, 5);
  empty.axis(7, 5);
  EXPECT_EQ(empty.extent().count(), 0);
  Span far;
  far.axis(0, 1);
  far.axis(int64_t{1} << 40, int64_t{1} << 40);
  EXPECT_FALSE(far.extent().fits());
}

}  // namespace
}  // namespace keratin::testing
