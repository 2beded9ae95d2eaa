// Modified Bessel functions of the first kind, of order 0 and 1.
#pragma once
#include "simd/math_exp.h"

namespace keratin::KR_ISA::simd {

// exp(x) sqrt(x)^-1 q for x >= 8, in halves: exp(x) overflows before the result does.
KR_INLINE V<double> bessel_tail(V<double> x, V<double> q) {
  const V<double> root = exp(x * 0.5);
  return select(x == Float<double>::infinity, x, root * (q / sqrt(x)) * root);
}

// I0(x). Up to 8 the power series in x^2 / 4 as a polynomial (relative error 2^-54.5), from there on exp(x) / sqrt(x) times one in
// 8 / x - 1 / 2 (2^-52.1).
KR_INLINE V<double> i0(V<double> argument) {
  const V<double> x = abs(argument);
  const auto large = x >= 8.0;
  const V<double> t = select(large, V<double>(0.0), x * x * 0.25);
  const V<double> p = poly(t, 1.0, 0.25, 0.02777777777777778, 0.0017361111111111106, 6.944444444444523e-05,
                           1.929012345678419e-06, 3.936759889170454e-08, 6.151187325755852e-10, 7.59405845371784e-12,
                           7.594057959497694e-14, 6.276087726660225e-16, 4.358324987723104e-18, 2.5794178351052894e-20,
                           1.3130874489257475e-22, 5.952735587576793e-25, 2.013075286051257e-27, 1.2002672023650634e-29);
  const V<double> small = mul_add(t, p, V<double>(1.0));
  if (!any(large)) return select(is_nan(x), x, small);
  const V<double> s = 8.0 / max(V<double>(8.0), x) - 0.5;
  const V<double> q = poly(s, 0.40217650944500816, 0.006721103967335752, 0.0005448642975094907, 8.914427033514437e-05,
                           2.3741570413788335e-05, 9.515513232928876e-06, 5.677627643906994e-06, 5.0338717549866155e-06,
                           5.5358618478398925e-06, 3.862412921984375e-06, -7.287546367752179e-06, -2.7353759165301024e-05,
                           -1.7492581258706228e-05, 6.059595028249934e-05, 8.426633602436767e-05, -0.0001052676243795388,
                           -0.0001895781739371164, 0.00015284826180569697, 0.00025020592544568355, -0.0001610562029176612,
                           -0.00015147378925170105, 8.673548748778975e-05);
  return select(is_nan(x), x, select(large, bessel_tail(x, q), small));
}

// I1(x), an odd function, in the same way (2^-54.4 and 2^-52.1).
KR_INLINE V<double> i1(V<double> argument) {
  const V<double> x = abs(argument);
  const auto large = x >= 8.0;
  const V<double> t = select(large, V<double>(0.0), x * x * 0.25);
  const V<double> p = poly(t, 0.5, 0.08333333333333333, 0.006944444444444444, 0.0003472222222222222, 1.1574074074074114e-05,
                           2.7557319223982823e-07, 4.920949861441355e-09, 6.834652584783329e-11, 7.594058441354712e-13,
                           6.90368923783708e-15, 5.230071087726802e-17, 3.3525740185918085e-19, 1.842345089173867e-21,
                           8.757924724769851e-24, 3.7092713417294716e-26, 1.2029294150405264e-28, 6.525161138164069e-31);
  const V<double> small = x * 0.5 * mul_add(t, p, V<double>(1.0));
  V<double> r = small;
  if (any(large)) {
    const V<double> s = 8.0 / max(V<double>(8.0), x) - 0.5;
    const V<double> q = poly(s, 0.3893984590258723, -0.019499154386471502, -0.0008769430552749468, -0.00012030837761121868,
                             -2.9358571865938886e-05, -1.1148336400875139e-05, -6.400207324789154e-06, -5.5206837301535175e-06,
                             -6.003996574263587e-06, -4.309919171357129e-06, 7.289418967040025e-06, 2.8643799643290304e-05,
                             1.9637225442212202e-05, -6.144212029264062e-05, -9.024977975636932e-05, 0.00010348552847919078,
                             0.00020042648143819104, -0.00014618558269876506, -0.0002629902844812554, 0.00015097028674832693,
                             0.000158739574233299, -8.028547603814604e-05);
    r = select(large, bessel_tail(x, q), small);
  }
  return copysign(select(is_nan(x), x, r), argument);
}

KR_FLOAT_BY_DOUBLE(i0)
KR_FLOAT_BY_DOUBLE(i1)

}  // namespace keratin::KR_ISA::simd
