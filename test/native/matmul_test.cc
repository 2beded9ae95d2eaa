// Matrix products: every layout, edge, method and instruction set against plain sums in double.
#include <algorithm>
#include <cmath>
#include <limits>
#include "run_kernel.h"
#include "typed.h"

namespace keratin::testing {
namespace {

// A dimension of the batch; a shared operand has stride 0.
struct Batch {
  int64_t size;
  bool shared_a = false, shared_b = false;
};

// How a matrix lies in memory. Padded rows are longer than the matrix is wide; strided elements are two apart, too.
enum class Layout { Rows, Columns, PaddedRows, PaddedColumns, Strided, OneRow };
constexpr Layout kLayouts[] = {Layout::Rows, Layout::Columns, Layout::PaddedRows, Layout::PaddedColumns, Layout::Strided,
                               Layout::OneRow};

struct Strides {
  int64_t row, col;
};

Strides strides_of(Layout layout, int64_t rows, int64_t cols, int64_t pad) {
  switch (layout) {
    case Layout::Rows: return {cols, 1};
    case Layout::Columns: return {1, rows};
    case Layout::PaddedRows: return {cols + pad, 1};
    case Layout::PaddedColumns: return {1, rows + pad};
    case Layout::Strided: return {2 * (cols + pad), 2};
    case Layout::OneRow: return {0, 1};
  }
  return {};
}

struct Shape {
  int64_t m, n, k;
  Layout a = Layout::Rows, b = Layout::Rows;
  std::vector<Batch> batch = {};
  int64_t pad = 3;
};

std::ostream& operator<<(std::ostream& out, const Shape& s) {
  out << s.m << "x" << s.n << "x" << s.k << " layouts " << static_cast<int>(s.a) << "," << static_cast<int>(s.b);
  for (const Batch& b : s.batch) out << " [" << b.size << " " << b.shared_a << b.shared_b << "]";
  return out;
}

// Attributes of a product, and the elements that its operands need.
struct Problem {
  std::vector<int64_t> ints;
  int64_t size_a, size_b, matrices = 1;
};

int64_t extent(int64_t rows, int64_t cols, Strides s) {
  return rows && cols ? (rows - 1) * s.row + (cols - 1) * s.col + 1 : 0;
}

Problem problem_of(const Shape& s) {
  const Strides a = strides_of(s.a, s.m, s.k, s.pad), b = strides_of(s.b, s.k, s.n, s.pad);
  Problem p{{s.m, s.n, s.k, a.row, a.col, b.row, b.col, static_cast<int64_t>(s.batch.size())},
            extent(s.m, s.k, a), extent(s.k, s.n, b)};
  std::vector<int64_t> dims;
  for (size_t d = s.batch.size(); d-- > 0;) {
    const Batch& dim = s.batch[d];
    dims.insert(dims.begin(), {dim.size, dim.shared_a ? 0 : p.size_a, dim.shared_b ? 0 : p.size_b});
    if (!dim.shared_a) p.size_a *= dim.size;
    if (!dim.shared_b) p.size_b *= dim.size;
    p.matrices *= dim.size;
  }
  p.ints.insert(p.ints.end(), dims.begin(), dims.end());
  return p;
}

int64_t offset_of(const Problem& p, int64_t matrix, int operand) {
  int64_t offset = 0;
  for (int64_t d = p.ints[7]; d-- > 0; matrix /= p.ints[8 + 3 * d])
    offset += matrix % p.ints[8 + 3 * d] * p.ints[9 + 3 * d + operand];
  return offset;
}

template <typename T>
std::vector<T> random_values(int64_t count, uint64_t seed) {
  Noise noise(seed);
  std::vector<T> values(static_cast<size_t>(count));
  for (T& x : values) {
    if constexpr (std::is_floating_point_v<T>) x = static_cast<T>(noise.uniform(-1, 1));
    else x = static_cast<T>(noise.bits());
  }
  return values;
}

// An epilogue that copies the product to `out`, and counts how often each element came.
template <typename T>
struct Collector : Epilogue {
  T* out;
  std::vector<int> seen;
  int64_t m, n;
  bool whole = true;  // whether every block had all columns, one row right behind the other

  Collector(T* c, const Problem& p)
      : out(c), seen(static_cast<size_t>(p.matrices * p.ints[0] * p.ints[1])), m(p.ints[0]), n(p.ints[1]) {
    apply = [](const Epilogue* self, void* tile, int64_t row_bytes, int64_t batch, int64_t i0, int64_t i1, int64_t j0,
               int64_t j1) {
      Collector& it = *const_cast<Collector*>(static_cast<const Collector*>(self));
      it.whole = it.whole && j0 == 0 && j1 == it.n && row_bytes == it.n * static_cast<int64_t>(sizeof(T));
      for (int64_t i = i0; i < i1; ++i) {
        const T* row = reinterpret_cast<const T*>(static_cast<const char*>(tile) + (i - i0) * row_bytes);
        for (int64_t j = j0; j < j1; ++j) {
          const int64_t at = (batch * it.m + i) * it.n + j;
          it.out[at] = row[j - j0];
          ++it.seen[static_cast<size_t>(at)];
        }
      }
    };
  }
};

// Runs the kernel on exactly sized memory; C begins as a pattern. With an epilogue, C is null.
template <typename T>
std::vector<T> product(const KernelRow& row, const Problem& p, const std::vector<T>& a, const std::vector<T>& b, Order order,
                       bool with_epilogue) {
  std::vector<T> c(static_cast<size_t>(p.matrices * p.ints[0] * p.ints[1]), T(77));
  Collector<T> collector(c.data(), p);
  const Work work = row.plan(p.ints.data(), with_epilogue);
  const Scratch shared(work.shared_bytes), local(work.local_bytes);
  void* operands[] = {const_cast<T*>(a.data()), const_cast<T*>(b.data()), with_epilogue ? nullptr : c.data()};
  for (int phase = 0; phase < work.phases; ++phase) {
    const Args args = {operands, p.ints.data(), nullptr, with_epilogue ? &collector : nullptr, shared.aligned(), local.aligned(),
                       nullptr, phase};
    if (order == Order::Together) {
      row.run(args, {0, work.units[phase]});
    } else {
      for (int64_t unit = work.units[phase] - 1; unit >= 0; --unit) row.run(args, {unit, unit + 1});
    }
  }
  if (with_epilogue) {
    EXPECT_TRUE(std::all_of(collector.seen.begin(), collector.seen.end(), [](int times) { return times == 1; }));
    EXPECT_TRUE(collector.whole || p.ints[1] > 64);
  }
  return c;
}

// Compares with plain sums: exact for integers; for floats within the bound of any order of summation, (k + 1) eps times the
// sum of magnitudes. `every` picks some of the elements of a large product.
template <typename T>
void compare(const Problem& p, const std::vector<T>& a, const std::vector<T>& b, const std::vector<T>& c, int64_t every) {
  const int64_t *s = p.ints.data(), m = s[0], n = s[1], k = s[2];
  using Sum = std::conditional_t<std::is_floating_point_v<T>, long double, uint64_t>;
  for (int64_t at = 0; at < static_cast<int64_t>(c.size()); at += every) {
    const int64_t matrix = at / (m * n), i = at / n % m, j = at % n;
    const int64_t begin_a = offset_of(p, matrix, 0), begin_b = offset_of(p, matrix, 1);
    Sum sum = 0, magnitude = 0;
    for (int64_t q = 0; q < k; ++q) {
      const Sum term = static_cast<Sum>(a[begin_a + i * s[3] + q * s[4]]) * static_cast<Sum>(b[begin_b + q * s[5] + j * s[6]]);
      sum += term;
      if constexpr (std::is_floating_point_v<T>) magnitude += std::fabs(term);
    }
    if constexpr (std::is_floating_point_v<T>) {
      const Sum bound = magnitude * static_cast<Sum>(k + 1) * std::numeric_limits<T>::epsilon();
      ASSERT_LE(std::fabs(static_cast<Sum>(c[at]) - sum), bound) << "matrix " << matrix << " at " << i << "," << j;
    } else {
      ASSERT_EQ(c[at], static_cast<T>(sum)) << "matrix " << matrix << " at " << i << "," << j;
    }
  }
}

template <typename T>
void check(const IsaTable& isa, DType dtype, const Shape& shape, int64_t every = 1) {
  SCOPED_TRACE(::testing::Message() << isa.name << " " << name_of(dtype) << " " << shape);
  const KernelRow* row = find_kernel(isa, "matmul", dtype);
  ASSERT_NE(row, nullptr);
  const Problem p = problem_of(shape);
  const std::vector<T> a = random_values<T>(p.size_a, 1), b = random_values<T>(p.size_b, 2);
  const std::vector<T> c = product<T>(*row, p, a, b, Order::Together, false);
  compare(p, a, b, c, every);
  for (bool with_epilogue : {false, true})
    ASSERT_EQ(c, product<T>(*row, p, a, b, Order::Reversed, with_epilogue)) << "epilogue " << with_epilogue;
}

void check_floats(const Shape& shape, int64_t every = 1) {
  for (const IsaTable* isa : isa_tables()) {
    check<float>(*isa, DType::F32, shape, every);
    check<double>(*isa, DType::F64, shape, every);
  }
}

TEST(Matmul, EdgesOfTilesInEveryLayout) {
  for (int64_t m : {1, 2, 5, 14, 15, 29})
    for (int64_t n : {1, 3, 4, 8, 15, 16, 17, 33, 40})
      for (int64_t k : {0, 1, 5, 16, 19})
        for (Layout a : kLayouts)
          for (Layout b : kLayouts) check_floats({m, n, k, a, b});
}

TEST(Matmul, EmptyProducts) {
  for (const Shape& s : {Shape{0, 5, 5}, Shape{5, 0, 5}, Shape{0, 0, 0}, Shape{1, 0, 3}, Shape{0, 1, 3},
                         Shape{4, 4, 4, Layout::Rows, Layout::Rows, {{0}}},
                         Shape{720, 720, 70, Layout::Rows, Layout::Rows, {{0}}}})
    for (const IsaTable* isa : isa_tables()) {
      const KernelRow* row = find_kernel(*isa, "matmul", DType::F32);
      const Work work = row->plan(problem_of(s).ints.data(), true);
      EXPECT_EQ(work.units[work.phases - 1], 0) << s;
    }
}

TEST(Matmul, VectorsTimesMatrices) {
  for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 300}, {300, 1}, {1, 2100}, {1100, 1}, {15, 700}, {700, 10}, {2, 2}})
    for (int64_t k : {1, 9, 77})
      for (Layout a : kLayouts)
        for (Layout b : kLayouts) check_floats({m, n, k, a, b}, 7);
}

TEST(Matmul, ManyUnits) {
  check_floats({1100, 40, 70}, 31);
  check_floats({300, 330, 90, Layout::Columns}, 31);
  check_floats({130, 500, 210, Layout::Rows, Layout::Columns}, 31);
  check_floats({33, 20, 2500}, 3);
}

TEST(Matmul, PackedOperands) {
  for (Layout layout : kLayouts) {
    check_floats({717, 731, 67, layout, Layout::Rows}, 997);
    check_floats({717, 731, 67, Layout::Rows, layout}, 997);
  }
  check_floats({711, 705, 1100}, 9973);
  check_floats({260, 270, 80, Layout::PaddedRows, Layout::Rows, {}, 1024 - 80}, 101);
  check_floats({260, 4200, 80, Layout::PaddedRows, Layout::Rows, {}, 1024 - 80}, 9973);
}

TEST(Matmul, Batches) {
  for (const auto& batch : {std::vector<Batch>{{3}}, {{2}, {5}}, {{4, true}}, {{4, false, true}}, {{2, true}, {3, false, true}},
                            {{2, false, true}, {3}, {2, true, true}}, {{1}, {300}}}) {
    for (Layout b : {Layout::Rows, Layout::Columns}) {
      check_floats({9, 21, 17, Layout::Rows, b, batch});
      check_floats({1, 40, 6, Layout::Rows, b, batch});
    }
  }
  check_floats({128, 70, 64, Layout::Columns, Layout::Columns, {{3}, {7}}}, 31);
  check_floats({705, 701, 65, Layout::Rows, Layout::Columns, {{2}}}, 9973);
  check_floats({705, 701, 65, Layout::Columns, Layout::Rows, {{3, false, true}}}, 9973);
}

TEST(Matmul, IntegersWrapAround) {
  for (const IsaTable* isa : isa_tables()) {
    for (DType dtype : kArithmeticDTypes) {
      if (dtype == DType::F32 || dtype == DType::F64) continue;
      with_type(dtype, [&](auto type) {
        using T = typename decltype(type)::type;
        if constexpr (std::is_integral_v<T>) {
          for (Layout a : kLayouts)
            for (Layout b : kLayouts) check<T>(*isa, dtype, {7, 13, 9, a, b, {{2}, {3, true}}});
          check<T>(*isa, dtype, {3000, 70, 5}, 101);
          check<T>(*isa, dtype, {4, 4, 0});
        }
      });
    }
  }
}

// Infinities and NaN of one row or column reach its elements of C, and no others: padding and prefetching add nothing.
TEST(Matmul, SpecialValuesStayInTheirRow) {
  for (const IsaTable* isa : isa_tables()) {
    const KernelRow* row = find_kernel(*isa, "matmul", DType::F32);
    for (int64_t n : {1, 3, 10, 20, 37}) {
      const Problem p = problem_of({17, n, 21});
      std::vector<float> a = random_values<float>(p.size_a, 1), b = random_values<float>(p.size_b, 2);
      a[16 * 21 + 20] = INFINITY;
      b[20 * n + n - 1] = NAN;
      const std::vector<float> c = product<float>(*row, p, a, b, Order::Together, false);
      for (int64_t i = 0; i < 17; ++i)
        for (int64_t j = 0; j < n; ++j) {
          const float x = c[i * n + j];
          EXPECT_EQ(std::isnan(x), j == n - 1) << isa->name << " " << i << "," << j;
          EXPECT_EQ(std::isinf(x), i == 16 && j < n - 1) << isa->name << " " << i << "," << j;
        }
    }
  }
}

}  // namespace
}  // namespace keratin::testing
