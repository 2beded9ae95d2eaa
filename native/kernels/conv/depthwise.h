// Convolutions in which every channel has a kernel of its own: a vector holds neighbouring channels of one position.
#pragma once
#include "kernels/conv/gather.h"

namespace keratin::KR_ISA {

// Positions by vectors of channels that are summed in registers at once.
static constexpr int kDepthwisePositions = 6, kDepthwiseVectors = 2, kDepthwiseBorder = 4;
// Elements of the result in a unit, 10 to 40 us. Large ones share lines of the source: 8 x 56 x 56 of 144 channels went from 57 to 65
// GFLOP/s.
static constexpr int64_t kDepthwiseUnit = 16384, kLargestDepthwiseUnit = 65536;

// What positions of one line of the result have in common.
template <typename T>
struct DepthwiseLine {
  const View& v;
  const T *source, *weights;  // of the sample; of all taps
  T* out;
  int64_t out_step;      // elements from one position of the result to the next
  int64_t planes[2];     // elements of the source from one position to the next along the first two axes
  int64_t tap_planes[2]; // elements of the weights likewise
  Taps x, y;
  int64_t at[2];         // source positions of tap 0 along the first two axes
};

// kPositions results from `z` on, `kVectors` vectors of channels from `c` on; `last` of the last vector count. All of the
// positions have the taps `t` of the last axis.
template <typename T, int kPositions, int kVectors, bool kPartial>
static void depthwise_tile(const DepthwiseLine<T>& line, int64_t z, const Taps& t, int64_t c, int64_t last) {
  constexpr int64_t L = kLanes<T>;
  const ViewAxis &x = line.v.axes[0], &y = line.v.axes[1], &a = line.v.axes[2];
  const int64_t channels = line.v.source_channels, step = a.step * channels, tap = a.tap_step * channels;
  const int64_t weight = a.skip * channels;
  const Lanes<T> part(last);
  const auto get = [&](const T* p, int v) __attribute__((always_inline)) {
    return kPartial && v == kVectors - 1 ? part.load(p + v * L) : load(p + v * L);
  };
  Vec<T> sums[kPositions][kVectors] = {};
  for (int64_t i = line.x.begin; i < line.x.end; ++i) {
    for (int64_t j = line.y.begin; j < line.y.end; ++j) {
      const T* in = line.source + (line.at[0] + i * x.tap_step) * line.planes[0] + (line.at[1] + j * y.tap_step) * line.planes[1] +
                    (z * a.step + a.offset + t.begin * a.tap_step) * channels + c;
      const T* w = line.weights + (x.first + i * x.skip) * line.tap_planes[0] + (y.first + j * y.skip) * line.tap_planes[1] +
                   (a.first + t.begin * a.skip) * channels + c;
      for (int64_t k = t.begin; k < t.end; ++k, in += tap, w += weight) {
        Vec<T> factor[kVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) factor[v] = get(w, v);
#pragma GCC unroll 6
        for (int p = 0; p < kPositions; ++p) {
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) sums[p][v] = fma(factor[v], get(in + p * step, v), sums[p][v]);
        }
      }
    }
  }
  T* out = line.out + c;
#pragma GCC unroll 6
  for (int p = 0; p < kPositions; ++p) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      if (kPartial && v == kVectors - 1) part.store(out + p * line.out_step + v * L, sums[p][v]);
      else store(out + p * line.out_step + v * L, sums[p][v]);
    }
  }
}

// kPositions results, all channels.
template <typename T, int kPositions, int kVectors>
static void depthwise_positions(const DepthwiseLine<T>& line, int64_t z, const Taps& t) {
  constexpr int64_t L = kLanes<T>;
  const int64_t channels = line.v.source_channels;
  int64_t c = 0;
  for (; c + kVectors * L <= channels; c += kVectors * L) depthwise_tile<T, kPositions, kVectors, false>(line, z, t, c, L);
  for (; c + L <= channels; c += L) depthwise_tile<T, kPositions, 1, false>(line, z, t, c, L);
  if (c < channels) depthwise_tile<T, kPositions, 1, true>(line, z, t, c, channels - c);
}

// `count` neighbouring results that have all taps of the last axis.
template <typename T>
static void depthwise_inner(DepthwiseLine<T>& line, int64_t z, int64_t count) {
  constexpr int P = kDepthwisePositions, V = kDepthwiseVectors;
  static_assert(P == 6);
  constexpr void (*rest[])(const DepthwiseLine<T>&, int64_t, const Taps&) = {
      depthwise_positions<T, 1, kDepthwiseBorder>, depthwise_positions<T, 2, V>, depthwise_positions<T, 3, V>,
      depthwise_positions<T, 4, V>, depthwise_positions<T, 5, V>, depthwise_positions<T, 6, V>};
  const Taps all(line.v.axes[2], z);
  // Tiles of about equal length: 7 positions are 4 and 3.
  const int64_t tiles = over(count, P);
  const Split split(count, most(tiles, 1));
  for (int64_t i = 0; i < tiles; ++i) {
    const int64_t n = split.size(i);
    rest[n - 1](line, z + split.start(i), all);
    line.out += n * line.out_step;
  }
}

// `count` rows of one line of the result, from `p` on. Rows at the ends may lack taps.
template <typename T>
static void depthwise_line(const View& v, const T* source, const T* weights, const Position& p, int64_t count, T* out,
                           int64_t out_step) {
  const ViewAxis &x = v.axes[0], &y = v.axes[1], &z = v.axes[2];
  const int64_t channels = v.source_channels, row = z.source * channels;
  DepthwiseLine<T> line = {v, source + p.n * x.source * y.source * row, weights, out, out_step, {y.source * row, row},
                           {v.kernel[1] * v.kernel[2] * channels, v.kernel[2] * channels}, Taps(x, p.at[0]), Taps(y, p.at[1]),
                           {p.at[0] * x.step + x.offset, p.at[1] * y.step + y.offset}};
  const auto complete = [&](int64_t at) {
    const Taps t(z, at);
    return t.begin == 0 && t.end == z.taps;
  };
  const int64_t end = p.at[2] + count;
  for (int64_t at = p.at[2]; at < end;) {
    if (!complete(at)) {
      depthwise_positions<T, 1, kDepthwiseBorder>(line, at, Taps(z, at));
      line.out += out_step;
      ++at;
      continue;
    }
    int64_t last = at + 1;
    while (last < end && complete(last)) ++last;
    depthwise_inner(line, at, last - at);
    at = last;
  }
}

struct DepthwiseCut {
  Geometry g;
  bool gradient;
  int64_t phases, rows, unit_rows, row_units;
  KR_INLINE DepthwiseCut(const Geometry& geometry, bool of_input)
      : g(geometry), gradient(of_input), phases(of_input ? phases_of(g) : 1), rows(phases > 0 ? view(0).rows() : 0),
        unit_rows(most(most(kDepthwiseUnit, least(rows * g.cin / 32, kLargestDepthwiseUnit)) / most(g.cin, 1), 1)), row_units(g.cin > 0 ? over(rows, unit_rows) : 0) {
    unit_rows = least(unit_rows, most(rows, 1));
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
    const int64_t n = least(rows - done, v.axes[2].rows - p.at[2]);
    int64_t place = p.n;
    for (int d = 0; d < Geometry::kAxes; ++d) place = place * v.axes[d].result + v.axes[d].row_first + p.at[d] * v.axes[d].row_step;
    T* out = args.epilogue ? tile + done * channels : args.at<T>(2) + place * channels;
    depthwise_line(v, args.at<const T>(0), args.at<const T>(1), p, n, out,
                   (args.epilogue ? 1 : v.axes[2].row_step) * channels);
    p.advance(v, n);
    done += n;
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
    if (row < last) depthwise_unit<T>(cut, args, phase, row, least(cut.unit_rows, last - row));
  }
}

// Whether the integers are those of a convolution whose channels have a kernel each.
KR_INLINE bool sound_depthwise(const Geometry& g) { return g.sound() && g.cin == g.cout && g.groups == most(g.cin, 1); }

template <typename T, bool gradient>
static Work plan_depthwise(const int64_t* ints, bool epilogue) {
  Work work;
  const Geometry g(ints);
  if (!sound_depthwise(g) || (epilogue && gradient && phases_of(g) > 1)) {
    work.phases = 0;
    return work;
  }
  const DepthwiseCut cut(g, gradient);
  const double moved = static_cast<double>((g.in_pixels() + g.out_pixels()) * g.cin * static_cast<int64_t>(sizeof(T)));
  work.units[0] = cut.phases * cut.row_units;
  work.nanoseconds = 100 + g.work() * sizeof(T) / 100 + moved / 24;
  if (epilogue) work.local_bytes = cut.unit_rows * g.cin * static_cast<int64_t>(sizeof(T));
  return work;
}

}  // namespace keratin::KR_ISA
