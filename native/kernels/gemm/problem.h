// What a product is: its shape and strides, and how ranges are cut.
#pragma once
#include "kernels/arithmetic.h"

namespace keratin::KR_ISA {

// [0, n) cut into `parts` pieces whose lengths differ by one at most, the longer ones first.
struct Split {
  int64_t parts, base, extra;
  KR_INLINE Split(int64_t n, int64_t count) : parts(count), base(n / count), extra(n - base * count) {}
  KR_INLINE int64_t start(int64_t part) const { return part * base + min_of(part, extra); }
  KR_INLINE int64_t size(int64_t part) const { return base + (part < extra); }
};

// The integer attributes of a product, as documented in matmul.cc. Strides along dimensions of size 1 are never used;
// they are set to 1, so that what is contiguous looks so.
struct Problem {
  int64_t m, n, k, row_a, col_a, row_b, col_b, rank;
  const int64_t* dims;

  KR_INLINE explicit Problem(const int64_t* ints)
      : m(ints[0]), n(ints[1]), k(ints[2]), row_a(m == 1 ? 1 : ints[3]), col_a(k == 1 ? 1 : ints[4]),
        row_b(k == 1 ? 1 : ints[5]), col_b(n == 1 ? 1 : ints[6]), rank(ints[7]), dims(ints + 8) {}

  // Matrices in the batch.
  KR_INLINE int64_t batch() const {
    int64_t count = 1;
    for (int64_t d = 0; d < rank; ++d) count *= dims[3 * d];
    return count;
  }

  // Multiply-adds of one matrix of the batch.
  KR_INLINE double work() const { return static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k); }

  // Where matrix `index` of the batch begins in operand 0 (A) or 1 (B), in elements.
  KR_INLINE int64_t offset(int64_t index, int operand) const {
    int64_t sum = 0;
    for (int64_t d = rank; d-- > 0 && index > 0;) {
      const int64_t size = dims[3 * d], rest = index / size;
      sum += (index - rest * size) * dims[3 * d + 1 + operand];
      index = rest;
    }
    return sum;
  }

  // Whether tiles can read A where it is: its rows or its columns are contiguous.
  KR_INLINE bool tiles_read_a() const { return row_a == 1 || col_a == 1; }

  // Whether all matrices of the batch share operand 0 (A) or 1 (B).
  KR_INLINE bool shared(int operand) const {
    for (int64_t d = 0; d < rank; ++d)
      if (dims[3 * d] > 1 && dims[3 * d + 1 + operand] != 0) return false;
    return true;
  }
};

}  // namespace keratin::KR_ISA
