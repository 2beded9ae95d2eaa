// Plain vectors of the compiler, sized for the instruction set. The file of the set (isa.h picks it) adds what operators do
// not reach, for Raw<float> and Raw<double>:
//   kHasFma                        whether mul_add rounds once
//   kHasExponents                  whether there are these three, for any operands:
//     scale(x, n)                    x * 2^n for integral n, over- and underflow included
//     exponent(x), mantissa(x)       x = 2^exponent mantissa, 1 <= mantissa < 2; -infinity and 1 for 0, infinity and 1 for
//                                    infinity, a mantissa NaN for x < 0
//   mul_add(a, b, c)               a * b + c
//   min, max                       b where a and b are unordered
//   sqrt floor ceil trunc round    correctly rounded; `round` to nearest, ties to even
//   widen_low widen_high narrow    float <-> double; narrow(low, high) joins two vectors
//   from_f16, to_f16               float16 bits <-> float, to nearest even
//   any(mask)                      whether a lane is not 0
//   load_n, store_n                the first n lanes (0 < n < lanes); the others load as 0 and are not stored
#pragma once
#include <cstdint>
#include <cstring>
#include "base/kernel.h"

namespace keratin::KR_ISA::simd {

// Bytes of a vector register.
#if defined(KR_SCALAR)
inline constexpr int kVectorBytes = 16;
#elif defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

template <typename T, int bytes>
struct RawOf {
  typedef T type __attribute__((vector_size(bytes)));
};

// A full vector of T.
template <typename T>
using Raw = typename RawOf<T, kVectorBytes>::type;

// A vector of half the bytes: what becomes a full one when its elements are widened.
template <typename T>
using Half = typename RawOf<T, kVectorBytes / 2>::type;

using F32 = Raw<float>;
using F64 = Raw<double>;

// load_n and store_n where the instruction set has no masked moves.
template <typename R, typename T>
KR_INLINE R load_n_by_copy(const T* p, int64_t n) {
  R r = {};
  std::memcpy(&r, p, static_cast<size_t>(n) * sizeof(T));
  return r;
}

template <typename R, typename T>
KR_INLINE void store_n_by_copy(R r, T* p, int64_t n) {
  std::memcpy(p, &r, static_cast<size_t>(n) * sizeof(T));
}

}  // namespace keratin::KR_ISA::simd
