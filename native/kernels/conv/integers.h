// Convolutions of integers: plain loops, sums that wrap around.
#pragma once
#include "kernels/conv/geometry.h"

namespace keratin::KR_ISA {

// Results in a unit, a rough 30 us.
static constexpr int64_t kIntegerWork = 32768;

struct IntegerCut {
  Geometry g;
  bool gradient;
  int64_t columns, rows, unit_rows, row_units;
  KR_INLINE IntegerCut(const int64_t* ints, bool of_input)
      : g(ints), gradient(of_input), columns(of_input ? g.cin : g.cout), rows(of_input ? g.in_pixels() : g.out_pixels()),
        unit_rows(1), row_units(0) {
    const int64_t depth = g.taps() * (of_input ? g.group_out() : g.group_in());
    unit_rows = max_of(kIntegerWork / max_of(depth * columns, 1), 1);
    row_units = columns ? ceil_div(rows, unit_rows) : 0;
  }
};

// The source position of result position `at` and tap `k` of one axis, or -1.
KR_INLINE int64_t source_of(const Axis& a, bool gradient, int64_t at, int64_t k) {
  if (!gradient) {
    const int64_t i = at * a.stride + k * a.dilation - a.low;
    return i < a.in ? i : -1;
  }
  const int64_t i = at + a.low - k * a.dilation;
  return i >= 0 && i % a.stride == 0 && i / a.stride < a.out ? i / a.stride : -1;
}

// out[j] += sum over channels of in[ci] * weights: `in` is the group's first channel.
template <typename T>
static void integer_tap(const IntegerCut& cut, int64_t group, const T* in, const T* kernel, T* out) {
  const int64_t ni = cut.g.group_in(), no = cut.g.group_out(), cout = cut.g.cout;
  const T* w = kernel + group * no;
  for (int64_t i = 0; i < ni; ++i, w += cout) {
    if (cut.gradient) {
      for (int64_t j = 0; j < no; ++j) out[i] += in[j] * w[j];
    } else {
      for (int64_t j = 0; j < no; ++j) out[j] += in[i] * w[j];
    }
  }
}

template <typename T>
static void integer_row(const IntegerCut& cut, const T* source, const T* kernel, T* out, int64_t row) {
  const Geometry& g = cut.g;
  const Axis *x = g.axes, *y = g.axes + 1, *z = g.axes + 2;
  const auto size = [&](const Axis* a, bool of_source) { return cut.gradient == of_source ? a->out : a->in; };
  const int64_t pz = row % size(z, false), py = row / size(z, false) % size(y, false);
  const int64_t plane_number = row / size(z, false) / size(y, false);
  const int64_t px = plane_number % size(x, false), n = plane_number / size(x, false);
  const int64_t channels = cut.gradient ? g.cout : g.cin, plane = g.group_in() * g.cout;
  for (int64_t j = 0; j < cut.columns; ++j) out[j] = 0;
  for (int64_t i = 0; i < x->kernel; ++i) {
    for (int64_t j = 0; j < y->kernel; ++j) {
      for (int64_t k = 0; k < z->kernel; ++k, kernel += plane) {
        const int64_t sx = source_of(*x, cut.gradient, px, i), sy = source_of(*y, cut.gradient, py, j);
        const int64_t sz = source_of(*z, cut.gradient, pz, k);
        if (sx < 0 || sy < 0 || sz < 0) continue;
        const T* in = source + (((n * size(x, true) + sx) * size(y, true) + sy) * size(z, true) + sz) * channels;
        for (int64_t group = 0; group < g.groups; ++group)
          integer_tap(cut, group, in + group * (channels / g.groups), kernel, out + group * (cut.columns / g.groups));
      }
    }
  }
}

// conv and conv_input; T is unsigned.
template <typename T, bool gradient>
static void convolve_integers(const Args& args, Range r) {
  const IntegerCut cut(args.ints, gradient);
  const int64_t row_bytes = cut.columns * static_cast<int64_t>(sizeof(T));
  for (int64_t u = r.begin; u < r.end; ++u) {
    const int64_t begin = u * cut.unit_rows, end = min_of(begin + cut.unit_rows, cut.rows);
    T* out = args.epilogue ? static_cast<T*>(args.local) : args.at<T>(2) + begin * cut.columns;
    for (int64_t row = begin; row < end; ++row)
      integer_row(cut, args.at<const T>(0), args.at<const T>(1), out + (row - begin) * cut.columns, row);
    if (args.epilogue) args.epilogue->apply(args.epilogue, out, row_bytes, 0, begin, end, 0, cut.columns);
  }
}

template <typename T, bool gradient>
static Work plan_integer_convolution(const int64_t* ints, bool epilogue) {
  Work work;
  const IntegerCut cut(ints, gradient);
  work.units[0] = cut.row_units;
  work.nanoseconds = 100 + cut.g.work();
  if (epilogue) work.local_bytes = cut.unit_rows * cut.columns * static_cast<int64_t>(sizeof(T));
  return work;
}

}  // namespace keratin::KR_ISA
