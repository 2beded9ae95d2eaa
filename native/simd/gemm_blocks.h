// Block sizes of the matrix product, one table per instruction set.
//
// Measured on AVX-512 (Sapphire Rapids, 48 KiB L1 and 2 MiB L2 a core, peak 178.7 GFLOP/s in float32), one thread, C and
// both operands in row order, best elapsed time of many:
// - rows x vectors: the micro-kernel alone runs at 94-96% of the peak with 14 x 2, from K = 128 to 1024 and with panels in
//   L1 or L2. With 12 rows it loses 1%, so the rows of a unit are shared out evenly over its panels.
// - depth: 1024 gave 154 GFLOP/s at 1024^3, 512 gave 150, 384 gave 149: a panel of B does not need to stay in L1.
// - packed_rows: 70, 98 and 128 gave 154, 154 and 152 at 1024^3, which is noise; 42 gave 150 and 28 gave 146.
// - strip_rows: 512 gave 156 for [128 x 784].[784 x 512], 70 gave 150: every unit packs B again.
// - kernel_depth: two threads on 3x3 of 128 channels at 28^2 reached 240 with 512 and 233 with 256, of 64 at 56^2 244 and 236.
// The other sets have the shapes that fill their registers, and depths and rows scaled by their caches.
#pragma once
#include <cstdint>
#include "base/kernel.h"

namespace keratin::KR_ISA {

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

#if defined(__AVX512F__)
inline constexpr GemmBlocks kGemmF32 = {14, 2, 1024, 70, 512, 112, 504, 512, 4, 150};
inline constexpr GemmBlocks kGemmF64 = {14, 2, 512, 70, 512, 112, 252, 256, 4, 75};
#elif defined(__AVX2__)
inline constexpr GemmBlocks kGemmF32 = {6, 2, 512, 72, 384, 72, 252, 128, 2, 83};
inline constexpr GemmBlocks kGemmF64 = {6, 2, 256, 72, 384, 72, 126, 128, 2, 41};
#elif defined(__ARM_NEON) && !defined(KR_SCALAR)
inline constexpr GemmBlocks kGemmF32 = {8, 3, 512, 64, 256, 64, 256, 128, 4, 40};
inline constexpr GemmBlocks kGemmF64 = {8, 3, 256, 64, 256, 64, 128, 128, 4, 20};
#else
inline constexpr GemmBlocks kGemmF32 = {4, 2, 512, 64, 256, 64, 256, 128, 2, 25};
inline constexpr GemmBlocks kGemmF64 = {4, 2, 256, 64, 256, 64, 128, 128, 2, 12};
#endif

template <typename T>
inline constexpr GemmBlocks kGemm = kGemmF32;
template <>
inline constexpr GemmBlocks kGemm<double> = kGemmF64;

}  // namespace keratin::KR_ISA
