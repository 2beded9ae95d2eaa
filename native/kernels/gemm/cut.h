// How a product is done: the method, and the grid of units. Both follow from the shape and the strides alone. What was
// measured is float32 on AVX-512, see simd/gemm_blocks.h.
#pragma once
#include "kernels/gemm/pack.h"
#include "kernels/gemm/vec.h"

namespace keratin::KR_ISA {

// Strips: tiles, A in place and B in place or packed a panel at a time, by every unit for itself.
// Packed: tiles, all of B packed before, and the rows of A of a unit packed by that unit.
// Dots:   dot products of rows of A and columns of B.
// Rows:   a vector times a matrix, as a sum of multiples of the matrix's rows.
enum class Method { Strips, Packed, Dots, Rows };

// The decisions for one product, and the sizes that follow from them.
template <typename T>
struct Cut : Problem {
  static constexpr const simd::GemmBlocks& kBlocks = kGemm<T>;
  static constexpr int64_t kLine = 64 / sizeof(T);                                     // elements of a cache line
  static constexpr int64_t kRows = kBlocks.rows, kCols = kBlocks.vectors * kLanes<T>;  // of a register tile
  static constexpr int64_t kWidthA = round_up(kRows, Block<T>::lanes);                 // of a packed panel of A

  static constexpr int64_t kPanelsTogether = 4;  // of B, in a unit of packing

  // Elements of the large matrix in a unit of Dots or Rows, some 15 us at the bandwidth of main memory.
  static constexpr int64_t kVectorUnit = 65536;

  Method method;
  bool pack_b = false;  // Strips and Dots: the unit packs B
  int64_t matrices;                      // in the batch
  int64_t chunks = 1;                    // pieces of k, one after the other
  int64_t unit_rows = 0, unit_cols = 0;  // of C in a unit
  int64_t row_tiles = 0, col_tiles = 0;  // units in a matrix
  int64_t group = 1;                     // matrices in a unit, if each has one tile only

  KR_INLINE explicit Cut(const Problem& p) : Problem(p), method(choose()), matrices(batch()) {
    if (m == 0 || n == 0 || matrices == 0) return;
    if (method == Method::Strips) {
      cut_strips();
    } else if (method == Method::Packed) {
      cut_packed();
    } else {
      cut_vectors();
    }
    row_tiles = ceil_div(m, unit_rows);
    col_tiles = ceil_div(n, unit_cols);
    if (matrices > 1 && row_tiles * col_tiles == 1) group = min_of(matrices, 1 + static_cast<int64_t>(1e6 / (work() + 1)));
  }

  int64_t units() const { return row_tiles * col_tiles == 1 ? ceil_div(matrices, group) : row_tiles * col_tiles * matrices; }
  int64_t chunk_depth() const { return ceil_div(k, chunks); }
  int64_t panels_b() const { return ceil_div(n, kCols); }
  int64_t panel_b() const { return panel_size<T>(kCols, k); }                // in shared scratch
  int64_t panel_a() const { return panel_size<T>(kWidthA, chunk_depth()); }  // in local scratch
  int64_t packed_panels() const { return method == Method::Packed ? (shared(1) ? 1 : matrices) * panels_b() : 0; }

  int64_t packing_units() const { return ceil_div(packed_panels(), kPanelsTogether); }

  // Whether C is one register tile with little to sum, B in place: what a tiny product needs is to begin at once.
  static KR_INLINE bool single_tile(const Problem& p) {
    return p.rank == 0 && p.m <= kRows && p.n <= kCols && p.k <= 64 && p.m * p.n > 0 && p.col_b == 1 && p.tiles_read_a() &&
           (Lanes<T>::kFast || p.n % kLanes<T> == 0);
  }

  // Elements of local scratch: C's tile comes first when there is an epilogue, then what is packed.
  int64_t tile_size() const { return round_up(unit_rows * unit_cols, kLine); }
  int64_t block_size() const {
    if (method == Method::Packed) return ceil_div(unit_rows, kRows) * panel_a();
    if (!pack_b) return 0;
    return method == Method::Dots ? n * k : panel_size<T>(kCols, chunk_depth());
  }

 private:
  KR_INLINE Method choose() const {
    if (single_tile(*this) || m == 0 || n == 0 || batch() == 0) return Method::Strips;
    if ((m == 1 && col_b == 1 && n > kCols) || (n == 1 && row_a == 1 && m > kCols)) return Method::Rows;
    if (suits_dots()) return Method::Dots;
    if (!tiles_read_a()) return Method::Packed;
    // Packing both wins for large products: two threads reach 265 GFLOP/s with it and 271 without at 1000^3, 290 and 258 at 2048^3.
    // Transposed A is read across its lines, which share a set of the first-level cache if they are a multiple of 4 KiB apart: 69 and 133
    // of one thread at 1024^3.
    const int64_t enough = row_a == 1 && col_a * static_cast<int64_t>(sizeof(T)) % 4096 == 0 ? 256 : 1024;
    return m >= enough && n >= enough && k >= 64 && (shared(1) || batch() <= 4) ? Method::Packed : Method::Strips;
  }

  // Dot products need no packing of a transposed B and waste no lanes on a narrow C. With few columns they beat tiles even
  // when B must be packed. Microseconds of dots and tiles: [128 x 512].[512 x 4] 6 and 15, [512 x 10] 13 and 15,
  // [16 x 512].[512 x 512]' 65 and 98, but [16 x 16].[16 x 16]' 0.59 and 0.17.
  KR_INLINE bool suits_dots() const {
    const int64_t most_dots = k < 4 * kLanes<T> ? 4 : row_b == 1 ? 16 : 12;
    return col_a == 1 && k >= kLanes<T> && min_of(m, n) <= most_dots && (row_b == 1 || (n <= most_dots && n * k <= kVectorUnit));
  }

  // Fewer than 16 units are cut further while they do more than 2 million multiply-adds, some 25 us. B is read in place only
  // by units with few rows to read it again: 128 rows in place gave 134 GFLOP/s, packed 156 (K = 784, N = 512).
  KR_INLINE void cut_strips() {
    chunks = max_of(ceil_div(k, kBlocks.depth), 1);
    unit_rows = ceil_div(m, ceil_div(m, kBlocks.strip_rows));
    unit_cols = round_up(min_of(n, max_of(4 * kCols, 64)), kCols);
    while (ceil_div(m, unit_rows) * ceil_div(n, unit_cols) * matrices < 16 && work() > 2e6 * ceil_div(m, unit_rows) * ceil_div(n, unit_cols)) {
      if (unit_cols > kCols) {
        unit_cols = round_up(unit_cols / 2, kCols);
      } else if (unit_rows > 128) {
        unit_rows = ceil_div(unit_rows, 2);
      } else {
        break;
      }
    }
    pack_b = col_b != 1 || unit_rows > 4 * kRows || (!Lanes<T>::kFast && n % kLanes<T> != 0);
  }

  // Units are a multiple of 8 when there are more, to be shared evenly by threads. Wide ones pack A less often.
  KR_INLINE void cut_packed() {
    chunks = max_of(ceil_div(k, kBlocks.depth), 1);
    unit_rows = ceil_div(m, round_up(ceil_div(m, kBlocks.packed_rows), 8));
    unit_cols = min_of(round_up(n, kCols), 64 * kCols);
  }

  KR_INLINE void cut_vectors() {
    pack_b = method == Method::Dots && row_b != 1;
    // Rows are read 512 columns at a time: pieces of 64 halved the bandwidth, longer ones gain nothing. Where Dots packs B,
    // few units do it.
    const int64_t length = round_up(kVectorUnit / (k + 1) + 1, method == Method::Rows ? 512 : 64) * (pack_b ? 4 : 1);
    unit_rows = n == 1 || m > n ? min_of(m, length) : m;
    unit_cols = n == 1 || m > n ? n : min_of(n, length);
  }
};

}  // namespace keratin::KR_ISA
