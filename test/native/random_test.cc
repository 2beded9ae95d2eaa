// Philox and the distributions made from it.
#include <algorithm>
#include <array>
#include <cmath>
#include "run_kernel.h"
#include "typed.h"

namespace keratin::testing {
namespace {

constexpr int64_t kMany = 1'000'000;

using Key = std::vector<uint32_t>;

template <typename T>
std::vector<T> drawn(const IsaTable& isa, const char* name, DType dtype, Key key, int64_t n, std::vector<int64_t> limits,
                     std::vector<double> floats, Order order = Order::Together) {
  std::vector<int64_t> ints = {n};
  ints.insert(ints.end(), limits.begin(), limits.end());
  std::vector<T> out(static_cast<size_t>(n));
  EXPECT_TRUE(run_kernel(isa, name, dtype, ints, floats, {key.data(), out.data()}, order).found) << name;
  return out;
}

// One Philox 4x32-10 counter (low, high, 0, 0), straight from the paper.
std::array<uint32_t, 4> philox(uint64_t counter, const Key& key) {
  std::array<uint32_t, 4> c = {static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), 0, 0};
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; ++round, k0 += 0x9e3779b9, k1 += 0xbb67ae85) {
    const uint64_t a = uint64_t{0xd2511f53} * c[0], b = uint64_t{0xcd9e8d57} * c[2];
    c = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(b), static_cast<uint32_t>(a >> 32) ^ c[3] ^ k1,
         static_cast<uint32_t>(a)};
  }
  return c;
}

TEST(RandomBits, KnownAnswer) {
  // From the known-answer vectors of Random123: counter 0, key 0.
  EXPECT_EQ(philox(0, {0, 0}), (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  for (const IsaTable* isa : isa_tables()) {
    const std::vector<uint32_t> bits = drawn<uint32_t>(*isa, "random_bits", DType::U32, {0, 0}, 64, {}, {});
    EXPECT_EQ(bits[0], 0x6627e8d5u);
    EXPECT_EQ(bits[16], 0xe169c58du);
    EXPECT_EQ(bits[32], 0xbc57ac4cu);
    EXPECT_EQ(bits[48], 0x9b00dbd8u);
  }
}

TEST(RandomBits, EveryLengthIsAPrefixOfTheStream) {
  const Key key = {0x12345678, 0xdeadbeef};
  std::vector<uint32_t> stream(20000);
  for (size_t i = 0; i < stream.size(); ++i) stream[i] = philox(i / 64 * 16 + i % 16, key)[i / 16 % 4];
  for (const IsaTable* isa : isa_tables()) {
    for (int64_t n : {0, 1, 15, 16, 63, 64, 65, 1000, 8191, 8192, 8193, 16384, 20000}) {
      const std::vector<uint32_t> expected(stream.begin(), stream.begin() + n);
      for (Order order : {Order::Together, Order::Reversed}) {
        ASSERT_EQ(drawn<uint32_t>(*isa, "random_bits", DType::U32, key, n, {}, {}, order), expected) << isa->name << " " << n;
      }
    }
  }
}

// A shorter draw is a prefix of a longer one, in whatever order the units run.
template <typename T>
void expect_prefixes(const IsaTable& isa, const char* name, DType dtype, std::vector<int64_t> limits,
                     std::vector<double> floats) {
  const std::vector<T> all = drawn<T>(isa, name, dtype, {3, 4}, 20000, limits, floats);
  for (int64_t n : {0, 1, 7, 31, 32, 33, 64, 511, 512, 1023, 1025, 4096, 8200}) {
    const std::vector<T> expected(all.begin(), all.begin() + n);
    const std::vector<T> first = drawn<T>(isa, name, dtype, {3, 4}, n, limits, floats, Order::Reversed);
    ASSERT_EQ(first, expected) << isa.name << " " << name << " " << n;
  }
}

TEST(Random, DependsOnKeyAndPositionAlone) {
  for (const IsaTable* isa : isa_tables()) {
    for (const char* name : {"random_uniform", "random_normal", "random_truncated_normal"}) {
      expect_prefixes<float>(*isa, name, DType::F32, {}, {-1, 2});
      expect_prefixes<double>(*isa, name, DType::F64, {}, {-1, 2});
      const std::vector<float> one = drawn<float>(*isa, name, DType::F32, {3, 4}, 100, {}, {0, 1});
      EXPECT_NE(one, drawn<float>(*isa, name, DType::F32, {3, 5}, 100, {}, {0, 1}));
    }
    expect_prefixes<int32_t>(*isa, "random_int", DType::I32, {-5, 17}, {});
    expect_prefixes<uint64_t>(*isa, "random_int", DType::U64, {0, 1'000'000'000'000}, {});
  }
}

// Largest distance between the distribution of the sample and `cdf` (A. Kolmogorov, N. Smirnov), times sqrt(n): above 2.0
// with a probability of 0.0007.
template <typename T, typename Cdf>
double distance(std::vector<T> sample, Cdf cdf) {
  std::sort(sample.begin(), sample.end());
  const double n = static_cast<double>(sample.size());
  double largest = 0;
  for (size_t i = 0; i < sample.size(); ++i) {
    const double p = cdf(static_cast<double>(sample[i]));
    largest = std::max({largest, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
  }
  return largest * std::sqrt(n);
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

// Mean of f over the sample.
template <typename T, typename Fn>
double mean_of(const std::vector<T>& sample, Fn f) {
  double sum = 0;
  for (T x : sample) sum += f(static_cast<double>(x));
  return sum / static_cast<double>(sample.size());
}

template <typename T>
void check_distributions(const IsaTable& isa, DType dtype) {
  const auto uniform = drawn<T>(isa, "random_uniform", dtype, {1, 2}, kMany, {}, {-2, 3});
  EXPECT_LT(distance(uniform, [](double x) { return (x + 2) / 5; }), 2.0);
  const auto normal = drawn<T>(isa, "random_normal", dtype, {1, 2}, kMany, {}, {1, 2});
  EXPECT_LT(distance(normal, [](double x) { return normal_cdf((x - 1) / 2); }), 2.0);
  const auto moment = [&](double k) { return mean_of(normal, [=](double x) { return std::pow((x - 1) / 2, k); }); };
  EXPECT_NEAR(moment(1), 0, 0.004);
  EXPECT_NEAR(moment(2), 1, 0.006);
  EXPECT_NEAR(moment(3), 0, 0.016);
  EXPECT_NEAR(moment(4), 3, 0.04);
  // Neighbours and the two halves of a pair are not correlated.
  for (size_t lag : {size_t{1}, size_t{16}, size_t{32}}) {
    double sum = 0;
    for (size_t i = 0; i + lag < normal.size(); ++i) sum += (double(normal[i]) - 1) * (double(normal[i + lag]) - 1) / 4;
    EXPECT_NEAR(sum / kMany, 0, 0.004) << lag;
  }
  const auto truncated = drawn<T>(isa, "random_truncated_normal", dtype, {1, 2}, kMany, {}, {1, 2});
  const double below = normal_cdf(-2);
  EXPECT_LT(distance(truncated, [=](double x) { return (normal_cdf((x - 1) / 2) - below) / (1 - 2 * below); }), 2.0);
  EXPECT_GE(*std::min_element(truncated.begin(), truncated.end()), T(-3));
  EXPECT_LE(*std::max_element(truncated.begin(), truncated.end()), T(5));
}

TEST(Random, Distributions) {
  for (const IsaTable* isa : isa_tables()) {
    SCOPED_TRACE(isa->name);
    check_distributions<float>(*isa, DType::F32);
    check_distributions<double>(*isa, DType::F64);
  }
}

TEST(RandomUniform, StaysBelowItsUpperBound) {
  for (const IsaTable* isa : isa_tables()) {
    for (const auto& [lo, hi] : {std::pair{0.0, 1.0}, {1.0, 1.0000002}, {-1e-3, 0.0}, {1e8, 1e8 + 8}, {-5.0, -4.9999995}}) {
      const auto sample = drawn<float>(*isa, "random_uniform", DType::F32, {9, 9}, 100000, {}, {lo, hi});
      EXPECT_GE(*std::min_element(sample.begin(), sample.end()), static_cast<float>(lo));
      EXPECT_LT(*std::max_element(sample.begin(), sample.end()), static_cast<float>(hi));
    }
    for (float x : drawn<float>(*isa, "random_uniform", DType::F32, {9, 9}, 100, {}, {2, 2})) EXPECT_EQ(x, 2.0f);
  }
}

// Each value is the quantile of its own bits.
TEST(RandomTruncatedNormal, InvertsTheDistribution) {
  for (const IsaTable* isa : isa_tables()) {
    const auto bits = drawn<uint32_t>(*isa, "random_bits", DType::U32, {7, 8}, 20000, {}, {});
    const auto single = drawn<float>(*isa, "random_truncated_normal", DType::F32, {7, 8}, 20000, {}, {0, 1});
    const auto twice = drawn<double>(*isa, "random_truncated_normal", DType::F64, {7, 8}, 10000, {}, {0, 1});
    for (size_t i = 0; i < single.size(); ++i) {
      const double y = static_cast<int32_t>(bits[i]) * 0x1p-31 * std::erf(std::sqrt(2.0));
      ASSERT_NEAR(std::erf(single[i] / std::sqrt(2.0)), y, 4e-7) << isa->name;
    }
    for (size_t i = 0; i < twice.size(); ++i) {
      const double u = static_cast<double>((uint64_t{bits[2 * i + 1]} << 32 | bits[2 * i]) >> 12) * 0x1p-52;
      ASSERT_NEAR(std::erf(twice[i] / std::sqrt(2.0)), (2 * u - 1) * std::erf(std::sqrt(2.0)), 1e-15) << isa->name;
    }
  }
}

template <typename T>
void check_int(const IsaTable& isa, DType dtype, int64_t lo, int64_t hi) {
  const auto sample = drawn<T>(isa, "random_int", dtype, {5, 6}, 100000, {lo, hi}, {});
  const uint64_t range = static_cast<uint64_t>(hi) - static_cast<uint64_t>(lo);
  double sum = 0;
  for (T x : sample) {
    const uint64_t offset = static_cast<uint64_t>(x) - static_cast<uint64_t>(lo);
    ASSERT_LT(offset, range) << name_of(dtype);
    sum += (static_cast<double>(offset) + 0.5) / static_cast<double>(range);
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.005) << name_of(dtype);
}

TEST(RandomInt, FillsItsRange) {
  for (const IsaTable* isa : isa_tables()) {
    for (DType dtype : {DType::U8, DType::U16, DType::U32, DType::U64, DType::I8, DType::I16, DType::I32, DType::I64}) {
      with_type(dtype, [&](auto type) {
        using T = typename decltype(type)::type;
        if constexpr (std::is_integral_v<T>) check_int<T>(*isa, dtype, 3, 120);
      });
    }
    check_int<int8_t>(*isa, DType::I8, -128, 128);
    check_int<int32_t>(*isa, DType::I32, INT32_MIN, INT32_MAX);
    check_int<int64_t>(*isa, DType::I64, INT64_MIN, INT64_MAX);
    check_int<uint64_t>(*isa, DType::U64, 0, -1);
    std::vector<int64_t> counts(10);
    for (int32_t x : drawn<int32_t>(*isa, "random_int", DType::I32, {5, 6}, kMany, {0, 10}, {})) ++counts[x];
    double chi_square = 0;
    for (int64_t count : counts) chi_square += (count - 1e5) * (count - 1e5) / 1e5;
    EXPECT_LT(chi_square, 30);  // 9 degrees of freedom: above with a probability of 0.0004
  }
}

TEST(Permutation, IsOneAndUniform) {
  for (const IsaTable* isa : isa_tables()) {
    for (int64_t n : {0, 1, 2, 511, 512, 513, 60000}) {
      std::vector<int32_t> order = drawn<int32_t>(*isa, "permutation", DType::I32, {1, 1}, n, {}, {});
      std::sort(order.begin(), order.end());
      for (int64_t i = 0; i < n; ++i) ASSERT_EQ(order[i], i);
    }
    const std::vector<int32_t> one = drawn<int32_t>(*isa, "permutation", DType::I32, {1, 1}, 100, {}, {});
    EXPECT_NE(one, drawn<int32_t>(*isa, "permutation", DType::I32, {2, 1}, 100, {}, {}));
    std::vector<int64_t> counts(24);  // of each order of four
    for (uint32_t key = 0; key < 24000; ++key) {
      const std::vector<int32_t> p = drawn<int32_t>(*isa, "permutation", DType::I32, {key, 77}, 4, {}, {});
      int64_t rank = 0;
      for (int i = 0; i < 4; ++i) {
        rank = rank * (4 - i) + std::count_if(p.begin() + i, p.end(), [&](int32_t x) { return x < p[i]; });
      }
      ++counts[rank];
    }
    double chi_square = 0;
    for (int64_t count : counts) chi_square += (count - 1e3) * (count - 1e3) / 1e3;
    EXPECT_LT(chi_square, 52);  // 23 degrees of freedom: above with a probability of 0.0005
  }
}

}  // namespace
}  // namespace keratin::testing
