// AVX2 with FMA3 and F16C: 32-byte vectors.
#pragma once
#include <immintrin.h>

namespace keratin::KR_ISA::simd {
inline constexpr int kVectorBytes = 32;
}
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

KR_INLINE Raw<uint64_t> multiply_low(Raw<uint64_t> a, Raw<uint64_t> b) {
  return reinterpret_cast<Raw<uint64_t>>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
}

template <typename T>
struct RawLanes;
template <>
struct RawLanes<float> {
  static constexpr bool kFree = false, kFast = true;
  __m256i mask;
  KR_INLINE explicit RawLanes(int64_t n)
      : mask(_mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))) {}
  KR_INLINE F32 load(const float* p) const { return _mm256_maskload_ps(p, mask); }
  KR_INLINE void store(float* p, F32 v) const { _mm256_maskstore_ps(p, mask, v); }
};
template <>
struct RawLanes<double> {
  static constexpr bool kFree = false, kFast = true;
  __m256i mask;
  KR_INLINE explicit RawLanes(int64_t n) : mask(_mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3))) {}
  KR_INLINE F64 load(const double* p) const { return _mm256_maskload_pd(p, mask); }
  KR_INLINE void store(double* p, F64 v) const { _mm256_maskstore_pd(p, mask, v); }
};

inline constexpr bool kReadsFactor = false;
template <typename R>
KR_INLINE void add_product(R& sum, R x, R b) {
  sum = mul_add(x, b, sum);
}
template <typename R, typename T>
KR_INLINE void add_product(R& sum, const T* x, R b) {
  sum = mul_add(*x - R{}, b, sum);
}

// Interleaving 32 byte vectors takes four instructions; 16 byte ones were 2.1 times as fast (128 x 128 floats).
inline constexpr int kTransposeBytes = 16;

// The shape that fills the registers; depths and rows are those measured on AVX-512, scaled by the caches.
inline constexpr GemmBlocks kGemmF32 = {6, 2, 512, 72, 384, 72, 252, 128, 2, 83};
inline constexpr GemmBlocks kGemmF64 = {6, 2, 256, 72, 384, 72, 126, 128, 2, 41};

}  // namespace keratin::KR_ISA::simd
