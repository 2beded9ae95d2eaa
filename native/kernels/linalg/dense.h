// What the factorisations of dense matrices share: operations on contiguous rows, and products of blocks.
#pragma once
#include "kernels/gemm/problem.h"
#include "simd/vector.h"

namespace keratin::KR_ISA {
namespace {

using simd::V;

template <typename T>
KR_INLINE T absolute(T x) { return x < 0 ? -x : x; }
template <typename T>
KR_INLINE T root(T x) { return simd::sqrt(V<T>(x)).raw[0]; }

// The next integer of a kernel's contract, rows or columns of a matrix: small enough for squares of it.
KR_INLINE Extent side(Contract& c, const char* what) { return c.size(what, 0, INT32_MAX); }

// sum of x[i] * y[i], always in the same order.
template <typename T>
T dot(const T* x, const T* y, int64_t n) {
  constexpr int64_t L = V<T>::lanes;
  V<T> sums[4] = {T{0}, T{0}, T{0}, T{0}};
  int64_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L) {
#pragma GCC unroll 4
    for (int u = 0; u < 4; ++u) sums[u] = mul_add(V<T>::load(x + i + u * L), V<T>::load(y + i + u * L), sums[u]);
  }
  for (; i + L <= n; i += L) sums[0] = mul_add(V<T>::load(x + i), V<T>::load(y + i), sums[0]);
  if (i < n) sums[1] = mul_add(V<T>::load_n(x + i, n - i), V<T>::load_n(y + i, n - i), sums[1]);
  const V<T> total = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  T sum = 0;
  for (int lane = 0; lane < V<T>::lanes; ++lane) sum += total.raw[lane];
  return sum;
}

// y += factor * x
template <typename T>
void add_multiple(T* __restrict y, T factor, const T* __restrict x, int64_t n) {
  constexpr int64_t L = V<T>::lanes;
  const V<T> f(factor);
  int64_t i = 0;
  for (; i + L <= n; i += L) mul_add(f, V<T>::load(x + i), V<T>::load(y + i)).store(y + i);
  if (i < n) mul_add(f, V<T>::load_n(x + i, n - i), V<T>::load_n(y + i, n - i)).store_n(y + i, n - i);
}

// y -= f * x + g * z
template <typename T>
void subtract_multiples(T* __restrict y, T f, const T* __restrict x, T g, const T* __restrict z, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] -= f * x[i] + g * z[i];
}

template <typename T>
void scale(T* x, T factor, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] *= factor;
}

template <typename T>
void fill(T* x, T value, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = value;
}

// (x, y) = (c x + s y, c y - s x)
template <typename T>
void rotate(T* __restrict x, T* __restrict y, T c, T s, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const T a = x[i], b = y[i];
    x[i] = c * a + s * b;
    y[i] = c * b - s * a;
  }
}

template <typename T>
void exchange(T* __restrict x, T* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const T a = x[i];
    x[i] = y[i];
    y[i] = a;
  }
}

// to[j * rows + i] = from[i * stride + j], in squares that the first-level cache holds.
template <typename To, typename From>
void transpose_to(To* to, const From* from, int64_t rows, int64_t columns, int64_t stride) {
  constexpr int64_t kSide = 16;
  for (int64_t i0 = 0; i0 < rows; i0 += kSide)
    for (int64_t j0 = 0; j0 < columns; j0 += kSide)
      for (int64_t j = j0; j < min_of(j0 + kSide, columns); ++j)
        for (int64_t i = i0; i < min_of(i0 + kSide, rows); ++i) to[j * rows + i] = static_cast<To>(from[i * stride + j]);
}

template <typename To, typename From>
void convert(To* to, const From* from, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<To>(from[i]);
}

// A matrix that is read element by element: a view or a transpose.
template <typename T>
struct View {
  const T* data;
  int64_t row, column;  // strides
};

// R rows of C += sign * A . B: tiles of R x 2 vectors stay in registers while k runs.
template <typename T, int R>
void add_product_rows(T* c, int64_t row_c, View<T> a, const T* b, int64_t row_b, int64_t n, int64_t depth, T sign) {
  constexpr int64_t L = V<T>::lanes;
  int64_t j = 0;
  for (; j + 2 * L <= n; j += 2 * L) {
    V<T> sums[R][2];
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) sums[r][0] = sums[r][1] = V<T>(T{0});
    for (int64_t p = 0; p < depth; ++p) {
      const V<T> low = V<T>::load(b + p * row_b + j), high = V<T>::load(b + p * row_b + j + L);
#pragma GCC unroll 6
      for (int r = 0; r < R; ++r) {
        const V<T> x(a.data[r * a.row + p * a.column]);
        sums[r][0] = mul_add(x, low, sums[r][0]);
        sums[r][1] = mul_add(x, high, sums[r][1]);
      }
    }
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      T* to = c + r * row_c + j;
      mul_add(V<T>(sign), sums[r][0], V<T>::load(to)).store(to);
      mul_add(V<T>(sign), sums[r][1], V<T>::load(to + L)).store(to + L);
    }
  }
  for (; j < n; j += L) {
    const int64_t width = min_of(L, n - j);
    const auto read = [width](const T* p) __attribute__((always_inline)) {
      return width == V<T>::lanes ? V<T>::load(p) : V<T>::load_n(p, width);
    };
    V<T> sums[R];
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) sums[r] = V<T>(T{0});
    for (int64_t p = 0; p < depth; ++p) {
      const V<T> x = read(b + p * row_b + j);
#pragma GCC unroll 6
      for (int r = 0; r < R; ++r) sums[r] = mul_add(V<T>(a.data[r * a.row + p * a.column]), x, sums[r]);
    }
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      T* to = c + r * row_c + j;
      const V<T> y = mul_add(V<T>(sign), sums[r], read(to));
      if (width == L) y.store(to);
      else y.store_n(to, width);
    }
  }
}

// C += sign * A . B for C of `rows` x `n`; the rows of B and C are contiguous. Blocks of B stay in the second-level cache.
template <typename T>
void add_product(T* c, int64_t row_c, View<T> a, const T* b, int64_t row_b, int64_t rows, int64_t n, int64_t depth, T sign) {
  constexpr int64_t kDepth = 256, kWidth = 1024 / sizeof(T), kRows = 6;
  for (int64_t p = 0; p < depth; p += kDepth) {
    const int64_t count = min_of(kDepth, depth - p);
    for (int64_t j = 0; j < n; j += kWidth) {
      const int64_t width = min_of(kWidth, n - j);
      const T* block = b + p * row_b + j;
      int64_t i = 0;
      const auto part = [&](int64_t row) __attribute__((always_inline)) {
        return View<T>{a.data + row * a.row + p * a.column, a.row, a.column};
      };
      for (; i + kRows <= rows; i += kRows)
        add_product_rows<T, kRows>(c + i * row_c + j, row_c, part(i), block, row_b, width, count, sign);
      for (; i + 2 <= rows; i += 2) add_product_rows<T, 2>(c + i * row_c + j, row_c, part(i), block, row_b, width, count, sign);
      if (i < rows) add_product_rows<T, 1>(c + i * row_c + j, row_c, part(i), block, row_b, width, count, sign);
    }
  }
}

}  // namespace
}  // namespace keratin::KR_ISA
