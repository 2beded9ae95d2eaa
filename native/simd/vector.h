// V<T>: a vector of T with operators, and Mask<bytes>: what its comparisons give. Functions here are those of any element type;
// math.h holds the transcendental ones.
#pragma once
#include <bit>
#include <type_traits>
#include "simd/isa.h"

namespace keratin::KR_ISA::simd {

template <int bytes>
struct SizedInt;
template <>
struct SizedInt<1> { using type = int8_t; };
template <>
struct SizedInt<2> { using type = int16_t; };
template <>
struct SizedInt<4> { using type = int32_t; };
template <>
struct SizedInt<8> { using type = int64_t; };

// Integers of the size of T.
template <typename T>
using Signed = typename SizedInt<sizeof(T)>::type;
template <typename T>
using Unsigned = std::make_unsigned_t<Signed<T>>;

// A truth value a lane, for lanes of `bytes` bytes: all bits set or none.
template <int bytes>
struct Mask {
  using Raw = simd::Raw<typename SizedInt<bytes>::type>;
  Raw raw;

  KR_INLINE friend Mask operator&(Mask a, Mask b) { return {a.raw & b.raw}; }
  KR_INLINE friend Mask operator|(Mask a, Mask b) { return {a.raw | b.raw}; }
  KR_INLINE friend Mask operator^(Mask a, Mask b) { return {a.raw ^ b.raw}; }
  KR_INLINE friend Mask operator!(Mask a) { return {~a.raw}; }
};

template <int bytes>
KR_INLINE bool any(Mask<bytes> m) {
  return any(m.raw);
}

// A vector of T. Scalars convert to it, so `x * 2.0f` is meant lane by lane.
template <typename T>
struct V {
  using Element = T;
  using Raw = simd::Raw<T>;
  using M = Mask<sizeof(T)>;
  static constexpr int lanes = kVectorBytes / static_cast<int>(sizeof(T));
  Raw raw;

  KR_INLINE V() = default;
  KR_INLINE V(Raw r) : raw(r) {}
  KR_INLINE V(T scalar) : raw(scalar - Raw{}) {}  // scalar - 0, since scalar + 0 loses the sign of -0

  // No alignment is needed. `load_n` and `store_n` touch only the first n lanes, 0 < n < lanes; the others load as 0.
  KR_INLINE static V load(const T* p) {
    V v;
    std::memcpy(&v.raw, p, sizeof(v.raw));
    return v;
  }
  KR_INLINE static V load_n(const T* p, int64_t n) { return simd::load_n<Raw>(p, n); }
  KR_INLINE void store(T* p) const { std::memcpy(p, &raw, sizeof(raw)); }
  KR_INLINE void store_n(T* p, int64_t n) const { simd::store_n(raw, p, n); }

  KR_INLINE friend V operator+(V a, V b) { return a.raw + b.raw; }
  KR_INLINE friend V operator-(V a, V b) { return a.raw - b.raw; }
  KR_INLINE friend V operator*(V a, V b) { return a.raw * b.raw; }
  KR_INLINE friend V operator/(V a, V b) { return a.raw / b.raw; }
  KR_INLINE friend V operator-(V a) { return -a.raw; }
  KR_INLINE friend V operator&(V a, V b) { return a.raw & b.raw; }
  KR_INLINE friend V operator|(V a, V b) { return a.raw | b.raw; }
  KR_INLINE friend V operator^(V a, V b) { return a.raw ^ b.raw; }
  KR_INLINE friend V operator~(V a) { return ~a.raw; }
  KR_INLINE friend V operator<<(V a, int count) { return a.raw << count; }
  KR_INLINE friend V operator>>(V a, int count) { return a.raw >> count; }
  KR_INLINE V& operator+=(V b) { return *this = *this + b; }
  KR_INLINE V& operator-=(V b) { return *this = *this - b; }
  KR_INLINE V& operator*=(V b) { return *this = *this * b; }

  KR_INLINE friend M operator==(V a, V b) { return mask_of(a.raw == b.raw); }
  KR_INLINE friend M operator!=(V a, V b) { return mask_of(a.raw != b.raw); }
  KR_INLINE friend M operator<(V a, V b) { return mask_of(a.raw < b.raw); }
  KR_INLINE friend M operator<=(V a, V b) { return mask_of(a.raw <= b.raw); }
  KR_INLINE friend M operator>(V a, V b) { return mask_of(a.raw > b.raw); }
  KR_INLINE friend M operator>=(V a, V b) { return mask_of(a.raw >= b.raw); }

  template <typename R>
  KR_INLINE static M mask_of(R compared) {
    return {reinterpret_cast<typename M::Raw>(compared)};
  }

  // m ? a : b
  KR_INLINE friend V select(M m, V a, V b) { return m.raw != 0 ? a.raw : b.raw; }

  // The smaller and the larger; b where they are unordered. A constant goes first to keep the NaN of the other.
  KR_INLINE friend V min(V a, V b) {
    if constexpr (std::is_floating_point_v<T>) return simd::min(a.raw, b.raw);
    else return a.raw < b.raw ? a.raw : b.raw;
  }
  KR_INLINE friend V max(V a, V b) {
    if constexpr (std::is_floating_point_v<T>) return simd::max(a.raw, b.raw);
    else return a.raw > b.raw ? a.raw : b.raw;
  }

  // a * b + c, rounded once where the instruction set can.
  KR_INLINE friend V mul_add(V a, V b, V c) requires std::is_floating_point_v<T> { return simd::mul_add(a.raw, b.raw, c.raw); }
};

// The first n lanes of a vector in memory, 0 <= n <= lanes, as RawLanes has them.
template <typename T>
struct Lanes {
  static constexpr bool kFree = RawLanes<T>::kFree, kFast = RawLanes<T>::kFast;
  RawLanes<T> raw;
  KR_INLINE explicit Lanes(int64_t n) : raw(n) {}
  KR_INLINE V<T> load(const T* p) const { return raw.load(p); }
  KR_INLINE void store(T* p, V<T> v) const { raw.store(p, v.raw); }
};

// sum += x * b.
template <typename T>
KR_INLINE void add_product(V<T>& sum, V<T> x, V<T> b) {
  add_product(sum.raw, x.raw, b.raw);
}
template <typename T>
KR_INLINE void add_product(V<T>& sum, const T* x, V<T> b) {
  add_product(sum.raw, x, b.raw);
}

// The bits of x as unsigned integers, and back.
template <typename T>
KR_INLINE V<Unsigned<T>> bits_of(V<T> x) {
  return reinterpret_cast<Raw<Unsigned<T>>>(x.raw);
}
template <typename T, typename U>
KR_INLINE V<T> from_bits(V<U> x) {
  return reinterpret_cast<Raw<T>>(x.raw);
}

#define KR_ROUNDING(name) \
  template <typename T>   \
  KR_INLINE V<T> name(V<T> x) { return name(x.raw); }
KR_ROUNDING(sqrt)
KR_ROUNDING(floor)
KR_ROUNDING(ceil)
KR_ROUNDING(trunc)
KR_ROUNDING(round)
#undef KR_ROUNDING

// What the mathematics of a float type needs to know about it.
template <typename T>
struct Float;
template <>
struct Float<float> {
  static constexpr int fraction_bits = 23, bias = 127;
  static constexpr float smallest_normal = 0x1p-126f, infinity = __builtin_inff(), nan = __builtin_nanf("");
  static constexpr float rounder = 0x1.8p23f;  // x + rounder has the spacing 1
};
template <>
struct Float<double> {
  static constexpr int fraction_bits = 52, bias = 1023;
  static constexpr double smallest_normal = 0x1p-1022, infinity = __builtin_inf(), nan = __builtin_nan("");
  static constexpr double rounder = 0x1.8p52;
};

// The integer nearest to x, ties to even, for |x| < 2^21 (float) or 2^50 (double): cheaper than `round`.
template <typename T>
KR_INLINE V<T> nearest(V<T> x) {
  return (x + Float<T>::rounder) - Float<T>::rounder;
}

template <typename T>
inline constexpr Unsigned<T> kSignBit = Unsigned<T>{1} << (8 * sizeof(T) - 1);

template <typename T>
KR_INLINE V<T> abs(V<T> x) {
  return from_bits<T>(bits_of(x) & ~V<Unsigned<T>>(kSignBit<T>));
}

// The sign bit of x alone.
template <typename T>
KR_INLINE V<Unsigned<T>> sign_bit(V<T> x) {
  return bits_of(x) & kSignBit<T>;
}

// |magnitude| with the sign of `sign`.
template <typename T>
KR_INLINE V<T> copysign(V<T> magnitude, V<T> sign) {
  return from_bits<T>((bits_of(magnitude) & ~V<Unsigned<T>>(kSignBit<T>)) | sign_bit(sign));
}

template <typename T>
KR_INLINE Mask<sizeof(T)> is_nan(V<T> x) {
  return x != x;
}

// The smaller and the larger; NaN if either is.
template <typename T>
KR_INLINE V<T> minimum(V<T> a, V<T> b) {
  if constexpr (!std::is_floating_point_v<T>) return min(a, b);
  return select(is_nan(a), a, min(a, b));
}
template <typename T>
KR_INLINE V<T> maximum(V<T> a, V<T> b) {
  if constexpr (!std::is_floating_point_v<T>) return max(a, b);
  return select(is_nan(a), a, max(a, b));
}

// fn of floats by way of doubles, for the functions whose double form is fast enough: rounding it once is nearly exact.
template <typename F>
KR_INLINE V<float> in_double(V<float> x, F fn) {
  const V<double> low = widen_low(x.raw), high = widen_high(x.raw);
  return narrow(fn(low).raw, fn(high).raw);
}
template <typename F>
KR_INLINE V<float> in_double(V<float> x, V<float> y, F fn) {
  const V<double> low = fn(V<double>(widen_low(x.raw)), V<double>(widen_low(y.raw)));
  const V<double> high = fn(V<double>(widen_high(x.raw)), V<double>(widen_high(y.raw)));
  return narrow(low.raw, high.raw);
}

// Defines name(V<float>) by name(V<double>).
#define KR_FLOAT_BY_DOUBLE(name)                                                                        \
  KR_INLINE V<float> name(V<float> x) {                                                                 \
    return in_double(x, [](V<double> y) __attribute__((always_inline)) { return name(y); });            \
  }
#define KR_FLOAT_BY_DOUBLE2(name)                                                                        \
  KR_INLINE V<float> name(V<float> x, V<float> y) {                                                      \
    return in_double(x, y, [](V<double> u, V<double> v) __attribute__((always_inline)) { return name(u, v); }); \
  }

}  // namespace keratin::KR_ISA::simd
