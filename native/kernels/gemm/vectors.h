// Products with a vector or with very few rows or columns, which memory bounds: every element of the large matrix is read
// once, where it is.
#pragma once
#include "kernels/gemm/cut.h"

namespace keratin::KR_ISA {

// Steps of k, in vectors and in rows, that are summed alone before they are added to the sum so far: the error of a long sum then grows with
// the number of such runs. Of 1e7 products it was 1.5e-2 of the sum without, and is 4.5e-5 with them.
inline constexpr int64_t kRunVectors = 256, kRunRows = 256;

// c[i * row_c + j] = sum over k of a[i * row_a + k] * b[j * col_b + k], for kRows x kCols of them: both operands contiguous
// along k.
template <typename T, int kRows, int kCols>
static void dots(const T* a, int64_t row_a, const T* b, int64_t col_b, T* c, int64_t row_c, int64_t depth) {
  constexpr int64_t L = kLanes<T>;
  V<T> sums[kRows][kCols] = {}, totals[kRows][kCols] = {};
  const auto step = [&](auto load_lanes, int64_t k) __attribute__((always_inline)) {
    V<T> y[kCols];
#pragma GCC unroll 4
    for (int j = 0; j < kCols; ++j) y[j] = load_lanes(b + j * col_b + k);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
      const V<T> x = load_lanes(a + i * row_a + k);
#pragma GCC unroll 4
      for (int j = 0; j < kCols; ++j) sums[i][j] = mul_add(x, y[j], sums[i][j]);
    }
  };
  int64_t k = 0;
  for (; depth - k > kRunVectors * L;) {
    for (const int64_t end = k + kRunVectors * L; k < end; k += L) step([](const T* p) __attribute__((always_inline)) { return V<T>::load(p); }, k);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < kCols; ++j) {
        totals[i][j] += sums[i][j];
        sums[i][j] = V<T>(T{0});
      }
    }
  }
  for (; k + L <= depth; k += L) step([](const T* p) __attribute__((always_inline)) { return V<T>::load(p); }, k);
  if (k < depth) {
    const Lanes<T> rest(depth - k);
    step([rest](const T* p) __attribute__((always_inline)) { return rest.load(p); }, k);
  }
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < kCols; ++j) c[i * row_c + j] = sum_of<T>(totals[i][j] + sums[i][j]);
  }
}

// y[j] += sum over kSteps values of k of x[k * step_x] * b[k * row_b + j], for j in [0, n), in the order of k.
template <typename T, int kSteps>
static void add_rows(T* y, const T* x, int64_t step_x, const T* b, int64_t row_b, int64_t n) {
  constexpr int64_t L = kLanes<T>;
  V<T> factor[kSteps];
#pragma GCC unroll 8
  for (int k = 0; k < kSteps; ++k) factor[k] = V<T>(x[k * step_x]);
  int64_t j = 0;
  for (; j + L <= n; j += L) {
    V<T> s = V<T>::load(y + j);
#pragma GCC unroll 8
    for (int k = 0; k < kSteps; ++k) s = mul_add(factor[k], V<T>::load(b + k * row_b + j), s);
    s.store(y + j);
  }
  if (j < n) {
    const Lanes<T> rest(n - j);
    V<T> s = rest.load(y + j);
#pragma GCC unroll 8
    for (int k = 0; k < kSteps; ++k) s = mul_add(factor[k], rest.load(b + k * row_b + j), s);
    rest.store(y + j, s);
  }
}

// y[j] += sum over k of x[k * step_x] * b[k * row_b + j], j in [0, n). Eight rows of b are read side by side.
template <typename T>
static void add_run(T* y, const T* x, int64_t step_x, const T* b, int64_t row_b, int64_t n, int64_t depth) {
  int64_t k = 0;
  for (; k + 8 <= depth; k += 8) add_rows<T, 8>(y, x + k * step_x, step_x, b + k * row_b, row_b, n);
  for (; k < depth; ++k) add_rows<T, 1>(y, x + k * step_x, step_x, b + k * row_b, row_b, n);
}

// y[j] = sum over k of x[k * step_x] * b[k * row_b + j], j in [0, n): Method::Rows. The unit's part of y stays in the first-level cache.
template <typename T>
static void sum_rows(T* y, const T* x, int64_t step_x, const T* b, int64_t row_b, int64_t n, int64_t depth) {
  constexpr int64_t kStrip = 4096 / sizeof(T);
  for (int64_t j = 0; j < n; ++j) y[j] = 0;
  if (depth <= 2 * kRunRows) return add_run(y, x, step_x, b, row_b, n, depth);
  T run[kStrip];
  for (int64_t k = 0; k < depth; k += kRunRows) {
    for (int64_t first = 0; first < n; first += kStrip) {
      const int64_t width = min_of(kStrip, n - first);
      for (int64_t j = 0; j < width; ++j) run[j] = 0;
      add_run(run, x + k * step_x, step_x, b + k * row_b + first, row_b, width, min_of(kRunRows, depth - k));
      for (int64_t j = 0; j < width; ++j) y[first + j] += run[j];
    }
  }
}

// Blocks of dots, by rows - 1 and columns - 1.
template <typename T>
struct Dots {
  static constexpr int kRows = kGemm<T>.dot_rows, kCols = 4;
  using Kernel = void (*)(const T*, int64_t, const T*, int64_t, T*, int64_t, int64_t);
  Kernel kernels[kRows][kCols] = {};

  constexpr Dots() { rows(std::make_integer_sequence<int, kRows>{}); }
  template <int... i>
  constexpr void rows(std::integer_sequence<int, i...>) {
    (row<i>(std::make_integer_sequence<int, kCols>{}), ...);
  }
  template <int i, int... j>
  constexpr void row(std::integer_sequence<int, j...>) {
    ((kernels[i][j] = dots<T, i + 1, j + 1>), ...);
  }
};
template <typename T>
static constexpr Dots<T> kDots{};

// Method::Dots for `rows` x `cols` elements of C.
template <typename T>
static void multiply_dots(const Cut<T>& cut, const T* a, const T* b, T* c, int64_t rows, int64_t cols, int64_t row_c,
                          T* scratch) {
  constexpr int64_t R = Dots<T>::kRows, C = Dots<T>::kCols;
  int64_t col_b = cut.col_b;
  if (cut.pack_b) {
    for (int64_t k = 0; k < cut.k; ++k)
      for (int64_t j = 0; j < cols; ++j) scratch[j * cut.k + k] = b[k * cut.row_b + j * col_b];
    b = scratch;
    col_b = cut.k;
  }
  for (int64_t i = 0; i < rows; i += R)
    for (int64_t j = 0; j < cols; j += C)
      kDots<T>.kernels[min_of(rows - i, R) - 1][min_of(cols - j, C) - 1](a + i * cut.row_a, cut.row_a, b + j * col_b, col_b,
                                                                       c + i * row_c + j, row_c, cut.k);
}

}  // namespace keratin::KR_ISA
