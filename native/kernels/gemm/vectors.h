// Products with a vector or with very few rows or columns, which memory bounds: every element of the large matrix is read
// once, where it is.
#pragma once
#include "kernels/gemm/cut.h"

namespace keratin::KR_ISA {

// c[i * row_c + j] = sum over k of a[i * row_a + k] * b[j * col_b + k], for kRows x kCols of them: both operands contiguous
// along k.
template <typename T, int kRows, int kCols>
static void dots(const T* a, int64_t row_a, const T* b, int64_t col_b, T* c, int64_t row_c, int64_t depth) {
  constexpr int64_t L = kLanes<T>;
  Vec<T> sums[kRows][kCols] = {};
  const auto step = [&](auto load_lanes, int64_t k) __attribute__((always_inline)) {
    Vec<T> y[kCols];
#pragma GCC unroll 4
    for (int j = 0; j < kCols; ++j) y[j] = load_lanes(b + j * col_b + k);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
      const Vec<T> x = load_lanes(a + i * row_a + k);
#pragma GCC unroll 4
      for (int j = 0; j < kCols; ++j) sums[i][j] = fma(x, y[j], sums[i][j]);
    }
  };
  int64_t k = 0;
  for (; k + L <= depth; k += L) step([](const T* p) __attribute__((always_inline)) { return load(p); }, k);
  if (k < depth) {
    const Lanes<T> rest(depth - k);
    step([rest](const T* p) __attribute__((always_inline)) { return rest.load(p); }, k);
  }
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < kCols; ++j) c[i * row_c + j] = sum<T>(sums[i][j]);
  }
}

// y[j] += sum over kSteps values of k of x[k * step_x] * b[k * row_b + j], for j in [0, n), in the order of k.
template <typename T, int kSteps>
static void add_rows(T* y, const T* x, int64_t step_x, const T* b, int64_t row_b, int64_t n) {
  constexpr int64_t L = kLanes<T>;
  Vec<T> factor[kSteps];
#pragma GCC unroll 8
  for (int k = 0; k < kSteps; ++k) factor[k] = broadcast(x[k * step_x]);
  int64_t j = 0;
  for (; j + L <= n; j += L) {
    Vec<T> s = load(y + j);
#pragma GCC unroll 8
    for (int k = 0; k < kSteps; ++k) s = fma(factor[k], load(b + k * row_b + j), s);
    store(y + j, s);
  }
  if (j < n) {
    const Lanes<T> rest(n - j);
    Vec<T> s = rest.load(y + j);
#pragma GCC unroll 8
    for (int k = 0; k < kSteps; ++k) s = fma(factor[k], rest.load(b + k * row_b + j), s);
    rest.store(y + j, s);
  }
}

// y[j] = sum over k of x[k * step_x] * b[k * row_b + j], j in [0, n): Method::Rows. Eight rows of b are read side by side;
// the unit's part of y stays in the first-level cache.
template <typename T>
static void sum_rows(T* y, const T* x, int64_t step_x, const T* b, int64_t row_b, int64_t n, int64_t depth) {
  for (int64_t j = 0; j < n; ++j) y[j] = 0;
  int64_t k = 0;
  for (; k + 8 <= depth; k += 8) add_rows<T, 8>(y, x + k * step_x, step_x, b + k * row_b, row_b, n);
  for (; k < depth; ++k) add_rows<T, 1>(y, x + k * step_x, step_x, b + k * row_b, row_b, n);
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
      kDots<T>.kernels[least(rows - i, R) - 1][least(cols - j, C) - 1](a + i * cut.row_a, cut.row_a, b + j * col_b, col_b,
                                                                       c + i * row_c + j, row_c, cut.k);
}

}  // namespace keratin::KR_ISA
