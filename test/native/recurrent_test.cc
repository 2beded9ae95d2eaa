// Recurrent kernels against plain loops, and their gradients against central differences of those.
#include <cmath>
#include <functional>
#include "run_kernel.h"

namespace keratin::testing {
namespace {

template <typename T>
constexpr DType dtype_of = sizeof(T) == 4 ? DType::F32 : DType::F64;

struct Shape {
  int64_t batch, steps, units;
};
constexpr Shape kShapes[] = {{1, 1, 1}, {1, 4, 17}, {2, 3, 3}, {5, 2, 8}, {33, 3, 17}, {7, 2, 64}};

std::vector<double> draw(int64_t count, Noise& noise) {
  std::vector<double> x(static_cast<size_t>(count));
  for (double& value : x) value = noise.uniform(-1, 1);
  return x;
}
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// The inputs of a call; `mask` is empty where there is none.
struct Problem {
  Shape shape;
  int64_t gates;
  std::vector<double> x, weights, bias, h, c;
  std::vector<uint8_t> mask;

  Problem(Shape s, int64_t count, bool masked, uint64_t seed) : shape(s), gates(count) {
    Noise noise(seed);
    x = draw(s.batch * s.steps * count * s.units, noise);
    weights = draw(s.units * count * s.units, noise);
    bias = draw(count * s.units, noise);
    h = draw(s.batch * s.units, noise);
    c = draw(s.batch * s.units, noise);
    for (int64_t i = 0; masked && i < s.batch * s.steps; ++i) mask.push_back(static_cast<uint8_t>(noise.below(3) != 0));
  }
  bool has(int64_t b, int64_t t) const { return mask.empty() || mask[static_cast<size_t>(b * shape.steps + t)]; }
  // The recurrent product of unit j of a gate.
  double product(const double* state, int64_t gate, int64_t j) const {
    double sum = 0;
    for (int64_t k = 0; k < shape.units; ++k) sum += state[k] * weights[static_cast<size_t>((k * gates + gate) * shape.units + j)];
    return sum;
  }
};

struct States {
  std::vector<double> all, h, c;
};

// Calls step(sample, time, x, h, c, next h, next c) for what is not masked out.
template <typename Step>
States run_plainly(const Problem& p, Step step) {
  const auto [batch, steps, units] = p.shape;
  States s = {{}, p.h, p.c};
  s.all.resize(static_cast<size_t>(batch * steps * units));
  for (int64_t b = 0; b < batch; ++b) {
    std::vector<double> next(static_cast<size_t>(2 * units));
    double *h = s.h.data() + b * units, *c = s.c.data() + b * units;
    for (int64_t t = 0; t < steps; ++t) {
      const double* x = p.x.data() + (b * steps + t) * p.gates * units;
      if (p.has(b, t)) {
        for (int64_t j = 0; j < units; ++j) step(x, h, c, j, next[static_cast<size_t>(j)], next[static_cast<size_t>(units + j)]);
        std::copy(next.begin(), next.begin() + units, h);
        std::copy(next.begin() + units, next.end(), c);
      }
      std::copy(h, h + units, s.all.begin() + (b * steps + t) * units);
    }
  }
  return s;
}
States lstm_plainly(const Problem& p) {
  const int64_t n = p.shape.units;
  return run_plainly(p, [&](const double* x, const double* h, const double* c, int64_t j, double& next, double& cell) {
    const auto argument = [&](int64_t k) { return x[k * n + j] + p.product(h, k, j); };
    cell = sigmoid(argument(1)) * c[j] + sigmoid(argument(0)) * std::tanh(argument(2));
    next = sigmoid(argument(3)) * std::tanh(cell);
  });
}
States gru_plainly(const Problem& p, bool after) {
  const int64_t n = p.shape.units;
  return run_plainly(p, [&](const double* x, const double* h, const double*, int64_t j, double& next, double&) {
    const auto recurrent = [&](int64_t k, int64_t i) { return p.product(h, k, i) + (after ? p.bias[static_cast<size_t>(k * n + i)] : 0); };
    const double z = sigmoid(x[j] + recurrent(0, j));
    double inner = 0;
    if (after) {
      inner = sigmoid(x[n + j] + recurrent(1, j)) * recurrent(2, j);
    } else {
      std::vector<double> reset(static_cast<size_t>(n));
      for (int64_t i = 0; i < n; ++i) reset[static_cast<size_t>(i)] = sigmoid(x[n + i] + recurrent(1, i)) * h[i];
      inner = p.product(reset.data(), 2, j);
    }
    next = z * h[j] + (1 - z) * std::tanh(x[2 * n + j] + inner);
  });
}

template <typename T>
std::vector<T> to(const std::vector<double>& x) {
  return std::vector<T>(x.begin(), x.end());
}

// What a kernel gives, and what it saves.
template <typename T>
struct Made {
  std::vector<T> all, last, saved;

  Made(const Shape& s, int64_t states, int64_t kept)
      : all(static_cast<size_t>(s.batch * s.steps * s.units)), last(static_cast<size_t>(states * s.batch * s.units)),
        saved(static_cast<size_t>(s.batch * s.steps * kept * s.units)) {}
};

std::vector<double> joined(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> both = a;
  both.insert(both.end(), b.begin(), b.end());
  return both;
}

// Operands that a call has, by their order.
struct Operands {
  std::vector<void*> list;
  template <typename V>
  Operands& add(const V& values, bool present = true) {
    if (present) list.push_back(const_cast<void*>(static_cast<const void*>(values.data())));
    return *this;
  }
};

template <typename T>
Made<T> run_lstm(const IsaTable& isa, const Problem& p, Order order) {
  const auto [batch, steps, units] = p.shape;
  Made<T> m(p.shape, 2, 5);
  const auto x = to<T>(p.x), weights = to<T>(p.weights), initial = to<T>(joined(p.h, p.c));
  Operands o;
  o.add(x).add(weights).add(initial).add(p.mask, !p.mask.empty()).add(m.all).add(m.last).add(m.saved);
  EXPECT_TRUE(run_kernel(isa, "lstm", dtype_of<T>, {batch, steps, units, !p.mask.empty(), 1}, {}, o.list, order).found);
  return m;
}
template <typename T>
Made<T> run_gru(const IsaTable& isa, const Problem& p, bool after, Order order) {
  const auto [batch, steps, units] = p.shape;
  Made<T> m(p.shape, 1, after ? 5 : 4);
  const auto x = to<T>(p.x), weights = to<T>(p.weights), bias = to<T>(p.bias), h = to<T>(p.h);
  Operands o;
  o.add(x).add(weights).add(bias, after).add(h).add(p.mask, !p.mask.empty()).add(m.all).add(m.last).add(m.saved);
  EXPECT_TRUE(run_kernel(isa, "gru", dtype_of<T>, {batch, steps, units, after, after, !p.mask.empty(), 1}, {}, o.list, order).found);
  return m;
}

template <typename T>
void expect_near(const std::vector<T>& actual, const std::vector<double>& expected, double bound, const char* what) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) ASSERT_NEAR(static_cast<double>(actual[i]), expected[i], bound) << what << " " << i;
}

template <typename Body>
void for_each_problem(int64_t gates, Body body) {
  for (const IsaTable* isa : isa_tables())
    for (const Shape& shape : kShapes)
      for (const bool masked : {false, true}) {
        const std::string sizes = std::to_string(shape.batch) + " x " + std::to_string(shape.units);
        SCOPED_TRACE(std::string(isa->name) + " " + sizes + (masked ? " masked" : ""));
        body(*isa, Problem(shape, gates, masked, 5));
      }
}

template <typename T>
void check_lstm(double bound) {
  for_each_problem(4, [&](const IsaTable& isa, const Problem& p) {
    const Made<T> m = run_lstm<T>(isa, p, Order::Together), other = run_lstm<T>(isa, p, Order::Reversed);
    const States expected = lstm_plainly(p);
    expect_near(m.all, expected.all, bound, "h");
    expect_near(m.last, joined(expected.h, expected.c), bound, "last states");
    EXPECT_EQ(m.all, other.all);
  });
}
TEST(Lstm, IsThatOfPlainLoops) {
  check_lstm<float>(2e-5);
  check_lstm<double>(1e-13);
}

template <typename T>
void check_gru(bool after, double bound) {
  for_each_problem(3, [&](const IsaTable& isa, const Problem& p) {
    const Made<T> m = run_gru<T>(isa, p, after, Order::Together), other = run_gru<T>(isa, p, after, Order::Reversed);
    const States expected = gru_plainly(p, after);
    expect_near(m.all, expected.all, bound, "h");
    expect_near(m.last, expected.h, bound, "last h");
    EXPECT_EQ(m.all, other.all);
  });
}
TEST(Gru, IsThatOfPlainLoops) {
  for (const bool after : {false, true}) {
    check_gru<float>(after, 2e-5);
    check_gru<double>(after, 1e-13);
  }
}

double weighted(const std::vector<double>& x, const std::vector<double>& weights) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += x[i] * weights[i];
  return sum;
}
// Compares gradients by some of the elements of an input with central differences of `loss`.
void expect_slopes(std::vector<double>& input, const std::vector<double>& gradient, const std::function<double()>& loss, const char* what) {
  constexpr double kStep = 1e-5;
  for (size_t i = 0; i < input.size(); i += 1 + input.size() / 12) {
    const double kept = input[i];
    input[i] = kept + kStep;
    const double above = loss();
    input[i] = kept - kStep;
    const double below = loss();
    input[i] = kept;
    ASSERT_NEAR(gradient[i], (above - below) / (2 * kStep), 1e-7) << what << " " << i;
  }
}

TEST(Lstm, HasTheGradientOfCentralDifferences) {
  for_each_problem(4, [](const IsaTable& isa, Problem p) {
    const auto [batch, steps, units] = p.shape;
    Noise noise(9);
    const auto by_all = draw(batch * steps * units, noise), by_last = draw(2 * batch * units, noise);
    const Made<double> m = run_lstm<double>(isa, p, Order::Together);
    std::vector<double> dx(p.x.size()), by_initial(2 * p.h.size());
    Operands o;
    o.add(m.saved).add(p.weights).add(p.mask, !p.mask.empty()).add(by_all).add(by_last).add(dx).add(by_initial);
    EXPECT_TRUE(run_kernel(isa, "lstm_gradient", DType::F64, {batch, steps, units, !p.mask.empty(), 1, 1}, {}, o.list).found);
    const auto loss = [&] {
      const States s = lstm_plainly(p);
      return weighted(s.all, by_all) + weighted(joined(s.h, s.c), by_last);
    };
    expect_slopes(p.x, dx, loss, "x");
    expect_slopes(p.h, by_initial, loss, "h");
    expect_slopes(p.c, {by_initial.begin() + static_cast<ptrdiff_t>(p.h.size()), by_initial.end()}, loss, "c");
  });
}

TEST(Gru, HasTheGradientOfCentralDifferences) {
  for (const bool after : {false, true}) {
    for_each_problem(3, [after](const IsaTable& isa, Problem p) {
      const auto [batch, steps, units] = p.shape;
      Noise noise(9);
      const auto by_all = draw(batch * steps * units, noise), by_h = draw(batch * units, noise);
      const Made<double> m = run_gru<double>(isa, p, after, Order::Together);
      std::vector<double> dx(p.x.size()), inner(p.x.size()), dh(p.h.size());
      Operands o;
      o.add(m.saved).add(p.weights).add(p.mask, !p.mask.empty()).add(by_all).add(by_h).add(dx).add(inner, after).add(dh);
      EXPECT_TRUE(run_kernel(isa, "gru_gradient", DType::F64, {batch, steps, units, after, !p.mask.empty(), 1, 1}, {}, o.list).found);
      const auto loss = [&] {
        const States s = gru_plainly(p, after);
        return weighted(s.all, by_all) + weighted(s.h, by_h);
      };
      expect_slopes(p.x, dx, loss, "x");
      expect_slopes(p.h, dh, loss, "h");
    });
  }
}

}  // namespace
}  // namespace keratin::testing
