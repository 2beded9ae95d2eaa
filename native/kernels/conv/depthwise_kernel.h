// The gradient of the kernels of a depthwise convolution: for every tap, the sum over all positions of products of channels.
#pragma once
#include "kernels/conv/depthwise.h"
#include "kernels/conv/parts.h"

namespace keratin::KR_ISA {

struct DepthwiseKernelCut {
  Geometry g;
  int64_t lines, parts;  // lines of the result, and pieces in which they are summed
  KR_INLINE explicit DepthwiseKernelCut(const Geometry& geometry)
      : g(geometry), lines(g.batch * g.axes[0].out * g.axes[1].out), parts(1) {
    const int64_t most_parts = g.axes[2].out * g.cin > 0 ? static_cast<int64_t>(g.work() / 2e5) : 1;
    parts = max_of(min_of(min_of(16, lines), most_parts), 1);
  }
  int64_t size() const { return g.taps() * g.cin; }
};

// sums[k * L * kVectors ...] += x * dy over `count` positions, for kTaps neighbouring taps.
template <typename T, int kTaps, int kVectors, bool kPartial>
static void depthwise_dots(const T* x, int64_t step, int64_t tap, const T* dy, int64_t channels, int64_t count, T* sums,
                           int64_t last) {
  constexpr int64_t L = kLanes<T>;
  const Lanes<T> part(last);
  const auto get = [&](const T* p, int v) __attribute__((always_inline)) {
    return kPartial && v == kVectors - 1 ? part.load(p + v * L) : V<T>::load(p + v * L);
  };
  V<T> s[kTaps][kVectors];
#pragma GCC unroll 4
  for (int k = 0; k < kTaps; ++k) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) s[k][v] = get(sums + k * channels, v);
  }
  for (int64_t i = 0; i < count; ++i, x += step, dy += channels) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const V<T> d = get(dy, v);
#pragma GCC unroll 4
      for (int k = 0; k < kTaps; ++k) s[k][v] = mul_add(d, get(x + k * tap, v), s[k][v]);
    }
  }
#pragma GCC unroll 4
  for (int k = 0; k < kTaps; ++k) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      T* p = sums + k * channels + v * L;
      if (kPartial && v == kVectors - 1) part.store(p, s[k][v]);
      else s[k][v].store(p);
    }
  }
}

template <typename T, int kTaps>
static void depthwise_taps(const T* x, int64_t step, int64_t tap, const T* dy, int64_t channels, int64_t count, T* sums) {
  constexpr int64_t L = kLanes<T>, kVectors = 3;
  int64_t c = 0;
  for (; c + kVectors * L <= channels; c += kVectors * L)
    depthwise_dots<T, kTaps, kVectors, false>(x + c, step, tap, dy + c, channels, count, sums + c, L);
  for (; c + L <= channels; c += L) depthwise_dots<T, kTaps, 1, false>(x + c, step, tap, dy + c, channels, count, sums + c, L);
  if (c < channels) depthwise_dots<T, kTaps, 1, true>(x + c, step, tap, dy + c, channels, count, sums + c, channels - c);
}

// One line of the output's gradient against one line of the input, for taps [begin, end) of the last axis: by threes where
// all positions but those at the ends have them, one by one there.
template <typename T>
static void depthwise_kernel_line(const ViewAxis& a, const T* x, const T* dy, int64_t channels, T* sums) {
  const int64_t step = a.step * channels, tap = a.tap_step * channels;
  const auto add = [&](int64_t k, int64_t taps, int64_t begin, int64_t end) {
    if (begin >= end) return;
    const T* from = x + (begin * a.step + k * a.tap_step + a.offset) * channels;
    (taps == 3 ? depthwise_taps<T, 3> : depthwise_taps<T, 1>)(from, step, tap, dy + begin * channels, channels, end - begin,
                                                              sums + k * channels);
  };
  for (int64_t k = 0; k < a.taps; k += 3) {
    const int64_t taps = min_of(3, a.taps - k);
    Range common = {0, a.rows};
    for (int64_t t = 0; t < taps; ++t) {
      const Range r = rows_inside(a, k + t);
      common = {max_of(common.begin, r.begin), min_of(common.end, r.end)};
    }
    common.end = max_of(common.end, common.begin);
    for (int64_t t = 0; t < taps; ++t) {
      const Range r = rows_inside(a, k + t);
      const int64_t begin = taps == 3 ? min_of(max_of(common.begin, r.begin), r.end) : r.end, end = max_of(common.end, r.begin);
      add(k + t, 1, r.begin, begin);
      if (taps == 3) add(k + t, 1, min_of(max_of(end, begin), r.end), r.end);
    }
    if (taps == 3) add(k, 3, common.begin, common.end);
  }
}

template <typename T>
static void depthwise_kernel_part(const DepthwiseKernelCut& cut, const Args& args, int64_t part) {
  const Geometry& g = cut.g;
  const View v = forward_view(g);
  const ViewAxis &x = v.axes[0], &y = v.axes[1], &z = v.axes[2];
  const int64_t channels = g.cin;
  T* sums = cut.parts > 1 ? static_cast<T*>(args.shared) + part * cut.size() : args.at<T>(2);
  zero_elements(sums, cut.size());
  const Split split(cut.lines, cut.parts);
  for (int64_t i = split.start(part), end = i + split.size(part); i < end; ++i) {
    const int64_t n = i / y.rows / x.rows, at[2] = {i / y.rows % x.rows, i % y.rows};
    const Taps tx(x, at[0]), ty(y, at[1]);
    const T* dy = args.at<const T>(1) + i * z.rows * channels;
    for (int64_t j = tx.begin; j < tx.end; ++j) {
      for (int64_t k = ty.begin; k < ty.end; ++k) {
        const int64_t sx = at[0] * x.step + j * x.tap_step + x.offset, sy = at[1] * y.step + k * y.tap_step + y.offset;
        const T* line = args.at<const T>(0) + ((n * x.source + sx) * y.source + sy) * z.source * channels;
        depthwise_kernel_line(z, line, dy, channels, sums + (j * y.taps + k) * z.taps * channels);
      }
    }
  }
}

template <typename T>
static void depthwise_kernel(const Args& args, Range r) {
  const DepthwiseKernelCut cut{Geometry(args.ints)};
  if (args.phase == 0) {
    for (int64_t part = r.begin; part < r.end; ++part) depthwise_kernel_part<T>(cut, args, part);
    return;
  }
  add_parts(static_cast<const T*>(args.shared), cut.parts, cut.size(), args.at<T>(2), r);
}

template <typename T>
static Work plan_depthwise_kernel(const int64_t* ints, bool) {
  Work work;
  const Geometry g(ints);
  const DepthwiseKernelCut cut(g);
  constexpr int64_t kSize = sizeof(T);
  work.units[0] = cut.parts;
  if (cut.parts > 1) {
    work.phases = 2;
    work.units[1] = ceil_div(cut.size(), kPartsUnit);
    work.shared_bytes = cut.parts * cut.size() * kSize;
  }
  work.nanoseconds = 100 + g.work() * kSize / 100 + static_cast<double>((g.in_pixels() + g.out_pixels()) * g.cin * kSize) / 24;
  return work;
}

}  // namespace keratin::KR_ISA
