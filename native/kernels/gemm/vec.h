// The few vector operations that products need. `Vec<T>` is a full register of the instruction set.
#pragma once
#include <cstring>
#include <utility>
#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif
#include "base/kernel.h"

namespace keratin::KR_ISA {

#if defined(__AVX512F__)
inline constexpr int64_t kVecBytes = 64;
#elif defined(__AVX2__)
inline constexpr int64_t kVecBytes = 32;
#else
inline constexpr int64_t kVecBytes = 16;
#endif

template <typename T>
struct VecOf {
  typedef T type __attribute__((vector_size(kVecBytes)));
};
template <typename T>
using Vec = typename VecOf<T>::type;
template <typename T>
inline constexpr int64_t kLanes = kVecBytes / static_cast<int64_t>(sizeof(T));

template <typename T>
KR_INLINE Vec<T> load(const T* p) {
  Vec<T> v;
  memcpy(&v, p, sizeof v);
  return v;
}

template <typename T>
KR_INLINE void store(T* p, Vec<T> v) {
  memcpy(p, &v, sizeof v);
}

template <typename T>
KR_INLINE Vec<T> broadcast(T x) {
  return x - Vec<T>{};  // unlike a sum, exact for -0 too, so that it compiles to a plain broadcast
}

// a * b + c, rounded once where the hardware can.
KR_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
#if defined(__AVX512F__)
  return (Vec<float>)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (Vec<float>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__ARM_NEON) && !defined(KR_SCALAR)
  return (Vec<float>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return a * b + c;
#endif
}

KR_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
#if defined(__AVX512F__)
  return (Vec<double>)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__)
  return (Vec<double>)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__ARM_NEON) && !defined(KR_SCALAR)
  return (Vec<double>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
  return a * b + c;
#endif
}

// sum += x * b. What the compiler makes of fma in long loops moves registers about; kReadsFactor: with *x for x, the multiplication reads it
// by itself, without an instruction that broadcasts it.
#if defined(__AVX512F__)
inline constexpr bool kReadsFactor = true;
KR_INLINE void add_product(Vec<float>& sum, Vec<float> x, Vec<float> b) { asm("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(b), "v"(x)); }
KR_INLINE void add_product(Vec<double>& sum, Vec<double> x, Vec<double> b) { asm("vfmadd231pd %2, %1, %0" : "+v"(sum) : "v"(b), "v"(x)); }
KR_INLINE void add_product(Vec<float>& sum, const float* x, Vec<float> b) {
  asm("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(b), "m"(*x));
}
KR_INLINE void add_product(Vec<double>& sum, const double* x, Vec<double> b) {
  asm("vfmadd231pd %2%{1to8%}, %1, %0" : "+v"(sum) : "v"(b), "m"(*x));
}
#else
inline constexpr bool kReadsFactor = false;
template <typename V>
KR_INLINE void add_product(V& sum, V x, V b) {
  sum = fma(x, b, sum);
}
template <typename V, typename T>
KR_INLINE void add_product(V& sum, const T* x, V b) {
  sum = fma(broadcast(*x), b, sum);
}
#endif

// The first n lanes of a vector in memory, 0 <= n <= lanes; memory beyond them is neither read nor written.
// kFree: partial access costs no more than whole access. kFast: it is one instruction.
template <typename T>
struct Lanes;

#if defined(__AVX512F__)
template <>
struct Lanes<float> {
  static constexpr bool kFree = true, kFast = true;
  __mmask16 mask;
  KR_INLINE explicit Lanes(int64_t n) : mask(static_cast<__mmask16>((1u << n) - 1)) {}
  KR_INLINE Vec<float> load(const float* p) const { return (Vec<float>)_mm512_maskz_loadu_ps(mask, p); }
  KR_INLINE void store(float* p, Vec<float> v) const { _mm512_mask_storeu_ps(p, mask, (__m512)v); }
};
template <>
struct Lanes<double> {
  static constexpr bool kFree = true, kFast = true;
  __mmask8 mask;
  KR_INLINE explicit Lanes(int64_t n) : mask(static_cast<__mmask8>((1u << n) - 1)) {}
  KR_INLINE Vec<double> load(const double* p) const { return (Vec<double>)_mm512_maskz_loadu_pd(mask, p); }
  KR_INLINE void store(double* p, Vec<double> v) const { _mm512_mask_storeu_pd(p, mask, (__m512d)v); }
};
#elif defined(__AVX2__)
template <>
struct Lanes<float> {
  static constexpr bool kFree = false, kFast = true;
  __m256i mask;
  KR_INLINE explicit Lanes(int64_t n)
      : mask(_mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))) {}
  KR_INLINE Vec<float> load(const float* p) const { return (Vec<float>)_mm256_maskload_ps(p, mask); }
  KR_INLINE void store(float* p, Vec<float> v) const { _mm256_maskstore_ps(p, mask, (__m256)v); }
};
template <>
struct Lanes<double> {
  static constexpr bool kFree = false, kFast = true;
  __m256i mask;
  KR_INLINE explicit Lanes(int64_t n)
      : mask(_mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3))) {}
  KR_INLINE Vec<double> load(const double* p) const { return (Vec<double>)_mm256_maskload_pd(p, mask); }
  KR_INLINE void store(double* p, Vec<double> v) const { _mm256_maskstore_pd(p, mask, (__m256d)v); }
};
#else
template <typename T>
struct Lanes {
  static constexpr bool kFree = false, kFast = false;
  int64_t n;
  KR_INLINE explicit Lanes(int64_t count) : n(count) {}
  KR_INLINE Vec<T> load(const T* p) const {
    Vec<T> v{};
    for (int64_t i = 0; i < kLanes<T>; ++i)
      if (i < n) v[i] = p[i];
    return v;
  }
  KR_INLINE void store(T* p, Vec<T> v) const {
    for (int64_t i = 0; i < kLanes<T>; ++i)
      if (i < n) p[i] = v[i];
  }
};
#endif

// The sum of the lanes, by halves: lane i meets lane i + lanes / 2 first.
template <typename T, typename V, int... I>
KR_INLINE T sum_halves(V v, std::integer_sequence<int, I...>) {
  constexpr int half = sizeof...(I);
  const auto folded = __builtin_shufflevector(v, v, I...) + __builtin_shufflevector(v, v, (I + half)...);
  if constexpr (half == 2) return folded[0] + folded[1];
  else return sum_halves<T>(folded, std::make_integer_sequence<int, half / 2>{});
}

template <typename T>
KR_INLINE T sum(Vec<T> v) {
  if constexpr (kLanes<T> == 2) return v[0] + v[1];
  else return sum_halves<T>(v, std::make_integer_sequence<int, kLanes<T> / 2>{});
}

}  // namespace keratin::KR_ISA
