// What a convolution is: sizes, strides, dilations, and the views of it that become matrix products.
#pragma once
#include "kernels/gemm/problem.h"

namespace keratin::KR_ISA {

// One spatial axis. Output position o reads inputs o * stride + k * dilation - low, for k in [0, kernel).
struct Axis {
  int64_t in, out, kernel, stride, dilation, low;
};

// The integer attributes of a convolution, as documented in conv.cc.
struct Geometry {
  static constexpr int kAxes = 3;
  static constexpr int64_t kLimit = int64_t{1} << 40;  // more elements than an array has
  int64_t batch, groups, cin, cout;
  Axis axes[kAxes];

  KR_INLINE explicit Geometry(const int64_t* ints) : batch(ints[0]), groups(ints[1]), cin(ints[2]), cout(ints[3]) {
    for (int d = 0; d < kAxes; ++d, ints += 6) axes[d] = {ints[4], ints[5], ints[6], ints[7], ints[8], ints[9]};
  }

  KR_INLINE int64_t group_in() const { return cin / groups; }
  KR_INLINE int64_t group_out() const { return cout / groups; }
  KR_INLINE int64_t taps() const { return axes[0].kernel * axes[1].kernel * axes[2].kernel; }
  KR_INLINE int64_t in_pixels() const { return batch * axes[0].in * axes[1].in * axes[2].in; }
  KR_INLINE int64_t out_pixels() const { return batch * axes[0].out * axes[1].out * axes[2].out; }
  // Multiply-adds.
  KR_INLINE double work() const {
    return static_cast<double>(out_pixels()) * static_cast<double>(taps()) * static_cast<double>(cout) *
           static_cast<double>(group_in());
  }

  // Whether every output is made of the input at the same place alone.
  KR_INLINE bool pointwise() const {
    bool same = true;
    for (const Axis& a : axes) same = same && a.kernel == 1 && a.stride == 1 && a.low == 0 && a.in == a.out;
    return same;
  }

  // False for integers that no convolution has: with those the kernels would divide by zero or leave their operands.
  KR_INLINE bool sound() const {
    if (groups < 1 || batch < 0 || cin < 0 || cout < 0 || cin % groups || cout % groups) return false;
    int64_t total = most(batch, 1);
    for (const Axis& a : axes) {
      if (a.in < 0 || a.out < 0 || a.kernel < 0 || a.stride < 1 || a.dilation < 1) return false;
      if (a.in > kLimit || a.out > kLimit || a.kernel > kLimit || a.stride > kLimit || a.dilation > kLimit) return false;
      if (a.low > kLimit || a.low < -kLimit) return false;
      if (__builtin_mul_overflow(total, most(most(a.in, a.out), 1), &total) || total > kLimit) return false;
    }
    int64_t weights = most(cin, 1);
    for (const int64_t size : {most(cout, 1), most(axes[0].kernel, 1), most(axes[1].kernel, 1), most(axes[2].kernel, 1)})
      if (__builtin_mul_overflow(weights, size, &weights) || weights > kLimit) return false;
    return !__builtin_mul_overflow(total, most(most(cin, cout), 1), &total) && total <= kLimit;
  }
};

// One axis of a view: row r and tap t read source position r * step + t * tap_step + offset. tap_step is positive.
struct ViewAxis {
  int64_t rows, taps, step, tap_step, offset;
  int64_t source;               // size of the source's axis
  int64_t first, skip;          // tap t is that of the kernel's position first + t * skip
  int64_t row_step, row_first;  // row r is the result's position row_first + r * row_step
  int64_t result;               // size of the result's axis
};

// Half-open range of taps.
struct Taps {
  int64_t begin, end;
  // Those that read inside of the source for row `at` of an axis.
  KR_INLINE Taps(const ViewAxis& a, int64_t at) {
    const int64_t first = at * a.step + a.offset;
    begin = first >= 0 ? 0 : over(-first, a.tap_step);
    const int64_t room = a.source - first;
    end = room <= 0 ? 0 : room > (a.taps - 1) * a.tap_step ? a.taps : over(room, a.tap_step);
    end = most(end, begin);
  }
};

// Rows of an axis that read inside of the source with a tap.
KR_INLINE Range rows_inside(const ViewAxis& a, int64_t tap) {
  const int64_t first = tap * a.tap_step + a.offset;
  const int64_t begin = first >= 0 ? 0 : over(-first, a.step);
  const int64_t end = first >= a.source ? 0 : least(a.rows, over(a.source - first, a.step));
  return {least(begin, a.rows), most(end, least(begin, a.rows))};
}

// A convolution, or a part of one, as the product of a matrix of gathered rows, one for each position of the result, and a
// matrix of weights. A gathered row has `channels` values of each tap, in the order of the taps.
struct View {
  ViewAxis axes[Geometry::kAxes];
  int64_t batch;
  int64_t channels;         // of a group, in the source
  int64_t source_channels;  // of all groups
  int64_t kernel[Geometry::kAxes];

  KR_INLINE int64_t rows() const { return batch * axes[0].rows * axes[1].rows * axes[2].rows; }
  KR_INLINE int64_t taps() const { return axes[0].taps * axes[1].taps * axes[2].taps; }
  KR_INLINE int64_t depth() const { return taps() * channels; }
  // Whether the taps of the last axis lie one behind the other in memory.
  KR_INLINE bool contiguous() const { return channels == source_channels && (axes[2].tap_step == 1 || axes[2].taps == 1); }
};

// The tap of the kernel that is a view's tap (x, y, z).
KR_INLINE int64_t kernel_tap(const View& v, int64_t x, int64_t y, int64_t z) {
  const int64_t at[] = {x, y, z};
  int64_t tap = 0;
  for (int d = 0; d < Geometry::kAxes; ++d) tap = tap * v.kernel[d] + v.axes[d].first + at[d] * v.axes[d].skip;
  return tap;
}

// The convolution itself: rows are outputs, the source is the input.
KR_INLINE View forward_view(const Geometry& g) {
  View v;
  for (int d = 0; d < Geometry::kAxes; ++d) {
    const Axis& a = g.axes[d];
    v.axes[d] = {a.out, a.kernel, a.stride, a.dilation, -a.low, a.in, 0, 1, 1, 0, a.out};
    v.kernel[d] = a.kernel;
  }
  v.batch = g.batch;
  v.channels = g.group_in();
  v.source_channels = g.cin;
  return v;
}

KR_INLINE int64_t common_divisor(int64_t a, int64_t b) {
  while (b) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

KR_INLINE int64_t modulo(int64_t a, int64_t n) {
  const int64_t rest = a % n;
  return rest < 0 ? rest + n : rest;
}

// The inputs at positions phase + q * stride of one axis. An output o and a tap k meet input i where
// o * stride + k * dilation = i + low: every (stride / gcd(stride, dilation))-th k from the first that leaves no remainder.
// Taps are counted from the last, so that the source position grows with them.
KR_INLINE ViewAxis phase_axis(const Axis& a, int64_t phase) {
  const int64_t divisor = common_divisor(a.stride, a.dilation), skip = a.stride / divisor;
  ViewAxis v = {over(a.in - phase, a.stride), 0, 1, a.dilation / divisor, 0, a.out, 0, -skip, a.stride, phase, a.in};
  int64_t k = 0;
  while (k < skip && modulo(phase + a.low - k * a.dilation, a.stride) != 0) ++k;
  if (k == skip || k >= a.kernel) return v;
  v.taps = over(a.kernel - k, skip);
  v.first = k + (v.taps - 1) * skip;
  v.offset = (phase + a.low - v.first * a.dilation) / a.stride;
  return v;
}

// Phases of the input's gradient along an axis: at most one for each residue of the stride.
KR_INLINE int64_t phases_of(const Axis& a) { return least(a.stride, a.in); }
KR_INLINE int64_t phases_of(const Geometry& g) { return phases_of(g.axes[0]) * phases_of(g.axes[1]) * phases_of(g.axes[2]); }

// A phase of the gradient of the input: rows are inputs, the source is the gradient of the output.
KR_INLINE View gradient_view(const Geometry& g, int64_t phase) {
  View v;
  for (int d = Geometry::kAxes; d-- > 0;) {
    const int64_t count = phases_of(g.axes[d]), rest = phase / count;
    v.axes[d] = phase_axis(g.axes[d], phase - rest * count);
    v.kernel[d] = g.axes[d].kernel;
    phase = rest;
  }
  v.batch = g.batch;
  v.channels = g.group_out();
  v.source_channels = g.cout;
  return v;
}

}  // namespace keratin::KR_ISA
