// Triangular factors of square and rectangular matrices: Cholesky, and LU with partial pivoting. A unit is a matrix.
//
// cholesky: L lower with L L' = (A + A') / 2; all of L's lower triangle is NaN where that is not positive definite.
//   ints: [matrices, n]. operands: A [matrices, n, n], L [matrices, n, n].
// lu: P A = L U, L's unit diagonal not stored. Step i exchanges rows i and pivots[i]; row i of P A is row permutation[i] of A.
//   ints: [matrices, m, n]. operands: A [matrices, m, n], LU [matrices, m, n], pivots int32 [matrices, min(m, n)],
//   permutation int32 [matrices, m].
#include "kernels/linalg/lu.h"

namespace keratin::KR_ISA {
namespace {

// Factors the diagonal block and solves for the rows below it: columns [begin, end), from which the columns before are
// already subtracted. `across` holds the block's transpose, so that its columns are contiguous. False: not positive definite.
template <typename T>
bool cholesky_block(T* l, int64_t n, int64_t begin, int64_t end, T* across) {
  const int64_t width = end - begin;
  for (int64_t i = begin; i < n; ++i) {
    T* row = l + i * n + begin;
    const int64_t known = min_of(i - begin, width);
    for (int64_t j = 0; j < known; ++j) {
      row[j] /= across[j * width + j];
      if (i < end) across[j * width + known] = row[j];
      add_multiple(row + j + 1, -row[j], across + j * width + j + 1, max_of(0, min_of(i - begin + 1, width) - j - 1));
    }
    if (i >= end) continue;
    if (!(row[known] > 0) || row[known] == simd::Float<T>::infinity) return false;
    across[known * width + known] = row[known] = root(row[known]);
  }
  return true;
}

template <typename T>
void cholesky_matrix(const T* a, T* l, int64_t n, T* scratch) {
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j <= i; ++j) l[i * n + j] = T{0.5} * a[i * n + j] + T{0.5} * a[j * n + i];
    fill(l + i * n + i + 1, T{0}, n - i - 1);
  }
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t end = min_of(begin + kBlock, n), width = end - begin;
    T* across = scratch + n * kBlock;
    transpose_to(scratch, l + begin * n, width, begin, n);
    // The product also reaches the block's upper triangle, which is cleared afterwards.
    add_product(l + begin * n + begin, n, View<T>{l + begin * n, n, 1}, scratch, width, n - begin, width, begin, T{-1});
    for (int64_t i = begin; i < end; ++i) fill(l + i * n + i + 1, T{0}, end - i - 1);
    if (cholesky_block(l, n, begin, end, across)) continue;
    for (int64_t i = 0; i < n; ++i) fill(l + i * n, simd::Float<T>::nan, i + 1);
    return;
  }
}

template <typename T>
void cholesky(const Args& args, Range units) {
  const int64_t n = args.ints[1];
  for (int64_t u = units.begin; u < units.end; ++u)
    cholesky_matrix(args.at<const T>(0) + u * n * n, args.at<T>(1) + u * n * n, n, static_cast<T*>(args.local));
}

template <typename T>
Work plan_cholesky(const int64_t* ints, bool) {
  Work work;
  const int64_t matrices = ints[0], n = ints[1];
  const double size = static_cast<double>(n);
  work.units[0] = n == 0 ? 0 : matrices;
  work.nanoseconds = static_cast<double>(matrices) * (50 + size * size * (1 + size / 30));
  work.local_bytes = (n + kBlock) * kBlock * static_cast<int64_t>(sizeof(T));
  return work;
}

template <typename T>
void lu(const Args& args, Range units) {
  const int64_t m = args.ints[1], n = args.ints[2];
  for (int64_t u = units.begin; u < units.end; ++u) {
    T* out = args.at<T>(1) + u * m * n;
    convert(out, args.at<const T>(0) + u * m * n, m * n);
    const Lu<T> factors{out, m, n, args.at<int32_t>(2) + u * min_of(m, n)};
    factors.run();
    factors.permutation(args.at<int32_t>(3) + u * m);
  }
}

Work plan_lu(const int64_t* ints, bool) {
  Work work;
  const int64_t matrices = ints[0], m = ints[1], n = ints[2];
  const double elements = static_cast<double>(m) * static_cast<double>(n);
  work.units[0] = m == 0 ? 0 : matrices;
  work.nanoseconds = static_cast<double>(matrices) * (50 + elements * (1 + static_cast<double>(min_of(m, n)) / 15));
  return work;
}

void cholesky_contract(Contract& c) {
  const Extent matrices = c.size("matrices"), n = side(c, "n");
  c.bounded("scratch", (n + kBlock) * kBlock);
  c.in(matrices * n * n);
  c.out(matrices * n * n);
}
void lu_contract(Contract& c) {
  const Extent matrices = c.size("matrices"), m = side(c, "m"), n = side(c, "n");
  c.in(matrices * m * n);
  c.out(matrices * m * n);
  c.out(DType::I32, matrices * smaller(m, n));
  c.out(DType::I32, matrices * m);
}

constexpr KernelRow kernels[] = {
    {"cholesky", DType::F32, cholesky<float>, plan_cholesky<float>, cholesky_contract},
    {"cholesky", DType::F64, cholesky<double>, plan_cholesky<double>, cholesky_contract},
    {"lu", DType::F32, lu<float>, plan_lu, lu_contract},
    {"lu", DType::F64, lu<double>, plan_lu, lu_contract},
};

}  // namespace

KR_FAMILY(linalg_factor, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
