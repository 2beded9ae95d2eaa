// QR by Householder reflections. A unit is a matrix.
//
// qr: A = Q R. ints: [matrices, m, n, columns]: columns of Q and rows of R, min(m, n) or m.
// operands: A [matrices, m, n], Q [matrices, m, columns], R [matrices, columns, n].
#include "kernels/linalg/householder.h"

namespace keratin::KR_ISA {
namespace {

template <typename T>
void qr_matrix(const T* a, T* q, T* r, int64_t m, int64_t n, int64_t columns, double* scratch) {
  const Scaling scaling = scaling_of(a, m * n);
  if (!scaling.finite) {
    fill(q, simd::Float<T>::nan, m * columns);
    fill(r, simd::Float<T>::nan, columns * n);
    return;
  }
  double *work = scratch, *basis = work + m * n;
  for (int64_t i = 0; i < m * n; ++i) work[i] = static_cast<double>(a[i]) / scaling.factor;
  const HouseholderQr factors{work, m, n, basis + m * columns};
  factors.factor();
  factors.form(basis, columns);
  convert(q, basis, m * columns);
  for (int64_t i = 0; i < columns; ++i)
    for (int64_t j = 0; j < n; ++j) r[i * n + j] = j < i ? T{0} : static_cast<T>(work[i * n + j] * scaling.factor);
}

template <typename T>
void qr(const Args& args, Range units) {
  const int64_t m = args.ints[1], n = args.ints[2], columns = args.ints[3];
  for (int64_t u = units.begin; u < units.end; ++u)
    qr_matrix(args.at<const T>(0) + u * m * n, args.at<T>(1) + u * m * columns, args.at<T>(2) + u * columns * n, m, n, columns,
              static_cast<double*>(args.local));
}

Work plan_qr(const int64_t* ints, bool) {
  Work work;
  const int64_t matrices = ints[0], m = ints[1], n = ints[2], columns = ints[3];
  const double elements = static_cast<double>(m) * static_cast<double>(max_of(n, columns));
  work.units[0] = matrices;
  work.nanoseconds = static_cast<double>(matrices) * (100 + elements * (2 + static_cast<double>(min_of(m, n)) / 3));
  work.local_bytes = (m * n + m * columns + HouseholderQr::scratch_size(m, n, columns)) * static_cast<int64_t>(sizeof(double));
  return work;
}

void qr_contract(Contract& c) {
  const Extent matrices = c.size("matrices"), m = side(c, "m"), n = side(c, "n"), columns = side(c, "columns");
  c.require(columns.count() == m.count() || columns.count() == smaller(m, n).count(), "columns", "neither m nor the smaller side");
  c.bounded("scratch", larger(m, n) * larger(m, 64) * 16);
  c.in(matrices * m * n);
  c.out(matrices * m * columns);
  c.out(matrices * columns * n);
}

constexpr KernelRow kernels[] = {
    {"qr", DType::F32, qr<float>, plan_qr, qr_contract},
    {"qr", DType::F64, qr<double>, plan_qr, qr_contract},
};

}  // namespace

KR_FAMILY(linalg_qr, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
