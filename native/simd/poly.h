// Polynomials, and sums and products of unevaluated pairs. Coefficients in this folder are minimax (Remez exchange, computed
// with 40 digits and rounded); each one's relative error is noted beside it.
#pragma once
#include "simd/vector.h"

namespace keratin::KR_ISA::simd {

// c0 + c1 x + c2 x^2 + ..., by Horner's scheme.
template <typename T>
KR_INLINE V<T> poly(V<T>, T c0) {
  return c0;
}
template <typename T, typename... Rest>
KR_INLINE V<T> poly(V<T> x, T c0, Rest... rest) {
  return mul_add(poly(x, rest...), x, V<T>(c0));
}

// hi + lo, with |lo| no more than half a unit in the last place of hi: about twice the precision of T.
template <typename T>
struct Pair {
  V<T> hi, lo;
};

// a + b exactly, for |a| >= |b| or a = 0 (T. J. Dekker 1971).
template <typename T>
KR_INLINE Pair<T> sum_ordered(V<T> a, V<T> b) {
  const V<T> s = a + b;
  return {s, b - (s - a)};
}

// a + b exactly (D. E. Knuth).
template <typename T>
KR_INLINE Pair<T> sum(V<T> a, V<T> b) {
  const V<T> s = a + b;
  const V<T> b_part = s - a;
  return {s, (a - (s - b_part)) + (b - b_part)};
}

// a * b exactly; without fma from halves of the factors (G. W. Veltkamp, T. J. Dekker), for |a|, |b| < 2^995.
template <typename T>
KR_INLINE Pair<T> product(V<T> a, V<T> b) {
  const V<T> p = a * b;
  if constexpr (kHasFma) {
    return {p, mul_add(a, b, -p)};
  } else {
    constexpr T splitter = sizeof(T) == 8 ? T(0x1p27 + 1) : T(0x1p12f + 1);
    const V<T> ta = a * splitter, tb = b * splitter;
    const V<T> a_hi = ta - (ta - a), b_hi = tb - (tb - b);
    const V<T> a_lo = a - a_hi, b_lo = b - b_hi;
    return {p, ((a_hi * b_hi - p) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo};
  }
}

// a * b for pairs, to about twice the precision of T.
template <typename T>
KR_INLINE Pair<T> product(Pair<T> a, Pair<T> b) {
  const Pair<T> p = product(a.hi, b.hi);
  return sum_ordered(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

// 2^n for integral n from -bias, where it gives 0, to bias.
template <typename T>
KR_INLINE V<T> power_of_two(V<T> n) {
  const V<Unsigned<T>> biased = bits_of(n + (Float<T>::rounder + Float<T>::bias));
  return from_bits<T>(biased << Float<T>::fraction_bits);
}

// x * 2^n for integral n with |n| up to twice the bias less 2.
template <typename T>
KR_INLINE V<T> scaled(V<T> x, V<T> n) {
  if constexpr (kHasExponents) {
    return scale(x.raw, n.raw);
  } else {
    const V<T> half = nearest(n * T(0.5));
    return x * power_of_two(half) * power_of_two(n - half);
  }
}

}  // namespace keratin::KR_ISA::simd
