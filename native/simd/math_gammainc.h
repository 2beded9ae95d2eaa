// The regularized incomplete gamma function P(a, x), and its derivatives by a. Relative errors are some 1e-13 of the larger of
// P and 1 - P; the number of steps grows with sqrt(a).
#pragma once
#include "simd/math_exp.h"
#include "simd/math_gamma.h"

namespace keratin::KR_ISA::simd {

// x^a e^-x / Gamma(a + 1) for a, x > 0. From a = 20 on by Stirling's formula, so that large logarithms do not cancel.
KR_INLINE V<double> poisson_weight(V<double> a, V<double> x) {
  const auto large = a >= 20.0;
  const V<double> small = exp(mul_add(a, log(x), -x) - lgamma_positive(select(large, V<double>(1.0), a) + 1.0));
  if (!any(large)) return small;
  const V<double> m = (x - a) / a, inverse = 1.0 / a;
  const V<double> series = inverse * poly(inverse * inverse, 0.083333333333333333, -0.0027777777777777778, 0.00079365079365079365,
                                          -0.00059523809523809524, 0.00084175084175084175);
  const V<double> l = select(m < -0.5, log(x / a), log1p(m));  // near -1 the rounding of m counts
  const V<double> stirling = exp(a * (l - m) - series) * 0.3989422804014327 / sqrt(a);
  return select(large, stirling, small);
}

// The second derivative of log Gamma(x) for x > 0: 1 / x^2 + 1 / (x + 1)^2 + ... up to 12, then the asymptotic series.
KR_INLINE V<double> trigamma_positive(V<double> x) {
  V<double> z = x, sum = 0.0;
  for (int step = 0; step < 12; ++step) {
    const auto below = z < 12.0;
    sum = select(below, sum + 1.0 / (z * z), sum);
    z = select(below, z + 1.0, z);
  }
  const V<double> inverse = 1.0 / z, square = inverse * inverse;
  const V<double> series = poly(square, 0.16666666666666667, -0.033333333333333333, 0.023809523809523810, -0.033333333333333333,
                                0.075757575757575758, -0.25311355311355311, 1.1666666666666667);
  return sum + inverse * mul_add(square, series, mul_add(inverse, V<double>(0.5), V<double>(1.0)));
}

// A function of a with its first two derivatives; only those up to `order` are kept.
struct Jet {
  V<double> v, d, dd;
};

// 1 / Gamma-weighted sums: weight * (series and its derivatives), where the weight's logarithmic derivatives are l and -t.
template <int order>
KR_INLINE Jet weighted(V<double> weight, V<double> l, V<double> t, Jet s) {
  Jet r = {weight * s.v, 0.0, 0.0};
  if constexpr (order > 0) r.d = weight * mul_add(l, s.v, s.d);
  if constexpr (order > 1) r.dd = weight * (mul_add(mul_add(l, l, -t), s.v, s.dd) + 2.0 * l * s.d);
  return r;
}

inline constexpr int kMostSteps = 1 << 16;

// sum over n of x^n / ((a + 1) ... (a + n)): P(a, x) Gamma(a + 1) / (x^a e^-x). All terms have one sign.
template <int order>
KR_INLINE Jet gamma_series(V<double> a, V<double> x) {
  V<double> term = 1.0, u = 0.0, w = 0.0, place = a;
  Jet sum = {1.0, 0.0, 0.0};
  for (int n = 0; n < kMostSteps; ++n) {
    place += 1.0;
    const V<double> r = 1.0 / place;
    term *= x * r;
    V<double> size = term;
    sum.v += term;
    if constexpr (order > 0) {
      u += r;
      sum.d -= term * u;
      size = term * (1.0 + u);
    }
    if constexpr (order > 1) {
      w += r * r;
      sum.dd += term * mul_add(u, u, w);
      size = term * (1.0 + u * u + w);
    }
    if (!any((size > sum.v * 0x1p-54) | (place < x))) break;
  }
  return sum;
}

// The continued fraction of (1 - P(a, x)) Gamma(a) / (x^a e^-x) for x > a + 1, by W. Lentz's method (1976) in the form of
// I. Thompson and A. Barnett (1986), with the derivatives of each step.
template <int order>
KR_INLINE Jet gamma_fraction(V<double> a, V<double> x) {
  V<double> b = x + 1.0 - a;
  Jet c = {1e300, 0.0, 0.0};
  const V<double> first = 1.0 / b;
  Jet d = {first, first * first, 2.0 * first * first * first}, h = d;
  for (int i = 1; i < kMostSteps; ++i) {
    const double n = i;
    const V<double> k = V<double>(-n) * (n - a);  // its derivative is n; that of b is -1
    b += 2.0;
    const V<double> e = 1.0 / mul_add(k, d.v, b), r = 1.0 / c.v;
    Jet next_d = {e, 0.0, 0.0}, next_c = {mul_add(k, r, b), 0.0, 0.0};
    if constexpr (order > 0) {
      const V<double> slope = mul_add(k, d.d, mul_add(V<double>(n), d.v, V<double>(-1.0)));
      const V<double> r1 = -c.d * r * r;
      next_d.d = -slope * e * e;
      next_c.d = mul_add(k, r1, mul_add(V<double>(n), r, V<double>(-1.0)));
      if constexpr (order > 1) {
        const V<double> curve = mul_add(k, d.dd, 2.0 * n * d.d);
        const V<double> r2 = r * r * (2.0 * c.d * c.d * r - c.dd);
        next_d.dd = e * e * (2.0 * slope * slope * e - curve);
        next_c.dd = mul_add(k, r2, 2.0 * n * r1);
      }
    }
    c = next_c;
    d = next_d;
    const Jet f = {c.v * d.v, c.d * d.v + c.v * d.d, c.dd * d.v + 2.0 * c.d * d.d + c.v * d.dd};
    auto moves = abs(f.v - 1.0) > 0x1p-52;
    if constexpr (order > 1) h.dd = h.dd * f.v + 2.0 * h.d * f.d + h.v * f.dd, moves = moves | (abs(h.v * f.dd) > abs(h.dd) * 0x1p-50);
    if constexpr (order > 0) h.d = h.d * f.v + h.v * f.d, moves = moves | (abs(h.v * f.d) > abs(h.d) * 0x1p-51);
    h.v *= f.v;
    if (!any(moves)) break;
  }
  return h;
}

// P(a, x), or its derivative by a of the given order. As in JAX: 0 for x = 0, 1 for a = 0 and for infinite x, NaN for negative a
// or x and for infinite a.
template <int order>
KR_INLINE V<double> gammainc_derivative(V<double> a, V<double> x) {
  constexpr double infinity = Float<double>::infinity;
  const auto inside = (a > 0.0) & (x > 0.0) & (a < infinity) & (x < infinity);
  const V<double> one(1.0);
  const V<double> sa = select(inside, a, one), sx = select(inside, x, one);
  const auto upper = sx >= max(V<double>(1.5), sa + 1.0);
  const V<double> weight = poisson_weight(sa, sx);
  V<double> l = 0.0, t = 0.0;
  if constexpr (order > 0) l = log(sx) - digamma_positive(sa + 1.0);
  if constexpr (order > 1) t = trigamma_positive(sa + 1.0);
  const auto pick = [](const Jet& jet) __attribute__((always_inline)) { return order == 0 ? jet.v : order == 1 ? jet.d : jet.dd; };
  V<double> r = pick(weighted<order>(weight, l, t, gamma_series<order>(select(upper, one, sa), select(upper, V<double>(0.5), sx))));
  if (any(upper)) {
    const V<double> inverse = 1.0 / sa;
    const Jet rest = weighted<order>(weight * sa, l + inverse, t + inverse * inverse,
                                     gamma_fraction<order>(select(upper, sa, one), select(upper, sx, V<double>(3.0))));
    r = select(upper, order == 0 ? one - pick(rest) : -pick(rest), r);
  }
  const auto whole = ((a == 0.0) & (x > 0.0)) | ((x == infinity) & (a >= 0.0));
  const auto none = (x == 0.0) & (a > 0.0) & (a < infinity);
  const V<double> outside = select(whole, V<double>(order == 0 ? 1.0 : 0.0), select(none, V<double>(0.0), V<double>(Float<double>::nan)));
  return select(inside, r, outside);
}

KR_INLINE V<double> gammainc(V<double> a, V<double> x) { return gammainc_derivative<0>(a, x); }
KR_INLINE V<double> gammainc_da(V<double> a, V<double> x) { return gammainc_derivative<1>(a, x); }
KR_INLINE V<double> gammainc_daa(V<double> a, V<double> x) { return gammainc_derivative<2>(a, x); }

// x^(a - 1) e^-x / Gamma(a), the derivative of P(a, x) by x.
KR_INLINE V<double> gamma_density(V<double> a, V<double> x) {
  constexpr double infinity = Float<double>::infinity;
  const auto inside = (a > 0.0) & (x > 0.0) & (a < infinity) & (x < infinity);
  const V<double> one(1.0), sa = select(inside, a, one), sx = select(inside, x, one);
  const V<double> r = poisson_weight(sa, sx) * sa / sx;
  const V<double> start = select(a < 1.0, V<double>(infinity), select(a == 1.0, one, V<double>(0.0)));
  const V<double> nan(Float<double>::nan);
  const V<double> outside = select((a > 0.0) & (x == 0.0), start, select((a >= 0.0) & (x > 0.0), V<double>(0.0), nan));
  return select(inside, r, outside);
}

KR_FLOAT_BY_DOUBLE2(gammainc)
KR_FLOAT_BY_DOUBLE2(gammainc_da)
KR_FLOAT_BY_DOUBLE2(gammainc_daa)
KR_FLOAT_BY_DOUBLE2(gamma_density)

}  // namespace keratin::KR_ISA::simd
