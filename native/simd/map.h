// Elementwise maps over contiguous rows: the bodies of tile ops. An output may be equal to an input, so every element is
// read before its place is written.
#pragma once
#include "simd/vector.h"

// The iterations of the following loop are independent of each other, although pointers may be equal.
#if defined(__clang__)
#define KR_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define KR_INDEPENDENT _Pragma("GCC ivdep")
#endif

// A function of the elements x; of x and y; of x, y and z.
#define KR_FN1(...) [](auto x) __attribute__((always_inline)) { return (__VA_ARGS__); }
#define KR_FN2(...) [](auto x, auto y) __attribute__((always_inline)) { return (__VA_ARGS__); }
#define KR_FN3(...) [](auto x, auto y, auto z) __attribute__((always_inline)) { return (__VA_ARGS__); }

namespace keratin::KR_ISA::simd {

// Stores body(load) for each vector of a row, where load(p) is the vector of row p at that place. The last one may be partial:
// a body is compiled once.
template <typename T, typename Body>
KR_INLINE void each_vector(void* out, int64_t n, Body body) {
  T* to = static_cast<T*>(out);
  for (int64_t i = 0; i < n; i += V<T>::lanes) {
    const int64_t left = n - i;
    const auto load = [i, left](const void* from) __attribute__((always_inline)) {
      const T* p = static_cast<const T*>(from) + i;
      return left >= V<T>::lanes ? V<T>::load(p) : V<T>::load_n(p, left);
    };
    const V<T> result = body(load);
    if (left >= V<T>::lanes) {
      result.store(to + i);
    } else {
      result.store_n(to + i, left);
    }
  }
}

// out[i] = fn(a[i]), by vectors of T.
template <typename T, auto fn>
void map1(void* out, const void* a, const void*, const void*, int64_t n) {
  each_vector<T>(out, n, [=](auto load) __attribute__((always_inline)) { return fn(load(a)); });
}

// out[i] = fn(a[i], b[i]), by vectors of T.
template <typename T, auto fn>
void map2(void* out, const void* a, const void* b, const void*, int64_t n) {
  each_vector<T>(out, n, [=](auto load) __attribute__((always_inline)) { return fn(load(a), load(b)); });
}

// out[i] = fn(a[i], b[i], c[i]), by vectors of T.
template <typename T, auto fn>
void map3(void* out, const void* a, const void* b, const void* c, int64_t n) {
  each_vector<T>(out, n, [=](auto load) __attribute__((always_inline)) { return fn(load(a), load(b), load(c)); });
}

// The same one element at a time, left to the compiler to vectorize: for functions whose operands differ in size, or that
// vector extensions lack.
template <typename Out, typename T, auto fn>
void loop1(void* out, const void* a, const void*, const void*, int64_t n) {
  Out* to = static_cast<Out*>(out);
  const T* x = static_cast<const T*>(a);
  KR_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<Out>(fn(x[i]));
}

template <typename Out, typename T, auto fn>
void loop2(void* out, const void* a, const void* b, const void*, int64_t n) {
  Out* to = static_cast<Out*>(out);
  const T *x = static_cast<const T*>(a), *y = static_cast<const T*>(b);
  KR_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<Out>(fn(x[i], y[i]));
}

}  // namespace keratin::KR_ISA::simd

// Rows of a tile op, one an element type. R(name, dtype, T, fn) makes one.
#define KR_EACH_FLOAT(R, name, ...) R(name, F32, float, __VA_ARGS__), R(name, F64, double, __VA_ARGS__)
#define KR_EACH_SIGNED(R, name, ...)                                              \
  R(name, I8, int8_t, __VA_ARGS__), R(name, I16, int16_t, __VA_ARGS__),           \
      R(name, I32, int32_t, __VA_ARGS__), R(name, I64, int64_t, __VA_ARGS__)
#define KR_EACH_UNSIGNED(R, name, ...)                                            \
  R(name, U8, uint8_t, __VA_ARGS__), R(name, U16, uint16_t, __VA_ARGS__),         \
      R(name, U32, uint32_t, __VA_ARGS__), R(name, U64, uint64_t, __VA_ARGS__)
#define KR_EACH_INTEGER(R, name, ...) KR_EACH_UNSIGNED(R, name, __VA_ARGS__), KR_EACH_SIGNED(R, name, __VA_ARGS__)
// Bool, then the integers.
#define KR_EACH_WHOLE(R, name, ...) R(name, Bool, uint8_t, __VA_ARGS__), KR_EACH_INTEGER(R, name, __VA_ARGS__)

// The R of the maps above. The _BITS ones see integers as unsigned: arithmetic on those wraps.
#define KR_MAP1(name, dtype, T, ...) {name, DType::dtype, simd::map1<T, KR_FN1(__VA_ARGS__)>, {sizeof(T), sizeof(T)}}
#define KR_MAP2(name, dtype, T, ...) {name, DType::dtype, simd::map2<T, KR_FN2(__VA_ARGS__)>, {sizeof(T), sizeof(T), sizeof(T)}}
#define KR_MAP3(name, dtype, T, ...) {name, DType::dtype, simd::map3<T, KR_FN3(__VA_ARGS__)>, {sizeof(T), sizeof(T), sizeof(T), sizeof(T)}}
#define KR_MAP1_BITS(name, dtype, T, ...) {name, DType::dtype, simd::map1<simd::Unsigned<T>, KR_FN1(__VA_ARGS__)>, {sizeof(T), sizeof(T)}}
#define KR_MAP2_BITS(name, dtype, T, ...) {name, DType::dtype, simd::map2<simd::Unsigned<T>, KR_FN2(__VA_ARGS__)>, {sizeof(T), sizeof(T), sizeof(T)}}
#define KR_LOOP2(name, dtype, T, ...) {name, DType::dtype, simd::loop2<T, T, KR_FN2(__VA_ARGS__)>, {sizeof(T), sizeof(T), sizeof(T)}}
// Output Bool.
#define KR_TEST1(name, dtype, T, ...) {name, DType::dtype, simd::loop1<uint8_t, T, KR_FN1(__VA_ARGS__)>, {1, sizeof(T)}}
#define KR_TEST2(name, dtype, T, ...) {name, DType::dtype, simd::loop2<uint8_t, T, KR_FN2(__VA_ARGS__)>, {1, sizeof(T), sizeof(T)}}
