// Whole numbers of sizes and places.
#pragma once
#include "base/kernel.h"

namespace keratin::KR_ISA {

KR_INLINE constexpr int64_t min_of(int64_t a, int64_t b) { return a < b ? a : b; }
KR_INLINE constexpr int64_t max_of(int64_t a, int64_t b) { return a > b ? a : b; }
KR_INLINE constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
KR_INLINE constexpr int64_t round_up(int64_t a, int64_t multiple) { return ceil_div(a, multiple) * multiple; }

}  // namespace keratin::KR_ISA
