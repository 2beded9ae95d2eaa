// Draws with parameters for each element: how they are cut into units does not show, prefixes agree.
#include <cmath>
#include <limits>
#include "run_kernel.h"

namespace keratin::testing {
namespace {

// Bits rather than values: NaN is among them.
template <typename T>
std::vector<char> bytes_of(const std::vector<T>& values) {
  std::vector<char> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

TEST(RandomShaped, DoesNotDependOnUnitsOrLength) {
  std::vector<uint32_t> key = {7, 9};
  constexpr int64_t most = 1300;
  Noise noise(1);
  std::vector<double> alpha(most), counts(most), p(most);
  for (int64_t i = 0; i < most; ++i) {
    alpha[i] = i % 50 == 0 ? -1 : noise.uniform(0.05, 20);
    counts[i] = static_cast<double>(noise.below(200));
    p[i] = noise.uniform(0, 1);
  }
  for (const IsaTable* isa : isa_tables()) {
    std::vector<double> all_gamma, all_binomial;
    for (int64_t n : {most, int64_t{1}, int64_t{7}, int64_t{511}, int64_t{513}}) {
      for (Order order : {Order::Together, Order::Reversed}) {
        std::vector<double> gamma(n), binomial(n);
        ASSERT_TRUE(run_kernel(*isa, "random_gamma", DType::F64, {n, 0, 0}, {}, {key.data(), alpha.data(), gamma.data()}, order).found);
        ASSERT_TRUE(run_kernel(*isa, "random_binomial", DType::F64, {n}, {}, {key.data(), counts.data(), p.data(), binomial.data()}, order).found);
        if (all_gamma.empty()) all_gamma = gamma, all_binomial = binomial;
        ASSERT_EQ(bytes_of(gamma), bytes_of(std::vector<double>(all_gamma.begin(), all_gamma.begin() + n)));
        ASSERT_EQ(bytes_of(binomial), bytes_of(std::vector<double>(all_binomial.begin(), all_binomial.begin() + n)));
      }
    }
  }
}

TEST(RandomCategorical, FollowsTheWeights) {
  std::vector<uint32_t> key = {3, 4};
  constexpr int64_t samples = 20000;
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> logits = {std::log(1.0), std::log(2.0), -infinity, std::log(5.0), -infinity};
  for (const IsaTable* isa : isa_tables()) {
    std::vector<int32_t> before;
    for (Order order : {Order::Together, Order::Reversed}) {
      std::vector<int32_t> out(samples);
      run_kernel(*isa, "random_categorical", DType::F64, {1, 5, samples}, {}, {key.data(), logits.data(), out.data()}, order);
      int64_t counts[5] = {};
      for (int32_t c : out) ++counts[c];
      EXPECT_EQ(counts[2] + counts[4], 0);
      EXPECT_NEAR(static_cast<double>(counts[3]) / samples, 0.625, 0.02);
      EXPECT_NEAR(static_cast<double>(counts[0]) / samples, 0.125, 0.015);
      if (!before.empty()) EXPECT_EQ(out, before);
      before = out;
    }
  }
}

}  // namespace
}  // namespace keratin::testing
