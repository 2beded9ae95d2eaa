// Element types for tests: calls a generic function for the C++ type of a DType.
#pragma once
#include <cmath>
#include <cstdint>
#include <type_traits>
#include "base/dtype.h"

namespace keratin::testing {

template <typename T>
struct Type {
  using type = T;
};

// fn(Type<T>{}) for the type that stores `dtype`; bool is a byte.
template <typename Fn>
void with_type(DType dtype, Fn fn) {
  switch (dtype) {
    case DType::Bool:
    case DType::U8: return fn(Type<uint8_t>{});
    case DType::U16: return fn(Type<uint16_t>{});
    case DType::U32: return fn(Type<uint32_t>{});
    case DType::U64: return fn(Type<uint64_t>{});
    case DType::I8: return fn(Type<int8_t>{});
    case DType::I16: return fn(Type<int16_t>{});
    case DType::I32: return fn(Type<int32_t>{});
    case DType::I64: return fn(Type<int64_t>{});
    case DType::F16: return fn(Type<f16>{});
    case DType::BF16: return fn(Type<bf16>{});
    case DType::F32: return fn(Type<float>{});
    case DType::F64: return fn(Type<double>{});
    case DType::Count: return;
  }
}

// A number of the same order as `x`, exact for every type: NaN compares false.
template <typename T>
auto comparable(T x) {
  if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>) {
    const int mantissa = std::is_same_v<T, f16> ? 10 : 7, exponent_bits = 15 - mantissa;
    const int exponent = (x.bits >> mantissa) & ((1 << exponent_bits) - 1), digits = x.bits & ((1 << mantissa) - 1);
    const bool special = exponent == (1 << exponent_bits) - 1;
    const int scale = 1 - (1 << (exponent_bits - 1)) + 1 - mantissa;
    const double number = exponent == 0 ? std::ldexp(digits, scale) : std::ldexp(digits + (1 << mantissa), scale + exponent - 1);
    const double magnitude = special ? (digits ? NAN : INFINITY) : number;
    return x.bits & 0x8000 ? -magnitude : magnitude;
  } else {
    return x;
  }
}

// Whether two values are equal, or both NaN.
template <typename T>
bool same(T a, T b) {
  const auto x = comparable(a), y = comparable(b);
  return x == y || (x != x && y != y);
}

inline constexpr DType kArithmeticDTypes[] = {DType::U8,  DType::U16, DType::U32, DType::U64, DType::I8,
                                              DType::I16, DType::I32, DType::I64, DType::F32, DType::F64};

}  // namespace keratin::testing
