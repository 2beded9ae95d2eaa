// Eigenvalues and right eigenvectors of general real matrices, in double: the quasi-triangular form, whose vectors are found by
// back-substitution (Golub & Van Loan, *Matrix Computations*, 7.6; Peters & Wilkinson, "Eigenvectors of real and complex matrices by LR and
// QR triangularizations", 1970). Vectors are normalised as LAPACK's geev does: of length 1, the largest component of a complex one real. A
// unit is a matrix.
//
// eig. ints: [matrices, n]. operands: A [matrices, n, n], values [matrices, n, 2], vectors [matrices, n, n, 2], as columns; the last axis has
// the real and the imaginary part. What does not converge, or is not finite, is NaN.
#include "kernels/linalg/quasi_triangular.h"

namespace keratin::KR_ISA {
namespace {

struct Pair {
  double re, im;
};
// (a + bi) / (c + di), by Smith's method.
inline Pair complex_quotient(double a, double b, double c, double d) {
  if (absolute(c) > absolute(d)) {
    const double r = d / c, t = c + r * d;
    return {(a + r * b) / t, (b - r * a) / t};
  }
  const double r = c / d, t = d + r * c;
  return {(r * a + b) / t, (r * b - a) / t};
}

// A matrix that becomes its eigenvalues and vectors.
struct General : QuasiTriangular {
  // Vectors of the quasi-triangular matrix, over its upper part.

  void keep_small(double size, int64_t from, int64_t column, int64_t count) {
    if (kUlp * size * size <= 1) return;
    for (int64_t j = from; j < column + count; ++j)
      for (int64_t c = 0; c < count; ++c) at(j, column + c) /= size;
  }
  void real_vector(int64_t m) {
    const double p = re[m];
    double z = 0, s = 0;
    int64_t l = m;
    at(m, m) = 1;
    for (int64_t i = m - 1; i >= 0; --i) {
      const double w = at(i, i) - p;
      double r = 0;
      for (int64_t j = l; j <= m; ++j) r += at(i, j) * at(j, m);
      if (im[i] < 0) {
        z = w, s = r;
        continue;
      }
      l = i;
      if (im[i] == 0) {
        at(i, m) = -r / (w != 0 ? w : kUlp * norm);
      } else {
        const double x = at(i, i + 1), y = at(i + 1, i), q = (re[i] - p) * (re[i] - p) + im[i] * im[i], t = (x * s - z * r) / q;
        at(i, m) = t;
        at(i + 1, m) = absolute(x) > absolute(z) ? (-r - w * t) / x : (-s - y * t) / z;
      }
      keep_small(absolute(at(i, m)), i, m, 1);
    }
  }
  void set_pair(int64_t i, int64_t column, Pair value) { at(i, column) = value.re, at(i, column + 1) = value.im; }

  // One step for an eigenvalue p + qi: rows i and i + 1, whose own pair is complex. (z, r, s) come from row i + 1.
  void complex_rows(int64_t i, int64_t c, double p, double q, double w, double ra, double sa, double z, double r, double s) {
    const double x = at(i, i + 1), y = at(i + 1, i);
    double vr = (re[i] - p) * (re[i] - p) + im[i] * im[i] - q * q;
    const double vi = (re[i] - p) * 2 * q;
    if (vr == 0 && vi == 0) vr = kUlp * norm * (absolute(w) + absolute(q) + absolute(x) + absolute(y) + absolute(z));
    set_pair(i, c, complex_quotient(x * r - z * ra + q * sa, x * s - z * sa - q * ra, vr, vi));
    const double a = at(i, c), b = at(i, c + 1);
    if (absolute(x) > absolute(z) + absolute(q)) set_pair(i + 1, c, {(-ra - w * a + q * b) / x, (-sa - w * b - q * a) / x});
    else set_pair(i + 1, c, complex_quotient(-r - y * a, -s - y * b, z, q));
  }
  // The vector of re[m] + i im[m], im[m] < 0: its parts in columns m - 1 and m.
  void complex_vector(int64_t m) {
    const double p = re[m], q = im[m];
    const int64_t c = m - 1;
    if (absolute(at(m, c)) > absolute(at(c, m))) set_pair(c, c, {q / at(m, c), -(at(m, m) - p) / at(m, c)});
    else set_pair(c, c, complex_quotient(0, -at(c, m), at(c, c) - p, q));
    set_pair(m, c, {0, 1});
    double z = 0, r = 0, s = 0;
    int64_t l = c;
    for (int64_t i = m - 2; i >= 0; --i) {
      double ra = 0, sa = 0;
      for (int64_t j = l; j <= m; ++j) ra += at(i, j) * at(j, c), sa += at(i, j) * at(j, m);
      const double w = at(i, i) - p;
      if (im[i] < 0) {
        z = w, r = ra, s = sa;
        continue;
      }
      l = i;
      if (im[i] == 0) set_pair(i, c, complex_quotient(-ra, -sa, w, q));
      else complex_rows(i, c, p, q, w, ra, sa, z, r, s);
      keep_small(max_of(absolute(at(i, c)), absolute(at(i, m))), i, c, 2);
    }
  }

  void vectors() {
    for (int64_t m = n - 1; m >= 0; --m) {
      if (im[m] == 0) real_vector(m);
      else if (im[m] < 0) complex_vector(m--);
    }
    for (int64_t i = 0; i < n; ++i)
      if (i < low || i > high) for (int64_t j = i; j < n; ++j) basis(i, j) = at(i, j);
    for (int64_t i = low; i <= high; ++i) {
      for (int64_t j = low; j < n; ++j) {
        double sum = 0;
        const int64_t count = min_of(j, high);
        for (int64_t k = low; k <= count; ++k) sum += basis(i, k) * at(k, j);
        work[j] = sum;
      }
      convert(&basis(i, low), work + low, n - low);
    }
  }
  void undo_balance() {
    for (int64_t i = low; i <= high; ++i)
      for (int64_t j = 0; j < n; ++j) basis(i, j) *= scale[i];
    for (int64_t i = low - 1; i >= 0; --i) exchange_rows(i, static_cast<int64_t>(scale[i]));
    for (int64_t i = high + 1; i < n; ++i) exchange_rows(i, static_cast<int64_t>(scale[i]));
  }
  void exchange_rows(int64_t i, int64_t j) {
    if (i != j) exchange(v + i * n, v + j * n, n);
  }

  void normalise() {
    for (int64_t j = 0; j < n; ++j) {
      const double a = length_of(&basis(0, j), n, n);
      if (im[j] == 0) {
        for (int64_t i = 0; i < n; ++i) basis(i, j) /= a;
        continue;
      }
      const double length = hypotenuse(a, length_of(&basis(0, j + 1), n, n));
      int64_t largest = 0;
      double size = -1;
      for (int64_t i = 0; i < n; ++i) {
        basis(i, j) /= length, basis(i, j + 1) /= length;
        const double s = basis(i, j) * basis(i, j) + basis(i, j + 1) * basis(i, j + 1);
        if (s > size) size = s, largest = i;
      }
      const Rotation turn(basis(largest, j), basis(largest, j + 1));
      for (int64_t i = 0; i < n; ++i) rotate(&basis(i, j), &basis(i, j + 1), turn.c, turn.s, 1);
      basis(largest, j + 1) = 0;
      ++j;
    }
  }

  bool run() {
    balance();
    reduce();
    if (!triangularise()) return false;
    vectors();
    undo_balance();
    normalise();
    return true;
  }
};

template <typename T>
void eig_matrix(const T* a, T* values, T* vectors, int64_t n, double* scratch) {
  double *h = scratch, *v = h + n * n, *re = v + n * n, *im = re + n, *scale = im + n, *tau = scale + n, *work = tau + n;
  const Scaling scaling = scaling_of(a, n * n);
  for (int64_t i = 0; i < n * n; ++i) h[i] = static_cast<double>(a[i]) / scaling.factor;
  General problem{{h, v, re, im, scale, tau, work, n}};
  if (!scaling.finite || !problem.run()) {
    fill(values, simd::Float<T>::nan, 2 * n);
    fill(vectors, simd::Float<T>::nan, 2 * n * n);
    return;
  }
  for (int64_t j = 0; j < n; ++j) {
    values[2 * j] = static_cast<T>(re[j] * scaling.factor);
    values[2 * j + 1] = static_cast<T>(im[j] * scaling.factor);
    // Of a pair the first vector is stored as its parts; the second is its conjugate.
    const int64_t real = im[j] < 0 ? j - 1 : j;
    const double sign = im[j] > 0 ? 1 : im[j] < 0 ? -1 : 0;
    for (int64_t i = 0; i < n; ++i) {
      vectors[2 * (i * n + j)] = static_cast<T>(v[i * n + real]);
      vectors[2 * (i * n + j) + 1] = sign == 0 ? T{0} : static_cast<T>(sign * v[i * n + real + 1]);
    }
  }
}

template <typename T>
void eig(const Args& args, Range units) {
  const int64_t n = args.ints[1];
  for (int64_t u = units.begin; u < units.end; ++u)
    eig_matrix(args.at<const T>(0) + u * n * n, args.at<T>(1) + 2 * u * n, args.at<T>(2) + 2 * u * n * n, n, static_cast<double*>(args.local));
}

Work plan_eig(const int64_t* ints, bool) {
  Work work;
  const int64_t matrices = ints[0], n = ints[1];
  const double size = static_cast<double>(n);
  work.units[0] = n == 0 ? 0 : matrices;
  work.nanoseconds = static_cast<double>(matrices) * (200 + size * size * (40 + 12 * size));
  work.local_bytes = (2 * n * n + 5 * n) * static_cast<int64_t>(sizeof(double));
  return work;
}

void eig_contract(Contract& c) {
  const Extent matrices = c.size("matrices"), n = side(c, "n");
  c.bounded("scratch", n * (n + 64) * 16);
  c.in(matrices * n * n);
  c.out(matrices * n * 2);
  c.out(matrices * n * n * 2);
}

constexpr KernelRow kernels[] = {
    {"eig", DType::F32, eig<float>, plan_eig, eig_contract},
    {"eig", DType::F64, eig<double>, plan_eig, eig_contract},
};

}  // namespace

KR_FAMILY(linalg_eig, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
