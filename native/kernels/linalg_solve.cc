// Linear systems A X = B.
//
// triangular_solve. ints: [matrices, n, columns, lower, transpose, unit]: which triangle of A is read, whether op transposes,
//   whether the diagonal counts as ones. operands: A [matrices, n, n], B [matrices, n, columns], X [matrices, n, columns].
//   A unit is a run of columns of one matrix.
// solve. ints: [matrices, n, columns]. operands: A [matrices, n, n], B [matrices, n, columns], X [matrices, n, columns]. A unit is a matrix.
// slogdet. ints: [matrices, n]. operands: A [matrices, n, n], signs [matrices], logarithms of sizes [matrices]: of A's determinant.
// determinant. ints: [matrices, n]. operands: A [matrices, n, n], determinants [matrices].
#include "kernels/linalg/lu.h"
#include "simd/math_log.h"

namespace keratin::KR_ISA {
namespace {

// Columns in a unit: their rows of X stay in the second-level cache for a few hundred unknowns.
constexpr int64_t kColumns = 128;
template <typename T>
void triangular_solve(const Args& args, Range units) {
  const int64_t n = args.ints[1], columns = args.ints[2];
  const bool lower = args.ints[3] != 0, transpose = args.ints[4] != 0, unit = args.ints[5] != 0;
  const int64_t parts = ceil_div(columns, kColumns);
  for (int64_t u = units.begin; u < units.end; ++u) {
    const int64_t matrix = u / parts, begin = u % parts * kColumns, width = min_of(kColumns, columns - begin);
    const T* a = args.at<const T>(0) + matrix * n * n;
    const T* b = args.at<const T>(1) + matrix * n * columns + begin;
    T* x = args.at<T>(2) + matrix * n * columns + begin;
    for (int64_t i = 0; i < n; ++i) convert(x + i * columns, b + i * columns, width);
    const Triangle<T> triangle{{a, transpose ? 1 : n, transpose ? n : 1}, n, lower != transpose, unit};
    if (columns == 1) triangle.solve_vector(x);
    else triangle.solve(x, columns, width);
  }
}

Work plan_triangular_solve(const int64_t* ints, bool) {
  Work work;
  const int64_t matrices = ints[0], n = ints[1], columns = ints[2];
  const double size = static_cast<double>(n);
  work.units[0] = n == 0 ? 0 : matrices * ceil_div(columns, kColumns);
  work.nanoseconds = static_cast<double>(matrices) * (30 + size * static_cast<double>(columns) * (0.5 + size / 15));
  return work;
}

// Scratch of the kernels that factor a copy of A.
template <typename T>
int64_t factor_bytes(int64_t n) {
  return n * n * static_cast<int64_t>(sizeof(T)) + n * static_cast<int64_t>(sizeof(int32_t));
}
template <typename T>
Lu<T> factors_of(const Args& args, int64_t unit, int64_t n) {
  T* work = static_cast<T*>(args.local);
  convert(work, args.at<const T>(0) + unit * n * n, n * n);
  const Lu<T> factors{work, n, n, reinterpret_cast<int32_t*>(work + n * n)};
  factors.run();
  return factors;
}
double factor_nanoseconds(int64_t n) {
  const double size = static_cast<double>(n);
  return 50 + size * size * (1 + size / 15);
}

template <typename T>
void solve(const Args& args, Range units) {
  const int64_t n = args.ints[1], columns = args.ints[2];
  for (int64_t u = units.begin; u < units.end; ++u) {
    const Lu<T> factors = factors_of<T>(args, u, n);
    T* x = args.at<T>(2) + u * n * columns;
    convert(x, args.at<const T>(1) + u * n * columns, n * columns);
    factors.permute(x, columns);
    for (bool lower : {true, false}) {
      const Triangle<T> triangle{{factors.a, n, 1}, n, lower, lower};
      if (columns == 1) triangle.solve_vector(x);
      for (int64_t j = 0; columns > 1 && j < columns; j += kColumns) triangle.solve(x + j, columns, min_of(kColumns, columns - j));
    }
  }
}

template <typename T>
Work plan_solve(const int64_t* ints, bool) {
  Work work = plan_triangular_solve(ints, false);
  work.units[0] = ints[1] == 0 || ints[2] == 0 ? 0 : ints[0];
  work.nanoseconds = 2 * work.nanoseconds + static_cast<double>(ints[0]) * factor_nanoseconds(ints[1]);
  work.local_bytes = factor_bytes<T>(ints[1]);
  return work;
}

// mantissa * 2^exponent, the mantissa within some powers of two of 1: a product that overflows only in the end.
struct Scaled {
  double mantissa = 1;
  int64_t exponent = 0;
  KR_INLINE void multiply(double x) {
    constexpr double kBig = 0x1p+400, kTiny = 0x1p-400;
    const double size = absolute(x);
    if (size > kBig) x *= kTiny, exponent += 400;
    else if (size < kTiny && size > 0) x *= kBig, exponent -= 400;
    mantissa *= x;
    if (absolute(mantissa) > kBig) mantissa *= kTiny, exponent += 400;
    else if (absolute(mantissa) < kTiny && mantissa != 0) mantissa *= kBig, exponent -= 400;
  }
  KR_INLINE double value() const {
    double result = mantissa;
    for (int64_t rest = exponent; rest > 0 && result - result == 0; rest -= 400) result *= 0x1p+400;
    for (int64_t rest = exponent; rest < 0 && result != 0; rest += 400) result *= 0x1p-400;
    return result;
  }
};

template <typename T>
void slogdet(const Args& args, Range units) {
  const int64_t n = args.ints[1];
  for (int64_t u = units.begin; u < units.end; ++u) {
    const Lu<T> factors = factors_of<T>(args, u, n);
    T sign = factors.odd() ? T{-1} : T{1};
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) {
      const double x = factors.a[i * n + i];
      sum += simd::log(V<double>(absolute(x))).raw[0];
      sign = x == 0 ? T{0} : x < 0 ? -sign : x > 0 ? sign : static_cast<T>(x);
    }
    args.at<T>(1)[u] = sign;
    args.at<T>(2)[u] = static_cast<T>(sum);
  }
}

template <typename T>
void determinant(const Args& args, Range units) {
  const int64_t n = args.ints[1];
  for (int64_t u = units.begin; u < units.end; ++u) {
    const Lu<T> factors = factors_of<T>(args, u, n);
    Scaled product;
    for (int64_t i = 0; i < n; ++i) product.multiply(factors.a[i * n + i]);
    args.at<T>(1)[u] = static_cast<T>(factors.odd() ? -product.value() : product.value());
  }
}

template <typename T>
Work plan_determinant(const int64_t* ints, bool) {
  Work work;
  work.units[0] = ints[0];
  work.nanoseconds = static_cast<double>(ints[0]) * factor_nanoseconds(ints[1]);
  work.local_bytes = factor_bytes<T>(ints[1]);
  return work;
}

void solve_contract(Contract& c) {
  const Extent matrices = c.size("matrices"), n = side(c, "n"), columns = side(c, "columns");
  c.in(matrices * n * n);
  c.in(matrices * n * columns);
  c.out(matrices * n * columns);
}
void triangular_solve_contract(Contract& c) {
  solve_contract(c);
  c.flag("lower");
  c.flag("transpose");
  c.flag("unit");
}
void determinant_contract(Contract& c) {
  const Extent matrices = c.size("matrices"), n = side(c, "n");
  c.in(matrices * n * n);
  c.out(matrices);
}
void slogdet_contract(Contract& c) {
  const Extent matrices = c.size("matrices"), n = side(c, "n");
  c.in(matrices * n * n);
  c.out(matrices);
  c.out(matrices);
}

constexpr KernelRow kernels[] = {
    {"triangular_solve", DType::F32, triangular_solve<float>, plan_triangular_solve, triangular_solve_contract},
    {"triangular_solve", DType::F64, triangular_solve<double>, plan_triangular_solve, triangular_solve_contract},
    {"solve", DType::F32, solve<float>, plan_solve<float>, solve_contract},
    {"solve", DType::F64, solve<double>, plan_solve<double>, solve_contract},
    {"slogdet", DType::F32, slogdet<float>, plan_determinant<float>, slogdet_contract},
    {"slogdet", DType::F64, slogdet<double>, plan_determinant<double>, slogdet_contract},
    {"determinant", DType::F32, determinant<float>, plan_determinant<float>, determinant_contract},
    {"determinant", DType::F64, determinant<double>, plan_determinant<double>, determinant_contract},
};

}  // namespace

KR_FAMILY(linalg_solve, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
