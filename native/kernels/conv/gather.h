// Gathering: rows of a view's matrix copied one behind the other, with zeros where the window leaves the source.
#pragma once
#include "kernels/conv/geometry.h"
#include "kernels/gemm/vec.h"

namespace keratin::KR_ISA {

template <typename T>
KR_INLINE void copy_elements(T* out, const T* in, int64_t n) {
  constexpr int64_t L = kLanes<T>;
  int64_t i = 0;
  for (; i + L <= n; i += L) V<T>::load(in + i).store(out + i);
  if (i == n) return;
  const Lanes<T> rest(n - i);
  rest.store(out + i, rest.load(in + i));
}

template <typename T>
KR_INLINE void zero_elements(T* out, int64_t n) {
  constexpr int64_t L = kLanes<T>;
  int64_t i = 0;
  for (; i + L <= n; i += L) V<T>(T{}).store(out + i);
  if (i < n) Lanes<T>(n - i).store(out + i, V<T>(T{}));
}

// Where a row is: its positions along the axes.
struct Position {
  int64_t n, at[3];
  KR_INLINE Position(const View& v, int64_t row) {
    for (int d = Geometry::kAxes; d-- > 0;) {
      const int64_t rest = row / v.axes[d].rows;
      at[d] = row - rest * v.axes[d].rows;
      row = rest;
    }
    n = row;
  }
  // Moves along the last axis by `count`, which does not lead beyond its end.
  KR_INLINE void advance(const View& v, int64_t count) {
    at[2] += count;
    for (int d = 2; d > 0 && at[d] == v.axes[d].rows; --d) {
      at[d] = 0;
      ++at[d - 1];
    }
    if (at[0] < v.axes[0].rows) return;
    at[0] = 0;
    ++n;
  }
};

// Columns [begin, end) of a view's matrix, `stride` elements from one row to the next in `out`.
template <typename T>
struct Window {
  int64_t begin, end, stride;
  T* out;
};

// A run: neighbouring columns whose values are neighbours in one line of the source. Copies the part of it that is in the
// window, for `count` rows: `from` is where the run of the first of them begins in the line, `step` how much further that of
// the next. Elements outside of the line are zeros.
// Runs are too short for the hardware to see them coming: the lines of the row after the next ones are prefetched.
template <typename T>
static void gather_run(const T* line, int64_t length, int64_t from, int64_t step, int64_t count, T* out, int64_t stride,
                       int64_t n) {
  constexpr int64_t L = kLanes<T>, kAhead = 4;
  const int64_t whole = n / L * L;
  const Lanes<T> rest(n - whole);
  for (int64_t i = 0; i < count; ++i, from += step, out += stride) {
    if (from >= 0 && from + n <= length) {
      const T* in = line + from;
      for (int64_t j = 0; j < whole; j += L) {
        __builtin_prefetch(in + j + kAhead * step);
        V<T>::load(in + j).store(out + j);
      }
      if (n > whole) rest.store(out + whole, rest.load(in + whole));
      continue;
    }
    const int64_t begin = min_of(max_of(-from, 0), n), end = max_of(min_of(length - from, n), begin);
    zero_elements(out, begin);
    if (end > begin) copy_elements(out + begin, line + (from + begin), end - begin);
    zero_elements(out + end, n - end);
  }
}

// `count` rows of one line of the result, from `p` on.
template <typename T>
static void gather_line(const View& v, const T* source, const Position& p, int64_t count, const Window<T>& w, T* out) {
  const ViewAxis &x = v.axes[0], &y = v.axes[1], &z = v.axes[2];
  const bool contiguous = v.contiguous();
  const int64_t run = contiguous ? z.taps * v.channels : v.channels, runs = contiguous ? 1 : z.taps;
  const int64_t length = z.source * v.source_channels, step = z.step * v.source_channels;
  int64_t k = 0;
  for (int64_t i = 0; i < x.taps; ++i) {
    const int64_t sx = p.at[0] * x.step + i * x.tap_step + x.offset;
    for (int64_t j = 0; j < y.taps; ++j) {
      const int64_t sy = p.at[1] * y.step + j * y.tap_step + y.offset;
      const bool inside = sx >= 0 && sx < x.source && sy >= 0 && sy < y.source;
      const T* line = inside ? source + ((p.n * x.source + sx) * y.source + sy) * length : source;
      for (int64_t t = 0; t < runs; ++t, k += run) {
        const int64_t begin = max_of(k, w.begin), end = min_of(k + run, w.end);
        if (begin >= end) continue;
        const int64_t from = (p.at[2] * z.step + t * z.tap_step + z.offset) * v.source_channels + begin - k;
        gather_run(line, inside ? length : 0, inside ? from : 0, inside ? step : 0, count, out + begin - w.begin, w.stride,
                   end - begin);
      }
    }
  }
}

// Rows [row, row + count). `source` begins at the group's first channel.
template <typename T>
static void gather_rows(const View& v, const T* source, int64_t row, int64_t count, const Window<T>& w) {
  if (count == 0) return;
  Position p(v, row);
  T* out = w.out;
  while (count > 0) {
    const int64_t n = min_of(count, v.axes[2].rows - p.at[2]);
    gather_line(v, source, p, n, w, out);
    p.advance(v, n);
    out += n * w.stride;
    count -= n;
  }
}

}  // namespace keratin::KR_ISA
