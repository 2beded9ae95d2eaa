// A unit of a convolution, or of the gradient of its input, whose rows are read from lines.
#pragma once
#include "kernels/conv/product.h"

namespace keratin::KR_ISA {

// Weights come in slices: those of one tap of the first axis and, by taps, of one of the last.
template <typename T>
struct LineProduct {
  const ConvUnit<T>& unit;
  T* c;
  int64_t row_c;
  T* scratch;  // copied lines, then a panel of weights
  const ConvCut<T>& cut = unit.cut;
  const View& v = unit.v;
  const T* source = unit.args.template at<T>(0) + unit.group * cut.channels;
  bool accumulate = false;

  KR_INLINE void run() {
    const ViewAxis &x = v.axes[0], &z = v.axes[2];
    // What comes first overwrites C, if it has all rows.
    int64_t first = 0;
    while (first < slices() && (positions(first).begin > 0 || positions(first).end < z.rows)) ++first;
    accumulate = first == slices();
    if (accumulate) unit.zero_rows(c, row_c, unit.rows);
    for (int64_t tap = 0; tap < x.taps; ++tap) {
      if (!cut.by_tap) {
        each_stretch(tap, [&](const T* plane, int64_t begin, int64_t count, T*, T* copied) {
          if (plane) Lines<T>::copy(v, plane, begin, count, copied);
        });
      }
      for (int64_t i = 0; i < slices(); ++i) multiply_slice(tap, (first + i) % slices());
    }
  }

 private:
  // What C is visited once for: a slice's elements from `at` on, or all, of some taps of the second axis.
  struct Chunk {
    int64_t tap, slice, at;
    Range taps, positions;  // positions: of a line of the result, those that the slice meets
  };
  // A line of the result: where its first row, with its first tap, and C are.
  struct Line {
    const T* a;
    T* c;
    Range taps;
  };

  int64_t slices() const { return cut.by_tap ? v.axes[2].taps : 1; }
  // Of a line of the result, those that a slice meets.
  Range positions(int64_t slice) const { return cut.by_tap ? rows_inside(v.axes[2], slice) : Range{0, v.axes[2].rows}; }

  // Calls visit(plane, first, count, out, copied) for each stretch of the unit's lines that lie in one plane of the result: the plane of the
  // source that a tap of the first axis reads, null if it reads none, the stretch's first line, place in C and place of copied lines.
  template <typename Visit>
  KR_INLINE void each_stretch(int64_t tap, Visit visit) const {
    const ViewAxis &x = v.axes[0], &y = v.axes[1], &z = v.axes[2];
    Position p(v, unit.row);
    T *out = c, *copied = scratch;
    for (int64_t left = unit.rows / z.rows; left > 0;) {
      const int64_t count = min_of(left, y.rows - p.at[1]), at = p.at[0] * x.step + tap * x.tap_step + x.offset;
      const bool inside = at >= 0 && at < x.source;
      visit(inside ? source + (p.n * x.source + at) * y.source * z.source * v.source_channels : nullptr, p.at[1], count, out, copied);
      out += count * z.rows * row_c;
      copied += cut.stretch_size(v);
      left -= count;
      p.at[1] += count - 1;
      p.advance(v, z.rows);
    }
  }

  // Taps that leave the source are left out.
  KR_INLINE void multiply_slice(int64_t tap, int64_t slice) {
    const ViewAxis& y = v.axes[1];
    Chunk chunk = {tap, slice, 0, {}, positions(slice)};
    if (chunk.positions.begin >= chunk.positions.end) return;
    const int64_t depth = cut.kBlocks.depth, run = lines_of(source, 0, slice, scratch).run;
    // Weights that are packed on the way belong to one tap, and lines of two taps' ends are no pairs.
    const int64_t together = !cut.packed || (cut.by_tap && pairs(chunk.positions)) ? 1 : max_of(depth / run, 1);
    const Split parts(run, ceil_div(run, depth)), groups(y.taps, ceil_div(y.taps, together));
    for (int64_t i = 0; i < groups.parts * parts.parts; ++i) {
      const int64_t group = i / parts.parts, part = i - group * parts.parts;
      chunk.at = parts.start(part);
      chunk.taps = {groups.start(group), groups.start(group) + groups.size(group)};
      if (!accumulate) zero_missed(chunk);
      multiply_chunk(chunk, parts.size(part), run);
      accumulate = true;
    }
  }

  // run: elements of a slice.
  KR_INLINE void multiply_chunk(const Chunk& chunk, int64_t depth, int64_t run) const {
    Tile<T> t;
    t.depth = depth;
    t.accumulate = accumulate;
    const int64_t before = (chunk.tap * slices() + chunk.slice) * v.axes[1].taps + chunk.taps.begin;
    for (int64_t j = 0; j < unit.cols; j += cut.kCols) {
      Ahead<T> next = cut.packed ? unit.set_packed(t, before * run + chunk.at, j, depth * (chunk.taps.end - chunk.taps.begin))
                                 : unit.set_in_place(t, kernel_tap(v, chunk.tap, chunk.taps.begin, chunk.slice), chunk.at, j,
                                                     unit.rows > cut.kRows, scratch + cut.gathered_size());
      multiply_lines(chunk, t, next, j);
    }
  }

  // Whether two lines together fill more of a tile.
  static KR_INLINE bool pairs(Range rows) {
    const int64_t count = rows.end - rows.begin;
    return ceil_div(count, ConvCut<T>::kRows / 2) < 2 * ceil_div(count, ConvCut<T>::kRows);
  }

  // The taps that read inside of the source for a line of the result.
  KR_INLINE Range inside(int64_t line, Range taps) const {
    const Taps all(v.axes[1], line);
    return {max_of(taps.begin, all.begin), min_of(taps.end, all.end)};
  }

  KR_INLINE void zero_missed(const Chunk& chunk) const {
    const int64_t rows = v.axes[2].rows;
    each_stretch(chunk.tap, [&](const T* plane, int64_t first, int64_t count, T* out, T*) {
      for (int64_t i = 0; i < count; ++i) {
        const Range meets = inside(first + i, chunk.taps);
        if (!plane || meets.begin >= meets.end) unit.zero_rows(out + i * rows * row_c, row_c, rows);
      }
    });
  }

  // All lines of the unit against the panel of columns from `j` on.
  KR_INLINE void multiply_lines(const Chunk& chunk, Tile<T>& t, Ahead<T>& next, int64_t j) const {
    const Range rows = chunk.positions;
    const int64_t count = rows.end - rows.begin;
    const bool in_pairs = pairs(rows);
    const Split alone(count, ceil_div(count, cut.kRows)), paired(count, ceil_div(count, cut.kRows / 2));
    const T* b = t.b;
    const Lines<T> any = lines_of(source, 0, chunk.slice, scratch);  // all lie alike
    t.jump = any.tap - t.depth;
    const auto multiply = [&](const Line& line, const Line* other) {
      t.runs = line.taps.end - line.taps.begin;
      if (cut.packed) t.b = b + (line.taps.begin - chunk.taps.begin) * t.depth * cut.kCols;
      Left<T> left = {line.a, any.across, 1, 0, other ? paired : alone};
      if (other) left.pair = other->a - line.a, left.pair_c = other->c - line.c;
      multiply_panel(t, left, unit.vectors(j), line.c, row_c, next);
    };
    Line waiting = {};
    each_stretch(chunk.tap, [&](const T* plane, int64_t first, int64_t number, T* out, T* copied) {
      if (!plane) return;
      const Lines<T> lines = lines_of(plane, first, chunk.slice, copied);
      for (int64_t i = 0; i < number; ++i) {
        const Range meets = inside(first + i, chunk.taps);
        if (meets.begin >= meets.end) continue;
        const Line line = {lines.data + i * lines.down + meets.begin * lines.tap + rows.begin * lines.across + chunk.at,
                           out + (i * v.axes[2].rows + rows.begin) * row_c + j, meets};
        if (!in_pairs) {
          multiply(line, nullptr);
        } else if (waiting.a && waiting.taps.begin == meets.begin && waiting.taps.end == meets.end) {
          multiply(waiting, &line);
          waiting.a = nullptr;
        } else {
          if (waiting.a) multiply(waiting, nullptr);
          waiting = line;
        }
      }
    });
    if (waiting.a) multiply(waiting, nullptr);
  }

  KR_INLINE Lines<T> lines_of(const T* plane, int64_t first, int64_t slice, const T* copied) const {
    return cut.by_tap ? Lines<T>(v, plane, first, slice) : Lines<T>(v, plane, first, copied);
  }
};

}  // namespace keratin::KR_ISA
