// exp and its family: exp2, expm1, sigmoid, tanh, sinh, cosh.
#pragma once
#include "simd/poly.h"

namespace keratin::KR_ISA::simd {

// ln 2 in two parts; the first has trailing zeros, so that its product with an exponent is exact.
template <typename T>
struct Ln2;
template <>
struct Ln2<float> {
  static constexpr float hi = 0x1.62ep-1f, lo = 0x1.0bfbe8p-15f;
};
template <>
struct Ln2<double> {
  static constexpr double hi = 0x1.62e42fef00000p-1, lo = 0x1.473de6af278edp-34;
};
template <typename T>
inline constexpr T kLog2E = T(0x1.71547652b82fep+0);

// e^r - 1 for |r| <= ln(2) / 2. Relative error 2^-32 (float), 2^-61.7 (double), before rounding.
KR_INLINE V<float> expm1_reduced(V<float> r) {
  const V<float> q = poly(r, 0.5f, 0.166666672f, 0.041666355f, 0.00833327323f, 0.00139410084f, 0.000199142407f);
  return mul_add(r * r, q, r);
}
KR_INLINE V<double> expm1_reduced(V<double> r) {
  const V<double> q = poly(r, 0.5, 0.16666666666666677, 0.041666666666666699, 0.0083333333333216204, 0.0013888888888866971,
                           0.00019841269886151805, 2.4801587360332255e-05, 2.7557244185806271e-06, 2.7557242909758243e-07,
                           2.5109044342777751e-08, 2.0924408429159786e-09);
  return mul_add(r * r, q, r);
}

// x = k ln 2 + r.
template <typename T>
struct ExpSplit {
  V<T> k, r;
};
template <typename T>
KR_INLINE ExpSplit<T> split_exponent(V<T> x) {
  const V<T> k = mul_add(x, V<T>(kLog2E<T>), V<T>(Float<T>::rounder)) - Float<T>::rounder;
  return {k, mul_add(k, V<T>(-Ln2<T>::lo), mul_add(k, V<T>(-Ln2<T>::hi), x))};
}

// x kept where e^x neither over- nor underflows by more than a little; NaN stays.
template <typename T>
KR_INLINE V<T> clamp_exponent(V<T> x) {
  constexpr T low = sizeof(T) == 4 ? T(-106) : T(-748), high = sizeof(T) == 4 ? T(91) : T(713);
  return min(V<T>(high), max(V<T>(low), x));
}

// e^x 2^n for a small integer n.
template <typename T>
KR_INLINE V<T> exp_scaled(V<T> x, T n) {
  const auto [k, r] = split_exponent(clamp_exponent(x));
  return scaled(expm1_reduced(r) + T(1), k + n);
}

// e^x.
template <typename T>
KR_INLINE V<T> exp(V<T> x) {
  const auto [k, r] = split_exponent(clamp_exponent(x));
  return scaled(expm1_reduced(r) + T(1), k);
}

// 2^x.
template <typename T>
KR_INLINE V<T> exp2(V<T> x) {
  constexpr T low = sizeof(T) == 4 ? T(-152) : T(-1078), high = sizeof(T) == 4 ? T(129) : T(1025);
  const V<T> y = min(V<T>(high), max(V<T>(low), x));
  const V<T> k = nearest(y);
  return scaled(expm1_reduced((y - k) * T(0x1.62e42fefa39efp-1)) + T(1), k);
}

// e^x - 1 for any x, without loss near 0. 2^k (e^r - 1) + (2^k - 1), halved so that 2^k does not overflow.
template <typename T>
KR_INLINE V<T> expm1(V<T> x) {
  constexpr T low = sizeof(T) == 4 ? T(-20) : T(-40), high = sizeof(T) == 4 ? T(89) : T(710);
  const auto [k, r] = split_exponent(min(V<T>(high), max(V<T>(low), x)));
  const V<T> h = power_of_two(k - T(1));
  const V<T> half = mul_add(h, expm1_reduced(r), h - T(0.5));
  return copysign(half + half, x);
}

// 1 / (1 + e^-x), as q = e / (1 + e) or 1 - q with e = e^-|x|. What rounding takes from 1 + e is put back: the plain quotient
// is up to 2.4 units in the last place wrong.
template <typename T>
KR_INLINE V<T> sigmoid(V<T> x) {
  constexpr T low = sizeof(T) == 4 ? T(-106) : T(-748);
  const auto [k, r] = split_exponent(max(V<T>(low), -abs(x)));
  const V<T> e = scaled(expm1_reduced(r) + T(1), k);
  const Pair<T> denominator = sum_ordered(V<T>(1), e);
  const V<T> rough = e / denominator.hi;
  const V<T> q = mul_add(-rough * denominator.lo, T(1) - rough, rough);
  return select(x < T(0), q, T(1) - q);
}

// (e^2x - 1) / (e^2x + 1).
KR_INLINE V<double> tanh(V<double> x) {
  const V<double> a = min(V<double>(20.0), abs(x));
  const V<double> t = expm1(a + a);
  return copysign(t / (t + 2.0), x);
}

// 1 - 2 / (e^2x + 1); below 0.56 by a polynomial of relative error 2^-29.6.
KR_INLINE V<float> tanh(V<float> x) {
  const V<float> a = min(V<float>(10.0f), abs(x));
  const V<float> z = a * a;
  const V<float> p = poly(z, -0.333333164f, 0.133324996f, -0.0538422987f, 0.0210272986f, -0.00620752852f);
  const V<float> small = mul_add(a * z, p, a);
  const auto [k, r] = split_exponent(a + a);
  const V<float> unit = power_of_two(k);
  const V<float> large = 1.0f - 2.0f / mul_add(expm1_reduced(r), unit, unit + 1.0f);
  return copysign(select(a < 0.56f, small, large), x);
}

// (e^x - e^-x) / 2; below 1 by a polynomial of relative error 2^-63.2.
KR_INLINE V<double> sinh(V<double> x) {
  const V<double> a = abs(x);
  const V<double> z = a * a;
  const V<double> small = mul_add(a * z, poly(z, 0.16666666666666669, 0.0083333333333331389, 0.00019841269841437654,
                                              2.7557319155340915e-06, 2.5052123398450672e-08, 1.6057240318987106e-10,
                                              7.7593135505547878e-13), a);
  const V<double> e = exp_scaled(a, -1.0);
  return copysign(select(a < 1.0, small, e - 0.25 / e), x);
}

// (e^x + e^-x) / 2.
KR_INLINE V<double> cosh(V<double> x) {
  const V<double> e = exp_scaled(abs(x), -1.0);
  return e + 0.25 / e;
}

KR_FLOAT_BY_DOUBLE(sinh)
KR_FLOAT_BY_DOUBLE(cosh)

}  // namespace keratin::KR_ISA::simd
