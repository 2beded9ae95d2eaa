// Logarithms and what is made of them: log, log1p, log2, log10, asinh, acosh, atanh.
#pragma once
#include "simd/math_exp.h"

namespace keratin::KR_ISA::simd {

// x = 2^k m with m in [sqrt(1/2), sqrt(2)), for finite x > 0, subnormal ones included. For others see `exponent` in raw.h; where
// there is no such instruction, anything.
template <typename T>
struct LogSplit {
  V<T> k, m;
};
template <typename T>
KR_INLINE LogSplit<T> split_mantissa(V<T> x) {
  if constexpr (kHasExponents) {
    const V<T> k = exponent(x.raw), m = mantissa(x.raw);
    const auto upper = m >= T(0x1.6a09e667f3bcdp+0);
    return {select(upper, k + T(1), k), select(upper, m * T(0.5), m)};
  }
  using U = Unsigned<T>;
  constexpr int fraction = Float<T>::fraction_bits;
  constexpr T lift = sizeof(T) == 4 ? T(0x1p23) : T(0x1p52);
  constexpr U lift_bits = std::bit_cast<U>(lift), one = std::bit_cast<U>(T(1));
  constexpr U root_half = std::bit_cast<U>(T(0x1.6a09e667f3bcdp-1));
  const auto tiny = x < Float<T>::smallest_normal;
  const V<U> shifted = bits_of(select(tiny, x * lift, x)) + U(one - root_half);
  const V<T> biased = from_bits<T>((shifted >> fraction) | lift_bits) - lift;
  const V<T> m = from_bits<T>((shifted & U((U(1) << fraction) - 1)) + root_half);
  return {biased - select(tiny, V<T>(T(Float<T>::bias + fraction)), V<T>(T(Float<T>::bias))), m};
}

// log(1 + f) + k ln 2 for 1 + f in [sqrt(1/2), sqrt(2)) and integral k. Relative error 2^-30.4 before rounding.
KR_INLINE V<float> log_reduced(V<float> f, V<float> k) {
  const V<float> p = poly(f, 0.333333105f, -0.249999866f, 0.20002225f, -0.166692406f, 0.142186686f, -0.123845294f,
                          0.118731067f, -0.117888965f, 0.0691401735f);
  const V<float> z = f * f;
  const V<float> tail = mul_add(k, V<float>(Ln2<float>::lo), mul_add(z * f, p, z * -0.5f));
  return mul_add(k, V<float>(Ln2<float>::hi), f + tail);
}

// (log((1 + s) / (1 - s)) - 2 s) / s = 2 z (1/3 + z/5 + z^2/7 + ...) with z = s^2.
KR_INLINE V<double> atanh_series(V<double> z) {
  return z * poly(z, 0.66666666666667351, 0.39999999999411245, 0.28571428743248983, 0.22222198475776064,
                  0.18183569811694825, 0.15313900280721807, 0.14797545591511801);  // relative to the logarithm 2^-59.5
}

// As above. With s = f / (2 + f), log(1 + f) = f - (f^2/2 - s (f^2/2 + series)), which adds what is small to the exact f.
KR_INLINE V<double> log_reduced(V<double> f, V<double> k) {
  const V<double> s = f / (f + 2.0);
  const V<double> half_square = f * f * 0.5;
  const V<double> series = atanh_series(s * s);
  const V<double> low = mul_add(k, V<double>(Ln2<double>::lo), s * (half_square + series));
  return mul_add(k, V<double>(Ln2<double>::hi), f - (half_square - low));
}

// `value` where 0 < x < infinity; elsewhere what a logarithm of x is.
template <typename T>
KR_INLINE V<T> log_or_special(V<T> x, V<T> value) {
  constexpr T infinity = Float<T>::infinity;
  const V<T> special = select(x == T(0), V<T>(-infinity), select(x > T(0), V<T>(infinity), V<T>(Float<T>::nan)));
  return select((x > T(0)) & (x < infinity), value, special);
}

// Natural logarithm.
template <typename T>
KR_INLINE V<T> log(V<T> x) {
  const auto [k, m] = split_mantissa(x);
  const V<T> r = log_reduced(m - T(1), k);
  return kHasExponents ? r : log_or_special(x, r);
}

// log(1 + x). f = 2^-k (1 + x) - 1 is rounded once, and is x itself while k = 0.
template <typename T>
KR_INLINE V<T> log1p(V<T> x) {
  const V<T> u = x + T(1);
  const auto [k, m] = split_mantissa(u);
  const V<T> unit = power_of_two(-k);
  const V<T> f = select(u < T(sizeof(T) == 4 ? 0x1p26 : 0x1p55), mul_add(x, unit, unit - T(1)), m - T(1));
  return copysign(log_or_special(u, log_reduced(f, k)), x);
}

// log(1 + f) to about 2^-65 of its value: 2 s + 2 s^3 / 3 in pairs, what follows (relative error 2^-73.5) in doubles.
KR_INLINE Pair<double> log1p_pair(V<double> f) {
  const Pair<double> denominator = sum_ordered(V<double>(2.0), f);
  const V<double> inverse = 1.0 / denominator.hi;
  const V<double> quotient = f * inverse;
  const Pair<double> back = product(quotient, denominator.hi);
  const V<double> rest = ((f - back.hi) - back.lo) - quotient * denominator.lo;
  const Pair<double> s = sum_ordered(quotient, rest * inverse);
  const Pair<double> square = product(s, s);
  const Pair<double> cube = product(square, s);
  const Pair<double> third = product(cube, Pair<double>{0x1.5555555555555p-1, 0x1.5555555555555p-55});
  const V<double> tail = square.hi * cube.hi * poly(square.hi, 0.3999999999999998, 0.28571428571445212, 0.22222222217511214,
                                                    0.18181818873436759, 0.1538455665658735, 0.1333632571312077,
                                                    0.11674649387684519, 0.11990426864895981);
  const Pair<double> head = sum_ordered(s.hi + s.hi, third.hi);
  return sum_ordered(head.hi, head.lo + (third.lo + (s.lo + s.lo) + tail));
}

// k c + b for pairs c and b; k c.hi must be exact and not smaller than b unless k is 0.
KR_INLINE Pair<double> add_multiple(V<double> k, double c_hi, double c_lo, Pair<double> b) {
  const Pair<double> s = sum_ordered(k * c_hi, b.hi);
  return sum_ordered(s.hi, s.lo + mul_add(k, V<double>(c_lo), b.lo));
}

// Logarithm of finite x > 0 to about 2^-65 of its value.
KR_INLINE Pair<double> log_pair(V<double> x) {
  const auto [k, m] = split_mantissa(x);
  return add_multiple(k, 0x1.62e42fefa3800p-1, 0x1.ef35793c76730p-45, log1p_pair(m - 1.0));
}

// Logarithm to base 2. Exact for powers of 2.
KR_INLINE V<double> log2(V<double> x) {
  const auto [k, m] = split_mantissa(x);
  const Pair<double> fraction = product(log1p_pair(m - 1.0), Pair<double>{0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56});
  const Pair<double> r = add_multiple(k, 1.0, 0.0, fraction);
  return log_or_special(x, r.hi + r.lo);
}

// Logarithm to base 10. Exact for the powers of 10 that are doubles.
KR_INLINE V<double> log10(V<double> x) {
  const auto [k, m] = split_mantissa(x);
  const Pair<double> fraction = product(log1p_pair(m - 1.0), Pair<double>{0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57});
  const Pair<double> r = add_multiple(k, 0x1.34413509f7000p-2, 0x1.3fde623e2566bp-43, fraction);
  return log_or_special(x, r.hi + r.lo);
}

// Logarithm to base 2 of finite x > 0 to 2^-37.6 of its value: enough for results in float.
KR_INLINE V<double> log2_short(V<double> x) {
  const auto [k, m] = split_mantissa(x);
  const V<double> f = m - 1.0;
  const V<double> s = f / (f + 2.0);
  const V<double> z = s * s;
  const V<double> series = poly(z, 2.0, 0.66666665641844591, 0.4000033612229873, 0.28537242663384417, 0.23583512783072708);
  return mul_add(s * series, V<double>(kLog2E<double>), k);
}
KR_INLINE V<float> log2(V<float> x) {
  const auto fn = [](V<double> y) __attribute__((always_inline)) { return log2_short(y); };
  return log_or_special(x, in_double(x, fn));
}
KR_INLINE V<float> log10(V<float> x) {
  const auto fn = [](V<double> y) __attribute__((always_inline)) { return log2_short(y) * 0x1.34413509f79ffp-2; };
  return log_or_special(x, in_double(x, fn));
}

// log(x + sqrt(x^2 + 1)). From 2^28 on, 1 is lost beside x^2.
KR_INLINE V<double> asinh(V<double> x) {
  const V<double> a = abs(x);
  const auto large = a > 0x1p28;
  const V<double> square = a * a;
  const V<double> term = select(large, a - 1.0, a + square / (1.0 + sqrt(square + 1.0)));
  return copysign(log1p(term) + select(large, V<double>(0x1.62e42fefa39efp-1), V<double>(0.0)), x);
}

// log(x + sqrt(x^2 - 1)), by x - 1 so that nothing is lost near 1.
KR_INLINE V<double> acosh(V<double> x) {
  const V<double> t = x - 1.0;
  const auto large = x > 0x1p28;
  const V<double> term = select(large, t, t + sqrt(mul_add(t, t, t + t)));
  const V<double> result = log1p(term) + select(large, V<double>(0x1.62e42fefa39efp-1), V<double>(0.0));
  return select(x >= 1.0, result, V<double>(Float<double>::nan));
}

// log((1 + x) / (1 - x)) / 2.
KR_INLINE V<double> atanh(V<double> x) {
  const V<double> a = abs(x);
  const V<double> twice = a + a;
  const V<double> small = mul_add(twice, a / (1.0 - a), twice);
  return copysign(0.5 * log1p(select(a < 0.5, small, twice / (1.0 - a))), x);
}

KR_FLOAT_BY_DOUBLE(asinh)
KR_FLOAT_BY_DOUBLE(acosh)
KR_FLOAT_BY_DOUBLE(atanh)

}  // namespace keratin::KR_ISA::simd
