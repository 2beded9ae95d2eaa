// What a convolution is: sizes, strides, dilations, and the views of it that become matrix products.
#pragma once
#include <utility>
#include "kernels/gemm/problem.h"

namespace keratin::KR_ISA {

// One spatial axis. Output position o reads inputs o * stride + k * dilation - low, for k in [0, kernel).
struct Axis {
  int64_t in, out, kernel, stride, dilation, low;
};

// The integer attributes of a convolution, as documented in conv.cc.
struct Geometry {
  static constexpr int kAxes = 3;
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

};

// Phases of the input's gradient along an axis: at most one for each residue of the stride.
KR_INLINE int64_t phases_of(const Axis& a) { return min_of(a.stride, a.in); }
KR_INLINE int64_t phases_of(const Geometry& g) { return phases_of(g.axes[0]) * phases_of(g.axes[1]) * phases_of(g.axes[2]); }

// Which operand of a convolution is made of the other two.
enum class Made { Output, Input, Kernel };

// What the kernels of conv.cc and depthwise.cc ask for.
static void convolution_contract(Contract& c, Made made, bool depthwise) {
  constexpr int64_t kMost = int64_t{1} << 40;  // more elements than an array has
  int64_t ints[4 + 6 * Geometry::kAxes];
  int64_t* next = ints;
  for (const auto& [what, low] : {std::pair{"batch", 0}, {"groups", 1}, {"cin", 0}, {"cout", 0}}) *next++ = c.integer(what, low, kMost);
  for (int d = 0; d < Geometry::kAxes; ++d) {
    for (const auto& [what, low] : {std::pair{"in", 0}, {"out", 0}, {"kernel", 0}, {"stride", 1}, {"dilation", 1}})
      *next++ = c.integer(what, low, kMost);
    *next++ = c.integer("low", -kMost, kMost);
  }
  const Geometry g(ints);
  c.require(g.cin % g.groups == 0 && g.cout % g.groups == 0, "groups", "they do not divide the channels");
  if (depthwise) c.require(g.cin == g.cout && g.groups == max_of(g.cin, 1), "groups", "every channel must have a filter of its own");
  Extent x = g.batch, y = g.batch, both = g.batch, w = 1;
  for (const Axis& a : g.axes) {
    x = x * a.in, y = y * a.out, w = w * a.kernel;
    both = both * larger(a.in, a.out);
    c.bounded("reach of an axis", larger(a.out, a.in) * a.stride + Extent(a.kernel) * a.dilation);
  }
  const Extent positions = made == Made::Input ? x : y;
  x = x * g.cin, y = y * g.cout, w = w * (g.cin / g.groups) * g.cout;
  c.bounded("gathered rows", both * larger(g.cin, g.cout));
  c.bounded("weights", w * g.groups * 64);
  c.in(made == Made::Input ? y : x);
  c.in(made == Made::Kernel ? y : w);
  if (made == Made::Kernel) c.out(w);
  else if (made == Made::Input && phases_of(g) > 1) c.out(x);
  else c.product(1, positions, made == Made::Input ? g.cin : g.cout);
}

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
    begin = first >= 0 ? 0 : ceil_div(-first, a.tap_step);
    const int64_t room = a.source - first;
    end = room <= 0 ? 0 : room > (a.taps - 1) * a.tap_step ? a.taps : ceil_div(room, a.tap_step);
    end = max_of(end, begin);
  }
};

// Rows of an axis that read inside of the source with a tap.
KR_INLINE Range rows_inside(const ViewAxis& a, int64_t tap) {
  const int64_t first = tap * a.tap_step + a.offset;
  const int64_t begin = first >= 0 ? 0 : ceil_div(-first, a.step);
  const int64_t end = first >= a.source ? 0 : min_of(a.rows, ceil_div(a.source - first, a.step));
  return {min_of(begin, a.rows), max_of(end, min_of(begin, a.rows))};
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
  ViewAxis v = {ceil_div(a.in - phase, a.stride), 0, 1, a.dilation / divisor, 0, a.out, 0, -skip, a.stride, phase, a.in};
  int64_t k = 0;
  while (k < skip && modulo(phase + a.low - k * a.dilation, a.stride) != 0) ++k;
  if (k == skip || k >= a.kernel) return v;
  v.taps = ceil_div(a.kernel - k, skip);
  v.first = k + (v.taps - 1) * skip;
  v.offset = (phase + a.low - v.first * a.dilation) / a.stride;
  return v;
}

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
