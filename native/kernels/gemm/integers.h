// Products of integers: plain loops, sums that wrap around. They serve index arithmetic, not speed.
#pragma once
#include "kernels/gemm/problem.h"

namespace keratin::KR_ISA {

// Rows of C in a unit: some 32 KiB of them, the strip that an epilogue reads.
template <typename T>
KR_INLINE int64_t integer_rows(const Problem& p) {
  return max_of(min_of(p.m, 32768 / static_cast<int64_t>(sizeof(T)) / max_of(p.n, 1)), 1);
}

// c[j] = sum over k of a[k * col_a] * b[k * row_b + j * col_b]. T is unsigned; products are made in 32 bits at least,
// because those of shorter types would be promoted to a signed type.
template <typename T>
static void integer_row(const Problem& p, const T* a, const T* b, T* c) {
  using Wide = decltype(T{} + 0u);
  for (int64_t j = 0; j < p.n; ++j) c[j] = 0;
  for (int64_t k = 0; k < p.k; ++k) {
    const Wide x = a[k * p.col_a];
    const T* row = b + k * p.row_b;
    if (p.col_b == 1) {
      for (int64_t j = 0; j < p.n; ++j) c[j] = static_cast<T>(c[j] + x * row[j]);
    } else {
      for (int64_t j = 0; j < p.n; ++j) c[j] = static_cast<T>(c[j] + x * row[j * p.col_b]);
    }
  }
}

template <typename T>
static void matmul_integers(const Args& args, Range r) {
  const Problem p(args.ints);
  const int64_t step = integer_rows<T>(p), tiles = ceil_div(p.m, step);
  for (int64_t u = r.begin; u < r.end; ++u) {
    const int64_t matrix = u / tiles, begin = (u - matrix * tiles) * step, end = min_of(begin + step, p.m);
    const T* a = args.at<T>(0) + p.offset(matrix, 0);
    const T* b = args.at<T>(1) + p.offset(matrix, 1);
    T* c = args.epilogue ? static_cast<T*>(args.local) : args.at<T>(2) + (matrix * p.m + begin) * p.n;
    for (int64_t i = begin; i < end; ++i) integer_row(p, a + i * p.row_a, b, c + (i - begin) * p.n);
    if (args.epilogue)
      args.epilogue->apply(args.epilogue, c, p.n * static_cast<int64_t>(sizeof(T)), matrix, begin, end, 0, p.n);
  }
}

template <typename T>
static Work plan_integers(const int64_t* ints, bool epilogue) {
  const Problem p(ints);
  const int64_t step = integer_rows<T>(p);
  Work work;
  work.units[0] = p.n ? p.batch() * ceil_div(p.m, step) : 0;
  work.nanoseconds = p.work() * static_cast<double>(p.batch());
  if (epilogue) work.local_bytes = step * p.n * static_cast<int64_t>(sizeof(T));
  return work;
}

}  // namespace keratin::KR_ISA
