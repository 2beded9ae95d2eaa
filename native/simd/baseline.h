// What every 64-bit processor has: 16-byte vectors by the compiler's operators, and a square root. No fused multiply-add.
#pragma once
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace keratin::KR_ISA::simd {
inline constexpr int kVectorBytes = 16;
}
#include "simd/raw.h"

namespace keratin::KR_ISA::simd {

inline constexpr bool kHasFma = false;
inline constexpr bool kHasExponents = false;

KR_INLINE F32 mul_add(F32 a, F32 b, F32 c) { return a * b + c; }
KR_INLINE F64 mul_add(F64 a, F64 b, F64 c) { return a * b + c; }

#if defined(__SSE2__)
KR_INLINE F32 min(F32 a, F32 b) { return _mm_min_ps(a, b); }
KR_INLINE F64 min(F64 a, F64 b) { return _mm_min_pd(a, b); }
KR_INLINE F32 max(F32 a, F32 b) { return _mm_max_ps(a, b); }
KR_INLINE F64 max(F64 a, F64 b) { return _mm_max_pd(a, b); }
KR_INLINE F32 sqrt(F32 x) { return _mm_sqrt_ps(x); }
KR_INLINE F64 sqrt(F64 x) { return _mm_sqrt_pd(x); }
#elif defined(__aarch64__)
KR_INLINE F32 min(F32 a, F32 b) { return a < b ? a : b; }
KR_INLINE F64 min(F64 a, F64 b) { return a < b ? a : b; }
KR_INLINE F32 max(F32 a, F32 b) { return a > b ? a : b; }
KR_INLINE F64 max(F64 a, F64 b) { return a > b ? a : b; }
KR_INLINE F32 sqrt(F32 x) { return F32(vsqrtq_f32(float32x4_t(x))); }
KR_INLINE F64 sqrt(F64 x) { return F64(vsqrtq_f64(float64x2_t(x))); }
#else
#error "no square root for this processor"
#endif

// `rounded`, an integer near `magnitude` = |x|, with the sign of x; |x| itself when it is too large to have a fraction or is NaN.
template <typename I, typename R>
KR_INLINE R finish_rounding(R x, R magnitude, R rounded, R limit) {
  const I fraction_possible = magnitude < limit;
  const I kept = (reinterpret_cast<I>(rounded) & fraction_possible) | (reinterpret_cast<I>(magnitude) & ~fraction_possible);
  return reinterpret_cast<R>(kept | (reinterpret_cast<I>(x) ^ reinterpret_cast<I>(magnitude)));
}

// Rounding by adding and taking away the power of two from which on T holds integers only. `towards` corrects the nearest
// integer to the wanted one: -1 floor, 1 ceil, 0 nearest; 2 trunc.
template <typename T, typename Bits, int towards>
KR_INLINE Raw<T> round_to(Raw<T> x) {
  using R = Raw<T>;
  using I = Raw<Bits>;
  const I sign = I{} + (Bits{1} << (8 * sizeof(T) - 1));
  const R one = R{} + T{1}, zero = {};
  const R limit = R{} + (sizeof(T) == 4 ? static_cast<T>(0x1p23) : static_cast<T>(0x1p52));
  const R magnitude = reinterpret_cast<R>(reinterpret_cast<I>(x) & ~sign);
  R rounded = (magnitude + limit) - limit;
  if constexpr (towards != 0) {
    const I negative = I((reinterpret_cast<I>(x) & sign) != 0);
    const R down = rounded > magnitude ? rounded - one : rounded;
    const R up = rounded < magnitude ? rounded + one : rounded;
    if constexpr (towards == 2) rounded = down;
    if constexpr (towards == -1) rounded = negative != 0 ? up : down;
    if constexpr (towards == 1) rounded = negative != 0 ? down : up;
    rounded = rounded > zero ? rounded : zero;
  }
  return finish_rounding<I>(x, magnitude, rounded, limit);
}

KR_INLINE F32 floor(F32 x) { return round_to<float, uint32_t, -1>(x); }
KR_INLINE F64 floor(F64 x) { return round_to<double, uint64_t, -1>(x); }
KR_INLINE F32 ceil(F32 x) { return round_to<float, uint32_t, 1>(x); }
KR_INLINE F64 ceil(F64 x) { return round_to<double, uint64_t, 1>(x); }
KR_INLINE F32 trunc(F32 x) { return round_to<float, uint32_t, 2>(x); }
KR_INLINE F64 trunc(F64 x) { return round_to<double, uint64_t, 2>(x); }
KR_INLINE F32 round(F32 x) { return round_to<float, uint32_t, 0>(x); }
KR_INLINE F64 round(F64 x) { return round_to<double, uint64_t, 0>(x); }

KR_INLINE F64 widen_low(F32 x) { return F64{x[0], x[1]}; }
KR_INLINE F64 widen_high(F32 x) { return F64{x[2], x[3]}; }
KR_INLINE F32 narrow(F64 low, F64 high) {
  return F32{static_cast<float>(low[0]), static_cast<float>(low[1]), static_cast<float>(high[0]), static_cast<float>(high[1])};
}

// IEEE 754 binary16 has 5 bits of exponent (bias 15) and 10 of fraction; binary32 has 8 (bias 127) and 23.
KR_INLINE F32 from_f16(Half<uint16_t> bits) {
  using U = Raw<uint32_t>;
  const U h = __builtin_convertvector(bits, U);
  const U magnitude = h & 0x7fffu;
  const U normal = (magnitude << 13) + ((127u - 15u) << 23);
  const U special = (magnitude << 13) | 0x7f800000u;  // infinity, NaN
  const F32 subnormal = __builtin_convertvector(reinterpret_cast<Raw<int32_t>>(magnitude), F32) * 0x1p-24f;
  const U finite = magnitude < 0x400u ? reinterpret_cast<U>(subnormal) : normal;
  return reinterpret_cast<F32>((magnitude < 0x7c00u ? finite : special) | ((h & 0x8000u) << 16));
}

KR_INLINE Half<uint16_t> to_f16(F32 x) {
  using U = Raw<uint32_t>;
  const U bits = reinterpret_cast<U>(x);
  const U magnitude = bits & 0x7fffffffu;
  const U normal = ((magnitude + 0xfffu + ((magnitude >> 13) & 1u)) >> 13) - ((127u - 15u) << 10);
  // 0.5 has the spacing 2^-24 of the subnormals of binary16, so this addition rounds to it.
  const U subnormal = reinterpret_cast<U>(reinterpret_cast<F32>(magnitude) + 0.5f) - 0x3f000000u;
  const U special = magnitude > 0x7f800000u ? 0x7e00u | ((magnitude >> 13) & 0x3ffu) : U{} + 0x7c00u;
  const U finite = magnitude < 0x38800000u ? subnormal : normal;                   // 2^-14
  const U result = (magnitude < 0x477ff000u ? finite : special) | ((bits >> 16) & 0x8000u);  // 65520
  return __builtin_convertvector(result, Half<uint16_t>);
}

template <typename R>
KR_INLINE bool any(R mask) {
  const Raw<uint64_t> words = reinterpret_cast<Raw<uint64_t>>(mask);
  return (words[0] | words[1]) != 0;
}

template <typename R, typename T>
KR_INLINE R load_n(const T* p, int64_t n) {
  return load_n_by_copy<R>(p, n);
}

template <typename R, typename T>
KR_INLINE void store_n(R r, T* p, int64_t n) {
  store_n_by_copy(r, p, n);
}

KR_INLINE Raw<uint64_t> multiply_low(Raw<uint64_t> a, Raw<uint64_t> b) {
#if defined(__SSE2__)
  return reinterpret_cast<Raw<uint64_t>>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return (a & 0xffffffffu) * (b & 0xffffffffu);
#endif
}

template <typename T>
using RawLanes = RawLanesByElement<T>;

inline constexpr bool kReadsFactor = false;
template <typename R>
KR_INLINE void add_product(R& sum, R x, R b) {
  sum = mul_add(x, b, sum);
}
template <typename R, typename T>
KR_INLINE void add_product(R& sum, const T* x, R b) {
  sum = mul_add(*x - R{}, b, sum);
}

inline constexpr int kTransposeBytes = 16;

// The shape that fills the registers; depths and rows are those measured on AVX-512, scaled by the caches.
inline constexpr GemmBlocks kGemmF32 = {4, 2, 512, 64, 256, 64, 256, 128, 2, 25};
inline constexpr GemmBlocks kGemmF64 = {4, 2, 256, 64, 256, 64, 128, 128, 2, 12};

}  // namespace keratin::KR_ISA::simd
