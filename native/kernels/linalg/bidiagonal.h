// The singular values of a bidiagonal matrix by implicit QR, zero-shift where that keeps small values accurate (Demmel & Kahan,
// "Accurate singular values of bidiagonal matrices", 1990). Directions, shifts and signs are those of LAPACK's dbdsqr.
#pragma once
#include "kernels/linalg/rotation.h"

namespace keratin::KR_ISA {
namespace {

// The smaller singular value of [[f, g], [0, h]] (dlas2).
inline double smaller_value(double f, double g, double h) {
  const double fa = absolute(f), ga = absolute(g), ha = absolute(h), low = fa < ha ? fa : ha, high = fa < ha ? ha : fa;
  if (low == 0) return 0;
  const double as = 1 + low / high, at = (high - low) / high;
  if (ga < high) {
    const double au = (ga / high) * (ga / high);
    return low * (2 / (root(as * as + au) + root(at * at + au)));
  }
  const double au = high / ga;
  if (au == 0) return (low * high) / ga;
  const double c = 1 / (root(1 + (as * au) * (as * au)) + root(1 + (at * au) * (at * au)));
  return 2 * ((low * c) * au);
}

// [[f, g], [0, h]] = rotation(left)' diag(large, small) rotation(right), large the larger in size (dlasv2).
struct Singular2 {
  double small, large, sin_right, cos_right, sin_left, cos_left;

  Singular2(double f, double g, double h) {
    const bool swap = absolute(h) > absolute(f);
    const double ft = swap ? h : f, ht = swap ? f : h, fa = absolute(ft), ha = absolute(ht), ga = absolute(g);
    int largest = swap ? 3 : 1;
    double cl = 1, cr = 1, sl = 0, sr = 0;
    if (ga == 0) {
      small = ha;
      large = fa;
    } else if (ga > fa && fa / ga < kHalfUlp) {
      largest = 2;
      large = ga;
      small = ha > 1 ? fa / (ga / ha) : (fa / ga) * ha;
      sl = ht / g, sr = 1, cr = ft / g;
    } else {
      if (ga > fa) largest = 2;
      const double d = fa - ha, l = d == fa ? 1 : d / fa, m = g / ft, mm = m * m, t = 2 - l;
      const double s = root(t * t + mm), r = l == 0 ? absolute(m) : root(l * l + mm), a = 0.5 * (s + r);
      small = ha / a;
      large = fa * a;
      double tangent;
      if (mm != 0) tangent = (m / (s + t) + m / (r + l)) * (1 + a);
      else if (l == 0) tangent = with_sign(2, ft) * with_sign(1, g);
      else tangent = g / with_sign(d, ft) + m / t;
      const double length = root(tangent * tangent + 4);
      cr = 2 / length, sr = tangent / length;
      cl = (cr + sr * m) / a, sl = (ht / ft) * sr / a;
    }
    cos_left = swap ? sr : cl, sin_left = swap ? cr : sl, cos_right = swap ? sl : cr, sin_right = swap ? cl : sr;
    const double turn = largest == 1 ? with_sign(1, cos_right) * with_sign(1, cos_left) * with_sign(1, f)
                      : largest == 2 ? with_sign(1, sin_right) * with_sign(1, cos_left) * with_sign(1, g)
                                     : with_sign(1, sin_right) * with_sign(1, sin_left) * with_sign(1, h);
    large = with_sign(large, turn);
    small = with_sign(small, turn * with_sign(1, f) * with_sign(1, h));
  }
};

// An upper bidiagonal B = U diag(d) V' in the making. The rows of `on_left` are the columns of U, those of `on_right` the rows of V'.
struct Bidiagonal {
  double *d, *e;
  int64_t n;
  Sweeps &on_left, &on_right;
  double threshold = 0;  // below which couplings count as 0

  // Makes a lower bidiagonal matrix upper.
  void raise() const {
    for (int64_t i = 0; i + 1 < n; ++i) {
      const Rotation turn(d[i], e[i]);
      d[i] = turn.r;
      e[i] = turn.s * d[i + 1];
      d[i + 1] = turn.c * d[i + 1];
      on_left.set(i, turn.c, turn.s);
    }
    if (n > 1) on_left.close(0, n - 1, true);
  }

  // Diagonalises: d becomes the singular values, not negative and descending. False: no convergence.
  bool run() {
    if (n == 0) return true;
    set_threshold();
    const int64_t limit = 6 * n * n;
    int64_t iterations = 0, old_begin = -1, old_end = -1;
    int direction = 0;
    for (int64_t end = n - 1; end > 0;) {
      if (iterations > limit) return false;
      int64_t begin;
      double largest;
      if (!find_block(end, begin, largest)) {
        --end;
        continue;
      }
      if (begin == end - 1) {
        solve_pair(begin);
        end -= 2;
        continue;
      }
      if (begin > old_end || end < old_begin) direction = absolute(d[begin]) >= absolute(d[end]) ? 1 : 2;
      double smallest;
      if (direction == 1 ? converges_down(begin, end, smallest) : converges_up(begin, end, smallest)) continue;
      old_begin = begin;
      old_end = end;
      iterations += end - begin;
      step(begin, end, direction, shift_of(begin, end, direction, smallest, largest));
    }
    finish();
    return true;
  }

 private:
  // As dbdsqr: relative accuracy for all values, eps^(-1/8) units.
  static constexpr double kTolerance = 98.70148 * kHalfUlp;

  void set_threshold() {
    double low = absolute(d[0]), mu = low;
    for (int64_t i = 1; i < n && low != 0; ++i) {
      mu = absolute(d[i]) * (mu / (mu + absolute(e[i - 1])));
      low = mu < low ? mu : low;
    }
    const double count = static_cast<double>(n), floor = 6 * count * count * kSmallest, relative = kTolerance * low / root(count);
    threshold = relative > floor ? relative : floor;
  }

  // The unsplit block [begin, end]; false when its last element has split off.
  bool find_block(int64_t end, int64_t& begin, double& largest) const {
    largest = absolute(d[end]);
    for (begin = end; begin > 0; --begin) {
      const double size = absolute(d[begin - 1]), coupling = absolute(e[begin - 1]);
      if (coupling <= threshold) {
        e[begin - 1] = 0;
        break;
      }
      largest = size > largest ? size : largest;
      largest = coupling > largest ? coupling : largest;
    }
    return begin != end;
  }

  void solve_pair(int64_t i) const {
    const Singular2 pair(d[i], e[i], d[i + 1]);
    d[i] = pair.large, e[i] = 0, d[i + 1] = pair.small;
    on_right.set(i, pair.cos_right, pair.sin_right);
    on_left.set(i, pair.cos_left, pair.sin_left);
    on_right.close(i, i + 1, true);
    on_left.close(i, i + 1, true);
  }

  // Convergence tests of Demmel and Kahan, from the top and from the bottom; `smallest` bounds the block's least value from below.
  bool converges_down(int64_t begin, int64_t end, double& smallest) const {
    if (absolute(e[end - 1]) <= kTolerance * absolute(d[end])) return e[end - 1] = 0, true;
    double mu = smallest = absolute(d[begin]);
    for (int64_t i = begin; i < end; ++i) {
      if (absolute(e[i]) <= kTolerance * mu) return e[i] = 0, true;
      mu = absolute(d[i + 1]) * (mu / (mu + absolute(e[i])));
      smallest = mu < smallest ? mu : smallest;
    }
    return false;
  }
  bool converges_up(int64_t begin, int64_t end, double& smallest) const {
    if (absolute(e[begin]) <= kTolerance * absolute(d[begin])) return e[begin] = 0, true;
    double mu = smallest = absolute(d[end]);
    for (int64_t i = end - 1; i >= begin; --i) {
      if (absolute(e[i]) <= kTolerance * mu) return e[i] = 0, true;
      mu = absolute(d[i]) * (mu / (mu + absolute(e[i])));
      smallest = mu < smallest ? mu : smallest;
    }
    return false;
  }

  // 0 where a shift would cost relative accuracy.
  double shift_of(int64_t begin, int64_t end, int direction, double smallest, double largest) const {
    const double bound = kHalfUlp > 0.01 * kTolerance ? kHalfUlp : 0.01 * kTolerance;
    if (static_cast<double>(n) * kTolerance * (smallest / largest) <= bound) return 0;
    const double start = absolute(direction == 1 ? d[begin] : d[end]);
    const double shift = direction == 1 ? smaller_value(d[end - 1], e[end - 1], d[end]) : smaller_value(d[begin], e[begin], d[begin + 1]);
    return start > 0 && (shift / start) * (shift / start) < kHalfUlp ? 0 : shift;
  }

  void step(int64_t begin, int64_t end, int direction, double shift) const {
    if (direction == 1) {
      shift == 0 ? zero_shift_down(begin, end) : shifted_down(begin, end, shift);
      on_right.close(begin, end, true);
      on_left.close(begin, end, true);
      if (absolute(e[end - 1]) <= threshold) e[end - 1] = 0;
    } else {
      shift == 0 ? zero_shift_up(begin, end) : shifted_up(begin, end, shift);
      on_right.close(begin, end, false);
      on_left.close(begin, end, false);
      if (absolute(e[begin]) <= threshold) e[begin] = 0;
    }
  }

  void zero_shift_down(int64_t begin, int64_t end) const {
    double c = 1, old_c = 1, old_s = 0;
    for (int64_t i = begin; i < end; ++i) {
      const Rotation turn(d[i] * c, e[i]);
      if (i > begin) e[i - 1] = old_s * turn.r;
      const Rotation back(old_c * turn.r, d[i + 1] * turn.s);
      d[i] = back.r;
      c = turn.c, old_c = back.c, old_s = back.s;
      on_right.set(i, turn.c, turn.s);
      on_left.set(i, back.c, back.s);
    }
    const double h = d[end] * c;
    d[end] = h * old_c;
    e[end - 1] = h * old_s;
  }

  void zero_shift_up(int64_t begin, int64_t end) const {
    double c = 1, old_c = 1, old_s = 0;
    for (int64_t i = end; i > begin; --i) {
      const Rotation turn(d[i] * c, e[i - 1]);
      if (i < end) e[i] = old_s * turn.r;
      const Rotation back(old_c * turn.r, d[i - 1] * turn.s);
      d[i] = back.r;
      c = turn.c, old_c = back.c, old_s = back.s;
      on_left.set(i - 1, turn.c, -turn.s);
      on_right.set(i - 1, back.c, -back.s);
    }
    const double h = d[begin] * c;
    d[begin] = h * old_c;
    e[begin] = h * old_s;
  }

  void shifted_down(int64_t begin, int64_t end, double shift) const {
    double f = (absolute(d[begin]) - shift) * (with_sign(1, d[begin]) + shift / d[begin]), g = e[begin];
    for (int64_t i = begin; i < end; ++i) {
      const Rotation right_turn(f, g);
      if (i > begin) e[i - 1] = right_turn.r;
      f = right_turn.c * d[i] + right_turn.s * e[i];
      e[i] = right_turn.c * e[i] - right_turn.s * d[i];
      g = right_turn.s * d[i + 1];
      d[i + 1] = right_turn.c * d[i + 1];
      const Rotation left_turn(f, g);
      d[i] = left_turn.r;
      f = left_turn.c * e[i] + left_turn.s * d[i + 1];
      d[i + 1] = left_turn.c * d[i + 1] - left_turn.s * e[i];
      if (i < end - 1) {
        g = left_turn.s * e[i + 1];
        e[i + 1] = left_turn.c * e[i + 1];
      }
      on_right.set(i, right_turn.c, right_turn.s);
      on_left.set(i, left_turn.c, left_turn.s);
    }
    e[end - 1] = f;
  }

  void shifted_up(int64_t begin, int64_t end, double shift) const {
    double f = (absolute(d[end]) - shift) * (with_sign(1, d[end]) + shift / d[end]), g = e[end - 1];
    for (int64_t i = end; i > begin; --i) {
      const Rotation left_turn(f, g);
      if (i < end) e[i] = left_turn.r;
      f = left_turn.c * d[i] + left_turn.s * e[i - 1];
      e[i - 1] = left_turn.c * e[i - 1] - left_turn.s * d[i];
      g = left_turn.s * d[i - 1];
      d[i - 1] = left_turn.c * d[i - 1];
      const Rotation right_turn(f, g);
      d[i] = right_turn.r;
      f = right_turn.c * e[i - 1] + right_turn.s * d[i - 1];
      d[i - 1] = right_turn.c * d[i - 1] - right_turn.s * e[i - 1];
      if (i > begin + 1) {
        g = right_turn.s * e[i - 2];
        e[i - 2] = right_turn.c * e[i - 2];
      }
      on_left.set(i - 1, left_turn.c, -left_turn.s);
      on_right.set(i - 1, right_turn.c, -right_turn.s);
    }
    e[begin] = f;
  }

  // Signs into V, and descending order.
  void finish() const {
    double *left = on_left.rows, *right = on_right.rows;
    const int64_t left_length = on_left.length, right_length = on_right.length;
    on_left.flush();
    on_right.flush();
    for (int64_t i = 0; i < n; ++i) {
      if (!__builtin_signbit(d[i])) continue;
      d[i] = -d[i];
      // A single value's sign goes to the left in LAPACK (dbdsdc).
      if (n == 1) scale(left, -1.0, left_length);
      else scale(right + i * right_length, -1.0, right_length);
    }
    for (int64_t last = n - 1; last > 0; --last) {
      int64_t smallest = 0;
      for (int64_t j = 1; j <= last; ++j)
        if (d[j] <= d[smallest]) smallest = j;
      if (smallest == last) continue;
      exchange(d + smallest, d + last, 1);
      exchange(right + smallest * right_length, right + last * right_length, right_length);
      exchange(left + smallest * left_length, left + last * left_length, left_length);
    }
  }
};

}  // namespace
}  // namespace keratin::KR_ISA
