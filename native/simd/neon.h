// AArch64 Advanced SIMD: 16-byte vectors.
#pragma once
#include <arm_neon.h>

namespace keratin::KR_ISA::simd {
inline constexpr int kVectorBytes = 16;
}
#include "simd/raw.h"

namespace keratin::KR_ISA::simd {

inline constexpr bool kHasFma = true;
inline constexpr bool kHasExponents = false;

KR_INLINE F32 mul_add(F32 a, F32 b, F32 c) { return F32(vfmaq_f32(float32x4_t(c), float32x4_t(a), float32x4_t(b))); }
KR_INLINE F64 mul_add(F64 a, F64 b, F64 c) { return F64(vfmaq_f64(float64x2_t(c), float64x2_t(a), float64x2_t(b))); }
KR_INLINE F32 min(F32 a, F32 b) { return a < b ? a : b; }
KR_INLINE F64 min(F64 a, F64 b) { return a < b ? a : b; }
KR_INLINE F32 max(F32 a, F32 b) { return a > b ? a : b; }
KR_INLINE F64 max(F64 a, F64 b) { return a > b ? a : b; }
KR_INLINE F32 sqrt(F32 x) { return F32(vsqrtq_f32(float32x4_t(x))); }
KR_INLINE F64 sqrt(F64 x) { return F64(vsqrtq_f64(float64x2_t(x))); }

KR_INLINE F32 floor(F32 x) { return F32(vrndmq_f32(float32x4_t(x))); }
KR_INLINE F64 floor(F64 x) { return F64(vrndmq_f64(float64x2_t(x))); }
KR_INLINE F32 ceil(F32 x) { return F32(vrndpq_f32(float32x4_t(x))); }
KR_INLINE F64 ceil(F64 x) { return F64(vrndpq_f64(float64x2_t(x))); }
KR_INLINE F32 trunc(F32 x) { return F32(vrndq_f32(float32x4_t(x))); }
KR_INLINE F64 trunc(F64 x) { return F64(vrndq_f64(float64x2_t(x))); }
KR_INLINE F32 round(F32 x) { return F32(vrndnq_f32(float32x4_t(x))); }
KR_INLINE F64 round(F64 x) { return F64(vrndnq_f64(float64x2_t(x))); }

KR_INLINE F64 widen_low(F32 x) { return F64(vcvt_f64_f32(vget_low_f32(float32x4_t(x)))); }
KR_INLINE F64 widen_high(F32 x) { return F64(vcvt_high_f64_f32(float32x4_t(x))); }
KR_INLINE F32 narrow(F64 low, F64 high) {
  return F32(vcvt_high_f32_f64(vcvt_f32_f64(float64x2_t(low)), float64x2_t(high)));
}

KR_INLINE F32 from_f16(Half<uint16_t> bits) { return F32(vcvt_f32_f16(float16x4_t(bits))); }
KR_INLINE Half<uint16_t> to_f16(F32 x) { return Half<uint16_t>(vcvt_f16_f32(float32x4_t(x))); }

template <typename R>
KR_INLINE bool any(R mask) {
  return vmaxvq_u32(uint32x4_t(mask)) != 0;
}

template <typename R, typename T>
KR_INLINE R load_n(const T* p, int64_t n) {
  return load_n_by_copy<R>(p, n);
}

template <typename R, typename T>
KR_INLINE void store_n(R r, T* p, int64_t n) {
  store_n_by_copy(r, p, n);
}

KR_INLINE Raw<uint64_t> multiply_low(Raw<uint64_t> a, Raw<uint64_t> b) { return (a & 0xffffffffu) * (b & 0xffffffffu); }

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
inline constexpr GemmBlocks kGemmF32 = {8, 3, 512, 64, 256, 64, 256, 128, 4, 40};
inline constexpr GemmBlocks kGemmF64 = {8, 3, 256, 64, 256, 64, 128, 128, 4, 20};

}  // namespace keratin::KR_ISA::simd
