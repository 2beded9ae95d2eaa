// A convolution, and the gradient of its input, as products of rows of windows and packed weights.
#pragma once
#include "kernels/conv/cut.h"
#include "kernels/gemm/tiles.h"
#include "kernels/gemm/vectors.h"

namespace keratin::KR_ISA {

// Calls visit(tap) for the taps of the kernel that a view uses, in the order of its gathered rows.
template <typename Visit>
KR_INLINE void each_tap(const View& v, Visit visit) {
  const auto at = [&](int d, int64_t t) { return v.axes[d].first + t * v.axes[d].skip; };
  for (int64_t x = 0; x < v.axes[0].taps; ++x)
    for (int64_t y = 0; y < v.axes[1].taps; ++y)
      for (int64_t z = 0; z < v.axes[2].taps; ++z) visit((at(0, x) * v.kernel[1] + at(1, y)) * v.kernel[2] + at(2, z));
}

// Packs the columns of weights of groups [begin, end), each contiguous.
template <typename T>
static void pack_columns(const ConvCut<T>& cut, const T* kernel, T* packed, Range r) {
  const Geometry& g = cut.g;
  for (int64_t u = r.begin * cut.columns; u < r.end * cut.columns; ++u) {
    const int64_t group = u / cut.columns, j = u - group * cut.columns, first = group * g.group_out();
    T* out = packed + u * cut.column();
    if (!cut.gradient) {
      for (int64_t k = 0; k < cut.depth; ++k) out[k] = kernel[k * g.cout + first + j];
      continue;
    }
    for (int64_t phase = 0; phase < cut.phases; ++phase) {
      each_tap(cut.view(phase), [&](int64_t tap) {
        copy_elements(out, kernel + (tap * cut.columns + j) * g.cout + first, cut.channels);
        out += cut.channels;
      });
    }
  }
}

// Packs the weights of panels [begin, end) of columns, counted through the groups.
template <typename T>
static void pack_weights(const ConvCut<T>& cut, const T* kernel, T* packed, Range r) {
  const Geometry& g = cut.g;
  for (int64_t u = r.begin; u < r.end; ++u) {
    const int64_t group = u / cut.panels(), j = (u - group * cut.panels()) * cut.kCols;
    const int64_t count = least(cut.columns - j, cut.kCols), first = group * g.group_out();
    T* out = packed + u * cut.panel();
    if (!cut.gradient) {
      pack_panel(out, cut.kCols, kernel + first + j, int64_t{1}, g.cout, count, cut.depth);
      continue;
    }
    for (int64_t phase = 0; phase < cut.phases; ++phase) {
      each_tap(cut.view(phase), [&](int64_t tap) {
        pack_panel(out, cut.kCols, kernel + (tap * cut.columns + j) * g.cout + first, g.cout, int64_t{1}, count, cut.channels);
        out += cut.channels * cut.kCols;
      });
    }
  }
}

// One unit of a convolution or of the gradient of its input.
template <typename T>
struct ConvUnit {
  const ConvCut<T>& cut;
  const Args& args;
  const View& v;
  int64_t phase, group, row, rows, col, cols;  // col: of the group

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

 private:
  KR_INLINE void multiply_all(T* c, int64_t row_c, T* scratch) const {
    const int64_t depth = v.depth();
    if (depth == 0) return zero_rows(c, row_c, rows);
    if (cut.dots) return multiply_dots(depth, c, row_c, scratch);
    if (cut.lines) return multiply_lines(c, row_c, scratch);
    const int64_t chunks = over(depth, cut.kBlocks.depth);
    const Split steps(depth, chunks), split(rows, over(rows, cut.kRows));
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
      for (int64_t j = 0; j < cols; j += cut.kCols, left.fetch = false)
        multiply_panels(t, left, k, j, c, row_c, scratch + cut.gathered_size());
    }
  }

  // All of the unit from lines: the lines that lie in one plane of the result at a time.
  KR_INLINE void multiply_lines(T* c, int64_t row_c, T* scratch) const {
    const ViewAxis &x = v.axes[0], &y = v.axes[1], &z = v.axes[2];
    const int64_t plane = y.source * z.source * v.source_channels;
    Position p(v, row);
    for (int64_t left = rows / z.rows; left > 0;) {
      const int64_t count = least(left, y.rows - p.at[1]);
      bool accumulate = false;
      for (int64_t tap = 0; tap < x.taps; ++tap) {
        const int64_t at = p.at[0] * x.step + tap * x.tap_step + x.offset;
        if (at < 0 || at >= x.source) continue;
        const Lines<T> lines(v, args.at<T>(0) + (p.n * x.source + at) * plane, p.at[1], count, scratch);
        multiply_plane(lines, p.at[1], count, tap, accumulate, c, row_c, scratch + cut.gathered_size());
        accumulate = true;
      }
      if (!accumulate) zero_rows(c, row_c, count * z.rows);
      c += count * z.rows * row_c;
      left -= count;
      p.at[1] += count - 1;
      p.advance(v, z.rows);
    }
  }

  // `count` lines of the result from `first` on, for one tap of the first axis. A chunk is some runs of the second axis' taps, or a part of
  // one. Where two lines together fill more of a tile, they are cut together.
  KR_INLINE void multiply_plane(const Lines<T>& lines, int64_t first, int64_t count, int64_t tap, bool accumulate, T* c, int64_t row_c,
                                T* scratch) const {
    const ViewAxis& y = v.axes[1];
    const int64_t per_line = v.axes[2].rows, tiles = over(per_line, cut.kRows), of_pair = over(per_line, cut.kRows / 2);
    const int64_t together = of_pair < 2 * tiles ? 2 : 1;
    const Split parts(lines.run, over(lines.run, cut.kBlocks.depth));
    const Split groups(y.taps, over(y.taps, most(cut.kBlocks.depth / lines.run, 1)));
    Tile<T> t;
    for (int64_t chunk = 0; chunk < groups.parts * parts.parts; ++chunk) {
      const int64_t group_of_taps = chunk / parts.parts, part = chunk - group_of_taps * parts.parts;
      const Range of_chunk = {groups.start(group_of_taps), groups.start(group_of_taps) + groups.size(group_of_taps)};
      t.depth = parts.size(part);
      t.jump = lines.tap - t.depth;
      t.accumulate = accumulate || chunk > 0;
      // Taps that meet no line of the source are left out, for all lines at once that share them.
      for (int64_t line = 0, next; line < count; line = next) {
        const int64_t size = least(together, count - line);
        const Range taps = taps_inside(y, first + line, size, of_chunk);
        for (next = line + size; next + size <= count; next += size) {
          const Range same = taps_inside(y, first + next, size, of_chunk);
          if (same.begin != taps.begin || same.end != taps.end) break;
        }
        T* out = c + line * per_line * row_c;
        if (taps.begin >= taps.end) {
          if (!t.accumulate) zero_rows(out, row_c, (next - line) * per_line);
          continue;
        }
        t.runs = taps.end - taps.begin;
        const int64_t at = parts.start(part), k = (tap * y.taps + taps.begin) * lines.run + at;
        const Left<T> left = {lines.data + line * lines.down + taps.begin * lines.tap + at, lines.across, 1, 0,
                              Split(per_line, size == 2 ? of_pair : tiles), next - line, per_line, lines.down, size == 2 ? lines.down : 0};
        for (int64_t j = 0; j < cols; j += cut.kCols) multiply_panels(t, left, k, j, out, row_c, scratch);
      }
    }
  }

  // Those of `taps` that read inside of the source for any of `count` neighbouring rows of an axis.
  static KR_INLINE Range taps_inside(const ViewAxis& a, int64_t row, int64_t count, Range taps) {
    return {most(taps.begin, Taps(a, row + count - 1).begin), least(taps.end, Taps(a, row).end)};
  }

  KR_INLINE void zero_rows(T* c, int64_t row_c, int64_t count) const {
    for (int64_t i = 0; i < count; ++i) zero_elements(c + i * row_c, cols);
  }

  // All of the unit by dot products.
  KR_INLINE void multiply_dots(int64_t depth, T* c, int64_t row_c, T* gathered) const {
    constexpr int64_t R = Dots<T>::kRows;
    const int64_t stride = cut.stride(depth);
    gather_rows<T>(v, args.at<T>(0) + group * cut.channels, row, rows, {0, depth, stride, gathered});
    const T* b = static_cast<const T*>(args.shared) + group * cut.columns * cut.column() + phase_start();
    for (int64_t i = 0; i < rows; i += R)
      kDots<T>.kernels[least(rows - i, R) - 1][cols - 1](gathered + i * stride, stride, b, cut.column(), c + i * row_c, row_c,
                                                         depth);
  }

  // Rows against one panel of columns.
  KR_INLINE void multiply_panels(Tile<T>& t, const Left<T>& left, int64_t k, int64_t j, T* c, int64_t row_c,
                                 T* scratch) const {
    constexpr int64_t kCols = ConvCut<T>::kCols, kLine = ConvCut<T>::kLine;
    const int64_t width = least(cols - j, kCols), vectors = over(width, kLanes<T>), steps = t.depth * t.runs;
    const bool more = j + kCols < cols, several = left.lines * left.split.parts > 1;
    if (cut.packed) {
      const int64_t index = group * cut.panels() + (col + j) / kCols;
      const T* panel = static_cast<const T*>(args.shared) + index * cut.panel() + (phase_start() + k) * kCols;
      set_columns(t, panel, kCols, width);
      return multiply_panel(t, left, vectors, c + j, row_c, more ? panel + cut.panel() : nullptr, steps * kLine, kLine);
    }
    const T* source = args.at<T>(1) + k * cut.g.cout + group * cut.columns + col + j;
    set_columns(t, source, cut.g.cout, width, several, left.tile_rows(0), 1, steps, scratch);
    multiply_panel(t, left, vectors, c + j, row_c, more ? source + kCols : nullptr, kLine, cut.g.cout);
  }

  // Where the phase's weights begin in a panel, in steps of the inner dimension.
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
    const int64_t rows = least(unit_rows, last - row), cols = least(cut.unit_cols, cut.columns - col);
    ConvUnit<T>{cut, args, v, phase, group, row, rows, col, cols}.run();
  }
}

template <typename T>
static Work plan_convolve(const int64_t* ints, bool epilogue, bool gradient) {
  Work work;
  const Geometry g(ints);
  if (!g.sound() || (epilogue && gradient && phases_of(g) > 1)) {
    work.phases = 0;
    return work;
  }
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
