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

}  // namespace keratin::KR_ISA::simd
