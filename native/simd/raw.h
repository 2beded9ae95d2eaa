// Plain vectors of the compiler, sized for the instruction set. Everything that depends on the set is in its file, simd/<isa>.h: it
// defines kVectorBytes, the bytes of a register, includes this one, and adds what operators do not reach, for Raw<float> and Raw<double>:
//   kHasFma                        whether mul_add rounds once
//   kHasExponents                  whether there are these three, for any operands:
//     scale(x, n)                    x * 2^n for integral n, over- and underflow included
//     exponent(x), mantissa(x)       x = 2^exponent mantissa, 1 <= mantissa < 2; -infinity and 1 for 0, infinity and 1 for
//                                    infinity, a mantissa NaN for x < 0
//   mul_add(a, b, c)               a * b + c
//   min, max                       b where a and b are unordered
//   sqrt floor ceil trunc round    correctly rounded; `round` to nearest, ties to even
//   widen_low widen_high narrow    float <-> double; narrow(low, high) joins two vectors
//   from_f16, to_f16               float16 bits <-> float, to nearest even
//   any(mask)                      whether a lane is not 0
//   load_n, store_n                the first n lanes (0 < n < lanes); the others load as 0 and are not stored
//   multiply_low(a, b)             products of the low halves of lanes of 64 bits
//   RawLanes<T>(n)                  the first n lanes again (0 <= n <= lanes), for many loads and stores; memory beyond them is neither read
//                                  nor written. kFree: that costs no more than whole vectors; kFast: it is one instruction
//   add_product(sum, x, b)         sum += x * b; kReadsFactor: where x is a pointer, the multiplication reads it by itself, without an
//                                  instruction that broadcasts it
//   kTransposeBytes                bytes of a row of a block that is transposed in registers
//   kGemmF32, kGemmF64             block sizes of products
#pragma once
#include <cstdint>
#include <cstring>
#include "base/kernel.h"

namespace keratin::KR_ISA::simd {

template <typename T, int bytes>
struct RawOf {
  typedef T type __attribute__((vector_size(bytes)));
};

// A full vector of T.
template <typename T>
using Raw = typename RawOf<T, kVectorBytes>::type;

// A vector of half the bytes: what becomes a full one when its elements are widened.
template <typename T>
using Half = typename RawOf<T, kVectorBytes / 2>::type;

using F32 = Raw<float>;
using F64 = Raw<double>;

// load_n and store_n where the instruction set has no masked moves.
template <typename R, typename T>
KR_INLINE R load_n_by_copy(const T* p, int64_t n) {
  R r = {};
  std::memcpy(&r, p, static_cast<size_t>(n) * sizeof(T));
  return r;
}

template <typename R, typename T>
KR_INLINE void store_n_by_copy(R r, T* p, int64_t n) {
  std::memcpy(p, &r, static_cast<size_t>(n) * sizeof(T));
}

// Lanes where the instruction set has no masked moves.
template <typename T>
struct RawLanesByElement {
  static constexpr bool kFree = false, kFast = false;
  static constexpr int64_t lanes = kVectorBytes / static_cast<int64_t>(sizeof(T));
  int64_t n;
  KR_INLINE explicit RawLanesByElement(int64_t count) : n(count) {}
  KR_INLINE Raw<T> load(const T* p) const {
    Raw<T> v{};
    for (int64_t i = 0; i < lanes; ++i)
      if (i < n) v[i] = p[i];
    return v;
  }
  KR_INLINE void store(T* p, Raw<T> v) const {
    for (int64_t i = 0; i < lanes; ++i)
      if (i < n) p[i] = v[i];
  }
};

// How a product of matrices is cut.
struct GemmBlocks {
  int64_t rows;         // rows of a register tile
  int64_t vectors;      // vectors in a row of a register tile
  int64_t depth;        // most steps of k between two visits to C
  int64_t packed_rows;  // rows of C in a unit when both operands are packed
  int64_t strip_rows;   // most rows of C in a unit when A is read in place
  int64_t conv_rows;    // most rows of C in a unit of a convolution
  int64_t kernel_rows;  // most rows of C in a unit of the gradient of a convolution's kernel
  int64_t kernel_depth; // most steps of k between two visits to C there
  int dot_rows;         // rows of a block of dot products, of 4 columns: sums and operands fill the registers
  double gflops;        // what one thread reaches; only estimates of cost use it
};

}  // namespace keratin::KR_ISA::simd
