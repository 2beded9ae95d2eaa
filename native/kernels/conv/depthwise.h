// Convolutions in which every channel has a kernel of its own: a vector holds neighbouring channels of one position.
#pragma once
#include "kernels/conv/gather.h"

namespace keratin::KR_ISA {

// Positions whose results are summed in registers at once, and vectors of channels: where they share what they read, and otherwise.
static constexpr int kDepthwisePositions = 6, kDepthwiseShared = 1, kDepthwiseVectors = 2, kDepthwiseBorder = 4;
// Neighbouring lines of the result that are made piece by piece. One thread, 28 x 28 of 144 channels: 50 GFLOP/s by single lines, 58 by 4.
static constexpr int64_t kDepthwiseLines = 4;
// Elements of the result in a unit, 10 to 40 us. Large ones share lines of the source: 8 x 56 x 56 of 144 channels went from 57 to 65
// GFLOP/s.
static constexpr int64_t kDepthwiseUnit = 16384, kLargestDepthwiseUnit = 65536;

// Neighbouring positions of one line of the result, which have the same taps.
template <typename T>
struct DepthwiseLine {
  const View& v;
  const T *source, *weights;  // of the first position and tap
  T* out;
  int64_t out_step;        // elements from one position of the result to the next
  int64_t taps[3];
  int64_t lines[2];        // elements of the source from one tap of the first two axes to the next
  int64_t tap_lines[2];    // elements of the weights likewise
};

// kPositions results, `kVectors` vectors of channels from `c` on; `last` of the last vector count. kShared: positions are as far apart as
// taps are, so that three taps of all positions read kPositions + 2 vectors.
template <typename T, int kPositions, int kVectors, bool kShared, bool kPartial>
static void depthwise_tile(const DepthwiseLine<T>& line, int64_t c, int64_t last) {
  constexpr int64_t L = kLanes<T>;
  constexpr int kTaps = 3, kWindow = kPositions + kTaps - 1;
  const ViewAxis& a = line.v.axes[2];
  const int64_t channels = line.v.source_channels, step = a.step * channels, tap = a.tap_step * channels, weight = a.skip * channels;
  const Lanes<T> part(last);
  const auto get = [&](const T* p, int v) __attribute__((always_inline)) {
    return kPartial && v == kVectors - 1 ? part.load(p + v * L) : V<T>::load(p + v * L);
  };
  V<T> sums[kPositions][kVectors] = {};
  for (int64_t i = 0; i < line.taps[0]; ++i) {
    const T *x = line.source + c + i * line.lines[0], *w = line.weights + c + i * line.tap_lines[0];
    for (int64_t j = 0; j < line.taps[1]; ++j, x += line.lines[1], w += line.tap_lines[1]) {
      const T *from = x, *by = w;
      int64_t k = line.taps[2];
      if constexpr (kShared) {
        for (; k >= kTaps; k -= kTaps, from += kTaps * tap, by += kTaps * weight) {
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) {
            V<T> factor[kTaps], window[kWindow];
            const T* next = from;
#pragma GCC unroll 8
            for (int p = 0; p < kWindow; ++p, next += tap) window[p] = get(next, v);
#pragma GCC unroll 3
            for (int t = 0; t < kTaps; ++t) factor[t] = get(by + t * weight, v);
#pragma GCC unroll 3
            for (int t = 0; t < kTaps; ++t) {
#pragma GCC unroll 6
              for (int p = 0; p < kPositions; ++p) add_product(sums[p][v], window[p + t], factor[t]);
            }
          }
        }
      }
      for (; k > 0; --k, from += tap, by += weight) {
        V<T> factor[kVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) factor[v] = get(by, v);
#pragma GCC unroll 6
        for (int p = 0; p < kPositions; ++p) {
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) sums[p][v] = mul_add(factor[v], get(from + p * step, v), sums[p][v]);
        }
      }
    }
  }
  T* out = line.out + c;
#pragma GCC unroll 6
  for (int p = 0; p < kPositions; ++p, out += line.out_step) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      if (kPartial && v == kVectors - 1) part.store(out + v * L, sums[p][v]);
      else sums[p][v].store(out + v * L);
    }
  }
}

// kPositions results, all channels.
template <typename T, int kPositions, int kVectors, bool kShared>
static void depthwise_positions(const DepthwiseLine<T>& line) {
  constexpr int64_t L = kLanes<T>;
  const int64_t channels = line.v.source_channels;
  int64_t c = 0;
  for (; c + kVectors * L <= channels; c += kVectors * L) depthwise_tile<T, kPositions, kVectors, kShared, false>(line, c, L);
  for (; c + L <= channels; c += L) depthwise_tile<T, kPositions, 1, kShared, false>(line, c, L);
  if (c < channels) depthwise_tile<T, kPositions, 1, kShared, true>(line, c, channels - c);
}

// By number of positions.
template <typename T, int kVectors, bool kShared>
static constexpr void (*kDepthwiseTiles[])(const DepthwiseLine<T>&) = {
    depthwise_positions<T, 1, kDepthwiseBorder, false>, depthwise_positions<T, 2, kVectors, kShared>,
    depthwise_positions<T, 3, kVectors, kShared>,       depthwise_positions<T, 4, kVectors, kShared>,
    depthwise_positions<T, 5, kVectors, kShared>,       depthwise_positions<T, 6, kVectors, kShared>};

// Calls visit(n, z, taps) for pieces of [z, end) of the last axis, n positions from z on, which have the same taps: all taps, or one
// position at the ends.
template <typename Visit>
KR_INLINE void each_piece(const ViewAxis& a, int64_t z, int64_t end, Visit visit) {
  const Range whole = {rows_inside(a, 0).begin, rows_inside(a, a.taps - 1).end};
  while (z < end) {
    const Taps taps(a, z);
    if (z < whole.begin || z >= whole.end) {
      visit(1, z++, taps);
      continue;
    }
    // Pieces of about equal length: 7 positions are 4 and 3.
    const int64_t count = min_of(whole.end, end) - z;
    const Split split(count, ceil_div(count, kDepthwisePositions));
    for (int64_t i = 0; i < split.parts; ++i) visit(split.size(i), z + split.start(i), taps);
    z += count;
  }
}

// `count` rows of some neighbouring lines of the result, from `p` on. They share lines of the source: what one piece of a line reads is in
// the first-level cache for that of the next. Rows at the ends may lack taps.
template <typename T>
static void depthwise_lines(const View& v, const T* source, const T* weights, Position p, int64_t lines, int64_t count, T* out,
                            int64_t out_step, int64_t out_line) {
  const ViewAxis &x = v.axes[0], &y = v.axes[1], &z = v.axes[2];
  const int64_t channels = v.source_channels, row = z.source * channels, taps_row = v.kernel[2] * channels;
  const bool shared = z.step == z.tap_step && z.taps >= 3;
  const auto* tiles = shared ? kDepthwiseTiles<T, kDepthwiseShared, true> : kDepthwiseTiles<T, kDepthwiseVectors, false>;
  const auto source_at = [](const ViewAxis& a, int64_t at, const Taps& taps) { return at * a.step + a.offset + taps.begin * a.tap_step; };
  const Taps of_x(x, p.at[0]);
  const int64_t plane = p.n * x.source + source_at(x, p.at[0], of_x);
  each_piece(z, p.at[2], p.at[2] + count, [&](int64_t n, int64_t at, const Taps& of_z) {
    for (int64_t i = 0; i < lines; ++i) {
      const Taps of_y(y, p.at[1] + i);
      const int64_t place = (plane * y.source + source_at(y, p.at[1] + i, of_y)) * z.source + source_at(z, at, of_z);
      tiles[n - 1]({v,
                    source + place * channels,
                    weights + kernel_tap(v, of_x.begin, of_y.begin, of_z.begin) * channels,
                    out + i * out_line + (at - p.at[2]) * out_step,
                    out_step,
                    {of_x.end - of_x.begin, of_y.end - of_y.begin, of_z.end - of_z.begin},
                    {x.tap_step * y.source * row, y.tap_step * row},
                    {x.skip * v.kernel[1] * taps_row, y.skip * taps_row}});
    }
  });
}

struct DepthwiseCut {
  Geometry g;
  bool gradient;
  int64_t phases, rows, unit_rows, row_units;  // units are whole lines where they are longer than one
  KR_INLINE DepthwiseCut(const Geometry& geometry, bool of_input)
      : g(geometry), gradient(of_input), phases(of_input ? phases_of(g) : 1), rows(phases > 0 ? view(0).rows() : 0) {
    const int64_t elements = max_of(kDepthwiseUnit, min_of(rows * g.cin / 32, kLargestDepthwiseUnit));
    unit_rows = min_of(max_of(elements / max_of(g.cin, 1), 1), max_of(rows, 1));
    if (rows > 0 && unit_rows > view(0).axes[2].rows) unit_rows -= unit_rows % view(0).axes[2].rows;
    row_units = g.cin > 0 ? ceil_div(rows, unit_rows) : 0;
  }
  KR_INLINE View view(int64_t phase) const {
    View v = gradient ? gradient_view(g, phase) : forward_view(g);
    v.channels = v.source_channels;
    return v;
  }
};

// Rows [row, row + rows) of a phase.
template <typename T>
static void depthwise_unit(const DepthwiseCut& cut, const Args& args, int64_t phase, int64_t row, int64_t rows) {
  const View v = cut.view(phase);
  const int64_t channels = cut.g.cin;
  T* tile = static_cast<T*>(args.local);
  Position p(v, row);
  for (int64_t done = 0; done < rows;) {
    const int64_t line_rows = v.axes[2].rows, n = min_of(rows - done, line_rows - p.at[2]);
    const int64_t whole = p.at[2] == 0 ? min_of((rows - done) / line_rows, v.axes[1].rows - p.at[1]) : 0;
    const int64_t lines = max_of(min_of(whole, kDepthwiseLines), 1);
    int64_t place = p.n;
    for (int d = 0; d < Geometry::kAxes; ++d) place = place * v.axes[d].result + v.axes[d].row_first + p.at[d] * v.axes[d].row_step;
    T* out = args.epilogue ? tile + done * channels : args.at<T>(2) + place * channels;
    const int64_t step = args.epilogue ? 1 : v.axes[2].row_step, down = args.epilogue ? line_rows : v.axes[1].row_step * v.axes[2].result;
    depthwise_lines(v, args.at<const T>(0), args.at<const T>(1), p, lines, n, out, step * channels, down * channels);
    p.at[1] += lines - 1;
    p.advance(v, n);
    done += lines * n;
  }
  if (args.epilogue)
    args.epilogue->apply(args.epilogue, tile, channels * static_cast<int64_t>(sizeof(T)), 0, row, row + rows, 0, channels);
}

template <typename T, bool gradient>
static void depthwise(const Args& args, Range r) {
  const DepthwiseCut cut(Geometry(args.ints), gradient);
  for (int64_t u = r.begin; u < r.end; ++u) {
    const int64_t block = u / cut.phases, phase = u - block * cut.phases, row = block * cut.unit_rows;
    const int64_t last = cut.phases > 1 ? cut.view(phase).rows() : cut.rows;
    if (row < last) depthwise_unit<T>(cut, args, phase, row, min_of(cut.unit_rows, last - row));
  }
}

template <typename T, bool gradient>
static Work plan_depthwise(const int64_t* ints, bool epilogue) {
  Work work;
  const Geometry g(ints);
  const DepthwiseCut cut(g, gradient);
  const double moved = static_cast<double>((g.in_pixels() + g.out_pixels()) * g.cin * static_cast<int64_t>(sizeof(T)));
  work.units[0] = cut.phases * cut.row_units;
  work.nanoseconds = 100 + g.work() * sizeof(T) / 100 + moved / 24;
  if (epilogue) work.local_bytes = cut.unit_rows * g.cin * static_cast<int64_t>(sizeof(T));
  return work;
}

}  // namespace keratin::KR_ISA
