// Factorisations of dense matrices: the factors multiplied must give the matrix, for every instruction set and around block sizes.
#include <algorithm>
#include <cmath>
#include "run_kernel.h"

namespace keratin::testing {
namespace {

template <typename T>
constexpr DType kType = sizeof(T) == 4 ? DType::F32 : DType::F64;

template <typename T>
struct Matrix {
  int64_t rows, columns;
  std::vector<T> data;
  Matrix(int64_t r, int64_t c) : rows(r), columns(c), data(static_cast<size_t>(r * c)) {}
  T& operator()(int64_t i, int64_t j) { return data[static_cast<size_t>(i * columns + j)]; }
  const T& operator()(int64_t i, int64_t j) const { return data[static_cast<size_t>(i * columns + j)]; }
};

template <typename T>
Matrix<T> noise(int64_t rows, int64_t columns, uint64_t seed = 3) {
  Matrix<T> m(rows, columns);
  Noise source(seed);
  for (T& x : m.data) x = static_cast<T>(source.uniform(-1, 1));
  return m;
}
// `count` matrices, one after the other.
template <typename T>
std::vector<T> batch_of(const Matrix<T>& m, int64_t count) {
  std::vector<T> all;
  for (int64_t i = 0; i < count; ++i) all.insert(all.end(), m.data.begin(), m.data.end());
  return all;
}
template <typename T>
Matrix<T> product(const Matrix<T>& a, const Matrix<T>& b) {
  Matrix<T> c(a.rows, b.columns);
  for (int64_t i = 0; i < a.rows; ++i)
    for (int64_t j = 0; j < b.columns; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < a.columns; ++k) sum += static_cast<double>(a(i, k)) * static_cast<double>(b(k, j));
      c(i, j) = static_cast<T>(sum);
    }
  return c;
}
template <typename T>
Matrix<T> transposed(const Matrix<T>& a) {
  Matrix<T> t(a.columns, a.rows);
  for (int64_t i = 0; i < a.rows; ++i)
    for (int64_t j = 0; j < a.columns; ++j) t(j, i) = a(i, j);
  return t;
}
template <typename T>
Matrix<T> identity(int64_t n) {
  Matrix<T> m(n, n);
  for (int64_t i = 0; i < n; ++i) m(i, i) = 1;
  return m;
}
// The largest difference, in rounding errors of T and of numbers near the largest.
template <typename T>
double units(const Matrix<T>& a, const Matrix<T>& b) {
  double difference = 0, size = 1;
  for (size_t i = 0; i < a.data.size(); ++i) {
    const double x = static_cast<double>(a.data[i]), y = static_cast<double>(b.data[i]);
    difference = std::isfinite(x) ? std::max(difference, std::fabs(x - y)) : INFINITY;
    size = std::max(size, std::fabs(y));
  }
  return difference / size / (sizeof(T) == 4 ? 0x1p-24 : 0x1p-53);
}
double allowed(int64_t n) { return 64 + 16.0 * static_cast<double>(n); }

template <typename T>
void run(const IsaTable& isa, const char* name, const std::vector<int64_t>& ints, const std::vector<void*>& operands,
         Order order = Order::Reversed) {
  const Outcome outcome = run_kernel(isa, name, kType<T>, ints, {}, operands, order);
  ASSERT_TRUE(outcome.found) << name;
}

// Calls fn for both element types and every instruction set.
template <typename Fn>
void everywhere(Fn fn) {
  for (const IsaTable* isa : isa_tables()) {
    SCOPED_TRACE(isa->name);
    fn(*isa, float{});
    fn(*isa, double{});
  }
}

const int64_t kSizes[] = {1, 2, 3, 7, 16, 33, 47, 48, 49, 97};
const std::pair<int64_t, int64_t> kShapes[] = {{1, 1}, {1, 5}, {5, 1}, {4, 3}, {3, 4}, {20, 20}, {33, 31}, {31, 33}, {70, 33}, {20, 90}, {97, 65}};

TEST(Cholesky, Multiplied) {
  everywhere([](const IsaTable& isa, auto zero) {
    using T = decltype(zero);
    for (int64_t n : kSizes) {
      Matrix<T> half = noise<T>(n, n), a = product(half, transposed(half)), l(n, n);
      for (int64_t i = 0; i < n; ++i) a(i, i) += 1;
      run<T>(isa, "cholesky", {1, n}, {a.data.data(), l.data.data()});
      EXPECT_LT(units(product(l, transposed(l)), a), allowed(n)) << n;
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = i + 1; j < n; ++j) ASSERT_EQ(l(i, j), T{0});
    }
  });
}

TEST(Cholesky, NotDefinite) {
  everywhere([](const IsaTable& isa, auto zero) {
    using T = decltype(zero);
    std::vector<T> a = {1, 2, 2, 1, 4, 0, 0, 9}, l(8, 5);
    run<T>(isa, "cholesky", {2, 2}, {a.data(), l.data()});
    EXPECT_TRUE(std::isnan(l[0]) && l[1] == 0 && std::isnan(l[2]) && std::isnan(l[3]));
    EXPECT_EQ(std::vector<T>(l.begin() + 4, l.end()), (std::vector<T>{2, 0, 0, 3}));
  });
}

TEST(Lu, Multiplied) {
  everywhere([](const IsaTable& isa, auto zero) {
    using T = decltype(zero);
    for (const auto& [m, n] : kShapes) {
      const int64_t k = std::min(m, n);
      Matrix<T> a = noise<T>(m, n), lu(m, n), l(m, k), u(k, n), moved(m, n);
      std::vector<int32_t> pivots(k), rows(m);
      run<T>(isa, "lu", {1, m, n}, {a.data.data(), lu.data.data(), pivots.data(), rows.data()});
      for (int64_t i = 0; i < m; ++i) {
        for (int64_t j = 0; j < k; ++j) l(i, j) = i == j ? T{1} : i > j ? lu(i, j) : T{0};
        for (int64_t j = 0; j < n; ++j) moved(i, j) = a(rows[i], j);
        for (int64_t j = 0; j < n && i < k; ++j) u(i, j) = j < i ? T{0} : lu(i, j);
      }
      EXPECT_LT(units(product(l, u), moved), allowed(n)) << m << " x " << n;
      for (const T& x : l.data) ASSERT_LE(std::fabs(x), T{1});
    }
  });
}

TEST(Solve, TriangularInEveryForm) {
  everywhere([](const IsaTable& isa, auto zero) {
    using T = decltype(zero);
    for (int64_t n : kSizes)
      for (int64_t columns : {int64_t{1}, int64_t{5}, int64_t{130}})
        for (int form = 0; form < 8; ++form) {
          const bool lower = form & 1, transpose = form & 2, unit = form & 4;
          Matrix<T> a = noise<T>(n, n), x = noise<T>(n, columns, 4), solved(n, columns), read(n, n);
          for (T& element : a.data) element /= static_cast<T>(n);
          for (int64_t i = 0; i < n; ++i) {
            a(i, i) += 2;
            for (int64_t j = 0; j < n; ++j)
              read(i, j) = i == j ? (unit ? T{1} : a(i, i)) : (i > j) == lower ? a(i, j) : T{0};
          }
          const Matrix<T> b = product(transpose ? transposed(read) : read, x);
          Matrix<T> right = b;
          run<T>(isa, "triangular_solve", {1, n, columns, lower, transpose, unit}, {a.data.data(), right.data.data(), solved.data.data()});
          ASSERT_LT(units(solved, x), allowed(n)) << n << " " << columns << " " << form;
        }
  });
}

TEST(Solve, General) {
  everywhere([](const IsaTable& isa, auto zero) {
    using T = decltype(zero);
    for (int64_t n : kSizes)
      for (int64_t columns : {int64_t{1}, int64_t{3}, int64_t{130}}) {
        Matrix<T> a = noise<T>(n, n), x = noise<T>(n, columns, 4), solved(n, columns);
        for (int64_t i = 0; i < n; ++i) a(i, n - 1 - i) += static_cast<T>(n);
        Matrix<T> b = product(a, x);
        run<T>(isa, "solve", {1, n, columns}, {a.data.data(), b.data.data(), solved.data.data()});
        ASSERT_LT(units(solved, x), allowed(n)) << n << " " << columns;
      }
  });
}

TEST(Determinant, SignsAndRange) {
  everywhere([](const IsaTable& isa, auto zero) {
    using T = decltype(zero);
    // A permutation of odd order times a diagonal, a singular matrix.
    std::vector<T> a = {0, 2, 0, 0, 0, 3, 4, 0, 0, 1, 2, 3, 2, 4, 6, 1, 1, 1, -1, 0, 0, 0, 5, 0, 0, 0, 2}, det(3), sign(3), log(3);
    run<T>(isa, "determinant", {3, 3}, {a.data(), det.data()});
    run<T>(isa, "slogdet", {3, 3}, {a.data(), sign.data(), log.data()});
    EXPECT_NEAR(det[0], 24, 1e-4);
    EXPECT_EQ(det[1], 0);
    EXPECT_NEAR(det[2], -10, 1e-4);
    EXPECT_EQ(sign, (std::vector<T>{1, 0, -1}));
    EXPECT_NEAR(log[0], std::log(24.0), 1e-5);
    EXPECT_TRUE(std::isinf(log[1]));
    // Partial products of 1e200^n over- and underflow on the way.
    const double huge = sizeof(T) == 4 ? 1e30 : 1e300;
    std::vector<T> diagonal(36);
    for (int i = 0; i < 6; ++i) diagonal[i * 7] = static_cast<T>(i < 3 ? huge : 1 / huge);
    run<T>(isa, "determinant", {1, 6}, {diagonal.data(), det.data()});
    EXPECT_NEAR(det[0], 1, 1e-4);
  });
}

TEST(Qr, Multiplied) {
  everywhere([](const IsaTable& isa, auto zero) {
    using T = decltype(zero);
    for (const auto& [m, n] : kShapes)
      for (int64_t columns : {std::min(m, n), m}) {
        Matrix<T> a = noise<T>(m, n), q(m, columns), r(columns, n);
        run<T>(isa, "qr", {1, m, n, columns}, {a.data.data(), q.data.data(), r.data.data()});
        ASSERT_LT(units(product(q, r), a), allowed(n)) << m << " x " << n;
        ASSERT_LT(units(product(transposed(q), q), identity<T>(columns)), allowed(n));
        for (int64_t i = 0; i < columns; ++i)
          for (int64_t j = 0; j < std::min(i, n); ++j) ASSERT_EQ(r(i, j), T{0});
      }
  });
}

TEST(Eigh, Multiplied) {
  everywhere([](const IsaTable& isa, auto zero) {
    using T = decltype(zero);
    for (int64_t n : kSizes)
      for (double scale : {1.0, 1e-30, 1e30}) {
        const Matrix<T> any = noise<T>(n, n);
        Matrix<T> a(n, n), v(n, n), scaled(n, n);
        for (int64_t i = 0; i < n; ++i)
          for (int64_t j = 0; j < n; ++j) a(i, j) = any(std::max(i, j), std::min(i, j)), scaled(i, j) = static_cast<T>(a(i, j) * scale);
        std::vector<T> w(n);
        run<T>(isa, "eigh", {1, n}, {scaled.data.data(), w.data(), v.data.data()});
        ASSERT_TRUE(std::is_sorted(w.begin(), w.end()));
        Matrix<T> left = v;
        for (int64_t i = 0; i < n; ++i)
          for (int64_t j = 0; j < n; ++j) left(i, j) = static_cast<T>(left(i, j) * (w[j] / scale));
        ASSERT_LT(units(product(left, transposed(v)), a), allowed(n)) << n << " " << scale;
        ASSERT_LT(units(product(transposed(v), v), identity<T>(n)), allowed(n));
      }
  });
}

TEST(Eig, Multiplied) {
  everywhere([](const IsaTable& isa, auto zero) {
    using T = decltype(zero);
    for (int64_t n : {1, 2, 3, 8, 33}) {
      const Matrix<T> a = noise<T>(n, n);
      std::vector<T> w(2 * n), v(2 * n * n);
      run<T>(isa, "eig", {1, n}, {const_cast<T*>(a.data.data()), w.data(), v.data()});
      // A v = w v, in the real and the imaginary parts.
      const double bound = 200 * static_cast<double>(n) * std::numeric_limits<T>::epsilon();
      for (int64_t j = 0; j < n; ++j) {
        double length = 0;
        for (int64_t i = 0; i < n; ++i) {
          double re = 0, im = 0;
          for (int64_t k = 0; k < n; ++k) {
            const double x = a.data[i * n + k];
            re += x * v[2 * (k * n + j)];
            im += x * v[2 * (k * n + j) + 1];
          }
          const double p = v[2 * (i * n + j)], q = v[2 * (i * n + j) + 1];
          ASSERT_NEAR(re, w[2 * j] * p - w[2 * j + 1] * q, bound) << n;
          ASSERT_NEAR(im, w[2 * j] * q + w[2 * j + 1] * p, bound) << n;
          length += p * p + q * q;
        }
        ASSERT_NEAR(length, 1, bound);
      }
    }
  });
}

TEST(Svd, Multiplied) {
  everywhere([](const IsaTable& isa, auto zero) {
    using T = decltype(zero);
    for (const auto& [m, n] : kShapes)
      for (int64_t columns : {std::min(m, n), std::max(m, n)})
        for (int rank : {0, 1, 1000}) {
          const int64_t k = std::min(m, n), us = std::min(m, columns), vs = std::min(n, columns);
          Matrix<T> a = rank == 1000 ? noise<T>(m, n) : rank == 0 ? Matrix<T>(m, n) : product(noise<T>(m, 1), noise<T>(1, n));
          Matrix<T> u(m, us), vt(vs, n), middle(us, vs);
          std::vector<T> s(k), alone(k);
          run<T>(isa, "svd", {1, m, n, columns}, {a.data.data(), s.data(), u.data.data(), vt.data.data()});
          run<T>(isa, "svd", {1, m, n, 0}, {a.data.data(), alone.data()});
          for (int64_t i = 0; i < k; ++i) {
            middle(i, i) = s[i];
            ASSERT_GE(s[i], T{0});
            ASSERT_NEAR(s[i], alone[i], 1e-5 * (1 + s[0]));
          }
          ASSERT_TRUE(std::is_sorted(s.rbegin(), s.rend()));
          ASSERT_LT(units(product(product(u, middle), vt), a), allowed(n)) << m << " x " << n << " rank " << rank;
          ASSERT_LT(units(product(transposed(u), u), identity<T>(us)), allowed(n));
          ASSERT_LT(units(product(vt, transposed(vt)), identity<T>(vs)), allowed(n));
        }
  });
}

TEST(Pinv, OfARankDeficientMatrix) {
  everywhere([](const IsaTable& isa, auto zero) {
    using T = decltype(zero);
    for (const auto& [m, n] : kShapes) {
      const int64_t rank = std::min<int64_t>(3, std::min(m, n));
      Matrix<T> a = product(noise<T>(m, rank), noise<T>(rank, n, 4)), p(n, m);
      T ratio = static_cast<T>(sizeof(T) == 4 ? 1e-4 : 1e-10);
      run<T>(isa, "pinv", {1, m, n, 0}, {a.data.data(), &ratio, p.data.data()});
      ASSERT_LT(units(product(product(a, p), a), a), 100 * allowed(n)) << m << " x " << n;
    }
  });
}

// A batch gives what its matrices give alone, bit for bit; what is not finite gives NaN and leaves the others alone.
TEST(Linalg, BatchesAndNaN) {
  everywhere([](const IsaTable& isa, auto zero) {
    using T = decltype(zero);
    const Matrix<T> a = noise<T>(6, 4);
    std::vector<T> all = batch_of(a, 3);
    all[24] = INFINITY;
    std::vector<T> s(12), u(72), vt(48), q(72), r(48), single(4), us(24), vs(16);
    run<T>(isa, "svd", {3, 6, 4, 4}, {all.data(), s.data(), u.data(), vt.data()});
    run<T>(isa, "svd", {1, 6, 4, 4}, {all.data(), single.data(), us.data(), vs.data()});
    EXPECT_EQ(std::vector<T>(s.begin() + 8, s.end()), single);
    EXPECT_TRUE(std::isnan(s[4]) && std::isnan(u[24]) && std::isnan(vt[16]));
    run<T>(isa, "qr", {3, 6, 4, 4}, {all.data(), q.data(), r.data()}, Order::Together);
    EXPECT_TRUE(std::isnan(q[24]) && !std::isnan(q[23]) && !std::isnan(q[48]));
    std::vector<T> square(32, T{1}), w(8), v(32);
    square[3] = NAN;
    run<T>(isa, "eigh", {2, 4}, {square.data(), w.data(), v.data()});
    EXPECT_TRUE(std::isnan(w[0]) && std::isnan(v[15]));
    EXPECT_NEAR(w[7], 4, 1e-5);
  });
}

TEST(Linalg, RefusesAbsurdSizes) {
  for (const IsaTable* isa : isa_tables()) {
    const std::vector<int64_t> bad = {1, -1, 2, 2};
    for (const char* name : {"cholesky", "lu", "triangular_solve", "solve", "slogdet", "determinant", "qr", "eigh", "eig", "svd", "pinv"})
      EXPECT_TRUE(refuses(*find_kernel(*isa, name, DType::F32), bad)) << name;
    const std::vector<int64_t> columns = {1, 5, 3, 4};
    EXPECT_TRUE(refuses(*find_kernel(*isa, "qr", DType::F32), columns));
    EXPECT_TRUE(refuses(*find_kernel(*isa, "svd", DType::F64), columns));
  }
}

}  // namespace
}  // namespace keratin::testing
