// The gradient of a convolution's kernel: the rows of its windows, transposed, times the gradient of the output.
#pragma once
#include "kernels/conv/parts.h"
#include "kernels/conv/line_product.h"

namespace keratin::KR_ISA {

// How it is cut. The rows are the values of a gathered row, the inner dimension is that of the output's positions. It is cut into `parts`
// that are summed at the end where the kernel is too small to give enough units. Parts depend on the shape alone, so results do not
// depend on threads.
template <typename T>
struct KernelCut {
  static constexpr const simd::GemmBlocks& kBlocks = kGemm<T>;
  static constexpr int64_t kRows = kBlocks.rows, kCols = kBlocks.vectors * kLanes<T>;

  Geometry g;
  View v;
  int64_t rows, columns, pixels;  // columns: of a group
  bool lines = false;     // the input is read from lines, some of them in a chunk
  bool in_place = false;  // the input is its own matrix of gathered rows
  bool pack = false;      // the gradient of the output is packed
  // A unit has the rows of some taps, or a piece of those of one; with lines the taps are those of the second axis.
  int64_t tap_rows, pieces = 1;
  Split taps{0, 1}, piece{0, 1};
  int64_t unit_rows = 0, unit_cols = 0, row_units = 0, col_units = 0, parts = 1, chunk = 0, chunk_lines = 0;

  KR_INLINE explicit KernelCut(const Geometry& geometry)
      : g(geometry), v(forward_view(g)), rows(g.taps() * g.group_in()), columns(g.group_out()), pixels(g.out_pixels()), tap_rows(rows) {
    if (rows == 0 || columns == 0 || g.groups == 0) return;
    lines = suits_lines();
    if (lines) tap_rows = v.axes[2].taps * v.channels;
    pieces = ceil_div(tap_rows, kBlocks.kernel_rows);
    piece = Split(tap_rows, pieces);
    taps = Split(rows / tap_rows, ceil_div(rows / tap_rows, max_of(kBlocks.kernel_rows / tap_rows, 1)));
    unit_rows = taps.size(0) * piece.size(0);
    row_units = taps.parts * pieces;
    unit_cols = round_up(ceil_div(columns, ceil_div(columns, 256)), kCols);
    col_units = ceil_div(columns, unit_cols);
    const int64_t tiles = g.groups * row_units * col_units;
    // A part has 256 positions at least, and enough work to be worth its sum.
    parts = max_of(min_of(ceil_div(16, tiles), min_of(pixels / 256, static_cast<int64_t>(g.work() / 4e6))), 1);
    chunk = min_of(max_of(ceil_div(pixels, parts), 1), kBlocks.kernel_depth);
    if (lines) {
      parts = min_of(parts, line_count());
      chunk = chunk_lines * v.axes[2].rows;
    }
    in_place = !lines && g.pointwise() && apart(g.cin, 4096);
    pack = unit_rows > kRows || (!Lanes<T>::kFast && columns % kLanes<T> != 0);
  }

  int64_t units() const { return g.groups * parts * row_units * col_units; }
  int64_t size() const { return rows * g.cout; }
  int64_t line_count() const { return g.batch * v.axes[0].rows * v.axes[1].rows; }
  KR_INLINE int64_t unit_row(int64_t unit) const {
    const int64_t tap = unit / pieces;
    return taps.start(tap) * tap_rows + piece.start(unit - tap * pieces);
  }
  int64_t gathered_size() const {
    if (lines) return Lines<T>::scratch_size(v, chunk_lines);
    return in_place ? 0 : chunk * ConvCut<T>::stride(unit_rows) + kLanes<T>;
  }
  int64_t panel_scratch() const { return pack ? panel_size<T>(kCols, chunk) : 0; }

 private:
  // Positions a multiple of some KiB apart share few sets of the first-level cache, of which a tile reads neighbouring ones. In place and
  // gathered, one thread: 256 channels by 64 147 and 125 GFLOP/s, 512 by 2048 152 and 142, 1024 by 256 124 and 136; from lines, which are
  // shorter: 3x3 of 256 channels 154 and 153, 256 channels two apart 129 and 136.
  static KR_INLINE bool apart(int64_t elements, int64_t bytes) { return elements * static_cast<int64_t>(sizeof(T)) % bytes != 0; }

  // Lines are runs of the inner dimension: neither very short nor longer than a chunk. Planes of the first axis are not mixed.
  KR_INLINE bool suits_lines() {
    const ViewAxis &x = v.axes[0], &y = v.axes[1], &z = v.axes[2];
    if (!Lines<T>::suit(v) || line_count() == 0 || x.taps > 1 || x.offset < 0 || (x.rows - 1) * x.step + x.offset >= x.source) return false;
    if (g.pointwise() || !apart(z.step * v.channels, 2048) || z.rows < 8 || z.rows > 2 * kBlocks.kernel_depth) return false;
    chunk_lines = min_of(max_of(kBlocks.kernel_depth / z.rows, 1), y.rows);
    return chunk_lines * z.rows >= 96 && Lines<T>::scratch_size(v, chunk_lines) * static_cast<int64_t>(sizeof(T)) <= 1 << 20;
  }
};

// One unit: rows [row, row + rows) by columns [col, col + cols) of a group, summed over one part of the positions.
template <typename T>
struct KernelUnit {
  const KernelCut<T>& cut;
  const Args& args;
  int64_t group, part, row, rows, col, cols;

  KR_INLINE void run() const {
    const int64_t begin = group * cut.columns + col;
    T* c = (cut.parts > 1 ? static_cast<T*>(args.shared) + part * cut.size() : args.at<T>(2)) + row * cut.g.cout + begin;
    const T *x = args.at<T>(0) + group * cut.v.channels, *dy = args.at<T>(1) + begin;
    Tile<T> t;
    if (cut.lines) sum_lines(t, x, dy, c);
    else sum_positions(t, x, dy, c);
  }

 private:
  // The part's positions, gathered or in place.
  KR_INLINE void sum_positions(Tile<T>& t, const T* x, const T* dy, T* c) const {
    const Split parts(cut.pixels, cut.parts);
    const int64_t first = parts.start(part), count = parts.size(part);
    const Split steps(count, max_of(ceil_div(count, cut.chunk), 1)), split(rows, ceil_div(rows, cut.kRows));
    const int64_t stride = ConvCut<T>::stride(rows);
    T *gathered = static_cast<T*>(args.local), *scratch = gathered + cut.gathered_size();
    for (int64_t chunk = 0; chunk < steps.parts; ++chunk) {
      const int64_t pixel = first + steps.start(chunk);
      t.depth = steps.size(chunk);
      t.accumulate = chunk > 0;
      Left<T> left = {x + pixel * cut.g.cin + row, 1, cut.g.cin, 0, split};
      if (!cut.in_place) {
        gather_rows<T>(cut.v, x, pixel, t.depth, {row, row + rows, stride, gathered});
        left = {gathered, 1, stride, 0, split};
      }
      for (int64_t j = 0; j < cols; j += cut.kCols) {
        const int64_t width = min_of(cols - j, cut.kCols);
        set_columns(t, dy + pixel * cut.g.cout + j, cut.g.cout, width, cut.pack, 1, scratch);
        Ahead<T> none = {};
        multiply_panel(t, left, ceil_div(width, kLanes<T>), c + j, cut.g.cout, none);
      }
    }
  }

  // The part's lines: a line is a run of the inner dimension. The rows of each tap are tiles of their own.
  KR_INLINE void sum_lines(Tile<T>& t, const T* x, const T* dy, T* c) const {
    const ViewAxis &planes = cut.v.axes[0], &y = cut.v.axes[1], &z = cut.v.axes[2];
    const Split parts(cut.line_count(), cut.parts);
    const int64_t first = parts.start(part), end = first + parts.size(part), run = cut.tap_rows;
    T *copied = static_cast<T*>(args.local), *scratch = copied + cut.gathered_size();
    t.depth = z.rows;
    for (int64_t line = first; line < end; line += t.runs) {
      const Position p(cut.v, line * z.rows);
      t.runs = min_of(min_of(end - line, cut.chunk_lines), y.rows - p.at[1]);
      const T* plane = x + (p.n * planes.source + p.at[0] * planes.step + planes.offset) * y.source * z.source * cut.v.channels;
      const Lines<T> lines(cut.v, plane, p.at[1], copied);
      Lines<T>::copy(cut.v, plane, p.at[1], t.runs, copied);
      t.jump = lines.down - z.rows * lines.across;
      t.accumulate = line > first;
      for (int64_t j = 0; j < cols; j += cut.kCols) {
        const int64_t width = min_of(cols - j, cut.kCols);
        set_columns(t, dy + line * z.rows * cut.g.cout + j, cut.g.cout, width, cut.pack, 1, scratch);
        Ahead<T> none = {};
        for (int64_t i = 0; i < rows;) {
          const int64_t tap = (row + i) / run, at = row + i - tap * run, count = min_of(run - at, rows - i);
          const Split split(count, ceil_div(count, cut.kRows));
          const Left<T> left = {lines.data + tap * lines.tap + at, 1, lines.across, 0, split};
          multiply_panel(t, left, ceil_div(width, kLanes<T>), c + i * cut.g.cout + j, cut.g.cout, none);
          i += count;
        }
      }
    }
  }
};

template <typename T>
static void kernel_gradient(const Args& args, Range r) {
  const KernelCut<T> cut{Geometry(args.ints)};
  if (args.phase == 1) return add_parts(static_cast<const T*>(args.shared), cut.parts, cut.size(), args.at<T>(2), r);
  for (int64_t u = r.begin; u < r.end; ++u) {
    const int64_t a = u / cut.col_units, b = a / cut.row_units, c = b / cut.parts;
    const int64_t col = (u - a * cut.col_units) * cut.unit_cols, row_unit = a - b * cut.row_units, row = cut.unit_row(row_unit);
    const int64_t end = row_unit + 1 < cut.row_units ? cut.unit_row(row_unit + 1) : cut.rows;
    KernelUnit<T>{cut, args, c, b - c * cut.parts, row, end - row, col, min_of(cut.unit_cols, cut.columns - col)}.run();
  }
}

template <typename T>
static Work plan_kernel_gradient(const int64_t* ints, bool) {
  Work work;
  const Geometry g(ints);
  const KernelCut<T> cut(g);
  constexpr int64_t kSize = sizeof(T);
  const double moved = static_cast<double>(g.in_pixels() * g.cin + g.out_pixels() * g.cout + cut.parts * cut.size());
  work.units[0] = cut.units();
  if (cut.parts > 1) {
    work.phases = 2;
    work.units[1] = ceil_div(cut.size(), kPartsUnit);
    work.shared_bytes = cut.parts * cut.size() * kSize;
  }
  work.nanoseconds = 100 + 2 * g.work() / cut.kBlocks.gflops + moved * kSize / 12;
  work.local_bytes = (cut.gathered_size() + cut.panel_scratch()) * kSize;
  return work;
}

}  // namespace keratin::KR_ISA
