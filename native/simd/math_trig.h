// Trigonometric functions and their inverses.
#pragma once
#include "simd/poly.h"

namespace keratin::KR_ISA::simd {

inline constexpr double kHalfPi = 0x1.921fb54442d18p+0, kHalfPiLow = 0x1.1a62633145c07p-54;

// x = n pi/2 + hi + lo, |hi| <= pi/4. The low two bits of n say which quadrant.
struct Quadrant {
  V<double> hi, lo;
  V<uint64_t> n;
};

// Bits [first, first + 64) after the binary point of 2/pi; first >= -64, and bits before the point are 0.
KR_INLINE uint64_t two_over_pi_bits(int first) {
  constexpr uint64_t words[] = {
      0,                  0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
      0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
      0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea,
      0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d};
  const int word = (first + 64) / 64, shift = (first + 64) % 64;
  return shift == 0 ? words[word] : words[word] << shift | words[word + 1] >> (64 - shift);
}

// x 2/pi modulo 4 for finite |x| >= 2^20, as the quadrant and a fraction in [-1/2, 1/2] (M. Payne, R. Hanek 1983): of 2/pi
// only 192 bits matter, from those on whose product with x is less than 4.
KR_INLINE uint64_t reduce_huge(double x, double& hi, double& lo) {
  using Wide = unsigned __int128;
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  const uint64_t mantissa = (bits & ((uint64_t{1} << 52) - 1)) | uint64_t{1} << 52;
  const int first = static_cast<int>((bits >> 52) & 0x7ff) - 1023 - 52 - 2;
  const Wide p0 = Wide{mantissa} * two_over_pi_bits(first + 128);
  const Wide p1 = Wide{mantissa} * two_over_pi_bits(first + 64) + (p0 >> 64);
  uint64_t top = mantissa * two_over_pi_bits(first) + static_cast<uint64_t>(p1 >> 64);
  uint64_t middle = static_cast<uint64_t>(p1), bottom = static_cast<uint64_t>(p0);
  uint64_t quadrant = top >> 62;
  top = top << 2 | middle >> 62;
  middle = middle << 2 | bottom >> 62;
  const bool up = top >> 63;
  if (up) {  // the fraction less 1
    ++quadrant;
    top = ~top;
    middle = ~middle;
  }
  // Three pieces that doubles hold exactly, added from the largest.
  const double a = static_cast<double>(top >> 12) * 0x1p-52;
  const double b = static_cast<double>((top & 0xfff) << 40 | middle >> 24) * 0x1p-104;
  const double c = static_cast<double>(middle & 0xffffff) * 0x1p-128;
  hi = a + b;
  lo = (b - (hi - a)) + c;
  if (up != (x < 0)) hi = -hi, lo = -lo;
  return x < 0 ? uint64_t{0} - quadrant : quadrant;
}

// Replaces the lanes of q whose x is huge.
KR_INLINE void reduce_huge_lanes(V<double> x, Quadrant& q) {
  for (int i = 0; i < V<double>::lanes; ++i) {
    const double value = x.raw[i];
    if (!(__builtin_fabs(value) > 0x1p20) || !__builtin_isfinite(value)) continue;
    double hi, lo;
    q.n.raw[i] = reduce_huge(value, hi, lo);
    const Pair<double> r = product(Pair<double>{V<double>(hi), V<double>(lo)}, Pair<double>{kHalfPi, kHalfPiLow});
    q.hi.raw[i] = r.hi.raw[0];
    q.lo.raw[i] = r.lo.raw[0];
  }
}

// Subtracts n pi/2 in four parts (W. Cody, W. Waite), the first three of 33 bits so that their products with n are exact.
KR_INLINE Quadrant reduce_half_pi(V<double> x) {
  const V<double> shifted = x * 0x1.45f306dc9c883p-1 + Float<double>::rounder;
  const V<double> n = shifted - Float<double>::rounder;
  const V<double> first = x - n * 0x1.921fb544p+0;
  const Pair<double> second = sum(first, n * -0x1.0b4611a6p-34);
  const Pair<double> third = sum(second.hi, n * -0x1.3198a2ep-69);
  const V<double> low = (second.lo + third.lo) - n * 0x1.b839a252049c1p-104;
  const Pair<double> r = sum_ordered(third.hi, low);
  Quadrant q = {r.hi, r.lo, bits_of(shifted)};
  if (any(abs(x) > 0x1p20)) reduce_huge_lanes(x, q);
  return q;
}

// The same when the result is to be a float: two parts suffice.
KR_INLINE Quadrant reduce_half_pi_short(V<double> x) {
  const V<double> shifted = x * 0x1.45f306dc9c883p-1 + Float<double>::rounder;
  const V<double> n = shifted - Float<double>::rounder;
  Quadrant q = {(x - n * 0x1.921fb544p+0) - n * 0x1.0b4611a626331p-34, 0.0, bits_of(shifted)};
  if (any(abs(x) > 0x1p20)) reduce_huge_lanes(x, q);
  return q;
}

// sin(hi + lo) and cos(hi + lo) for |hi| <= pi/4. Relative errors 2^-68.8, 2^-75.2 before rounding.
KR_INLINE V<double> sin_reduced(V<double> hi, V<double> lo) {
  const V<double> z = hi * hi;
  const V<double> p = poly(z, -0.16666666666666666, 0.0083333333333333228, -0.00019841269841255126, 2.755731921421995e-06,
                           -2.5052104919306829e-08, 1.6058367618229161e-10, -7.5787474678808686e-13);
  return hi + mul_add(z * hi, p, lo * mul_add(z, V<double>(-0.5), V<double>(1.0)));
}
KR_INLINE V<double> cos_reduced(V<double> hi, V<double> lo) {
  const V<double> z = hi * hi, half = z * 0.5;
  const V<double> p = poly(z, 0.041666666666666664, -0.0013888888888888874, 2.4801587301571526e-05, -2.7557319215388795e-07,
                           2.0876754369043427e-09, -1.147029359040042e-11, 4.7381235392510543e-14);
  const Pair<double> head = sum_ordered(V<double>(1.0), -half);
  return head.hi + (head.lo + mul_add(z * z, p, -(hi * lo)));
}

// For results in float. Relative errors 2^-37.6, 2^-43.2.
KR_INLINE V<double> sin_reduced_short(V<double> r) {
  const V<double> z = r * r;
  return mul_add(z * r, poly(z, -0.1666666716337204, 0.0083333291113376617, -0.0001983933470910415, 2.7183070903993212e-06), r);
}
KR_INLINE V<double> cos_reduced_short(V<double> r) {
  const V<double> z = r * r;
  return poly(z, 1.0, -0.5, 0.041666667908430099, -0.0013888883404433727, 2.4799519451335073e-05, -2.7210162909862811e-07);
}

// Of sin and cos of an angle in the first octants, what the quadrant n makes sin of it. cos is sin one quadrant on.
KR_INLINE V<double> by_quadrant(V<uint64_t> n, V<double> sine, V<double> cosine) {
  const V<double> value = select((n & uint64_t{1}) != uint64_t{0}, cosine, sine);
  return from_bits<double>(bits_of(value) ^ ((n & uint64_t{2}) << 62));
}

// Sine, cosine and tangent of an angle in radians, of any size.
KR_INLINE V<double> sin(V<double> x) {
  const Quadrant q = reduce_half_pi(x);
  return select(x == 0.0, x, by_quadrant(q.n, sin_reduced(q.hi, q.lo), cos_reduced(q.hi, q.lo)));
}
KR_INLINE V<double> cos(V<double> x) {
  const Quadrant q = reduce_half_pi(x);
  return by_quadrant(q.n + uint64_t{1}, sin_reduced(q.hi, q.lo), cos_reduced(q.hi, q.lo));
}
KR_INLINE V<double> tan(V<double> x) {
  const Quadrant q = reduce_half_pi(x);
  const V<double> sine = sin_reduced(q.hi, q.lo), cosine = cos_reduced(q.hi, q.lo);
  const auto odd = (q.n & uint64_t{1}) != uint64_t{0};
  return select(x == 0.0, x, select(odd, -cosine, sine) / select(odd, sine, cosine));
}

// The same to the precision of float.
KR_INLINE V<double> sin_short(V<double> x) {
  const Quadrant q = reduce_half_pi_short(x);
  return by_quadrant(q.n, sin_reduced_short(q.hi), cos_reduced_short(q.hi));
}
KR_INLINE V<double> cos_short(V<double> x) {
  const Quadrant q = reduce_half_pi_short(x);
  return by_quadrant(q.n + uint64_t{1}, sin_reduced_short(q.hi), cos_reduced_short(q.hi));
}
KR_INLINE V<double> tan_short(V<double> x) {
  const Quadrant q = reduce_half_pi_short(x);
  const V<double> sine = sin_reduced_short(q.hi), cosine = cos_reduced_short(q.hi);
  const auto odd = (q.n & uint64_t{1}) != uint64_t{0};
  return select(odd, -cosine, sine) / select(odd, sine, cosine);
}
KR_INLINE V<float> sin(V<float> x) {
  return select(x == 0.0f, x, in_double(x, [](V<double> y) __attribute__((always_inline)) { return sin_short(y); }));
}
KR_INLINE V<float> cos(V<float> x) {
  return in_double(x, [](V<double> y) __attribute__((always_inline)) { return cos_short(y); });
}
KR_INLINE V<float> tan(V<float> x) {
  return select(x == 0.0f, x, in_double(x, [](V<double> y) __attribute__((always_inline)) { return tan_short(y); }));
}

// sin(pi d) and cos(pi d) for |d| <= 1/2.
struct SinCos {
  V<double> sin, cos;
};
KR_INLINE SinCos sincos_pi(V<double> d) {
  constexpr double pi = 2 * kHalfPi, pi_low = 2 * kHalfPiLow;
  const V<double> a = abs(d);
  const auto swap = a > 0.25;
  const V<double> octant = select(swap, 0.5 - a, a);
  const Pair<double> angle = product(octant, V<double>(pi));
  const V<double> low = mul_add(octant, V<double>(pi_low), angle.lo);
  const V<double> s = sin_reduced(angle.hi, low), c = cos_reduced(angle.hi, low);
  return {copysign(select(swap, c, s), d), select(swap, s, c)};
}

// atan(numerator / denominator), >= 0 for numerator, denominator >= 0, by the quotients z = n/d, (n - d)/(n + d) or -d/n with
// |z| <= tan(pi/8). Relative error 2^-69 before rounding.
KR_INLINE V<double> atan_of_quotient(V<double> numerator, V<double> denominator) {
  constexpr double tan_1 = 0.41421356237309503, tan_3 = 2.4142135623730949;
  const auto beyond_1 = numerator > denominator * tan_1, beyond_3 = numerator > denominator * tan_3;
  const V<double> n = select(beyond_3, -denominator, select(beyond_1, numerator - denominator, numerator));
  const V<double> d = select(beyond_3, numerator, select(beyond_1, numerator + denominator, denominator));
  const V<double> base = select(beyond_3, V<double>(kHalfPi), select(beyond_1, V<double>(0.5 * kHalfPi), V<double>(0.0)));
  const V<double> base_low =
      select(beyond_3, V<double>(kHalfPiLow), select(beyond_1, V<double>(0.5 * kHalfPiLow), V<double>(0.0)));
  const V<double> z = select((n == 0.0) & (d == 0.0), V<double>(0.0), n / d);
  const V<double> w = z * z;
  const V<double> p = poly(w, -0.33333333333333331, 0.19999999999999887, -0.14285714285695736, 0.11111111109587465,
                           -0.090909090169799631, 0.076923053823286736, -0.066666177589218001, 0.058816301675701552,
                           -0.052555936923282212, 0.047057571731407337, -0.040556248763651284, 0.029621771794523841,
                           -0.012989103305006503);
  return base + (z + mul_add(z * w, p, base_low));
}

// Arctangent in radians.
KR_INLINE V<double> atan(V<double> x) { return copysign(atan_of_quotient(abs(x), V<double>(1.0)), x); }

// The angle of the point (x, y), with the special values of C's atan2.
KR_INLINE V<double> atan2(V<double> y, V<double> x) {
  constexpr double infinity = Float<double>::infinity;
  const V<double> a = abs(y), b = abs(x);
  const auto both_infinite = (a == infinity) & (b == infinity);
  const V<double> unit = select(max(a, b) > 0x1p1000, V<double>(0x1p-100), V<double>(1.0));
  const V<double> n = select(both_infinite, V<double>(1.0), a * unit), d = select(both_infinite, V<double>(1.0), b * unit);
  const V<double> angle = atan_of_quotient(n, d);
  const auto left = sign_bit(x) != uint64_t{0};
  return copysign(select(left, (2 * kHalfPi - angle) + 2 * kHalfPiLow, angle), y);
}

// (asin(x) - x) / x^3 as a polynomial of z = x^2 <= 1/4; relative to asin 2^-63.8.
KR_INLINE V<double> asin_series(V<double> z) {
  return poly(z, 0.1666666666666666, 0.075000000000025394, 0.044642857139680685, 0.030381944645033743, 0.02237215159271921,
              0.017352945414603149, 0.013961873322399098, 0.011585965665678688, 0.0094821146374056507, 0.010018538770087366,
              0.0006530164971230867, 0.024889854530526549, -0.026230938715448408, 0.03369049017143614);
}

// asin(s) for small |x|; else pi/2 - 2 asin(s) with s = sqrt((1 - |x|) / 2).
struct AsinParts {
  Mask<8> large;
  V<double> s, rest;  // asin(s) = s + rest
};
KR_INLINE AsinParts asin_parts(V<double> x) {
  const V<double> a = abs(x);
  const auto large = a > 0.5;
  const V<double> z = select(large, (1.0 - a) * 0.5, a * a);
  const V<double> s = select(large, sqrt(z), a);
  return {large, s, s * z * asin_series(z)};
}

// Arcsine and arccosine in radians; NaN for |x| > 1.
KR_INLINE V<double> asin(V<double> x) {
  const auto [large, s, rest] = asin_parts(x);
  const V<double> complement = (kHalfPi - (s + s)) + (kHalfPiLow - (rest + rest));
  return copysign(select(large, complement, s + rest), x);
}

KR_INLINE V<double> acos(V<double> x) {
  const auto [large, s, rest] = asin_parts(x);
  const V<double> angle = s + rest, signed_s = copysign(s, x), signed_rest = copysign(rest, x);
  const V<double> near_one = angle + angle;
  const V<double> near_minus_one = (2 * kHalfPi - (s + s)) + (2 * kHalfPiLow - (rest + rest));
  const V<double> small = (kHalfPi - signed_s) + (kHalfPiLow - signed_rest);
  return select(large, select(x < 0.0, near_minus_one, near_one), small);
}

KR_FLOAT_BY_DOUBLE(atan)
KR_FLOAT_BY_DOUBLE2(atan2)
KR_FLOAT_BY_DOUBLE(asin)
KR_FLOAT_BY_DOUBLE(acos)

}  // namespace keratin::KR_ISA::simd
