// Error function, its complement and its inverse.
#pragma once
#include "simd/math_log.h"

namespace keratin::KR_ISA::simd {

// erf(x) for |x| <= 1. Relative error 2^-62.6 before rounding.
KR_INLINE V<double> erf_small(V<double> x) {
  const V<double> p = poly(x * x, 0.12837916709551259, -0.37612638903183748, 0.11283791670954885, -0.026866170645077875,
                           0.0052239776248284228, -0.00085483269814248483, 0.00012055331132932687, -1.4925595771789235e-05,
                           1.6461008474704305e-06, -1.6350396223989035e-07, 1.4660328945167828e-08, -1.137495735410562e-09,
                           5.9606892304598059e-11);
  return mul_add(x, p, x);
}

// erfc(x) for x >= 1/2: e^(-x^2) q(t) / (1 + 2 x) with t = (x - 3) / (x + 3), relative error 2^-59.8, and x^2 as a pair
// (the substitution is that of M. Shepherd and J. Laframboise 1981).
KR_INLINE V<double> erfc_large(V<double> x) {
  const V<double> a = min(V<double>(28.0), x);
  const V<double> t = (a - 3.0) / (a + 3.0);
  const V<double> q = poly(t, 1.2530080582697296, -0.1356211061245812, -0.047562294353450614, 0.12964515870276358,
                           -0.11927366341531759, 0.068308027343884872, -0.023770514918374369, 0.0025293918173887684,
                           0.0018886903540713022, -0.0007798322817118079, -0.00010515974050723404, 0.00012509938691805753,
                           4.9490687278913162e-06, -2.0100590984504574e-05, -7.2970944577731603e-07, 3.4721053859489714e-06,
                           3.519482973490818e-07, -6.1531184774497535e-07, -1.333307911227355e-07, 9.9295665981059441e-08,
                           3.3490879193255202e-08, -1.0830032392375589e-08, -4.0877852609106001e-09);
  const Pair<double> square = product(a, a);
  const auto [k, r] = split_exponent(-square.hi);
  const V<double> e = expm1_reduced(r - square.lo);
  const V<double> factor = q / (a + a + 1.0);
  return scaled(mul_add(factor, e, factor), k);
}

// Error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x.
KR_INLINE V<double> erf(V<double> x) {
  const V<double> a = abs(x);
  const auto small = a < 1.0;
  V<double> r = erf_small(select(small, a, V<double>(1.0)));
  if (any(!small)) r = select(small, r, 1.0 - erfc_large(a));
  return copysign(r, x);
}

// 1 - erf(x), without loss where erf(x) is near 1.
KR_INLINE V<double> erfc(V<double> x) {
  const V<double> a = abs(x);
  const V<double> tail = erfc_large(a);
  const V<double> small = 1.0 - erf_small(x);
  return select(a < 0.5, small, select(x < 0.0, 2.0 - tail, tail));
}

// Error function: below 0.95 by a polynomial (relative error 2^-25.5), then 1 - e^p with p close to log(erfc(|x|)) (2^-29.5).
KR_INLINE V<float> erf(V<float> x) {
  const V<float> a = abs(x);
  const V<float> p = poly(a * a, 0.128379151f, -0.37612462f, 0.112814657f, -0.0267533176f, 0.00497309444f, -0.00058866723f);
  const V<float> b = min(V<float>(4.0f), a);
  const V<float> l = poly(b, -0.000244867872f, -1.12747431f, -0.637518227f, -0.10363923f, 0.022087086f, -0.00300839054f,
                          0.00019241024f);
  const auto [k, r] = split_exponent(l);
  const V<float> complement = mul_add(expm1_reduced(r), power_of_two(k), power_of_two(k));
  return copysign(select(a < 0.95f, mul_add(a, p, a), 1.0f - complement), x);
}

// Inverse of erf. With w = -log(1 - x^2), erfinv(x) / x is smooth (M. Giles 2010): polynomials in w up to 6.25 (relative error
// 2^-55.5), then in sqrt(w) up to 4 (2^-55.8) and beyond (2^-56.8).
KR_INLINE V<double> erfinv(V<double> x) {
  const V<double> a = abs(x);
  const auto [k, m] = split_mantissa(select(a < 0.5, mul_add(-a, a, V<double>(1.0)), (1.0 - a) * (1.0 + a)));
  // Near 0, x^2 is exact enough beside 1 only as -f.
  const V<double> f = select(a < 0.5, -(a * a), m - 1.0);
  const V<double> w = -log_reduced(f, k);
  const V<double> t = w - 3.125;
  V<double> p = poly(t, 1.6536545626831027, 0.24015818242558826, -0.0060336708714277534, -0.00074070253415395456,
                     0.00018673420802425532, -1.3882523395792849e-05, -1.3654691844335842e-06, 4.2347881907937703e-07,
                     -2.9070382775626684e-08, -4.1126619790373904e-09, 1.0512183986839607e-09, -5.4142389451412076e-11,
                     -1.2976958344854958e-11, 2.6303544409102748e-12, -8.1170077628117825e-14, -3.9989756884418708e-14,
                     6.5946990902043116e-15, -4.2867893870427843e-17, -1.300390201758115e-16, 1.575992939113492e-17,
                     1.144410210714461e-18, -3.575555109116937e-19, -1.0090716666358222e-21, 3.375840931898054e-21);
  const auto central = w < 6.25;
  if (any(!central)) {
    const V<double> root = sqrt(w);
    const V<double> middle =
        poly(root - 3.25, 3.0838856104922208, 1.0052589676941657, 0.0053709145535708906, -0.0037512085082630113,
             0.0024914420970189818, -0.0016882755342491093, 0.00095328936306604496, -0.00035503783086854741,
             2.4031263198216867e-05, 6.8287249108405499e-05, -4.731901582946543e-05, 1.2464431803827347e-05,
             2.9258247348254558e-06, -3.9840739336776474e-06, 1.4985452673879969e-06, -3.0270812453504034e-08,
             -2.7118615106830913e-07, 1.3394613010153246e-07, 6.3417811791405478e-10, -1.6188692177435758e-08);
    const V<double> far =
        poly(root - 5.0, 4.8499064014085844, 1.0103004648645455, -0.00013871931837837714, -0.00021503011983720015,
             7.599527804406216e-05, -1.9681770566350304e-05, 4.5260531150245589e-06, -9.930302496623012e-07,
             2.2904958549738127e-07, -6.7553222365371282e-08, 2.9028469572198335e-08, -1.5260869895792069e-08,
             7.8040980940007069e-09, -3.4649028536684112e-09, 1.3336899386133249e-09, -4.4131958366816404e-10,
             5.9885037872707455e-11, 4.376807212979501e-11, -1.8193800444988877e-11);
    p = select(central, p, select(root < 4.0, middle, far));
  }
  const V<double> edge = select(a == 1.0, V<double>(Float<double>::infinity), V<double>(Float<double>::nan));
  return copysign(select(a < 1.0, a * p, edge), x);
}

KR_FLOAT_BY_DOUBLE(erfc)
KR_FLOAT_BY_DOUBLE(erfinv)

}  // namespace keratin::KR_ISA::simd
