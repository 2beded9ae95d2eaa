// AVX2 with FMA3 and F16C: 32-byte vectors.
#pragma once
#include <immintrin.h>
#include "simd/raw.h"

namespace keratin::KR_ISA::simd {

inline constexpr bool kHasFma = true;
inline constexpr bool kHasExponents = false;

KR_INLINE F32 mul_add(F32 a, F32 b, F32 c) { return _mm256_fmadd_ps(a, b, c); }
KR_INLINE F64 mul_add(F64 a, F64 b, F64 c) { return _mm256_fmadd_pd(a, b, c); }
KR_INLINE F32 min(F32 a, F32 b) { return _mm256_min_ps(a, b); }
KR_INLINE F64 min(F64 a, F64 b) { return _mm256_min_pd(a, b); }
KR_INLINE F32 max(F32 a, F32 b) { return _mm256_max_ps(a, b); }
KR_INLINE F64 max(F64 a, F64 b) { return _mm256_max_pd(a, b); }
KR_INLINE F32 sqrt(F32 x) { return _mm256_sqrt_ps(x); }
KR_INLINE F64 sqrt(F64 x) { return _mm256_sqrt_pd(x); }

KR_INLINE F32 floor(F32 x) { return _mm256_floor_ps(x); }
KR_INLINE F64 floor(F64 x) { return _mm256_floor_pd(x); }
KR_INLINE F32 ceil(F32 x) { return _mm256_ceil_ps(x); }
KR_INLINE F64 ceil(F64 x) { return _mm256_ceil_pd(x); }
KR_INLINE F32 trunc(F32 x) { return _mm256_round_ps(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
KR_INLINE F64 trunc(F64 x) { return _mm256_round_pd(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
KR_INLINE F32 round(F32 x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
KR_INLINE F64 round(F64 x) { return _mm256_round_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

KR_INLINE F64 widen_low(F32 x) { return _mm256_cvtps_pd(_mm256_castps256_ps128(x)); }
KR_INLINE F64 widen_high(F32 x) { return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)); }
KR_INLINE F32 narrow(F64 low, F64 high) { return _mm256_set_m128(_mm256_cvtpd_ps(high), _mm256_cvtpd_ps(low)); }

KR_INLINE F32 from_f16(Half<uint16_t> bits) { return _mm256_cvtph_ps(reinterpret_cast<__m128i>(bits)); }
KR_INLINE Half<uint16_t> to_f16(F32 x) {
  return reinterpret_cast<Half<uint16_t>>(_mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

template <typename R>
KR_INLINE bool any(R mask) {
  const __m256i bits = reinterpret_cast<__m256i>(mask);
  return _mm256_testz_si256(bits, bits) == 0;
}

template <typename R, typename T>
KR_INLINE R load_n(const T* p, int64_t n) {
  return load_n_by_copy<R>(p, n);
}

template <typename R, typename T>
KR_INLINE void store_n(R r, T* p, int64_t n) {
  store_n_by_copy(r, p, n);
}

}  // namespace keratin::KR_ISA::simd
