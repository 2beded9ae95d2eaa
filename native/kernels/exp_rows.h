// Rows of exponentials: what softmax and attention share.
#pragma once
#include <utility>
#include "kernels/arithmetic.h"
#include "simd/math_exp.h"

namespace keratin::KR_ISA {

template <typename T>
inline constexpr T kLowest = -simd::Float<T>::infinity;

// 0, 1, 2 ... in the lanes.
template <typename T, int... I>
KR_INLINE simd::V<T> lane_numbers(std::integer_sequence<int, I...>) {
  return simd::Raw<T>{static_cast<T>(I)...};
}

// x[0 .. left) with -infinity in the lanes beyond.
template <typename T>
KR_INLINE simd::V<T> load_padded(const T* x, int64_t left) {
  if (left >= simd::V<T>::lanes) return simd::V<T>::load(x);
  const simd::V<T> number = lane_numbers<T>(std::make_integer_sequence<int, simd::V<T>::lanes>{});
  return select(number < simd::V<T>(static_cast<T>(left)), simd::V<T>::load_n(x, left), simd::V<T>(kLowest<T>));
}

template <typename T>
KR_INLINE void store_part(T* out, simd::V<T> value, int64_t left) {
  if (left >= simd::V<T>::lanes) {
    value.store(out);
  } else {
    value.store_n(out, left);
  }
}

// fn of all lanes, in all lanes, by halving.
template <int half, typename T, typename Fn, int... I>
KR_INLINE simd::V<T> fold_step(simd::V<T> x, Fn fn, std::integer_sequence<int, I...>) {
  return fn(x, simd::V<T>(simd::Raw<T>(__builtin_shufflevector(x.raw, x.raw, (I ^ half)...))));
}
template <typename T, int half = simd::V<T>::lanes / 2, typename Fn>
KR_INLINE simd::V<T> fold(simd::V<T> x, Fn fn) {
  x = fold_step<half>(x, fn, std::make_integer_sequence<int, simd::V<T>::lanes>{});
  if constexpr (half > 1) return fold<T, half / 2>(x, fn);
  return x;
}

template <typename T>
KR_INLINE simd::V<T> fold_sum(simd::V<T> x) {
  return fold(x, [](simd::V<T> a, simd::V<T> b) __attribute__((always_inline)) { return a + b; });
}

template <typename T>
KR_INLINE simd::V<T> fold_max(simd::V<T> x) {
  return fold(x, [](simd::V<T> a, simd::V<T> b) __attribute__((always_inline)) { return max(a, b); });
}

// The largest of x[0 .. n), in all lanes; a NaN may be passed over.
template <typename T>
KR_INLINE simd::V<T> row_max(const T* x, int64_t n) {
  constexpr int64_t lanes = simd::V<T>::lanes;
  simd::V<T> a(kLowest<T>), b = a, c = a, d = a;
  int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    a = max(simd::V<T>::load(x + i), a);
    b = max(simd::V<T>::load(x + i + lanes), b);
    c = max(simd::V<T>::load(x + i + 2 * lanes), c);
    d = max(simd::V<T>::load(x + i + 3 * lanes), d);
  }
  for (; i < n; i += lanes) a = max(load_padded(x + i, n - i), a);
  return fold_max(max(max(a, b), max(c, d)));
}

// The sum of e^(x - max), in all lanes. The terms go to `out` unless that is null. Summed in blocks, so that the error does
// not grow with n.
template <typename T>
KR_INLINE simd::V<T> row_exp_sum(T* out, const T* x, int64_t n, simd::V<T> largest) {
  constexpr int64_t lanes = simd::V<T>::lanes, block = 64 * lanes;
  simd::V<T> total(T(0));
  for (int64_t begin = 0; begin < n; begin += block) {
    const int64_t end = min_of(begin + block, n);
    simd::V<T> sum(T(0)), odd_sum(T(0));
    int64_t i = begin;
    for (; i + 2 * lanes <= end; i += 2 * lanes) {
      const simd::V<T> even = exp(simd::V<T>::load(x + i) - largest), odd = exp(simd::V<T>::load(x + i + lanes) - largest);
      if (out) even.store(out + i);
      if (out) odd.store(out + i + lanes);
      sum += even;
      odd_sum += odd;
    }
    for (; i < end; i += lanes) {
      const simd::V<T> term = exp(load_padded(x + i, end - i) - largest);
      if (out) store_part(out + i, term, end - i);
      sum += term;
    }
    total += sum + odd_sum;
  }
  return fold_sum(total);
}

}  // namespace keratin::KR_ISA
