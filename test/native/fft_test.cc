// Fourier transforms against the sums that define them, and overlapping frames.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include "run_kernel.h"

namespace keratin::testing {
namespace {

template <typename T>
constexpr DType kType = sizeof(T) == 4 ? DType::F32 : DType::F64;

template <typename T>
std::vector<T> noise(int64_t count, uint64_t seed) {
  Noise source(seed);
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = static_cast<T>(source.uniform(-1, 1));
  return values;
}

// cos, then -sin, of the multiples of a turn / n.
template <typename T>
std::vector<T> roots(int64_t n) {
  std::vector<T> table(static_cast<size_t>(2 * n));
  for (int64_t k = 0; k < n; ++k) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n);
    table[k] = static_cast<T>(std::cos(angle));
    table[n + k] = static_cast<T>(-std::sin(angle));
  }
  return table;
}

struct Spectrum {
  std::vector<double> re, im;
};

// The sum over j of (re[j] + i im[j]) exp(sign 2 pi i j k / n) for each row.
template <typename T>
Spectrum reference(const std::vector<T>& re, const std::vector<T>& im, int64_t rows, int64_t n, int sign) {
  Spectrum out = {std::vector<double>(rows * n), std::vector<double>(rows * n)};
  for (int64_t at = 0; at < rows * n; ++at) {
    for (int64_t j = 0; j < n; ++j) {
      const double angle = sign * 2 * std::numbers::pi * static_cast<double>(j * (at % n) % n) / static_cast<double>(n);
      const double a = re[at / n * n + j], b = im[at / n * n + j];
      out.re[at] += a * std::cos(angle) - b * std::sin(angle);
      out.im[at] += a * std::sin(angle) + b * std::cos(angle);
    }
  }
  return out;
}

template <typename T>
double distance(const std::vector<T>& a, const std::vector<double>& b) {
  double most = 0;
  for (size_t i = 0; i < b.size(); ++i) most = std::max(most, std::abs(static_cast<double>(a[i]) - b[i]));
  return most;
}

template <typename T>
void check_all(const IsaTable& isa, int64_t rows, int64_t n) {
  const double bound = (sizeof(T) == 4 ? 4e-7 : 1e-15) * static_cast<double>(n + 4);
  const int64_t half = n / 2 + 1;
  std::vector<T> re = noise<T>(rows * n, 1), im = noise<T>(rows * n, 2), zero(rows * n), table = roots<T>(n);
  const Spectrum whole = reference(re, im, rows, n, -1), real = reference(re, zero, rows, n, -1);
  std::vector<double> first_re, first_im;
  std::vector<T> half_re, half_im, full_re(rows * n), full_im(rows * n);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t k = 0; k < half; ++k) {
      first_re.push_back(real.re[r * n + k]);
      first_im.push_back(real.im[r * n + k]);
      half_re.push_back(re[r * n + k]);
      half_im.push_back(im[r * n + k]);
      const bool single = k == 0 || 2 * k == n;
      full_re[r * n + k] = full_re[r * n + (n - k) % n] = re[r * n + k];
      full_im[r * n + k] = single ? 0 : im[r * n + k];
      full_im[r * n + (n - k) % n] = single ? 0 : -im[r * n + k];
    }
  }
  const Spectrum back = reference(full_re, full_im, rows, n, 1);
  std::vector<std::vector<T>> before;
  for (Order order : {Order::Together, Order::Reversed}) {
    std::vector<T> a(rows * n), b(rows * n), c(rows * half), d(rows * half), e(rows * n);
    ASSERT_TRUE(run_kernel(isa, "fft", kType<T>, {rows, n}, {1}, {re.data(), im.data(), table.data(), a.data(), b.data()}, order).found);
    run_kernel(isa, "rfft", kType<T>, {rows, n}, {1}, {re.data(), table.data(), c.data(), d.data()}, order);
    run_kernel(isa, "irfft", kType<T>, {rows, n}, {1}, {half_re.data(), half_im.data(), table.data(), e.data()}, order);
    ASSERT_LE(distance(a, whole.re), bound) << isa.name << " " << rows << " x " << n;
    ASSERT_LE(distance(b, whole.im), bound) << isa.name << " " << rows << " x " << n;
    ASSERT_LE(distance(c, first_re), bound) << isa.name << " " << rows << " x " << n;
    ASSERT_LE(distance(d, first_im), bound) << isa.name << " " << rows << " x " << n;
    ASSERT_LE(distance(e, back.re), bound) << isa.name << " " << rows << " x " << n;
    const std::vector<std::vector<T>> now = {a, b, c, d, e};
    if (!before.empty()) ASSERT_EQ(now, before) << "the order of units shows";
    before = now;
  }
}

TEST(Fft, EveryRadixAndNumberOfRows) {
  for (const IsaTable* isa : isa_tables()) {
    for (int64_t n : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 22, 25, 26, 30, 49, 64, 77, 143, 240}) {
      for (int64_t rows : {1, 3, 8, 17}) {
        check_all<float>(*isa, rows, n);
        check_all<double>(*isa, rows, n);
      }
    }
  }
}

TEST(Fft, RefusesLargePrimeFactors) {
  for (const IsaTable* isa : isa_tables()) {
    const auto refused = [&](const char* name, std::vector<int64_t> ints) { return refuses(*find_kernel(*isa, name, DType::F32), ints); };
    EXPECT_TRUE(refused("fft", {1, 17}));
    EXPECT_TRUE(refused("rfft", {1, 34}));
    EXPECT_TRUE(refused("fft", {1, 0}));
    EXPECT_TRUE(refused("fft", {-1, 4}));
    EXPECT_TRUE(refused("overlap_add", {1, 2, 3, 0, 4}));
    EXPECT_FALSE(refused("fft", {1, 26}));
  }
}

TEST(OverlapAdd, SumsFrames) {
  for (const IsaTable* isa : isa_tables()) {
    for (auto [rows, frames, length, hop] : {std::array<int64_t, 4>{1, 1, 5, 3}, {2, 7, 4, 3}, {3, 5, 2, 4}, {1, 900, 64, 16}, {2, 3, 9000, 4000}, {2, 0, 3, 1}}) {
      const int64_t size = std::max<int64_t>(0, frames - 1) * hop + length;
      std::vector<double> x = noise<double>(rows * frames * length, 3), expected(rows * size), out(rows * size, 7);
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t f = 0; f < frames; ++f) {
          for (int64_t j = 0; j < length; ++j) expected[r * size + f * hop + j] += x[(r * frames + f) * length + j];
        }
      }
      for (Order order : {Order::Together, Order::Reversed}) {
        run_kernel(*isa, "overlap_add", DType::F64, {rows, frames, length, hop, size}, {}, {x.data(), out.data()}, order);
        ASSERT_EQ(out, expected);
      }
    }
  }
}

}  // namespace
}  // namespace keratin::testing
