// What reductions share: the element types they compute in, the operations, and the comparison that lets NaN win.
#pragma once
#include <type_traits>
#include "kernels/rows.h"
#include "simd/vector.h"

namespace keratin::KR_ISA {

using simd::V;

// How a stored element is computed with. 16-bit floats are only ever compared, so they are read as an integer of the same
// order: the magnitude with its sign, NaN beyond infinity on the side where it wins.
template <typename S, bool nan_is_low = false>
struct Element {
  using Value = S;
  static KR_INLINE S read(S stored) { return stored; }
  static KR_INLINE V<S> load(const S* stored) { return V<S>::load(stored); }
  static KR_INLINE S write(S value) { return value; }
};

template <typename S, int16_t infinity, bool nan_is_low>
struct OrderedElement {
  using Value = int16_t;
  static constexpr int16_t nan = nan_is_low ? -0x7fff : 0x7fff;
  static KR_INLINE int16_t read(S stored) {
    const int16_t magnitude = static_cast<int16_t>(stored.bits & 0x7fff);
    if (magnitude > infinity) return nan;
    return static_cast<int16_t>(stored.bits & 0x8000 ? -magnitude : magnitude);
  }
  static KR_INLINE V<int16_t> load(const S* stored) {
    const V<int16_t> bits = V<int16_t>::load(reinterpret_cast<const int16_t*>(stored));
    const V<int16_t> magnitude = bits & V<int16_t>(0x7fff);
    return select(magnitude > V<int16_t>(infinity), V<int16_t>(nan), select(bits < V<int16_t>(0), -magnitude, magnitude));
  }
  static KR_INLINE S write(int16_t value) {
    return {static_cast<uint16_t>(value < 0 ? 0x8000 | static_cast<uint16_t>(-value) : value)};
  }
};
template <bool nan_is_low>
struct Element<f16, nan_is_low> : OrderedElement<f16, 0x7c00, nan_is_low> {};
template <bool nan_is_low>
struct Element<bf16, nan_is_low> : OrderedElement<bf16, 0x7f80, nan_is_low> {};

// Operations, on elements and on vectors of them. Integers wrap; `identity` is the value of an empty reduction.
struct Sum {
  static constexpr bool nan_is_low = false;
  static constexpr int identity = 0;
  template <typename T>
  static KR_INLINE T apply(T a, T b) { return static_cast<T>(a + b); }
};
struct Product {
  static constexpr bool nan_is_low = false;
  static constexpr int identity = 1;
  template <typename T>
  static KR_INLINE T apply(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(uint64_t{a} * b);  // a product of two 16-bit numbers could overflow int
    } else {
      return a * b;
    }
  }
};

// `wins` says whether b replaces a: it is more extreme, or a NaN where a is none.
struct Maximum {
  static constexpr bool nan_is_low = false;
  static constexpr int identity = 0;
  template <typename T>
  static KR_INLINE bool wins(T b, T a) { return (b > a) | ((b != b) & (a == a)); }
  template <typename T>
  static KR_INLINE T apply(T a, T b) { return wins(b, a) ? b : a; }
  template <typename T>
  static KR_INLINE V<T> apply(V<T> a, V<T> b) { return simd::maximum(a, b); }
};
struct Minimum {
  static constexpr bool nan_is_low = true;
  static constexpr int identity = 0;
  template <typename T>
  static KR_INLINE bool wins(T b, T a) { return (b < a) | ((b != b) & (a == a)); }
  template <typename T>
  static KR_INLINE T apply(T a, T b) { return wins(b, a) ? b : a; }
  template <typename T>
  static KR_INLINE V<T> apply(V<T> a, V<T> b) { return simd::minimum(a, b); }
};

}  // namespace keratin::KR_ISA
