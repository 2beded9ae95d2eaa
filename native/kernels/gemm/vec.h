// What products add to the vectors of simd/.
#pragma once
#include <utility>
#include "simd/vector.h"

namespace keratin::KR_ISA {

using simd::Lanes;
using simd::V;

template <typename T>
inline constexpr int64_t kLanes = V<T>::lanes;

// Block sizes of products.
template <typename T>
inline constexpr simd::GemmBlocks kGemm = simd::kGemmF32;
template <>
inline constexpr simd::GemmBlocks kGemm<double> = simd::kGemmF64;

// The sum of the lanes, by halves: lane i meets lane i + lanes / 2 first.
template <typename T, typename R, int... I>
KR_INLINE T sum_halves(R v, std::integer_sequence<int, I...>) {
  constexpr int half = sizeof...(I);
  const auto folded = __builtin_shufflevector(v, v, I...) + __builtin_shufflevector(v, v, (I + half)...);
  if constexpr (half == 2) return folded[0] + folded[1];
  else return sum_halves<T>(folded, std::make_integer_sequence<int, half / 2>{});
}

template <typename T>
KR_INLINE T sum_of(V<T> v) {
  if constexpr (kLanes<T> == 2) return v.raw[0] + v.raw[1];
  else return sum_halves<T>(v.raw, std::make_integer_sequence<int, kLanes<T> / 2>{});
}

}  // namespace keratin::KR_ISA
