// LU factors and triangular systems.
#pragma once
#include "kernels/linalg/dense.h"

namespace keratin::KR_ISA {
namespace {

// Columns that are factored, and unknowns that are solved for, one by one before a product brings them into the rest.
inline constexpr int64_t kBlock = 48;

// LU with partial pivoting: P A = L U, in place.
template <typename T>
struct Lu {
  T* a;  // m x n: U, and below the diagonal L, whose diagonal is 1
  int64_t m, n;
  int32_t* pivots;  // step i exchanges rows i and pivots[i]

  void run() const {
    const int64_t count = min_of(m, n);
    for (int64_t begin = 0; begin < count; begin += kBlock) {
      const int64_t end = min_of(begin + kBlock, count), rest = n - end;
      factor(begin, end);
      if (rest == 0) continue;
      for (int64_t i = begin + 1; i < end; ++i)
        for (int64_t j = begin; j < i; ++j) add_multiple(a + i * n + end, -a[i * n + j], a + j * n + end, rest);
      add_product(a + end * n + end, n, View<T>{a + end * n + begin, n, 1}, a + begin * n + end, n, m - end, rest, end - begin, T{-1});
    }
  }

  // Row i of P A is row rows[i] of A.
  void permutation(int32_t* rows) const {
    for (int64_t i = 0; i < m; ++i) rows[i] = static_cast<int32_t>(i);
    for (int64_t i = 0; i < min_of(m, n); ++i) exchange(rows + i, rows + pivots[i], pivots[i] != i);
  }

  // The rows of B in the order of P A, in place.
  void permute(T* b, int64_t columns) const {
    for (int64_t i = 0; i < min_of(m, n); ++i)
      if (pivots[i] != i) exchange(b + i * columns, b + pivots[i] * columns, columns);
  }

  // Whether P is odd.
  bool odd() const {
    bool result = false;
    for (int64_t i = 0; i < min_of(m, n); ++i) result = result != (pivots[i] != i);
    return result;
  }

 private:
  // Brings the largest element of the rest of a column to the diagonal.
  void pivot(int64_t j) const {
    int64_t best = j;
    for (int64_t i = j + 1; i < m; ++i)
      if (absolute(a[i * n + j]) > absolute(a[best * n + j])) best = i;
    pivots[j] = static_cast<int32_t>(best);
    if (best != j) exchange(a + j * n, a + best * n, n);
  }

  // Columns [begin, end), whose columns before are already eliminated.
  void factor(int64_t begin, int64_t end) const {
    for (int64_t j = begin; j < end; ++j) {
      pivot(j);
      const T* top = a + j * n;
      if (top[j] == 0) continue;
      for (int64_t i = j + 1; i < m; ++i) {
        T* row = a + i * n;
        row[j] /= top[j];
        add_multiple(row + j + 1, -row[j], top + j + 1, end - j - 1);
      }
    }
  }
};

// The system op(A) X = B for a triangular A.
template <typename T>
struct Triangle {
  View<T> a;        // op(A)
  int64_t n;
  bool lower, unit;  // of op(A)

  T at(int64_t i, int64_t j) const { return a.data[i * a.row + j * a.column]; }

  // One right-hand side, contiguous. Whichever way A is stored, its rows are read along their length.
  void solve_vector(T* x) const {
    for (int64_t step = 0; step < n; ++step) {
      const int64_t i = lower ? step : n - 1 - step, first = lower ? 0 : i + 1, count = step;
      if (a.column == 1) x[i] -= dot(a.data + i * a.row + first, x + first, count);
      if (!unit) x[i] /= at(i, i);
      const int64_t rest = lower ? i + 1 : 0;
      if (a.column != 1) add_multiple(x + rest, -x[i], a.data + i * a.column + rest, n - 1 - step);
    }
  }

  // `width` neighbouring right-hand sides, in place; rows of x are `row_x` apart.
  void solve(T* x, int64_t row_x, int64_t width) const {
    for (int64_t done = 0; done < n; done += kBlock) {
      const int64_t count = min_of(kBlock, n - done), begin = lower ? done : n - done - count, first = lower ? 0 : begin + count;
      add_product(x + begin * row_x, row_x, View<T>{a.data + begin * a.row + first * a.column, a.row, a.column}, x + first * row_x,
                  row_x, count, width, done, T{-1});
      for (int64_t step = 0; step < count; ++step) {
        const int64_t i = lower ? begin + step : begin + count - 1 - step;
        T* row = x + i * row_x;
        for (int64_t k = 0; k < step; ++k) {
          const int64_t j = lower ? begin + k : begin + count - 1 - k;
          add_multiple(row, -at(i, j), x + j * row_x, width);
        }
        if (unit) continue;
        const T diagonal = at(i, i);
        for (int64_t c = 0; c < width; ++c) row[c] /= diagonal;
      }
    }
  }
};

}  // namespace
}  // namespace keratin::KR_ISA
