// Softmax, its relatives, and the crossentropies.
#include "run_kernel.h"
#include "typed.h"

namespace keratin::testing {
namespace {

struct Shape {
  int64_t outer, n, inner;
};

const Shape kShapes[] = {{1, 1, 1},  {3, 2, 1},   {7, 10, 1},   {2, 15, 1},  {2, 16, 1},  {2, 17, 1},   {5, 64, 1},
                         {2, 100, 1}, {3, 1000, 1}, {1, 33001, 1}, {2, 5, 2}, {3, 10, 7},  {2, 9, 16},   {2, 130, 17},
                         {1, 8, 100}, {0, 3, 2},   {2, 3, 0},    {100, 4, 1}};

// What a column x[0], x[inner], ... of n elements becomes.
struct Column {
  std::vector<long double> softmax, log_softmax;
  long double logsumexp;
};

std::ostream& operator<<(std::ostream& out, const Shape& s) { return out << s.outer << "x" << s.n << "x" << s.inner; }

template <typename T>
Column reference(const T* x, int64_t n, int64_t inner) {
  Column column;
  long double largest = -INFINITY, sum = 0;
  for (int64_t j = 0; j < n; ++j) largest = std::max<long double>(largest, x[j * inner]);
  for (int64_t j = 0; j < n; ++j) sum += std::exp(x[j * inner] - largest);
  column.logsumexp = largest + std::log(sum);
  for (int64_t j = 0; j < n; ++j) {
    column.log_softmax.push_back(x[j * inner] - column.logsumexp);
    column.softmax.push_back(std::exp(column.log_softmax.back()));
  }
  return column;
}

template <typename T>
std::vector<T> logits_of(int64_t count, double spread) {
  Noise noise(31);
  std::vector<T> x(static_cast<size_t>(count));
  for (T& value : x) value = static_cast<T>(noise.uniform(-spread, spread));
  return x;
}

// Runs a kernel in both orders, which must agree to the bit.
template <typename T>
std::vector<T> output_of(const IsaTable& isa, const char* name, DType dtype, const Shape& s, std::vector<T>& x, int64_t count) {
  std::vector<T> out(static_cast<size_t>(count), T(5)), reversed = out;
  EXPECT_TRUE(run_kernel(isa, name, dtype, {s.outer, s.n, s.inner}, {}, {x.data(), out.data()}).found);
  run_kernel(isa, name, dtype, {s.outer, s.n, s.inner}, {}, {x.data(), reversed.data()}, Order::Reversed);
  EXPECT_TRUE(out.empty() || std::memcmp(out.data(), reversed.data(), out.size() * sizeof(T)) == 0);
  return out;
}

template <typename T>
void check_shape(const IsaTable& isa, DType dtype, const Shape& s, double spread) {
  std::vector<T> x = logits_of<T>(s.outer * s.n * s.inner, spread);
  const std::vector<T> soft = output_of(isa, "softmax", dtype, s, x, s.outer * s.n * s.inner);
  const std::vector<T> logs = output_of(isa, "log_softmax", dtype, s, x, s.outer * s.n * s.inner);
  const std::vector<T> sums = output_of(isa, "logsumexp", dtype, s, x, s.outer * s.inner);
  const double eps = sizeof(T) == 4 ? 0x1p-23 : 0x1p-52;
  for (int64_t c = 0; c < s.outer * s.inner; ++c) {
    const int64_t first = c / s.inner * s.n * s.inner + c % s.inner;
    const Column expected = reference(x.data() + first, s.n, s.inner);
    ASSERT_NEAR(sums[c], expected.logsumexp, eps * (6 + spread)) << isa.name << " " << s;
    for (int64_t j = 0; j < s.n; ++j) {
      const double p = static_cast<double>(expected.softmax[j]);
      // The difference from the maximum is rounded, by up to half a unit of 2 * spread.
      ASSERT_NEAR(soft[first + j * s.inner], p, eps * (8 + spread) * p + 1e-37) << isa.name << " " << s;
      ASSERT_NEAR(logs[first + j * s.inner], expected.log_softmax[j], eps * (16 + 2 * spread)) << isa.name << " " << s;
    }
  }
}

TEST(Softmax, EveryShape) {
  for (const IsaTable* isa : isa_tables()) {
    for (const Shape& s : kShapes) {
      for (double spread : {1.0, 30.0}) {
        check_shape<float>(*isa, DType::F32, s, spread);
        check_shape<double>(*isa, DType::F64, s, spread);
      }
    }
  }
}

TEST(Softmax, Extremes) {
  for (const IsaTable* isa : isa_tables()) {
    std::vector<float> x = {1e30f, -1e30f, 1e30f, 0, -INFINITY, 3, -INFINITY, -INFINITY, -INFINITY, INFINITY, 0, 1, NAN, 0, 1};
    for (const Shape& s : {Shape{5, 3, 1}, Shape{1, 3, 5}}) {
      std::vector<float> in(15);
      for (int64_t i = 0; i < 15; ++i) in[s.inner == 1 ? i : i % 3 * 5 + i / 3] = x[i];
      const std::vector<float> out = output_of(*isa, "softmax", DType::F32, s, in, 15);
      const auto at = [&](int64_t row, int64_t i) { return out[s.inner == 1 ? row * 3 + i : i * 5 + row]; };
      EXPECT_EQ(at(0, 0), 0.5f);
      EXPECT_EQ(at(0, 1), 0.0f);
      EXPECT_EQ(at(1, 1), 0.0f);
      EXPECT_TRUE(std::isnan(at(2, 0)));
      EXPECT_TRUE(std::isnan(at(4, 1)));
      const std::vector<float> sums = output_of(*isa, "logsumexp", DType::F32, s, in, 5);
      EXPECT_EQ(sums[0], 1e30f);
      EXPECT_EQ(sums[2], -INFINITY);
      EXPECT_EQ(sums[3], INFINITY);
      EXPECT_TRUE(std::isnan(sums[4]));
    }
  }
}

template <typename T>
void check_crossentropy(const IsaTable& isa, DType dtype, int64_t rows, int64_t n) {
  std::vector<T> logits = logits_of<T>(rows * n, 8), labels(logits.size()), loss(rows), p(logits.size());
  std::vector<T> sparse_loss(rows), sparse_p(logits.size());
  std::vector<int32_t> classes(rows);
  Noise noise(5);
  for (T& label : labels) label = static_cast<T>(noise.uniform(0, 1));
  for (int32_t& label : classes) label = static_cast<int32_t>(noise.below(n));
  const double eps = sizeof(T) == 4 ? 0x1p-23 : 0x1p-52;
  const std::vector<void*> dense = {logits.data(), labels.data(), loss.data(), p.data()};
  const std::vector<void*> sparse = {logits.data(), classes.data(), sparse_loss.data(), sparse_p.data()};
  ASSERT_TRUE(run_kernel(isa, "softmax_crossentropy", dtype, {rows, n}, {}, dense, Order::Reversed).found);
  ASSERT_TRUE(run_kernel(isa, "sparse_softmax_crossentropy", dtype, {rows, n}, {}, sparse, Order::Reversed).found);
  EXPECT_EQ(p, sparse_p);
  for (int64_t r = 0; r < rows; ++r) {
    const Column expected = reference(logits.data() + r * n, n, 1);
    long double exact = 0;
    for (int64_t j = 0; j < n; ++j) {
      exact -= labels[r * n + j] * expected.log_softmax[j];
      ASSERT_NEAR(p[r * n + j], expected.softmax[j], 16 * eps * static_cast<double>(expected.softmax[j]));
    }
    ASSERT_NEAR(loss[r], exact, 16 * eps * (1 + static_cast<double>(exact))) << isa.name << " " << rows << "x" << n;
    ASSERT_NEAR(sparse_loss[r], -expected.log_softmax[classes[r]], 32 * eps) << isa.name << " " << rows << "x" << n;
  }
}

TEST(Crossentropy, EveryShape) {
  for (const IsaTable* isa : isa_tables()) {
    for (int64_t n : {1, 2, 3, 4, 10, 15, 16, 17, 32, 100, 1000, 5003}) {
      for (int64_t rows : {0, 1, 3, 130}) {
        check_crossentropy<float>(*isa, DType::F32, rows, n);
        check_crossentropy<double>(*isa, DType::F64, rows, n);
      }
    }
  }
}

TEST(Crossentropy, ReportsALabelOutOfRange) {
  for (const IsaTable* isa : isa_tables()) {
    for (int32_t bad : {-1, 10, INT32_MIN}) {
      std::vector<float> logits(20), loss(2), p(20);
      std::vector<int32_t> labels = {3, bad};
      const std::vector<void*> operands = {logits.data(), labels.data(), loss.data(), p.data()};
      const Outcome outcome = run_kernel(*isa, "sparse_softmax_crossentropy", DType::F32, {2, 10}, {}, operands);
      EXPECT_EQ(outcome.fault, Fault::IndexOutOfRange);
      EXPECT_EQ(outcome.value, bad);
      EXPECT_EQ(outcome.limit, 10);
      EXPECT_NEAR(loss[0], std::log(10.0), 1e-6);
      EXPECT_TRUE(std::isnan(loss[1]));
    }
  }
}

}  // namespace
}  // namespace keratin::testing
