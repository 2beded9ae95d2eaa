// Lines: rows of a view's matrix read where the source has them, one line at a time. A row's values of one line are neighbours in memory,
// so that it is a run for each line that its window meets. Only where the window leaves the source, lines are copied beforehand, with
// zeros around them: once for all taps, while gathering copies an element as often as there are taps.
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
  const T* data;         // the run of the first row, first tap

  // Whether rows can be read from lines at all, in all phases: what they read of a line is contiguous, and lines are not all padding.
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
    return inside(v) ? 0 : multiple(lines_of(v, count) * width(v), 64 / static_cast<int64_t>(sizeof(T)));
  }

  // For lines [first, first + count) of the result, with a plane of the source.
  KR_INLINE Lines(const View& v, const T* plane, int64_t first, int64_t count, T* scratch) {
    const ViewAxis &y = v.axes[1], &z = v.axes[2];
    const int64_t length = z.source * v.channels, begin = first * y.step + y.offset;
    const bool in_place = inside(v);
    const int64_t pitch = in_place ? length : width(v);
    run = z.taps * v.channels;
    across = z.step * v.channels;
    down = y.step * pitch;
    tap = y.tap_step * pitch;
    data = in_place ? plane + begin * length + z.offset * v.channels : scratch;
    if (in_place) return;
    for (int64_t i = 0, n = lines_of(v, count); i < n; ++i, scratch += pitch) {
      const int64_t line = begin + i;
      if (line < 0 || line >= y.source) zero_elements(scratch, pitch);
      else copy_line(plane + line * length, length, z.offset * v.channels, scratch, pitch);
    }
  }

 private:
  // Lines of the source from the first to the last that `count` lines of the result read.
  static KR_INLINE int64_t lines_of(const View& v, int64_t count) {
    return (count - 1) * v.axes[1].step + (v.axes[1].taps - 1) * v.axes[1].tap_step + 1;
  }
  // n elements of a line of `length` from `from` on, zeros where it has none.
  static KR_INLINE void copy_line(const T* line, int64_t length, int64_t from, T* out, int64_t n) {
    const int64_t begin = least(most(-from, 0), n), end = most(least(length - from, n), begin);
    zero_elements(out, begin);
    if (end > begin) copy_elements(out + begin, line + (from + begin), end - begin);
    zero_elements(out + end, n - end);
  }
};

}  // namespace keratin::KR_ISA
