// Householder reflections H = I - tau v v', v[0] = 1, and QR by them, in double: float32 is computed in double too, which
// rules out over- and underflow and leaves one rounding. Signs are LAPACK's (dlarfg, dgeqrf), as NumPy and JAX give them.
#pragma once
#include "kernels/linalg/dense.h"

namespace keratin::KR_ISA {
namespace {

KR_INLINE double with_sign(double magnitude, double sign) { return __builtin_copysign(magnitude, sign); }

// sqrt(sum of x[i * step]^2); scaled only when the sum leaves the range in which squares are exact enough.
inline double length_of(const double* x, int64_t step, int64_t n) {
  double sum = 0, largest = 0;
  for (int64_t i = 0; i < n; ++i) sum += x[i * step] * x[i * step];
  if (sum > 1e-280 && sum < 1e280) return root(sum);
  for (int64_t i = 0; i < n; ++i) largest = absolute(x[i * step]) > largest ? absolute(x[i * step]) : largest;
  if (largest == 0 || !(largest < simd::Float<double>::infinity)) return sum != sum ? sum : largest;
  sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += (x[i * step] / largest) * (x[i * step] / largest);
  return largest * root(sum);
}

// sqrt(a^2 + b^2) without overflow.
KR_INLINE double hypotenuse(double a, double b) {
  const double p = absolute(a), q = absolute(b), large = p > q ? p : q, small = p > q ? q : p;
  if (large == 0 || !(large < simd::Float<double>::infinity)) return p + q;
  return large * root(1 + (small / large) * (small / large));
}

// Turns x (n elements, `step` apart) into v, whose first element is left to hold beta: H x = beta e_0. Returns tau.
inline double make_reflector(double* x, int64_t step, int64_t n) {
  const double below = n > 1 ? length_of(x + step, step, n - 1) : 0;
  if (below == 0) return 0;
  const double alpha = x[0], beta = -with_sign(hypotenuse(alpha, below), alpha);
  for (int64_t i = 1; i < n; ++i) x[i * step] /= alpha - beta;
  x[0] = beta;
  return (beta - alpha) / beta;
}

// C = H C for C of `rows` x `columns`; v is `step` apart and its first element counts as 1.
inline void reflect_rows(double* c, int64_t row_c, const double* v, int64_t step, double tau, int64_t rows, int64_t columns, double* sums) {
  if (tau == 0 || columns == 0) return;
  convert(sums, c, columns);
  for (int64_t i = 1; i < rows; ++i) add_multiple(sums, v[i * step], c + i * row_c, columns);
  add_multiple(c, -tau, sums, columns);
  for (int64_t i = 1; i < rows; ++i) add_multiple(c + i * row_c, -tau * v[i * step], sums, columns);
}

// C = C H; v is contiguous and its first element counts as 1.
inline void reflect_columns(double* c, int64_t row_c, const double* v, double tau, int64_t rows, int64_t columns) {
  if (tau == 0) return;
  for (int64_t i = 0; i < rows; ++i) {
    double* row = c + i * row_c;
    const double factor = -tau * (row[0] + dot(row + 1, v + 1, columns - 1));
    row[0] += factor;
    add_multiple(row + 1, factor, v + 1, columns - 1);
  }
}

// QR of an m x n matrix, reflections in blocks (Bischof & Van Loan, 1987; in the compact form of Schreiber & Van Loan, 1989).
struct HouseholderQr {
  static constexpr int64_t kPanel = 32;
  double* a;  // m x n: R above, v below the diagonal
  int64_t m, n;
  double* scratch;

  KR_INLINE static int64_t scratch_size(int64_t m, int64_t n, int64_t q) {
    return min_of(m, n) + kPanel * (m + max_of(n, q) * 2 + kPanel);
  }

  // Factors in place.
  void factor() const {
    const int64_t count = min_of(m, n);
    for (int64_t begin = 0; begin < count; begin += kPanel) {
      const int64_t end = min_of(begin + kPanel, count);
      for (int64_t j = begin; j < end; ++j) {
        taus()[j] = make_reflector(a + j * n + j, n, m - j);
        reflect_rows(a + j * n + j + 1, n, a + j * n + j, n, taus()[j], m - j, end - j - 1, products());
      }
      if (end < n) apply(begin, end, a + begin * n + end, n, n - end, true);
    }
  }

  // The first `columns` columns of Q, m x columns.
  void form(double* q, int64_t columns) const {
    const int64_t count = min_of(m, n);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < columns; ++j) q[i * columns + j] = i == j;
    for (int64_t begin = (count - 1) / kPanel * kPanel; begin >= 0 && count > 0; begin -= kPanel)
      apply(begin, min_of(begin + kPanel, count), q + begin * columns + begin, columns, columns - begin, false);
  }

 private:
  double* taus() const { return scratch; }
  double* panel() const { return scratch + min_of(m, n); }  // V, explicit
  double* triangle() const { return panel() + kPanel * m; }
  double* products() const { return triangle() + kPanel * kPanel; }

  // C = H_begin ... H_(end-1) C, or of the transpose of that product, for the rows of C from `begin` on.
  void apply(int64_t begin, int64_t end, double* c, int64_t row_c, int64_t columns, bool transpose) const {
    const int64_t width = end - begin, rows = m - begin;
    double *v = panel(), *t = triangle(), *y = products(), *z = y + width * columns;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < width; ++j) v[i * width + j] = i > j ? a[(begin + i) * n + begin + j] : i == j;
    make_triangle(v, t, begin, width, rows);
    fill(y, 0.0, width * columns);
    add_product(y, columns, View<double>{v, 1, width}, c, row_c, width, columns, rows, 1.0);
    fill(z, 0.0, width * columns);
    add_product(z, columns, View<double>{t, transpose ? 1 : width, transpose ? width : 1}, y, columns, width, columns, width, 1.0);
    add_product(c, row_c, View<double>{v, width, 1}, z, columns, rows, columns, width, -1.0);
  }

  // T with H_begin ... H_(end-1) = I - V T V'. The products V'V come first, in `products`.
  void make_triangle(const double* v, double* t, int64_t begin, int64_t width, int64_t rows) const {
    double* gram = products();
    fill(gram, 0.0, width * width);
    add_product(gram, width, View<double>{v, 1, width}, v, width, width, width, rows, 1.0);
    fill(t, 0.0, width * width);
    for (int64_t j = 0; j < width; ++j) {
      const double tau = taus()[begin + j];
      for (int64_t i = 0; i < j; ++i) {
        double sum = 0;
        for (int64_t k = i; k < j; ++k) sum += t[i * width + k] * gram[k * width + j];
        t[i * width + j] = -tau * sum;
      }
      t[j * width + j] = tau;
    }
  }
};

// The power of two by which a matrix is divided so that squares of its elements neither over- nor underflow, and whether all
// elements are finite. float32 in double never needs it.
struct Scaling {
  double factor = 1;
  bool finite = true;
};
template <typename T>
Scaling scaling_of(const T* x, int64_t n) {
  double largest = 0, poison = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double size = absolute(static_cast<double>(x[i]));
    largest = size > largest ? size : largest;
    poison += size * 0;  // NaN for NaN and infinity
  }
  if (poison != 0) return {1, false};
  if (largest == 0 || (largest > 1e-140 && largest < 1e140)) return {1, true};
  return {largest < 1 ? 0x1p-600 : 0x1p600, true};
}

}  // namespace
}  // namespace keratin::KR_ISA
