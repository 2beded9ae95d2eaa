// Matrix transposition in registers.
#pragma once
#include <cstring>
#include <utility>
#include "simd/isa.h"

namespace keratin::KR_ISA {

// A square block of lanes x lanes elements, one vector a row. One and two byte elements stay in 16 byte vectors: wider
// ones have no cheap shuffles, and a block of 32 x 32 does not fit the registers.
template <typename T>
struct Block {
  static constexpr int lanes = (sizeof(T) < 4 ? 16 : simd::kTransposeBytes) / static_cast<int>(sizeof(T));
  typedef T Vector __attribute__((vector_size(lanes * sizeof(T))));

  // The two halves of a and b interleaved: a0 b0 a1 b1 ...
  template <int... I>
  static KR_INLINE void interleave(Vector& a, Vector& b, std::integer_sequence<int, I...>) {
    const Vector low = __builtin_shufflevector(a, b, (I / 2 + I % 2 * lanes)...);
    const Vector high = __builtin_shufflevector(a, b, (lanes / 2 + I / 2 + I % 2 * lanes)...);
    a = low;
    b = high;
  }

  // out[c * out_stride + r] = in[r * in_stride + c] for r, c in [0, lanes). Every round interleaves row i with row
  // i + lanes / 2, which rotates the bits of the element's address (row, column) by one; log2(lanes) rounds swap the two.
  static KR_INLINE void transpose(T* out, const T* in, int64_t out_stride, int64_t in_stride) {
    Vector v[lanes], w[lanes];
    for (int r = 0; r < lanes; ++r) std::memcpy(&v[r], in + r * in_stride, sizeof(Vector));
#pragma GCC unroll 4
    for (int width = 1; width < lanes; width *= 2) {
#pragma GCC unroll 8
      for (int r = 0; r < lanes / 2; ++r) {
        interleave(v[r], v[r + lanes / 2], std::make_integer_sequence<int, lanes>{});
        w[2 * r] = v[r];
        w[2 * r + 1] = v[r + lanes / 2];
      }
#pragma GCC unroll 16
      for (int r = 0; r < lanes; ++r) v[r] = w[r];
    }
    for (int c = 0; c < lanes; ++c) std::memcpy(out + c * out_stride, &v[c], sizeof(Vector));
  }
};

}  // namespace keratin::KR_ISA
