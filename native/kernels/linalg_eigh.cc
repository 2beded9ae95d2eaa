// Eigenvalues, ascending, and orthonormal eigenvectors of symmetric matrices: Householder tridiagonalisation and implicit QL
// or QR (Golub & Van Loan, *Matrix Computations*, 8.3), in double. The directions, shifts and signs are those of LAPACK's dsytrd
// and dsteqr, which NumPy and JAX use for small matrices. A unit is a matrix.
//
// eigh of (A + A') / 2. ints: [matrices, n]. operands: A [matrices, n, n], values [matrices, n], vectors [matrices, n, n], as columns.
// What does not converge, or is not finite, is NaN.
#include "kernels/linalg/rotation.h"

namespace keratin::KR_ISA {
namespace {

// Eigenvalues r1, r2 (|r1| >= |r2|) of [[a, b], [b, c]]; (cosine, sine) is the unit eigenvector of r1 (dlaev2).
struct Eigen2 {
  double r1, r2, cosine, sine;
  Eigen2(double a, double b, double c) {
    const double sum = a + c, difference = a - c, twice = b + b;
    const double large = absolute(a) > absolute(c) ? a : c, small = absolute(a) > absolute(c) ? c : a;
    const double distance = hypotenuse(difference, twice);
    double first = 1;
    if (sum == 0) {
      r1 = 0.5 * distance;
      r2 = -0.5 * distance;
    } else {
      first = sum < 0 ? -1 : 1;
      r1 = 0.5 * (sum + first * distance);
      r2 = (large / r1) * small - (b / r1) * b;
    }
    const double second = difference >= 0 ? 1 : -1, leg = difference + second * distance;
    if (absolute(leg) > absolute(twice)) {
      const double cotangent = -twice / leg;
      sine = 1 / root(1 + cotangent * cotangent);
      cosine = cotangent * sine;
    } else if (twice == 0) {
      cosine = 1, sine = 0;
    } else {
      const double tangent = -leg / twice;
      cosine = 1 / root(1 + tangent * tangent);
      sine = tangent * cosine;
    }
    if (first == second) {
      const double old = cosine;
      cosine = -sine;
      sine = old;
    }
  }
};

struct Tridiagonal {
  double *d, *e;    // diagonal and, at i, the element of rows i and i + 1
  double* vectors;  // rows
  int64_t n;
  Sweeps& sweep;
  int64_t iterations = 0;

  // The end of the block from `begin` on that no negligible element splits; the element after it becomes 0.
  int64_t block_end(int64_t begin) {
    for (int64_t m = begin; m < n - 1; ++m) {
      const double size = absolute(e[m]);
      if (size == 0 || size <= root(absolute(d[m])) * root(absolute(d[m + 1])) * kHalfUlp) {
        e[m] = 0;
        return m;
      }
    }
    return n - 1;
  }

  bool negligible(int64_t i, double a, double b) const {
    return absolute(e[i]) * absolute(e[i]) <= (kHalfUlp * kHalfUlp * absolute(a)) * absolute(b) + kSmallest;
  }

  // The first shifted value of a step that ends at m and converges at l (Wilkinson's shift); e0 couples l to its neighbour.
  static double shifted(double dm, double neighbour, double p, double e0) {
    const double g = (neighbour - p) / (2 * e0);
    return dm - p + e0 / (g + with_sign(hypotenuse(g, 1), g));
  }

  // Implicit QL steps until the block [l, last] is diagonal. False: too many.
  bool run_ql(int64_t l, int64_t last, int64_t limit) {
    while (l <= last) {
      int64_t m = l;
      while (m < last && !negligible(m, d[m], d[m + 1])) ++m;
      if (m < last) e[m] = 0;
      if (m == l) {
        ++l;
      } else if (m == l + 1) {
        const Eigen2 pair(d[l], e[l], d[l + 1]);
        sweep.set(l, pair.cosine, pair.sine);
        sweep.close(l, l + 1, false);
        d[l] = pair.r1, d[l + 1] = pair.r2, e[l] = 0;
        l += 2;
      } else {
        if (iterations++ == limit) return false;
        double g = shifted(d[m], d[l + 1], d[l], e[l]), s = 1, c = 1, p = 0;
        for (int64_t i = m - 1; i >= l; --i) {
          const double f = s * e[i], b = c * e[i];
          const Rotation turn(g, f);
          c = turn.c, s = turn.s;
          if (i != m - 1) e[i + 1] = turn.r;
          g = d[i + 1] - p;
          const double r = (d[i] - g) * s + 2 * c * b;
          p = s * r;
          d[i + 1] = g + p;
          g = c * r - b;
          sweep.set(i, c, -s);
        }
        sweep.close(l, m, false);
        d[l] -= p;
        e[l] = g;
      }
    }
    return true;
  }

  // The same from the other end: implicit QR steps on the block [last, l].
  bool run_qr(int64_t l, int64_t last, int64_t limit) {
    while (l >= last) {
      int64_t m = l;
      while (m > last && !negligible(m - 1, d[m], d[m - 1])) --m;
      if (m > last) e[m - 1] = 0;
      if (m == l) {
        --l;
      } else if (m == l - 1) {
        const Eigen2 pair(d[l - 1], e[l - 1], d[l]);
        sweep.set(l - 1, pair.cosine, pair.sine);
        sweep.close(l - 1, l, true);
        d[l - 1] = pair.r1, d[l] = pair.r2, e[l - 1] = 0;
        l -= 2;
      } else {
        if (iterations++ == limit) return false;
        double g = shifted(d[m], d[l - 1], d[l], e[l - 1]), s = 1, c = 1, p = 0;
        for (int64_t i = m; i < l; ++i) {
          const double f = s * e[i], b = c * e[i];
          const Rotation turn(g, f);
          c = turn.c, s = turn.s;
          if (i != m) e[i - 1] = turn.r;
          g = d[i] - p;
          const double r = (d[i + 1] - g) * s + 2 * c * b;
          p = s * r;
          d[i] = g + p;
          g = c * r - b;
          sweep.set(i, c, s);
        }
        sweep.close(m, l, true);
        d[l] -= p;
        e[l - 1] = g;
      }
    }
    return true;
  }

  bool run() {
    const int64_t limit = 30 * n;
    for (int64_t begin = 0; begin < n;) {
      const int64_t end = block_end(begin);
      // Steps run towards the end with the smaller element.
      const bool done = end == begin || (absolute(d[end]) < absolute(d[begin]) ? run_qr(end, begin, limit) : run_ql(begin, end, limit));
      if (!done) return false;
      // A block that was split on the way is all diagonal now, so the next one begins after it.
      begin = end + 1;
    }
    return true;
  }

  void sort() {
    for (int64_t i = 0; i < n; ++i) {
      int64_t smallest = i;
      for (int64_t j = i + 1; j < n; ++j)
        if (d[j] < d[smallest]) smallest = j;
      if (smallest == i) continue;
      exchange(d + i, d + smallest, 1);
      exchange(vectors + i * n, vectors + smallest * n, n);
    }
  }
};

// Reduces a symmetric matrix to tridiagonal form T = Q' A Q. The reflectors stay in the rows of `a`, right of the diagonal.
void tridiagonalise(double* a, int64_t n, double* d, double* e, double* tau, double* w) {
  for (int64_t i = 0; i + 1 < n; ++i) {
    const int64_t rest = n - i - 1;
    double* v = a + i * n + i + 1;
    tau[i] = make_reflector(v, 1, rest);
    d[i] = a[i * n + i];
    e[i] = v[0];
    if (tau[i] == 0) continue;
    v[0] = 1;
    double* block = a + (i + 1) * n + i + 1;
    for (int64_t k = 0; k < rest; ++k) w[k] = tau[i] * dot(block + k * n, v, rest);
    add_multiple(w, -0.5 * tau[i] * dot(w, v, rest), v, rest);
    for (int64_t k = 0; k < rest; ++k) subtract_multiples(block + k * n, v[k], w, w[k], v, rest);
  }
  d[n - 1] = a[n * n - 1];
}

// The rows of Q': the product of the reflectors, last one first.
void form_basis(double* rows, const double* a, const double* tau, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) rows[i * n + j] = i == j;
  // Q = H_0 H_1 ..., so Q' = ... H_1 H_0: built from the last, each touches the columns and rows from its own on.
  for (int64_t i = n - 2; i >= 0; --i)
    reflect_columns(rows + (i + 1) * n + i + 1, n, a + i * n + i + 1, tau[i], n - i - 1, n - i - 1);
}

template <typename T>
void eigh_matrix(const T* a, T* values, T* vectors, int64_t n, double* scratch) {
  double *work = scratch, *rows = work + n * n, *d = rows + n * n, *e = d + n, *tau = e + n, *w = tau + n;
  const Scaling scaling = scaling_of(a, n * n);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      work[i * n + j] = 0.5 * (static_cast<double>(a[i * n + j]) / scaling.factor) + 0.5 * (static_cast<double>(a[j * n + i]) / scaling.factor);
  bool converged = scaling.finite;
  if (converged) {
    tridiagonalise(work, n, d, e, tau, w);
    form_basis(rows, work, tau, n);
    Sweeps sweeps{rows, n, n, w + n};
    Tridiagonal problem{d, e, rows, n, sweeps};
    converged = problem.run();
    sweeps.flush();
    problem.sort();
  }
  if (!converged) {
    fill(values, simd::Float<T>::nan, n);
    fill(vectors, simd::Float<T>::nan, n * n);
    return;
  }
  for (int64_t i = 0; i < n; ++i) values[i] = static_cast<T>(d[i] * scaling.factor);
  transpose_to(vectors, rows, n, n, n);
}

template <typename T>
void eigh(const Args& args, Range units) {
  const int64_t n = args.ints[1];
  for (int64_t u = units.begin; u < units.end; ++u)
    eigh_matrix(args.at<const T>(0) + u * n * n, args.at<T>(1) + u * n, args.at<T>(2) + u * n * n, n, static_cast<double*>(args.local));
}

Work plan_eigh(const int64_t* ints, bool) {
  Work work;
  const int64_t matrices = ints[0], n = ints[1];
  const double size = static_cast<double>(n);
  work.units[0] = n == 0 ? 0 : matrices;
  work.nanoseconds = static_cast<double>(matrices) * (100 + size * size * (20 + 3 * size));
  work.local_bytes = (2 * n * n + 4 * n + Sweeps::scratch_size(n)) * static_cast<int64_t>(sizeof(double));
  return work;
}

void eigh_contract(Contract& c) {
  const Extent matrices = c.size("matrices"), n = side(c, "n");
  c.bounded("scratch", n * (n + 256) * 16);
  c.in(matrices * n * n);
  c.out(matrices * n);
  c.out(matrices * n * n);
}

constexpr KernelRow kernels[] = {
    {"eigh", DType::F32, eigh<float>, plan_eigh, eigh_contract},
    {"eigh", DType::F64, eigh<double>, plan_eigh, eigh_contract},
};

}  // namespace

KR_FAMILY(linalg_eigh, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
