// Singular values, descending, and singular vectors: Householder bidiagonalisation and implicit QR in double (Golub & Van Loan,
// *Matrix Computations*, 8.6), after a QR where a matrix is much longer than wide (Chan, "An improved algorithm for computing the singular
// value decomposition", 1982). Steps and signs follow LAPACK's dgesdd on small matrices. A unit is a matrix.
//
// svd: A = U diag(s) V'. ints: [matrices, m, n, columns]: columns of U and rows of V', each at most; 0 asks for s alone.
// operands: A [matrices, m, n], s [matrices, min(m, n)], and unless columns = 0: U [matrices, m, min(m, columns)],
// V' [matrices, min(n, columns), n]. What does not converge, or is not finite, is NaN.
// pinv: V diag(1 / s) U' over the singular values that count: those > ratio * s[0], or with `inclusive` those > 0 that are
// >= ratio * s[0]. ints: [matrices, m, n, inclusive]. operands: A [matrices, m, n], ratios [matrices], pinv [matrices, n, m].
#include "kernels/linalg/bidiagonal.h"

namespace keratin::KR_ISA {
namespace {

// Everything is done for the matrix or its transpose, whichever is `big` x `small`.
struct Svd {
  int64_t m, n, columns;
  KR_INLINE explicit Svd(const int64_t* ints) : m(ints[1]), n(ints[2]), columns(ints[3]) {}
  KR_INLINE Svd(int64_t rows, int64_t length) : m(rows), n(length), columns(min_of(rows, length)) {}

  bool wide() const { return m < n; }
  int64_t big() const { return max_of(m, n); }
  int64_t small() const { return min_of(m, n); }
  int64_t u_columns() const { return min_of(m, columns); }
  int64_t v_rows() const { return min_of(n, columns); }
  // Vectors on the long side: as many as asked for, or none.
  int64_t vectors() const { return min_of(big(), columns); }
  // LAPACK's bound for going by way of QR.
  bool long_way() const { return big() >= 11 * small() / 6 && small() > 0 && big() > small(); }

  int64_t scratch_size() const {
    const int64_t q = max_of(vectors(), small());
    return big() * small() + 2 * big() * q + 2 * small() * small() + 8 * big() + 2 * Sweeps::scratch_size(small()) + HouseholderQr::scratch_size(big(), small(), q);
  }
};

// Reduces the `rows` x `columns` matrix (rows >= columns) to upper bidiagonal form. Reflectors of the columns stay below the
// diagonal, those of the rows right of the first superdiagonal.
struct Bidiagonalisation {
  double* a;
  int64_t rows, columns;
  double *tau_columns, *tau_rows, *sums;

  void run(double* d, double* e) const {
    for (int64_t i = 0; i < columns; ++i) {
      double* corner = a + i * columns + i;
      tau_columns[i] = make_reflector(corner, columns, rows - i);
      reflect_rows(corner + 1, columns, corner, columns, tau_columns[i], rows - i, columns - i - 1, sums);
      d[i] = corner[0];
      tau_rows[i] = 0;
      if (i + 1 == columns) continue;
      tau_rows[i] = make_reflector(corner + 1, 1, columns - i - 1);
      reflect_columns(corner + columns + 1, columns, corner + 1, tau_rows[i], rows - i - 1, columns - i - 1);
      e[i] = corner[1];
    }
  }

  // The rows of Q', `count` of them, for Q = H_0 H_1 ... on the columns; `v` is scratch.
  void form_left(double* basis, int64_t count, double* v) const {
    unit(basis, count, rows);
    for (int64_t i = columns - 1; i >= 0; --i) {
      for (int64_t k = i; k < rows; ++k) v[k - i] = a[k * columns + i];
      reflect_columns(basis + i * rows + i, rows, v, tau_columns[i], count - i, rows - i);
    }
  }

  // The rows of P' for P = G_0 G_1 ... on the rows.
  void form_right(double* basis) const {
    unit(basis, columns, columns);
    for (int64_t i = columns - 2; i >= 0; --i)
      reflect_columns(basis + (i + 1) * columns + i + 1, columns, a + i * columns + i + 1, tau_rows[i], columns - i - 1, columns - i - 1);
  }

 private:
  static void unit(double* x, int64_t count, int64_t length) {
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j < length; ++j) x[i * length + j] = i == j;
  }
};

// Decomposes a matrix of From; the factors are written as To.
template <typename To, typename From>
struct SvdMatrix {
  const Svd& shape;
  double* next;  // free scratch

  double* take(int64_t count) {
    double* memory = next;
    next += count;
    return memory;
  }

  // Decomposes and writes; false where there is no result.
  bool run(const From* a, To* u, To* s, To* vt, double factor) {
    const int64_t big = shape.big(), small = shape.small(), count = shape.vectors();
    const bool wide = shape.wide(), wanted = count > 0;
    double* work = take(big * small);
    if (wide) transpose_to(work, a, small, big, big);
    else convert(work, a, big * small);
    for (int64_t i = 0; i < big * small; ++i) work[i] /= factor;
    double *d = take(small), *e = take(small), *tau_columns = take(small), *tau_rows = take(small);
    double *rotations = take(2 * Sweeps::scratch_size(small)), *sums = take(2 * big);
    // The vectors of the long side and of the short side, as rows.
    double *along = wanted ? take(big * count) : nullptr, *across = wanted ? take(small * small) : nullptr;
    bool converged;
    if (!shape.long_way()) {
      const Bidiagonalisation reduction{work, big, small, tau_columns, tau_rows, sums};
      reduction.run(d, e);
      if (wanted) reduction.form_left(along, count, sums);
      if (wanted) reduction.form_right(across);
      // The transpose of an upper bidiagonal matrix is a lower one.
      Sweeps on_long{along, small, wanted ? big : 0, rotations};
      Sweeps on_short{across, small, wanted ? small : 0, rotations + Sweeps::scratch_size(small)};
      Bidiagonal problem{d, e, small, wide ? on_short : on_long, wide ? on_long : on_short};
      if (wide) problem.raise();
      converged = problem.run();
    } else {
      converged = run_long(work, d, e, tau_columns, tau_rows, rotations, sums, along, across);
    }
    if (!converged) return false;
    for (int64_t i = 0; i < small; ++i) s[i] = static_cast<To>(d[i] * factor);
    if (wanted) write(u, vt, wide ? across : along, wide ? along : across);
    return true;
  }

 private:
  // By way of the triangular factor R of the long matrix (of its transpose for a wide one): its vectors are turned by Q.
  bool run_long(double* work, double* d, double* e, double* tau_columns, double* tau_rows, double* rotations, double* sums,
                double* along, double* across) {
    const int64_t big = shape.big(), small = shape.small(), count = shape.vectors();
    const bool wide = shape.wide(), wanted = count > 0;
    double *basis = wanted ? take(big * count) : nullptr, *core = take(small * small);
    const HouseholderQr factors{work, big, small, next};
    factors.factor();
    if (wanted) factors.form(basis, count);
    for (int64_t i = 0; i < small; ++i)
      for (int64_t j = 0; j < small; ++j) core[wide ? j * small + i : i * small + j] = j < i ? 0 : work[i * small + j];
    const Bidiagonalisation reduction{core, small, small, tau_columns, tau_rows, sums};
    reduction.run(d, e);
    // The matrix itself is done with: it holds the short rows that Q turns into long ones.
    double* turned = work;
    double *left = wide ? across : turned, *right = wide ? turned : across;
    if (wanted) reduction.form_left(left, small, sums);
    if (wanted) reduction.form_right(right);
    const int64_t length = wanted ? small : 0;
    Sweeps on_left{left, small, length, rotations}, on_right{right, small, length, rotations + Sweeps::scratch_size(small)};
    Bidiagonal problem{d, e, small, on_left, on_right};
    if (!problem.run()) return false;
    if (!wanted) return true;
    // Rows of along: turned . Q' for the first, and the rest of Q's columns.
    transpose_to(along, basis, big, count, count);
    double* rotated = basis;
    fill(rotated, 0.0, small * big);
    add_product(rotated, big, View<double>{turned, small, 1}, along, big, small, big, small, 1.0);
    convert(along, rotated, small * big);
    return true;
  }

  // `left` has the columns of U as rows, `right` the rows of V'.
  void write(To* u, To* vt, const double* left, const double* right) const {
    transpose_to(u, left, shape.u_columns(), shape.m, shape.m);
    convert(vt, right, shape.v_rows() * shape.n);
  }
};

template <typename T>
void svd(const Args& args, Range units) {
  const Svd shape(args.ints);
  const int64_t elements = shape.m * shape.n, u_size = shape.m * shape.u_columns(), v_size = shape.v_rows() * shape.n;
  for (int64_t i = units.begin; i < units.end; ++i) {
    const T* a = args.at<const T>(0) + i * elements;
    T* s = args.at<T>(1) + i * shape.small();
    T* u = shape.columns == 0 ? nullptr : args.at<T>(2) + i * u_size;
    T* vt = shape.columns == 0 ? nullptr : args.at<T>(3) + i * v_size;
    const Scaling scaling = scaling_of(a, elements);
    SvdMatrix<T, T> matrix{shape, static_cast<double*>(args.local)};
    if (scaling.finite && matrix.run(a, u, s, vt, scaling.factor)) continue;
    fill(s, simd::Float<T>::nan, shape.small());
    fill(u, simd::Float<T>::nan, u_size);
    fill(vt, simd::Float<T>::nan, v_size);
  }
}

Work plan_svd(const int64_t* ints, bool) {
  Work work;
  const Svd shape(ints);
  const double small = static_cast<double>(shape.small()), big = static_cast<double>(shape.big());
  work.units[0] = ints[0];
  work.nanoseconds = static_cast<double>(ints[0]) * (200 + small * big * (10 + 2 * small) + small * small * (20 + 3 * small));
  work.local_bytes = shape.scratch_size() * static_cast<int64_t>(sizeof(double));
  return work;
}

// In double, like the decomposition.
template <typename T>
void pinv_matrix(const Svd& shape, const T* a, double ratio, bool inclusive, T* out, double* scratch) {
  const int64_t m = shape.m, n = shape.n, k = shape.small();
  const Scaling scaling = scaling_of(a, m * n);
  double *u = scratch, *s = u + m * k, *vt = s + k, *ut = vt + k * n, *result = ut + m * k;
  if (!scaling.finite || !SvdMatrix<double, T>{shape, result + m * n}.run(a, u, s, vt, scaling.factor)) {
    fill(out, simd::Float<T>::nan, m * n);
    return;
  }
  transpose_to(ut, u, m, k, k);
  // The bound is compared in the element type, as the singular values are rounded to it elsewhere.
  const T bound = k == 0 ? T{0} : static_cast<T>(ratio) * static_cast<T>(s[0]);
  for (int64_t i = 0; i < k; ++i) {
    const T value = static_cast<T>(s[i]);
    const bool counts = inclusive ? value > 0 && value >= bound : value > bound;
    scale(ut + i * m, counts ? 1 / s[i] : 0, m);
  }
  fill(result, 0.0, m * n);
  add_product(result, m, View<double>{vt, 1, n}, ut, m, n, m, k, 1.0);
  convert(out, result, m * n);
}

template <typename T>
void pinv(const Args& args, Range units) {
  const Svd shape(args.ints[1], args.ints[2]);
  const int64_t elements = shape.m * shape.n;
  for (int64_t i = units.begin; i < units.end; ++i)
    pinv_matrix(shape, args.at<const T>(0) + i * elements, static_cast<double>(args.at<const T>(1)[i]), args.ints[3] != 0,
                args.at<T>(2) + i * elements, static_cast<double*>(args.local));
}

Work plan_pinv(const int64_t* ints, bool) {
  const Svd shape(ints[1], ints[2]);
  const int64_t svd_ints[] = {ints[0], ints[1], ints[2], shape.small()};
  Work work = plan_svd(svd_ints, false);
  const int64_t elements = shape.m * shape.n, more = elements + shape.small() * (2 * shape.m + shape.n + 1);
  work.local_bytes += more * static_cast<int64_t>(sizeof(double));
  if (elements == 0) work.units[0] = 0;
  return work;
}

void svd_contract(Contract& c) {
  const Extent matrices = c.size("matrices"), m = side(c, "m"), n = side(c, "n"), columns = side(c, "columns");
  const Extent small = smaller(m, n), big = larger(m, n);
  c.require(columns.count() == 0 || columns.count() == small.count() || columns.count() == big.count(), "columns", "neither 0 nor a side");
  c.bounded("scratch", big * larger(larger(columns, small), 64) * 64);
  c.in(matrices * m * n);
  c.out(matrices * small);
  if (columns.count() == 0) return;
  c.out(matrices * m * smaller(m, columns));
  c.out(matrices * smaller(n, columns) * n);
}
void pinv_contract(Contract& c) {
  const Extent matrices = c.size("matrices"), m = side(c, "m"), n = side(c, "n");
  c.flag("inclusive");
  c.bounded("scratch", larger(m, n) * larger(smaller(m, n), 64) * 64);
  c.in(matrices * m * n);
  c.in(matrices);
  c.out(matrices * n * m);
}

constexpr KernelRow kernels[] = {
    {"svd", DType::F32, svd<float>, plan_svd, svd_contract},
    {"svd", DType::F64, svd<double>, plan_svd, svd_contract},
    {"pinv", DType::F32, pinv<float>, plan_pinv, pinv_contract},
    {"pinv", DType::F64, pinv<double>, plan_pinv, pinv_contract},
};

}  // namespace

KR_FAMILY(linalg_svd, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
