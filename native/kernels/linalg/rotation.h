// Plane rotations, and sequences of them applied to rows.
#pragma once
#include "kernels/linalg/householder.h"

namespace keratin::KR_ISA {
namespace {

// The rotation that takes (f, g) to (r, 0), by the formulas of Anderson, "Algorithm 978: safe scaling in the level 1 BLAS"
// (2017): r has the sign of f.
struct Rotation {
  double c, s, r;
  KR_INLINE Rotation(double f, double g) {
    if (g == 0) {
      c = 1, s = 0, r = f;
    } else if (f == 0) {
      c = 0, s = with_sign(1, g), r = absolute(g);
    } else {
      const double length = hypotenuse(f, g);
      c = absolute(f) / length;
      r = with_sign(length, f);
      s = g / r;
    }
  }
};

// Rotations of neighbouring rows, by sweeps. The small part of a decomposition runs ahead of its vectors: several sweeps are collected and
// then applied to a few columns after the other, which stay in the cache.
struct Sweeps {
  static constexpr int64_t kSweeps = 32, kColumns = 32;
  double* rows;  // n x length; none if length is 0
  int64_t n, length;
  double* scratch;
  int64_t count = 0;
  int64_t begins[kSweeps] = {}, ends[kSweeps] = {};
  bool ascending[kSweeps] = {};

  KR_INLINE static int64_t scratch_size(int64_t n) { return n * (2 * kSweeps + kColumns); }

  // The rotation of rows i and i + 1 in the open sweep.
  KR_INLINE void set(int64_t i, double cosine, double sine) {
    if (length == 0) return;
    double* pair = scratch + 2 * (count * n + i);
    pair[0] = cosine;
    pair[1] = sine;
  }
  // Ends the sweep: pairs [begin, end), in ascending or in descending order.
  void close(int64_t begin, int64_t end, bool up) {
    if (length == 0) return;
    begins[count] = begin, ends[count] = end, ascending[count] = up;
    if (++count == kSweeps) flush();
  }

  // Applies what was collected.
  void flush() {
    if (count == 0) return;
    int64_t first = n, last = 0;
    for (int64_t k = 0; k < count; ++k) first = min_of(first, begins[k]), last = max_of(last, ends[k]);
    double* block = scratch + 2 * kSweeps * n;
    for (int64_t j = 0; j < length; j += kColumns) {
      const int64_t width = min_of(kColumns, length - j);
      for (int64_t i = first; i <= last; ++i) {
        if (width < kColumns) fill(block + i * kColumns, 0.0, kColumns);
        convert(block + i * kColumns, rows + i * length + j, width);
      }
      for (int64_t k = 0; k < count; ++k) apply(block, k);
      for (int64_t i = first; i <= last; ++i) convert(rows + i * length + j, block + i * kColumns, width);
    }
    count = 0;
  }

 private:
  static constexpr int kVectors = static_cast<int>(kColumns) / V<double>::lanes;
  struct Row {
    V<double> part[kVectors];
    KR_INLINE explicit Row(const double* p) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) part[v] = V<double>::load(p + v * V<double>::lanes);
    }
    KR_INLINE void store(double* p) const {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) part[v].store(p + v * V<double>::lanes);
    }
  };

  // One sweep over the block; the row that two rotations share stays in registers.
  void apply(double* block, int64_t k) const {
    const double* pairs = scratch + 2 * k * n;
    const bool up = ascending[k];
    const int64_t begin = begins[k], end = ends[k], step = up ? 1 : -1, start = up ? begin : end;
    Row moving(block + start * kColumns);
    for (int64_t at = start; at != (up ? end : begin); at += step) {
      const double* pair = pairs + 2 * (up ? at : at - 1);
      const double c = pair[0], s = up ? pair[1] : -pair[1];
      const Row next(block + (at + step) * kColumns);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        const V<double> x = moving.part[v], y = next.part[v];
        (V<double>(c) * x + V<double>(s) * y).store(block + at * kColumns + v * V<double>::lanes);
        moving.part[v] = V<double>(c) * y - V<double>(s) * x;
      }
    }
    moving.store(block + (up ? end : begin) * kColumns);
  }
};

inline constexpr double kHalfUlp = 0x1p-53;          // relative rounding error
inline constexpr double kSmallest = 0x1p-1022;       // smallest normal number

}  // namespace
}  // namespace keratin::KR_ISA
