// Plane rotations, and sequences of them applied to rows.
#pragma once
#include "kernels/linalg/householder.h"

namespace keratin::KR_ISA {

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

// Rotations of neighbouring rows, collected while a sweep runs over the matrix's small part and applied to the vectors
// afterwards: the vectors are long.
struct Sweep {
  double *c, *s;  // of rows (i, i + 1), at i

  KR_INLINE void set(int64_t i, double cosine, double sine) const {
    c[i] = cosine;
    s[i] = sine;
  }
  // Pairs [begin, end) in ascending order, or in descending order.
  void apply(double* rows, int64_t length, int64_t begin, int64_t end, bool ascending) const {
    if (length == 0) return;
    for (int64_t step = begin; step < end; ++step) {
      const int64_t i = ascending ? step : end - 1 - (step - begin);
      if (c[i] == 1 && s[i] == 0) continue;
      rotate(rows + i * length, rows + (i + 1) * length, c[i], s[i], length);
    }
  }
};

inline constexpr double kHalfUlp = 0x1p-53;          // relative rounding error
inline constexpr double kSmallest = 0x1p-1022;       // smallest normal number

}  // namespace keratin::KR_ISA
