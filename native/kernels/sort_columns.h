// Many short rows at once: a row in each lane of the vectors, sorted by a network of comparisons.
#pragma once
#include "kernels/order.h"
#include "kernels/transpose.h"

namespace keratin::KR_ISA {

// Longest row: its vectors take 128 KiB at most.
inline constexpr int64_t kNetworkRows = 2048;

// Sorts each lane of n vectors by Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M).
template <typename T>
static inline void sort_network(T* columns, int64_t n) {
  using V = simd::V<T>;
  constexpr int64_t lanes = V::lanes;
  if (n < 2) return;
  int64_t top = 1;
  while (top < n) top *= 2;
  top /= 2;
  for (int64_t p = top; p > 0; p /= 2) {
    int64_t q = top, r = 0, d = p;
    while (true) {
      for (int64_t block = r; block < n - d; block += 2 * p) {
        const int64_t end = min_of(block + p, n - d);
        for (int64_t i = block; i < end; ++i) {
          T *first = columns + i * lanes, *second = columns + (i + d) * lanes;
          const V a = V::load(first), b = V::load(second);
          min(a, b).store(first);
          max(a, b).store(second);
        }
      }
      if (q == p) break;
      d = q - p;
      q /= 2;
      r = p;
    }
  }
}

// columns[c * lanes + row] = in[row * stride + c] for `rows` <= lanes rows of n, and back. Lanes without a row hold anything.
template <typename T>
static inline void rows_to_columns(T* columns, const T* in, int64_t rows, int64_t n, int64_t stride) {
  constexpr int64_t lanes = simd::V<T>::lanes, block = Block<T>::lanes;
  int64_t done = 0;
  if (rows == lanes) {
    for (; done + block <= n; done += block) {
      for (int64_t row = 0; row < lanes; row += block) Block<T>::transpose(columns + done * lanes + row, in + row * stride + done, lanes, stride);
    }
  }
  for (int64_t c = done; c < n; ++c) {
    for (int64_t row = 0; row < lanes; ++row) columns[c * lanes + row] = row < rows ? in[row * stride + c] : T{};
  }
}
template <typename T>
static inline void columns_to_rows(T* out, const T* columns, int64_t rows, int64_t n, int64_t stride) {
  constexpr int64_t lanes = simd::V<T>::lanes, block = Block<T>::lanes;
  int64_t done = 0;
  if (rows == lanes) {
    for (; done + block <= n; done += block) {
      for (int64_t row = 0; row < lanes; row += block) Block<T>::transpose(out + row * stride + done, columns + done * lanes + row, stride, lanes);
    }
  }
  for (int64_t c = done; c < n; ++c) {
    for (int64_t row = 0; row < rows; ++row) out[row * stride + c] = columns[c * lanes + row];
  }
}

}  // namespace keratin::KR_ISA
