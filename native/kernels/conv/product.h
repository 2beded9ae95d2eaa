// A convolution, and the gradient of its input, as products of rows of windows and packed weights.
#pragma once
#include "kernels/conv/cut.h"
#include "kernels/gemm/tiles.h"
#include "kernels/gemm/vectors.h"

namespace keratin::KR_ISA {

// Calls visit(tap) for the taps of the kernel that a view uses, in the order of its gathered rows; by taps of the last axis, those are
// counted before the taps of the second.
template <typename Visit>
KR_INLINE void each_tap(const View& v, bool by_tap, Visit visit) {
  const int64_t slow = v.axes[by_tap ? 2 : 1].taps, fast = v.axes[by_tap ? 1 : 2].taps;
  for (int64_t x = 0; x < v.axes[0].taps; ++x)
    for (int64_t i = 0; i < slow; ++i)
      for (int64_t j = 0; j < fast; ++j) visit(by_tap ? kernel_tap(v, x, j, i) : kernel_tap(v, x, i, j));
}

// A panel of columns [j, j + count) of a group's weights, some steps of one tap: its first element, and from one column and step to the next.
template <typename T>
struct Weights {
  const T* data;
  int64_t across, along;
  KR_INLINE Weights(const ConvCut<T>& cut, const T* kernel, int64_t group, int64_t tap, int64_t step, int64_t j) {
    const T* first = kernel + group * cut.g.group_out();
    across = cut.gradient ? cut.g.cout : 1;
    along = cut.gradient ? 1 : cut.g.cout;
    data = first + tap * cut.g.group_in() * cut.g.cout + step * along + j * across;
  }
};

// Packs the columns of weights of groups [begin, end), each contiguous.
template <typename T>
static void pack_columns(const ConvCut<T>& cut, const T* kernel, T* packed, Range r) {
  for (int64_t u = r.begin * cut.columns; u < r.end * cut.columns; ++u) {
    const int64_t group = u / cut.columns, j = u - group * cut.columns;
    T* out = packed + u * cut.column();
    if (!cut.gradient) {
      const Weights<T> w(cut, kernel, group, 0, 0, j);
      for (int64_t k = 0; k < cut.depth; ++k) out[k] = w.data[k * w.along];
      continue;
    }
    for (int64_t phase = 0; phase < cut.phases; ++phase) {
      each_tap(cut.view(phase), false, [&](int64_t tap) {
        copy_elements(out, Weights<T>(cut, kernel, group, tap, 0, j).data, cut.channels);
        out += cut.channels;
      });
    }
  }
}

// Packs the weights of panels [begin, end) of columns, counted through the groups.
template <typename T>
static void pack_weights(const ConvCut<T>& cut, const T* kernel, T* packed, Range r) {
  for (int64_t u = r.begin; u < r.end; ++u) {
    const int64_t group = u / cut.panels(), j = (u - group * cut.panels()) * cut.kCols;
    const int64_t count = min_of(cut.columns - j, cut.kCols);
    T* out = packed + u * cut.panel();
    if (!cut.gradient && !cut.by_tap) {
      const Weights<T> w(cut, kernel, group, 0, 0, j);
      pack_panel(out, cut.kCols, w.data, w.across, w.along, count, cut.depth);
      continue;
    }
    for (int64_t phase = 0; phase < cut.phases; ++phase) {
      each_tap(cut.view(phase), cut.by_tap, [&](int64_t tap) {
        const Weights<T> w(cut, kernel, group, tap, 0, j);
        pack_panel(out, cut.kCols, w.data, w.across, w.along, count, cut.channels);
        out += cut.channels * cut.kCols;
      });
    }
  }
}

template <typename T>
struct LineProduct;  // line_product.h

// One unit of a convolution or of the gradient of its input.
template <typename T>
struct ConvUnit {
  const ConvCut<T>& cut;
  const Args& args;
  const View& v;
  int64_t phase, group, row, rows, col, cols;  // col: of the group
  int64_t start = phase_start();               // of the phase's weights in a panel, in steps of the inner dimension

  KR_INLINE void run() const {
    const bool apart = cut.in_scratch(args.epilogue != nullptr);
    T* scratch = static_cast<T*>(args.local);
    const int64_t width = cut.columns * cut.g.groups;
    T* result = args.at<T>(2) + group * cut.columns + col;
    T* c = apart ? scratch : result + row * width;
    const int64_t row_c = apart ? cols : width;
    multiply_all(c, row_c, scratch + cut.tile_size(args.epilogue != nullptr));
    const int64_t begin = group * cut.columns + col;
    if (args.epilogue) {
      args.epilogue->apply(args.epilogue, c, row_c * static_cast<int64_t>(sizeof(T)), 0, row, row + rows, begin, begin + cols);
    } else if (apart) {
      scatter(c, result, width);
    }
  }

  // Vectors in a row of the panel of columns from `j` on.
  KR_INLINE int64_t vectors(int64_t j) const { return ceil_div(min_of(cols - j, cut.kCols), kLanes<T>); }

  // Sets the packed panel of columns from `j` on, with the weights' rows from `k` on. Returns the next panel's, to be prefetched.
  KR_INLINE Ahead<T> set_packed(Tile<T>& t, int64_t k, int64_t j, int64_t steps) const {
    const int64_t index = group * cut.panels() + (col + j) / cut.kCols;
    const T* panel = static_cast<const T*>(args.shared) + index * cut.panel() + (start + k) * cut.kCols;
    set_columns(t, panel, cut.kCols, min_of(cols - j, cut.kCols));
    return {j + cut.kCols < cols ? panel + cut.panel() : nullptr, steps * cut.kLine, cut.kLine};
  }
  // The same with weights where they are, which are packed on the way if several tiles read them.
  KR_INLINE Ahead<T> set_in_place(Tile<T>& t, int64_t tap, int64_t step, int64_t j, bool several, T* scratch) const {
    const Weights<T> w(cut, args.at<T>(1), group, tap, step, col + j);
    set_columns(t, w.data, w.along, min_of(cols - j, cut.kCols), several || w.across != 1, w.across, scratch);
    return j + cut.kCols < cols ? columns_behind(w.data, w.along, w.across, t.depth) : Ahead<T>{};
  }

  KR_INLINE void zero_rows(T* c, int64_t row_c, int64_t count) const {
    for (int64_t i = 0; i < count; ++i) zero_elements(c + i * row_c, cols);
  }

 private:
  KR_INLINE void multiply_all(T* c, int64_t row_c, T* scratch) const {
    const int64_t depth = v.depth();
    if (depth == 0) return zero_rows(c, row_c, rows);
    if (cut.dots) return multiply_dots(depth, c, row_c, scratch);
    if (cut.lines) return LineProduct<T>{*this, c, row_c, scratch}.run();
    const int64_t chunks = ceil_div(depth, cut.kBlocks.depth);
    const Split steps(depth, chunks), split(rows, ceil_div(rows, cut.kRows));
    T* gathered = scratch;
    Tile<T> t;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const int64_t k = steps.start(chunk);
      t.depth = steps.size(chunk);
      t.accumulate = chunk > 0;
      const T* source = args.at<T>(0) + group * cut.channels;
      Left<T> left = {source + row * cut.source_row() + k, cut.source_row(), 1, 0, split};
      left.fetch = cut.in_place && cut.source_row() == t.depth;
      if (!cut.in_place) {
        const int64_t stride = cut.stride(t.depth);
        gather_rows<T>(v, source, row, rows, {k, k + t.depth, stride, gathered});
        left = {gathered, stride, 1, 0, split};
      }
      for (int64_t j = 0; j < cols; j += cut.kCols, left.fetch = false) {
        Ahead<T> next = cut.packed ? set_packed(t, k, j, t.depth)
                                   : set_in_place(t, 0, k, j, split.parts > 1, scratch + cut.gathered_size());
        multiply_panel(t, left, vectors(j), c + j, row_c, next);
      }
    }
  }

  // All of the unit by dot products.
  KR_INLINE void multiply_dots(int64_t depth, T* c, int64_t row_c, T* gathered) const {
    constexpr int64_t R = Dots<T>::kRows;
    const int64_t stride = cut.stride(depth);
    gather_rows<T>(v, args.at<T>(0) + group * cut.channels, row, rows, {0, depth, stride, gathered});
    const T* b = static_cast<const T*>(args.shared) + group * cut.columns * cut.column() + start;
    for (int64_t i = 0; i < rows; i += R)
      kDots<T>.kernels[min_of(rows - i, R) - 1][cols - 1](gathered + i * stride, stride, b, cut.column(), c + i * row_c, row_c,
                                                         depth);
  }

  KR_INLINE int64_t phase_start() const {
    int64_t start = 0;
    for (int64_t p = 0; p < phase; ++p) start += cut.view(p).depth();
    return start;
  }

  // Copies the rows of C to their places in the result.
  KR_INLINE void scatter(const T* c, T* result, int64_t width) const {
    Position p(v, row);
    for (int64_t i = 0; i < rows; ++i, p.advance(v, 1)) {
      int64_t at = p.n;
      for (int d = 0; d < Geometry::kAxes; ++d) at = at * v.axes[d].result + v.axes[d].row_first + p.at[d] * v.axes[d].row_step;
      copy_elements(result + at * width, c + i * cols, cols);
    }
  }
};

// `args`: the source, the kernel, the result.
template <typename T>
static void convolve(const Args& args, Range r, bool gradient) {
  const ConvCut<T> cut(Geometry(args.ints), gradient);
  if (cut.packed && args.phase == 0)
    return (cut.dots ? pack_columns<T> : pack_weights<T>)(cut, args.at<T>(1), static_cast<T*>(args.shared), r);
  for (int64_t u = r.begin; u < r.end; ++u) {
    // The phases of the same rows are neighbours: they read the same part of the source.
    const int64_t a = u / cut.col_units, b = a / cut.phases, group = b / cut.row_units;
    const int64_t col = (u - a * cut.col_units) * cut.unit_cols, phase = a - b * cut.phases;
    const View v = cut.view(phase);
    const int64_t unit_rows = cut.unit_rows_of(v), row = (b - group * cut.row_units) * unit_rows, last = v.rows();
    if (row >= last) continue;
    const int64_t rows = min_of(unit_rows, last - row), cols = min_of(cut.unit_cols, cut.columns - col);
    ConvUnit<T>{cut, args, v, phase, group, row, rows, col, cols}.run();
  }
}

template <typename T>
static Work plan_convolve(const int64_t* ints, bool epilogue, bool gradient) {
  Work work;
  const Geometry g(ints);
  const ConvCut<T> cut(g, gradient);
  constexpr int64_t kSize = sizeof(T);
  const double moved = static_cast<double>(g.in_pixels() * g.cin + g.out_pixels() * g.cout + g.taps() * g.group_in() * g.cout);
  work.phases = cut.packed ? 2 : 1;
  work.units[0] = cut.packing_units();
  work.units[work.phases - 1] = cut.units();
  work.nanoseconds = 100 + 2 * g.work() / cut.kBlocks.gflops + moved * kSize / 12;
  work.shared_bytes = cut.packed_size() * kSize;
  work.local_bytes = (cut.tile_size(epilogue) + cut.gathered_size() + cut.panel_scratch()) * kSize;
  return work;
}

}  // namespace keratin::KR_ISA
