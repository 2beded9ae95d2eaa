// Element types. The order is the wire format: lib/base/dtype.ts lists the same names in the same order.
#pragma once
#include <cstdint>

namespace keratin {

enum class DType : uint8_t { Bool, U8, U16, U32, U64, I8, I16, I32, I64, F16, BF16, F32, F64, Count };

inline constexpr const char* kDTypeNames[] = {"bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16",
                                              "int32", "int64", "float16", "bfloat16", "float32", "float64"};
inline constexpr int64_t kDTypeSizes[] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8};
static_assert(sizeof(kDTypeSizes) / sizeof(kDTypeSizes[0]) == static_cast<int>(DType::Count));

constexpr int64_t size_of(DType t) { return kDTypeSizes[static_cast<int>(t)]; }
constexpr const char* name_of(DType t) { return kDTypeNames[static_cast<int>(t)]; }

// Storage of the 16-bit floats. Arithmetic on them is done in float32, after a cast.
struct f16 { uint16_t bits; };
struct bf16 { uint16_t bits; };

}  // namespace keratin
