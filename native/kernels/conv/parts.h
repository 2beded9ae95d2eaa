// Sums that are made in parts, each by one unit, and added up in a second phase.
#pragma once
#include "kernels/gemm/problem.h"

namespace keratin::KR_ISA {

// Elements of the result in a unit of the second phase.
static constexpr int64_t kPartsUnit = 4096;

// result = the sum of `count` parts of `size` elements, in their order, for units [begin, end) of kPartsUnit elements.
template <typename T>
static void add_parts(const T* parts, int64_t count, int64_t size, T* result, Range r) {
  const int64_t begin = r.begin * kPartsUnit, end = min_of(r.end * kPartsUnit, size);
  for (int64_t i = begin; i < end; ++i) result[i] = parts[i];
  for (int64_t p = 1; p < count; ++p)
    for (int64_t i = begin; i < end; ++i) result[i] += parts[p * size + i];
}

}  // namespace keratin::KR_ISA
