// AVX-512 F, BW, DQ, VL: 64-byte vectors, masked moves.
#pragma once
#if defined(__clang__)
#include <immintrin.h>
#else
// GCC 12 takes the deliberately undefined values in this header for mistakes (its bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

namespace keratin::KR_ISA::simd {
inline constexpr int kVectorBytes = 64;
}
#include "simd/raw.h"

namespace keratin::KR_ISA::simd {

inline constexpr bool kHasFma = true;
inline constexpr bool kHasExponents = true;

KR_INLINE F32 mul_add(F32 a, F32 b, F32 c) { return _mm512_fmadd_ps(a, b, c); }
KR_INLINE F64 mul_add(F64 a, F64 b, F64 c) { return _mm512_fmadd_pd(a, b, c); }
KR_INLINE F32 scale(F32 x, F32 n) { return _mm512_scalef_ps(x, n); }
KR_INLINE F64 scale(F64 x, F64 n) { return _mm512_scalef_pd(x, n); }
KR_INLINE F32 exponent(F32 x) { return _mm512_getexp_ps(x); }
KR_INLINE F64 exponent(F64 x) { return _mm512_getexp_pd(x); }
KR_INLINE F32 mantissa(F32 x) { return _mm512_getmant_ps(x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_nan); }
KR_INLINE F64 mantissa(F64 x) { return _mm512_getmant_pd(x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_nan); }

KR_INLINE F32 min(F32 a, F32 b) { return _mm512_min_ps(a, b); }
KR_INLINE F64 min(F64 a, F64 b) { return _mm512_min_pd(a, b); }
KR_INLINE F32 max(F32 a, F32 b) { return _mm512_max_ps(a, b); }
KR_INLINE F64 max(F64 a, F64 b) { return _mm512_max_pd(a, b); }

KR_INLINE F32 sqrt(F32 x) { return _mm512_sqrt_ps(x); }
KR_INLINE F64 sqrt(F64 x) { return _mm512_sqrt_pd(x); }

KR_INLINE F32 floor(F32 x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
KR_INLINE F64 floor(F64 x) { return _mm512_roundscale_pd(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
KR_INLINE F32 ceil(F32 x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
KR_INLINE F64 ceil(F64 x) { return _mm512_roundscale_pd(x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
KR_INLINE F32 trunc(F32 x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
KR_INLINE F64 trunc(F64 x) { return _mm512_roundscale_pd(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
KR_INLINE F32 round(F32 x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
KR_INLINE F64 round(F64 x) { return _mm512_roundscale_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

KR_INLINE F64 widen_low(F32 x) { return _mm512_cvtps_pd(_mm512_castps512_ps256(x)); }
KR_INLINE F64 widen_high(F32 x) { return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)); }
KR_INLINE F32 narrow(F64 low, F64 high) {
  return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low)), _mm512_cvtpd_ps(high), 1);
}

KR_INLINE F32 from_f16(Half<uint16_t> bits) { return _mm512_cvtph_ps(reinterpret_cast<__m256i>(bits)); }
KR_INLINE Half<uint16_t> to_f16(F32 x) {
  return reinterpret_cast<Half<uint16_t>>(_mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

template <typename R>
KR_INLINE bool any(R mask) {
  const __m512i bits = reinterpret_cast<__m512i>(mask);
  return _mm512_test_epi32_mask(bits, bits) != 0;
}

// Elements of 4 and 8 bytes by masked moves, smaller ones by bytes.
template <typename R, typename T>
KR_INLINE R load_n(const T* p, int64_t n) {
  const uint64_t lanes = (uint64_t{1} << n) - 1;
  if constexpr (sizeof(T) == 8) {
    return reinterpret_cast<R>(_mm512_maskz_loadu_epi64(static_cast<__mmask8>(lanes), p));
  } else if constexpr (sizeof(T) == 4) {
    return reinterpret_cast<R>(_mm512_maskz_loadu_epi32(static_cast<__mmask16>(lanes), p));
  } else {
    const uint64_t bytes = (uint64_t{1} << (static_cast<uint64_t>(n) * sizeof(T))) - 1;
    return reinterpret_cast<R>(_mm512_maskz_loadu_epi8(bytes, p));
  }
}

template <typename R, typename T>
KR_INLINE void store_n(R r, T* p, int64_t n) {
  const uint64_t lanes = (uint64_t{1} << n) - 1;
  const __m512i x = reinterpret_cast<__m512i>(r);
  if constexpr (sizeof(T) == 8) {
    _mm512_mask_storeu_epi64(p, static_cast<__mmask8>(lanes), x);
  } else if constexpr (sizeof(T) == 4) {
    _mm512_mask_storeu_epi32(p, static_cast<__mmask16>(lanes), x);
  } else {
    _mm512_mask_storeu_epi8(p, (uint64_t{1} << (static_cast<uint64_t>(n) * sizeof(T))) - 1, x);
  }
}

KR_INLINE Raw<uint64_t> multiply_low(Raw<uint64_t> a, Raw<uint64_t> b) {
  return reinterpret_cast<Raw<uint64_t>>(_mm512_mul_epu32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}

template <typename T>
struct RawLanes;
template <>
struct RawLanes<float> {
  static constexpr bool kFree = true, kFast = true;
  __mmask16 mask;
  KR_INLINE explicit RawLanes(int64_t n) : mask(static_cast<__mmask16>((1u << n) - 1)) {}
  KR_INLINE F32 load(const float* p) const { return _mm512_maskz_loadu_ps(mask, p); }
  KR_INLINE void store(float* p, F32 v) const { _mm512_mask_storeu_ps(p, mask, v); }
};
template <>
struct RawLanes<double> {
  static constexpr bool kFree = true, kFast = true;
  __mmask8 mask;
  KR_INLINE explicit RawLanes(int64_t n) : mask(static_cast<__mmask8>((1u << n) - 1)) {}
  KR_INLINE F64 load(const double* p) const { return _mm512_maskz_loadu_pd(mask, p); }
  KR_INLINE void store(double* p, F64 v) const { _mm512_mask_storeu_pd(p, mask, v); }
};

// What the compiler makes of mul_add in long loops moves registers about.
inline constexpr bool kReadsFactor = true;
KR_INLINE void add_product(F32& sum, F32 x, F32 b) { asm("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(b), "v"(x)); }
KR_INLINE void add_product(F64& sum, F64 x, F64 b) { asm("vfmadd231pd %2, %1, %0" : "+v"(sum) : "v"(b), "v"(x)); }
KR_INLINE void add_product(F32& sum, const float* x, F32 b) { asm("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(b), "m"(*x)); }
KR_INLINE void add_product(F64& sum, const double* x, F64 b) { asm("vfmadd231pd %2%{1to8%}, %1, %0" : "+v"(sum) : "v"(b), "m"(*x)); }

// A whole cache line and one permutation a step.
inline constexpr int kTransposeBytes = 64;

// Measured on Sapphire Rapids (48 KiB L1 and 2 MiB L2 a core, peak 178.7 GFLOP/s in float32), one thread, C and both operands in row order,
// best elapsed time of many:
// - rows x vectors: the micro-kernel alone runs at 94-96% of the peak with 14 x 2, from K = 128 to 1024 and with panels in
//   L1 or L2. With 12 rows it loses 1%, so the rows of a unit are shared out evenly over its panels.
// - depth: 1024 gave 154 GFLOP/s at 1024^3, 512 gave 150, 384 gave 149: a panel of B does not need to stay in L1.
// - packed_rows: 70, 98 and 128 gave 154, 154 and 152 at 1024^3, which is noise; 42 gave 150 and 28 gave 146.
// - strip_rows: 512 gave 156 for [128 x 784].[784 x 512], 70 gave 150: every unit packs B again.
// - kernel_depth: two threads on 3x3 of 128 channels at 28^2 reached 240 with 512 and 233 with 256, of 64 at 56^2 244 and 236.
inline constexpr GemmBlocks kGemmF32 = {14, 2, 1024, 70, 512, 112, 504, 512, 4, 150};
inline constexpr GemmBlocks kGemmF64 = {14, 2, 512, 70, 512, 112, 252, 256, 4, 75};

}  // namespace keratin::KR_ISA::simd
