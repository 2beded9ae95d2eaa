// Powers and what works on the bits or the magnitude of a pair: pow, hypot, nextafter, fmod and the divisions made of it.
#pragma once
#include "simd/math_log.h"

namespace keratin::KR_ISA::simd {

// |x|^y for |x| and y that are finite and not 0, by a logarithm of 118 bits; 2^-10 of a unit in the last place are lost to it.
KR_INLINE V<double> power_of_magnitude(V<double> a, V<double> y) {
  const Pair<double> l = log_pair(a);
  const V<double> bounded = min(V<double>(0x1p900), max(V<double>(-0x1p900), y));
  const Pair<double> t = product(bounded, l.hi);
  const V<double> low = mul_add(bounded, l.lo, t.lo);
  const V<double> high = clamp_exponent(t.hi);
  const auto [k, r] = split_exponent(high);
  return scaled(expm1_reduced(select(high == t.hi, r + low, r)) + 1.0, k);
}

// The same for floats, in doubles: the logarithm needs 2^-36 of its value only.
KR_INLINE V<double> power_of_magnitude_short(V<double> a, V<double> y) {
  const V<double> t = min(V<double>(160.0), max(V<double>(-160.0), y * log2_short(a)));
  const V<double> k = nearest(t);
  const V<double> r = (t - k) * 0x1.62e42fefa39efp-1;
  // (e^r - 1 - r) / r^2, relative to e^r 2^-34.2
  const V<double> q = poly(r, 0.50000000675776424, 0.16666665861993732, 0.041666295105328079, 0.0083334983221625258,
                           0.0013944653983962215, 0.00019789786875983365);
  return (mul_add(r * r, q, r) + 1.0) * power_of_two(k);
}
KR_INLINE V<float> power_of_magnitude(V<float> a, V<float> y) {
  return in_double(a, y, [](V<double> u, V<double> v) __attribute__((always_inline)) { return power_of_magnitude_short(u, v); });
}

// x^y with the special values of C's pow.
template <typename T>
KR_INLINE V<T> pow(V<T> x, V<T> y) {
  constexpr T infinity = Float<T>::infinity;
  const V<T> a = abs(x), b = abs(y), half = y * T(0.5);
  const auto integral = trunc(y) == y;
  const auto odd = integral & (trunc(half) != half);
  const auto grows = (a > T(1)) ^ (y < T(0));  // away from 1 in y's direction; of use where a limit is reached
  const auto limit = (a == T(0)) | (a == infinity) | (b == infinity);
  const V<T> magnitude = select(limit, select(grows, V<T>(infinity), V<T>(0)), power_of_magnitude(a, y));
  const auto negative = sign_bit(x) != Unsigned<T>(0);
  V<T> r = select(negative & odd, -magnitude, magnitude);
  r = select((x < T(0)) & (a < infinity) & !integral, V<T>(Float<T>::nan), r);
  r = select(is_nan(x) | is_nan(y), x + y, r);
  return select((y == T(0)) | (x == T(1)) | ((x == T(-1)) & (b == infinity)), V<T>(1), r);
}

// sqrt(x^2 + y^2) without over- or underflow on the way; infinite if either is, even beside NaN.
KR_INLINE V<double> hypot(V<double> x, V<double> y) {
  const V<double> a = abs(x), b = abs(y);
  const V<double> larger = maximum(a, b), smaller = minimum(a, b);
  const auto big = larger > 0x1p500, small = larger < 0x1p-500;
  const V<double> scale = select(big, V<double>(0x1p-600), select(small, V<double>(0x1p600), V<double>(1.0)));
  const V<double> back = select(big, V<double>(0x1p600), select(small, V<double>(0x1p-600), V<double>(1.0)));
  const V<double> u = larger * scale, v = smaller * scale;
  const V<double> r = sqrt(mul_add(u, u, v * v)) * back;
  return select((a == Float<double>::infinity) | (b == Float<double>::infinity), V<double>(Float<double>::infinity), r);
}
KR_INLINE V<float> hypot(V<float> x, V<float> y) {
  const auto fn = [](V<double> u, V<double> v) __attribute__((always_inline)) { return sqrt(mul_add(u, u, v * v)); };
  constexpr float infinity = Float<float>::infinity;
  return select((abs(x) == infinity) | (abs(y) == infinity), V<float>(infinity), in_double(x, y, fn));
}

// The number after x on the way to y. Floats of one sign are ordered as their bits are.
template <typename T>
KR_INLINE V<T> nextafter(V<T> x, V<T> y) {
  using U = Unsigned<T>;
  const V<U> bits = bits_of(x);
  const auto away = (x < y) ^ (x < T(0));
  V<T> r = from_bits<T>(select(away, bits + U(1), bits - U(1)));
  r = select(x == T(0), from_bits<T>(sign_bit(y) | U(1)), r);
  r = select(x == y, y, r);
  return select(is_nan(x) | is_nan(y), x + y, r);
}

KR_INLINE float fmod_scalar(float a, float b) { return __builtin_fmodf(a, b); }
KR_INLINE double fmod_scalar(double a, double b) { return __builtin_fmod(a, b); }

// a - b trunc(a / b), exactly. A quotient is taken off in one step when it is small enough for its product with b to be exact in
// a pair; the rest goes to the C library, whose fmod is exact too.
template <typename T>
KR_INLINE V<T> fmod(V<T> a, V<T> b) {
  constexpr T limit = sizeof(T) == 4 ? T(0x1p20) : T(0x1p50);
  const V<T> x = abs(a), y = abs(b);
  const V<T> q = trunc(x / y);
  const Pair<T> p = product(q, y);
  V<T> r = (x - p.hi) - p.lo;
  r = select(r < T(0), r + y, r);
  r = select(r >= y, r - y, r);
  const auto easy = (q < limit) & (y > Float<T>::smallest_normal * T(0x1p60)) & (x < Float<T>::infinity) & (y < T(0x1p100));
  r = copysign(r, a);
  if (any(!easy)) {
    for (int i = 0; i < V<T>::lanes; ++i)
      if (!easy.raw[i]) r.raw[i] = fmod_scalar(a.raw[i], b.raw[i]);
  }
  return r;
}

// Remainder with the sign of the divisor, as in Python and NumPy.
template <typename T>
KR_INLINE V<T> floor_mod(V<T> a, V<T> b) {
  const V<T> r = fmod(a, b);
  const V<T> shifted = select((r < T(0)) ^ (b < T(0)), r + b, r);
  return select(r == T(0), copysign(r, b), shifted);
}

// Quotient rounded down, consistent with floor_mod; x / 0 is what `/` makes of it.
template <typename T>
KR_INLINE V<T> floor_divide(V<T> a, V<T> b) {
  const V<T> r = fmod(a, b), quotient = a / b;
  const auto correction = select((r != T(0)) & ((r < T(0)) ^ (b < T(0))), V<T>(1), V<T>(0));
  const V<T> whole = (a - r) / b - correction;  // an integer but for rounding
  const V<T> below = floor(whole);
  const V<T> rounded = select(whole - below > T(0.5), below + T(1), below);
  return select(b == T(0), quotient, select(whole == T(0), copysign(whole, quotient), rounded));
}

}  // namespace keratin::KR_ISA::simd
