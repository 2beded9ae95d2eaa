// How a convolution, or the gradient of its input, is cut into units, by shape alone.
#pragma once
#include "kernels/conv/lines.h"
#include "kernels/gemm/pack.h"
#include "kernels/gemm/vec.h"

namespace keratin::KR_ISA {

// A unit is some rows of one phase by some columns of one group. It reads its rows from lines of the source, or gathers them, a chunk of
// the inner dimension at a time, and multiplies them by one panel of weights after the other. Weights are packed for all units
// before, except where each is used by one unit only, which then packs them on its way. With very few columns a register tile would
// be almost empty: gathered rows are multiplied by columns as dot products, the whole inner dimension at once.
template <typename T>
struct ConvCut {
  static constexpr const simd::GemmBlocks& kBlocks = kGemm<T>;
  static constexpr int64_t kLine = 64 / sizeof(T);
  static constexpr int64_t kRows = kBlocks.rows, kCols = kBlocks.vectors * kLanes<T>;

  Geometry g;
  bool gradient;                                         // of the input
  int64_t phases, columns, channels, depth;              // columns: of a group; depth: of all phases
  int64_t rows;                                          // of the largest phase
  int64_t unit_rows = 0, unit_cols = 0, row_units = 0, col_units = 0;
  bool packed = false, dots = false;
  bool in_place = false;  // the source is its own matrix of gathered rows
  bool lines = false;     // rows are read from lines, and units are whole lines
  bool by_tap = false;    // ... by taps of the last axis
  int64_t line_rows = 0, unit_lines = 0, lines_size = 0;  // rows of a line of the largest phase; elements of scratch

  KR_INLINE ConvCut(const Geometry& geometry, bool of_input)
      : g(geometry), gradient(of_input), phases(of_input ? phases_of(g) : 1), columns(of_input ? g.group_in() : g.group_out()),
        channels(of_input ? g.group_out() : g.group_in()), depth(g.taps() * channels), rows(0) {
    if (phases > 0) rows = view(0).rows();
    if (rows == 0 || columns == 0) return;
    dots = columns <= 4 && depth / phases >= kLanes<T>;
    in_place = !dots && g.pointwise();
    line_rows = view(0).axes[2].rows;
    if (!dots && !in_place && line_rows <= 4 * kBlocks.conv_rows && line_rows >= kRows / 4 && phases <= 16) {
      lines = Lines<T>::suit(view(0));
      by_tap = suits_taps(lines);
      lines = lines || by_tap;
    }
    cut();
    if (lines) cut_lines();
    row_units = ceil_div(rows, unit_rows);
    col_units = ceil_div(columns, unit_cols);
    packed = by_tap ? row_units > 2 : lines || gradient || dots || row_units > 1;
    packed = packed || (!Lanes<T>::kFast && columns % kLanes<T> != 0);
  }

  KR_INLINE View view(int64_t phase) const { return gradient ? gradient_view(g, phase) : forward_view(g); }
  int64_t units() const { return phases * g.groups * row_units * col_units; }
  int64_t panels() const { return ceil_div(columns, kCols); }
  // Elements of the weights of one panel of columns; a transposed block may end behind them.
  int64_t panel() const { return (depth + Block<T>::lanes) * kCols; }
  // Elements of the weights of one column, for dot products.
  int64_t column() const { return round_up(depth, kLine); }
  int64_t packed_size() const { return packed ? g.groups * (dots ? columns * column() : panels() * panel()) : 0; }
  int64_t packing_units() const { return packed ? g.groups * (dots ? 1 : panels()) : 0; }

  // Steps of the inner dimension between two visits to C, at most.
  int64_t chunk() const { return dots ? depth : min_of(max_of(depth, 1), kBlocks.depth); }
  // An odd number of lines: rows a multiple of 4 KiB apart would share a set of the first-level cache.
  static KR_INLINE int64_t stride(int64_t width) { return (ceil_div(width, kLine) | 1) * kLine; }
  int64_t gathered_size() const { return lines ? lines_size : in_place ? 0 : unit_rows * stride(chunk()) + kLanes<T>; }
  // Rows of a unit of a phase.
  KR_INLINE int64_t unit_rows_of(const View& v) const { return lines ? unit_lines * v.axes[2].rows : unit_rows; }
  // Elements of scratch for the copied lines of a stretch of a unit, which is those of its lines that lie in one plane.
  KR_INLINE int64_t stretch_size(const View& v) const { return by_tap ? 0 : Lines<T>::scratch_size(v, min_of(unit_lines, v.axes[1].rows)); }
  int64_t source_row() const { return channels * g.groups; }
  int64_t panel_scratch() const { return packed ? 0 : panel_size<T>(kCols, chunk()); }
  // C is made in scratch where an epilogue reads it, and where its rows are apart in the result.
  bool in_scratch(bool epilogue) const { return epilogue || phases > 1; }
  int64_t tile_size(bool epilogue) const { return in_scratch(epilogue) ? round_up(unit_rows * unit_cols, kLine) : 0; }

 private:
  // Most stretches of a unit.
  KR_INLINE int64_t stretches(const View& v) const { return ceil_div(unit_lines - 1, v.axes[1].rows) + 1; }

  // By taps, C is visited once for each tap of the last axis, and only true work is done. Share of the peak of 3x3 by taps and with copied
  // lines, one thread: 512 channels at 7^2 1.03 and 0.85 (of the nominal work), 256 at 14^2 0.98 and 0.92, 128 at 28^2 0.93 and 0.91,
  // 64 at 56^2 0.89 and 0.89.
  KR_INLINE bool suits_taps(bool otherwise_lines) const {
    const View v = view(0);
    const ViewAxis& z = v.axes[2];
    const int64_t visit = v.channels * v.axes[1].taps;
    if (visit >= (otherwise_lines ? 384 : 192)) return true;
    int64_t met = 0;
    for (int64_t tap = 0; tap < z.taps; ++tap) met += rows_inside(z, tap).end - rows_inside(z, tap).begin;
    return visit >= 96 && 10 * met <= 9 * z.rows * z.taps;
  }

  // Units of whole lines, where their copies fit the second-level cache.
  KR_INLINE void cut_lines() {
    const int64_t gathered = unit_rows;
    unit_lines = ceil_div(unit_rows, line_rows);
    for (int64_t phase = 0; phase < phases; ++phase) {
      const View v = view(phase);
      if (v.taps() > 0) lines_size = max_of(lines_size, stretches(v) * stretch_size(v));
    }
    lines = lines_size * static_cast<int64_t>(sizeof(T)) <= 1 << 20;
    unit_rows = lines ? unit_lines * line_rows : gathered;
  }

  // Rows are gathered anew for each range of columns, which costs as much as 2 to 3 columns of arithmetic.
  KR_INLINE void cut() {
    // Weights that do not stay in the second-level cache are read by as few units as can be; what several lines copy is shared.
    const bool heavy = by_tap && columns * depth * static_cast<int64_t>(sizeof(T)) > 1 << 20;
    const int64_t most_rows = (heavy ? 4 : lines && !by_tap ? 2 : 1) * kBlocks.conv_rows;
    unit_rows = rows <= most_rows ? rows : round_up(ceil_div(rows, ceil_div(rows, most_rows)), kRows);
    unit_cols = round_up(ceil_div(columns, ceil_div(columns, 512)), kCols);
    if (dots) unit_rows = max_of(min_of(unit_rows, 65536 / stride(depth)), 4);
    const double work = static_cast<double>(rows) * static_cast<double>(columns) * static_cast<double>(depth / phases + 1) *
                        static_cast<double>(phases * g.groups);
    for (;;) {
      const int64_t count = phases * g.groups * ceil_div(rows, unit_rows) * ceil_div(columns, unit_cols);
      if (count >= 16 || work < 1e6 * static_cast<double>(count)) break;
      if (unit_cols > (heavy ? 1 : 4) * kCols) {
        unit_cols = round_up(unit_cols / 2, kCols);
      } else if (unit_rows > 4 * kRows) {
        unit_rows = round_up(ceil_div(unit_rows, 2), kRows);
      } else if (unit_cols > 2 * kCols) {
        unit_cols = 2 * kCols;
      } else if (unit_cols > kCols) {
        unit_cols = kCols;
      } else if (unit_rows > 2 * kRows) {
        unit_rows = round_up(ceil_div(unit_rows, 2), kRows);
      } else {
        break;
      }
    }
  }
};

}  // namespace keratin::KR_ISA
