// The quasi-triangular form of a general real matrix, in double: balancing (Parlett & Reinsch, 1969, with the norms of James, Langou & Lowery,
// 2014), reduction to Hessenberg form by reflections, and Francis's doubly shifted QR (Golub & Van Loan, *Matrix Computations*, 7.4 and 7.5).
#pragma once
#include "kernels/linalg/rotation.h"

namespace keratin::KR_ISA {
namespace {

inline constexpr double kUlp = 0x1p-52;  // from 1 to the next number

// A matrix on its way to the form, with what the way back needs.
struct QuasiTriangular {
  double *h, *v;     // the matrix, which becomes quasi-triangular, and the basis, which becomes the vectors; n x n
  double *re, *im;   // eigenvalues
  double* scale;     // of balancing: factors, and outside of [low, high] the rows that were exchanged
  double* tau;
  double* work;      // n
  int64_t n;
  int64_t low = 0, high = 0;
  double norm = 0;
  double shift = 0;  // what has been subtracted from the diagonal

  KR_INLINE double& at(int64_t i, int64_t j) { return h[i * n + j]; }
  KR_INLINE double& basis(int64_t i, int64_t j) { return v[i * n + j]; }

  // Balancing.

  void exchange_axes(int64_t j, int64_t m) {
    scale[m] = static_cast<double>(j);
    if (j == m) return;
    for (int64_t i = 0; i < n; ++i) exchange(&at(i, j), &at(i, m), 1);
    exchange(&at(j, 0), &at(m, 0), n);
  }
  // A row (or a column) of [low, high] without elements beside the diagonal; -1 if there is none.
  int64_t isolated(bool row) {
    for (int64_t k = 0; k <= high - low; ++k) {
      const int64_t j = row ? high - k : low + k;
      bool alone = true;
      for (int64_t i = low; i <= high && alone; ++i) alone = i == j || (row ? at(j, i) : at(i, j)) == 0;
      if (alone) return j;
    }
    return -1;
  }
  void isolate() {
    for (int64_t j; high > 0 && (j = isolated(true)) >= 0; --high) exchange_axes(j, high);
    for (int64_t j; low < high && (j = isolated(false)) >= 0; ++low) exchange_axes(j, low);
  }
  // Brings row and column i to similar norms by a power of 2. False if they are so.
  bool equilibrate(int64_t i) {
    double column = length_of(&at(low, i), n, high - low + 1), row = length_of(&at(i, low), 1, high - low + 1);
    if (column == 0 || row == 0) return false;
    const double sum = column + row;
    double factor = 1;
    while (column < row / 2 && factor < 0x1p500) factor *= 2, column *= 2, row /= 2;
    while (column / 2 >= row && factor > 0x1p-500) factor /= 2, column /= 2, row *= 2;
    if (factor == 1 || column + row >= 0.95 * sum) return false;
    scale[i] *= factor;
    for (int64_t j = 0; j < n; ++j) at(i, j) /= factor;
    for (int64_t j = 0; j < n; ++j) at(j, i) *= factor;
    return true;
  }
  void balance() {
    low = 0, high = n - 1;
    fill(scale, 1.0, n);
    isolate();
    for (bool changed = true; changed;) {
      changed = false;
      for (int64_t i = low; i <= high; ++i) changed |= equilibrate(i);
    }
  }

  // Hessenberg form.

  void reduce() {
    for (int64_t k = low; k + 1 < high; ++k) {
      const int64_t rows = high - k;
      tau[k] = make_reflector(&at(k + 1, k), n, rows);
      reflect_rows(&at(k + 1, k + 1), n, &at(k + 1, k), n, tau[k], rows, n - k - 1, work);
      for (int64_t i = 0; i < rows; ++i) work[i] = at(k + 1 + i, k);
      reflect_columns(&at(0, k + 1), n, work, tau[k], high + 1, rows);
    }
    fill(v, 0.0, n * n);
    for (int64_t i = 0; i < n; ++i) basis(i, i) = 1;
    for (int64_t k = high - 2; k >= low; --k) {
      const int64_t rows = high - k;
      reflect_rows(&basis(k + 1, k + 1), n, &at(k + 1, k), n, tau[k], rows, rows, work);
      for (int64_t i = k + 2; i <= high; ++i) at(i, k) = 0;
    }
  }

  // QR.

  int64_t block_begin(int64_t end) {
    for (int64_t l = end; l > low; --l) {
      const double around = absolute(at(l - 1, l - 1)) + absolute(at(l, l));
      if (absolute(at(l, l - 1)) < kUlp * (around == 0 ? norm : around)) {
        at(l, l - 1) = 0;
        return l;
      }
    }
    return low;
  }

  // Splits the last 2 x 2 block off: two real roots make it triangular, complex ones leave it.
  void split_pair(int64_t m) {
    const double w = at(m, m - 1) * at(m - 1, m), p = (at(m - 1, m - 1) - at(m, m)) / 2, q = p * p + w, distance = root(absolute(q));
    at(m, m) += shift;
    at(m - 1, m - 1) += shift;
    const double x = at(m, m);
    if (q < 0) {
      re[m - 1] = re[m] = x + p;
      im[m - 1] = distance;
      im[m] = -distance;
      return;
    }
    const double z = p + with_sign(distance, p);
    re[m - 1] = re[m] = x + z;
    if (z != 0) re[m] = x - w / z;
    im[m - 1] = im[m] = 0;
    const double below = at(m, m - 1), size = hypotenuse(below, z);
    const double sine = size == 0 ? 0 : below / size, cosine = size == 0 ? 1 : z / size;
    rotate(&at(m - 1, m - 1), &at(m, m - 1), cosine, sine, n - m + 1);
    for (int64_t i = 0; i <= m; ++i) rotate(&at(i, m - 1), &at(i, m), cosine, sine, 1);
    for (int64_t i = low; i <= high; ++i) rotate(&basis(i, m - 1), &basis(i, m), cosine, sine, 1);
    at(m, m - 1) = 0;
  }

  // The sum x + y and, with w, the product x y - w of the shifts.
  struct Shifts {
    double x, y, w;
  };
  void move_diagonal(double by, int64_t end) {
    shift += by;
    for (int64_t i = low; i <= end; ++i) at(i, i) -= by;
  }
  Shifts shifts(int64_t end, int64_t iteration) {
    Shifts s{at(end, end), at(end - 1, end - 1), at(end, end - 1) * at(end - 1, end)};
    if (iteration % 20 == 10) {  // exceptional shifts, in case that the usual ones go round in circles
      move_diagonal(s.x, end);
      const double size = absolute(at(end, end - 1)) + absolute(at(end - 1, end - 2));
      s = {0.75 * size, 0.75 * size, -0.4375 * size * size};
    } else if (iteration % 20 == 0 && iteration > 0) {
      const double half = (s.y - s.x) / 2, q = half * half + s.w;
      if (q > 0) {
        move_diagonal(s.x - s.w / (half + with_sign(root(q), half)), end);
        s = {0.964, 0.964, 0.964};
      }
    }
    return s;
  }

  // Where the sweep may begin: the first column of the shifted matrix there, scaled, in `first`.
  int64_t sweep_begin(int64_t begin, int64_t end, const Shifts& s, double* first) {
    for (int64_t m = end - 2;; --m) {
      const double z = at(m, m), r = s.x - z, t = s.y - z;
      double p = (r * t - s.w) / at(m + 1, m) + at(m, m + 1), q = at(m + 1, m + 1) - z - r - t, u = at(m + 2, m + 1);
      const double size = absolute(p) + absolute(q) + absolute(u);
      if (size != 0) p /= size, q /= size, u /= size;
      first[0] = p, first[1] = q, first[2] = u;
      if (m == begin) return m;
      const double around = absolute(at(m - 1, m - 1)) + absolute(z) + absolute(at(m + 1, m + 1));
      if (absolute(at(m, m - 1)) * (absolute(q) + absolute(u)) < kUlp * absolute(p) * around) return m;
    }
  }

  // Applies the reflection I - u w', u = (1, q, r), w = (x, y, z), to rows or columns k, k + 1 and (if `three`) k + 2.
  struct Reflection {
    double q, r, x, y, z;
    bool three;
    KR_INLINE void apply(double* a, double* b, double* c) const {
      const double sum = *a + q * *b + (three ? r * *c : 0);
      *a -= sum * x;
      *b -= sum * y;
      if (three) *c -= sum * z;
    }
    KR_INLINE void apply_right(double* row) const {
      const double sum = x * row[0] + y * row[1] + (three ? z * row[2] : 0);
      row[0] -= sum;
      row[1] -= sum * q;
      if (three) row[2] -= sum * r;
    }
  };
  void reflect(const Reflection& f, int64_t k, int64_t end) {
    double *a = h + k * n, *b = a + n, *c = f.three ? b + n : b;
    for (int64_t j = k; j < n; ++j) f.apply(a + j, b + j, c + j);
    const int64_t last = min_of(end, k + 3);
    for (int64_t i = 0; i <= last; ++i) f.apply_right(&at(i, k));
    for (int64_t i = low; i <= high; ++i) f.apply_right(&basis(i, k));
  }

  void sweep(int64_t begin, int64_t end, const Shifts& s) {
    double first[3];
    const int64_t m = sweep_begin(begin, end, s, first);
    for (int64_t i = m + 2; i <= end; ++i) {
      at(i, i - 2) = 0;
      if (i > m + 2) at(i, i - 3) = 0;
    }
    double p = first[0], q = first[1], r = first[2], size = 1;
    for (int64_t k = m; k < end; ++k) {
      const bool three = k != end - 1;
      if (k != m) {
        p = at(k, k - 1), q = at(k + 1, k - 1), r = three ? at(k + 2, k - 1) : 0;
        size = absolute(p) + absolute(q) + absolute(r);
        if (size == 0) continue;
        p /= size, q /= size, r /= size;
      }
      const double length = with_sign(root(p * p + q * q + r * r), p);
      if (length == 0) continue;
      if (k != m) at(k, k - 1) = -length * size;
      else if (begin != m) at(k, k - 1) = -at(k, k - 1);
      p += length;
      reflect({q / p, r / p, p / length, q / length, r / length, three}, k, end);
    }
  }

  // The quasi-triangular form and the eigenvalues. False if they are not found.
  bool triangularise() {
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = i > 0 ? i - 1 : 0; j < n; ++j) norm += absolute(at(i, j));
      if (i < low || i > high) re[i] = at(i, i), im[i] = 0;
    }
    if (norm == 0) norm = 1;
    for (int64_t m = high, iteration = 0; m >= low;) {
      const int64_t begin = block_begin(m);
      if (begin == m) {
        at(m, m) += shift;
        re[m] = at(m, m), im[m] = 0;
        m -= 1, iteration = 0;
      } else if (begin == m - 1) {
        split_pair(m);
        m -= 2, iteration = 0;
      } else {
        if (iteration == 100) return false;
        sweep(begin, m, shifts(m, iteration));
        ++iteration;
      }
    }
    return true;
  }
};

}  // namespace
}  // namespace keratin::KR_ISA
