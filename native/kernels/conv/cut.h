// How a convolution, or the gradient of its input, is cut into units, by shape alone.
#pragma once
#include "kernels/conv/lines.h"
#include "kernels/gemm/pack.h"
#include "simd/gemm_blocks.h"

namespace keratin::KR_ISA {

// A unit is some rows of one phase by some columns of one group. It reads its rows from lines of the source, or gathers them, a chunk of
// the inner dimension at a time, and multiplies them by one panel of weights after the other. Weights are packed for all units
// before, except where each is used by one unit only, which then packs them on its way. With very few columns a register tile would
// be almost empty: gathered rows are multiplied by columns as dot products, the whole inner dimension at once.
template <typename T>
struct ConvCut {
  static constexpr const GemmBlocks& kBlocks = kGemm<T>;
  static constexpr int64_t kLine = 64 / sizeof(T);
  static constexpr int64_t kRows = kBlocks.rows, kCols = kBlocks.vectors * kLanes<T>;
  static constexpr int64_t kLineUnit = 2 * kBlocks.conv_rows;  // rows of a unit of lines: what several lines copy is shared

  Geometry g;
  bool gradient;                                         // of the input
  int64_t phases, columns, channels, depth;              // columns: of a group; depth: of all phases
  int64_t rows;                                          // of the largest phase
  int64_t unit_rows = 0, unit_cols = 0, row_units = 0, col_units = 0;
  bool packed = false, dots = false;
  bool in_place = false;  // the source is its own matrix of gathered rows
  bool lines = false;     // rows are read from lines, and units are whole lines
  int64_t line_rows = 0, unit_lines = 0, lines_size = 0;  // rows of a line of the largest phase; elements of scratch

  KR_INLINE ConvCut(const Geometry& geometry, bool of_input)
      : g(geometry), gradient(of_input), phases(of_input ? phases_of(g) : 1), columns(of_input ? g.group_in() : g.group_out()),
        channels(of_input ? g.group_out() : g.group_in()), depth(g.taps() * channels), rows(0) {
    if (phases > 0) rows = view(0).rows();
    if (rows == 0 || columns == 0) return;
    dots = columns <= 4 && depth / phases >= kLanes<T>;
    in_place = !dots && g.pointwise() && source_row() * static_cast<int64_t>(sizeof(T)) % 4096 != 0;
    line_rows = view(0).axes[2].rows;
    lines = !dots && !in_place && suits_lines();
    cut();
    if (lines) cut_lines();
    row_units = over(rows, unit_rows);
    col_units = over(columns, unit_cols);
    packed = gradient || dots || row_units > 1 || (!Lanes<T>::kFast && columns % kLanes<T> != 0);
  }

  KR_INLINE View view(int64_t phase) const { return gradient ? gradient_view(g, phase) : forward_view(g); }
  int64_t units() const { return phases * g.groups * row_units * col_units; }
  int64_t panels() const { return over(columns, kCols); }
  // Elements of the weights of one panel of columns; a transposed block may end behind them.
  int64_t panel() const { return (depth + Block<T>::lanes) * kCols; }
  // Elements of the weights of one column, for dot products.
  int64_t column() const { return multiple(depth, kLine); }
  int64_t packed_size() const { return packed ? g.groups * (dots ? columns * column() : panels() * panel()) : 0; }
  int64_t packing_units() const { return packed ? g.groups * (dots ? 1 : panels()) : 0; }

  // Steps of the inner dimension between two visits to C, at most.
  int64_t chunk() const { return dots ? depth : least(most(depth, 1), kBlocks.depth); }
  // An odd number of lines: rows a multiple of 4 KiB apart would share a set of the first-level cache.
  static KR_INLINE int64_t stride(int64_t width) { return (over(width, kLine) | 1) * kLine; }
  int64_t gathered_size() const { return lines ? lines_size : in_place ? 0 : unit_rows * stride(chunk()) + kLanes<T>; }
  // Rows of a unit of a phase.
  KR_INLINE int64_t unit_rows_of(const View& v) const { return lines ? unit_lines * v.axes[2].rows : unit_rows; }
  int64_t source_row() const { return channels * g.groups; }
  int64_t panel_scratch() const { return packed ? 0 : panel_size<T>(kCols, chunk()); }
  // C is made in scratch where an epilogue reads it, and where its rows are apart in the result.
  bool in_scratch(bool epilogue) const { return epilogue || phases > 1; }
  int64_t tile_size(bool epilogue) const { return in_scratch(epilogue) ? multiple(unit_rows * unit_cols, kLine) : 0; }

 private:
  // Lines of few rows make small tiles, even in pairs, and rows a multiple of 4 KiB apart would share a set of the
  // first-level cache.
  KR_INLINE bool suits_lines() const {
    const View v = view(0);
    const bool apart = v.axes[2].step * v.channels * static_cast<int64_t>(sizeof(T)) % 4096 != 0;
    return Lines<T>::suit(v) && apart && phases <= 16 && line_rows <= 2 * kLineUnit && line_rows >= kRows / 4;
  }

  // Units of whole lines, where their copies fit the second-level cache.
  KR_INLINE void cut_lines() {
    const int64_t gathered = unit_rows;
    unit_lines = over(unit_rows, line_rows);
    for (int64_t phase = 0; phase < phases; ++phase) {
      const View v = view(phase);
      if (v.taps() > 0) lines_size = most(lines_size, Lines<T>::scratch_size(v, least(unit_lines, v.axes[1].rows)));
    }
    lines = lines_size * static_cast<int64_t>(sizeof(T)) <= 1 << 20;
    unit_rows = lines ? unit_lines * line_rows : gathered;
  }

  // Rows are gathered anew for each range of columns, which costs as much as 2 to 3 columns of arithmetic.
  KR_INLINE void cut() {
    const int64_t most_rows = lines ? kLineUnit : kBlocks.conv_rows;
    unit_rows = rows <= most_rows ? rows : multiple(over(rows, over(rows, most_rows)), kRows);
    unit_cols = multiple(over(columns, over(columns, 512)), kCols);
    if (dots) unit_rows = most(least(unit_rows, 65536 / stride(depth)), 4);
    const double work = static_cast<double>(rows) * static_cast<double>(columns) * static_cast<double>(depth / phases + 1) *
                        static_cast<double>(phases * g.groups);
    for (;;) {
      const int64_t count = phases * g.groups * over(rows, unit_rows) * over(columns, unit_cols);
      if (count >= 16 || work < 1e6 * static_cast<double>(count)) break;
      if (unit_cols > 4 * kCols) {
        unit_cols = multiple(unit_cols / 2, kCols);
      } else if (unit_rows > 4 * kRows) {
        unit_rows = multiple(over(unit_rows, 2), kRows);
      } else if (unit_cols > 2 * kCols) {
        unit_cols = 2 * kCols;
      } else if (unit_cols > kCols) {
        unit_cols = kCols;
      } else if (unit_rows > 2 * kRows) {
        unit_rows = multiple(over(unit_rows, 2), kRows);
      } else {
        break;
      }
    }
  }
};

}  // namespace keratin::KR_ISA
