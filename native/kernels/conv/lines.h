// Lines: rows of a view's matrix read where the source has them, one line at a time. Either a row's values of one line are neighbours in
// memory, and a row is a run for each line that its window meets: where the window leaves a line, lines are copied beforehand, with
// zeros around them, once for all taps, while gathering copies an element as often as there are taps. Or each tap of the last axis
// is taken by itself, with those rows only whose windows have it: then nothing is copied, and no zeros are multiplied.
#pragma once
#include "kernels/conv/gather.h"

namespace keratin::KR_ISA {

// The lines of one plane of a view: those that a stretch of lines of the result reads.
template <typename T>
struct Lines {
  int64_t run;           // elements of one line in a row
  int64_t across;        // elements from a row's run to the next row's
  int64_t down;          // ... from a line of the result to the next
  int64_t tap;           // ... from a tap of the second axis to the next
  const T* data;         // the run of the first row, first tap: may be outside of the source, where no tap reads it

  // Whether rows can be read from lines with all taps of the last axis, in all phases: what they read of a line is contiguous, and
  // lines are not all padding.
  static KR_INLINE bool suit(const View& v) {
    const ViewAxis &y = v.axes[1], &z = v.axes[2];
    return v.channels == v.source_channels && (z.tap_step == 1 || v.kernel[2] == 1) && y.step <= y.source && y.tap_step <= y.source &&
           z.step <= z.source;
  }

  // Elements of a line with its padding.
  static KR_INLINE int64_t width(const View& v) {
    const ViewAxis& z = v.axes[2];
    return ((z.rows - 1) * z.step + z.taps) * v.channels;
  }
  // Whether no window leaves the source along the last two axes.
  static KR_INLINE bool inside(const View& v) {
    const ViewAxis &y = v.axes[1], &z = v.axes[2];
    return z.offset >= 0 && (z.rows - 1) * z.step + z.taps + z.offset <= z.source && y.offset >= 0 &&
           (y.rows - 1) * y.step + (y.taps - 1) * y.tap_step + y.offset < y.source;
  }
  // Elements of scratch for `count` lines of the result, whole lines of the cache.
  static KR_INLINE int64_t scratch_size(const View& v, int64_t count) {
    return inside(v) ? 0 : round_up(lines_of(v, count) * width(v), 64 / static_cast<int64_t>(sizeof(T)));
  }

  // For lines of the result from `first` on, with a plane of the source.
  KR_INLINE Lines(const View& v, const T* plane, int64_t first, const T* copied) {
    const bool in_place = inside(v);
    const int64_t pitch = in_place ? v.axes[2].source * v.channels : width(v);
    set(v, v.axes[2].taps * v.channels, pitch);
    data = in_place ? origin(v, plane, first) : copied;
  }
  // The same with one tap of the last axis.
  KR_INLINE Lines(const View& v, const T* plane, int64_t first, int64_t tap_of_line) {
    set(v, v.channels, v.axes[2].source * v.source_channels);
    data = origin(v, plane, first) + tap_of_line * v.axes[2].tap_step * v.source_channels;
  }

  // Copies what `count` lines of the result from `first` on read, where that is needed.
  static KR_INLINE void copy(const View& v, const T* plane, int64_t first, int64_t count, T* copied) {
    if (inside(v)) return;
    const ViewAxis &y = v.axes[1], &z = v.axes[2];
    const int64_t length = z.source * v.channels, pitch = width(v), begin = first * y.step + y.offset;
    for (int64_t i = 0, n = lines_of(v, count); i < n; ++i, copied += pitch) {
      const int64_t line = begin + i;
      if (line < 0 || line >= y.source) zero_elements(copied, pitch);
      else copy_line(plane + line * length, length, z.offset * v.channels, copied, pitch);
    }
  }

 private:
  KR_INLINE void set(const View& v, int64_t elements, int64_t pitch) {
    run = elements;
    across = v.axes[2].step * v.source_channels;
    down = v.axes[1].step * pitch;
    tap = v.axes[1].tap_step * pitch;
  }
  static KR_INLINE const T* origin(const View& v, const T* plane, int64_t first) {
    const ViewAxis &y = v.axes[1], &z = v.axes[2];
    return plane + ((first * y.step + y.offset) * z.source + z.offset) * v.source_channels;
  }
  // Lines of the source from the first to the last that `count` lines of the result read.
  static KR_INLINE int64_t lines_of(const View& v, int64_t count) {
    return (count - 1) * v.axes[1].step + (v.axes[1].taps - 1) * v.axes[1].tap_step + 1;
  }
  // n elements of a line of `length` from `from` on, zeros where it has none.
  static KR_INLINE void copy_line(const T* line, int64_t length, int64_t from, T* out, int64_t n) {
    const int64_t begin = min_of(max_of(-from, 0), n), end = max_of(min_of(length - from, n), begin);
    zero_elements(out, begin);
    if (end > begin) copy_elements(out + begin, line + (from + begin), end - begin);
    zero_elements(out + end, n - end);
  }
};

}  // namespace keratin::KR_ISA
