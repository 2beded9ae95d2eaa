// Logarithm of the gamma function and its derivative.
#pragma once
#include "simd/math_log.h"
#include "simd/math_trig.h"

namespace keratin::KR_ISA::simd {

// log|Gamma(x)| for x >= 0. Up to 8, Gamma(x) = Gamma(2 + t) times or over a product, -3/4 <= t <= 1/2, with a polynomial for
// log Gamma(2 + t) (relative error 2^-66.5); from 8 on Stirling's series (2^-67.6 of the value).
KR_INLINE V<double> lgamma_positive(V<double> x) {
  const auto large = x >= 8.0, below_quarter = x < 0.25, below_two = x < 1.25;
  V<double> z = x, factors = 1.0;
  for (int step = 0; step < 6; ++step) {
    const auto above = z >= 2.5;
    z = select(above, z - 1.0, z);
    factors = select(above, factors * z, factors);
  }
  // t = x + n - 2 is taken from x, where x is small: z would be rounded.
  const V<double> t = select(below_quarter, x, select(below_two, x - 1.0, z - 2.0));
  factors = select(below_quarter, x * (x + 1.0), select(below_two, x, factors));
  const V<double> l = log(select(large, x, factors));
  const V<double> p = poly(t + 0.125, 0.3813814831935064, 0.3403312950724714, -0.075823675201534171, 0.024776589243982183,
                           -0.0095107480096833005, 0.0039801636906482678, -0.0017552919378037242, 0.0008012114491219353,
                           -0.00037458125563208112, 0.00017820402576425225, -8.5903770159596939e-05, 4.1838059324193156e-05,
                           -2.0545139689150577e-05, 1.0157143248623361e-05, -5.0497762594392745e-06, 2.5238678300068907e-06,
                           -1.2672605337757655e-06, 6.3396824410573532e-07, -3.1719434702169277e-07, 1.7111675253427298e-07,
                           -9.2035666990225439e-08, 2.9760542419882561e-08, -1.0162912963709926e-08, 2.133454745008751e-08,
                           -1.3065543412093962e-08);
  const V<double> small = mul_add(t, p, select(below_two, -l, l));
  const V<double> inverse = 1.0 / x;
  const V<double> series = poly(inverse * inverse, 0.083333333333333329, -0.0027777777777674277, 0.00079365078640589843,
                                -0.00059523585224641141, 0.00084139214954267322, -0.001886399773445305, 0.0049875815364471346);
  const V<double> stirling = mul_add(x - 0.5, l - 1.0, mul_add(inverse, series, V<double>(0.41893853320467273)));
  return select(large, stirling, small);
}

// log|Gamma(x)|; +infinity at 0, -1, -2, ... Below 0 by reflection, log|pi / sin(pi x)| - log Gamma(1 - x), whose error is
// relative to these terms and not to the value where that is near 0.
KR_INLINE V<double> lgamma(V<double> x) {
  const auto negative = x < 0.0;
  V<double> r = lgamma_positive(select(negative, 1.0 - x, x));
  if (any(negative)) {
    const V<double> sine = abs(sincos_pi(x - round(x)).sin);
    r = select(negative, (1.1447298858494002 - log(sine)) - r, r);
  }
  constexpr double infinity = Float<double>::infinity;
  return select(abs(x) == infinity, V<double>(infinity), r);
}

// The derivative of log Gamma(x) for x > 0. On [1, 2] (x - root) times a polynomial, relative error 2^-58.5; up to 8 the sum
// of 1/(x - i) is kept as a fraction; from 8 on the asymptotic series (2^-65.7).
KR_INLINE V<double> digamma_positive(V<double> x) {
  constexpr double root = 1.4616321449683622, root_low = 9.5499954299656974e-17;
  const auto large = x >= 8.0, below_one = x < 1.0;
  V<double> z = select(below_one, x + 1.0, x);
  V<double> numerator = select(below_one, V<double>(-1.0), V<double>(0.0)), denominator = select(below_one, x, V<double>(1.0));
  for (int step = 0; step < 6; ++step) {
    const auto above = z > 2.0;
    z = select(above, z - 1.0, z);
    numerator = select(above, mul_add(numerator, z, denominator), numerator);
    denominator = select(above, denominator * z, denominator);
  }
  const V<double> distance = select(below_one, x - (root - 1.0), z - root) - root_low;
  const V<double> t = select(below_one, x - 0.5, z - 1.5);
  const V<double> p = poly(t, 0.95105587603183284, -0.42362742128146058, 0.24054248424078722, -0.14840492305388028,
                           0.094988724452849727, -0.061922133275542184, 0.040760833943391944, -0.026975796657644647,
                           0.017907248235583689, -0.011908220152740902, 0.007927023326895476, -0.0052799366417163682,
                           0.003518088713925005, -0.002345499786848163, 0.0015635033230577016, -0.0010364322810259164,
                           0.00069028252230574983, -0.00048603377313761819, 0.00032587961226211476, -0.00014465794087859766,
                           9.3296975885920694e-05, -0.00017833217913216037, 0.00012117200538808298);
  const V<double> small = mul_add(distance, p, numerator / denominator);
  const V<double> inverse = 1.0 / x;
  const V<double> square = inverse * inverse;
  const V<double> series = poly(square, 0.083333333333333162, -0.0083333333330410739, 0.0039682538044594198,
                                -0.0041666229777434609, 0.0075694786945357771, -0.020589043355436206, 0.061537946144109894);
  const V<double> asymptotic = log(x) - mul_add(square, series, inverse * 0.5);
  return select(large, asymptotic, small);
}

// The derivative of log|Gamma(x)|: -infinity at +0, +infinity at -0, NaN at -1, -2, ... and -infinity. Below 0 by reflection,
// digamma(-x) - 1/x - pi / tan(pi x), with an error relative to these terms.
KR_INLINE V<double> digamma(V<double> x) {
  const auto negative = x < 0.0;
  V<double> r = digamma_positive(select(negative, 1.0 - x, x));
  if (any(negative)) {
    const SinCos angle = sincos_pi(x - round(x));
    const V<double> reflected = r - (2 * kHalfPi) * angle.cos / angle.sin;
    r = select(negative, select(angle.sin == 0.0, V<double>(Float<double>::nan), reflected), r);
  }
  return select(x == 0.0, -1.0 / x, r);
}

KR_FLOAT_BY_DOUBLE(lgamma)
KR_FLOAT_BY_DOUBLE(digamma)

}  // namespace keratin::KR_ISA::simd
