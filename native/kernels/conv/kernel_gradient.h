// The gradient of a convolution's kernel: gathered rows, transposed, times the gradient of the output.
#pragma once
#include "kernels/conv/parts.h"
#include "kernels/conv/product.h"

namespace keratin::KR_ISA {

// How it is cut. The inner dimension is that of the output's positions, cut into `parts` that are summed at the end where
// the kernel is too small to give enough units. Parts depend on the shape alone, so results do not depend on threads.
template <typename T>
struct KernelCut {
  static constexpr const GemmBlocks& kBlocks = kGemm<T>;
  static constexpr int64_t kLine = 64 / sizeof(T);
  static constexpr int64_t kRows = kBlocks.rows, kCols = kBlocks.vectors * kLanes<T>;

  Geometry g;
  int64_t rows, columns, pixels;  // rows: values of a gathered row; columns: of a group
  int64_t unit_rows = 0, unit_cols = 0, row_units = 0, col_units = 0, parts = 1, chunk = 0;
  bool pack = false;      // the gradient of the output is packed
  bool in_place = false;  // the input is its own matrix of gathered rows

  KR_INLINE explicit KernelCut(const Geometry& geometry)
      : g(geometry), rows(g.taps() * g.group_in()), columns(g.group_out()), pixels(g.out_pixels()) {
    if (rows == 0 || columns == 0 || g.groups == 0) return;
    unit_rows = rows <= kBlocks.kernel_rows ? rows : multiple(over(rows, over(rows, kBlocks.kernel_rows)), kRows);
    unit_cols = multiple(over(columns, over(columns, 256)), kCols);
    row_units = over(rows, unit_rows);
    col_units = over(columns, unit_cols);
    const int64_t tiles = g.groups * row_units * col_units;
    // A part has 256 positions at least, and enough work to be worth its sum.
    parts = most(least(over(16, tiles), least(pixels / 256, static_cast<int64_t>(g.work() / 4e6))), 1);
    chunk = least(most(over(pixels, parts), 1), kBlocks.kernel_depth);
    // Rows a multiple of 512 bytes apart share few sets of the first-level cache: 256 channels by 64 in place gave 92
    // GFLOP/s, gathered 124; 64 by 256 gave 132 and 117.
    in_place = g.pointwise() && g.cin * static_cast<int64_t>(sizeof(T)) % 512 != 0;
    pack = unit_rows > kRows || (!Lanes<T>::kFast && columns % kLanes<T> != 0);
  }

  int64_t units() const { return g.groups * parts * row_units * col_units; }
  int64_t size() const { return rows * g.cout; }
  int64_t gathered_size() const { return in_place ? 0 : chunk * ConvCut<T>::stride(unit_rows) + kLanes<T>; }
  int64_t panel_scratch() const { return pack ? panel_size<T>(kCols, chunk) : 0; }
};

// One unit: rows [row, row + rows) by columns [col, col + cols) of a group, summed over one part of the positions.
template <typename T>
struct KernelUnit {
  const KernelCut<T>& cut;
  const Args& args;
  int64_t group, part, row, rows, col, cols;

  KR_INLINE void run() const {
    const View v = forward_view(cut.g);
    const Split parts(cut.pixels, cut.parts);
    const int64_t first = parts.start(part), count = parts.size(part), chunks = most(over(count, cut.chunk), 1);
    const Split steps(count, chunks), split(rows, over(rows, cut.kRows));
    const int64_t stride = ConvCut<T>::stride(rows), begin = group * cut.columns + col;
    T* gathered = static_cast<T*>(args.local);
    T* c = (cut.parts > 1 ? static_cast<T*>(args.shared) + part * cut.size() : args.at<T>(2)) + row * cut.g.cout + begin;
    Tile<T> t;
    t.row_c = cut.g.cout;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const int64_t pixel = first + steps.start(chunk);
      t.depth = steps.size(chunk);
      t.accumulate = chunk > 0;
      const T* source = args.at<T>(0) + group * v.channels;
      Left<T> left = {source + pixel * cut.g.cin + row, 1, cut.g.cin, 0};
      if (!cut.in_place) {
        gather_rows<T>(v, source, pixel, t.depth, {row, row + rows, stride, gathered});
        left = {gathered, 1, stride, 0};
      }
      const T* b = args.at<T>(1) + pixel * cut.g.cout + begin;
      for (int64_t j = 0; j < cols; j += cut.kCols)
        multiply_columns(t, left, split, b + j, least(cols - j, cut.kCols), c + j, gathered + cut.gathered_size());
    }
  }

 private:
  KR_INLINE void multiply_columns(Tile<T>& t, const Left<T>& left, const Split& split, const T* b, int64_t width, T* c,
                                  T* scratch) const {
    constexpr int64_t L = kLanes<T>, kCols = KernelCut<T>::kCols;
    const int64_t vectors = over(width, L), panels = over(rows, cut.kRows);
    t.last = width - (vectors - 1) * L;
    t.b = b;
    t.row_b = cut.g.cout;
    t.packed = nullptr;
    if (cut.pack && width == kCols && split.size(0) >= Micro<T>::kPackRows) {
      t.packed = scratch;
    } else if (cut.pack) {
      pack_panel(scratch, kCols, b, int64_t{1}, cut.g.cout, width, t.depth);
      t.b = scratch;
      t.row_b = kCols;
    }
    multiply_panel(t, left, split, panels, vectors, c, static_cast<const T*>(nullptr), 0, 0);
  }
};

template <typename T>
static void kernel_gradient(const Args& args, Range r) {
  const KernelCut<T> cut{Geometry(args.ints)};
  if (args.phase == 1) return add_parts(static_cast<const T*>(args.shared), cut.parts, cut.size(), args.at<T>(2), r);
  for (int64_t u = r.begin; u < r.end; ++u) {
    const int64_t a = u / cut.col_units, b = a / cut.row_units, c = b / cut.parts;
    const int64_t col = (u - a * cut.col_units) * cut.unit_cols, row = (a - b * cut.row_units) * cut.unit_rows;
    KernelUnit<T>{cut, args, c, b - c * cut.parts, row, least(cut.unit_rows, cut.rows - row), col,
                  least(cut.unit_cols, cut.columns - col)}.run();
  }
}

template <typename T>
static Work plan_kernel_gradient(const int64_t* ints, bool) {
  Work work;
  const Geometry g(ints);
  if (!g.sound()) {
    work.phases = 0;
    return work;
  }
  const KernelCut<T> cut(g);
  constexpr int64_t kSize = sizeof(T);
  const double moved = static_cast<double>(g.in_pixels() * g.cin + g.out_pixels() * g.cout + cut.parts * cut.size());
  work.units[0] = cut.units();
  if (cut.parts > 1) {
    work.phases = 2;
    work.units[1] = over(cut.size(), kPartsUnit);
    work.shared_bytes = cut.parts * cut.size() * kSize;
  }
  work.nanoseconds = 100 + 2 * g.work() / cut.kBlocks.gflops + moved * kSize / 12;
  work.local_bytes = (cut.gathered_size() + cut.panel_scratch()) * kSize;
  return work;
}

}  // namespace keratin::KR_ISA
