// Attention against plain loops over all scores, and its gradients against central differences of those.
#include <cmath>
#include <functional>
#include "run_kernel.h"

namespace keratin::testing {
namespace {

template <typename T>
constexpr DType dtype_of = sizeof(T) == 4 ? DType::F32 : DType::F64;

struct Shape {
  int64_t batch, targets, sources, heads, key_heads, depth, value_depth;
};
constexpr Shape kShapes[] = {{1, 1, 1, 1, 1, 1, 1}, {2, 5, 7, 4, 2, 3, 5}, {1, 130, 300, 2, 1, 17, 8}, {1, 300, 130, 1, 1, 8, 33}};
constexpr double kScale = 0.6;

std::vector<double> draw(int64_t count, Noise& noise) {
  std::vector<double> x(static_cast<size_t>(count));
  for (double& value : x) value = noise.uniform(-1, 1);
  return x;
}

struct Problem {
  Shape s;
  bool causal;
  std::vector<double> query, key, value;
  std::vector<uint8_t> mask;  // [batch, heads, targets, sources]; empty: none

  Problem(const Shape& shape, bool is_causal, bool masked) : s(shape), causal(is_causal) {
    Noise noise(3);
    query = draw(s.batch * s.targets * s.heads * s.depth, noise);
    key = draw(s.batch * s.sources * s.key_heads * s.depth, noise);
    value = draw(s.batch * s.sources * s.key_heads * s.value_depth, noise);
    if (!masked) return;
    mask.resize(static_cast<size_t>(s.batch * s.heads * s.targets * s.sources));
    // Every seventh target sees nothing, others no source of the first and of the last block.
    for (size_t i = 0; i < mask.size(); ++i) {
      const int64_t source = static_cast<int64_t>(i) % s.sources, target = static_cast<int64_t>(i) / s.sources % s.targets;
      mask[i] = target % 7 != 3 && source >= target / 2 && source < s.sources - target / 3 && noise.below(4) != 0;
    }
  }
  bool sees(int64_t b, int64_t h, int64_t t, int64_t j) const {
    if (causal && j > t) return false;
    return mask.empty() || mask[static_cast<size_t>(((b * s.heads + h) * s.targets + t) * s.sources + j)];
  }
  std::vector<int64_t> ints() const {
    std::vector<int64_t> list = {s.batch, s.targets, s.sources, s.heads, s.key_heads, s.depth, s.value_depth, causal, !mask.empty()};
    if (!mask.empty()) list.insert(list.end(), {s.heads * s.targets * s.sources, s.targets * s.sources, s.sources, 1});
    return list;
  }
};

std::vector<double> plainly(const Problem& p) {
  const Shape& s = p.s;
  std::vector<double> out(static_cast<size_t>(s.batch * s.targets * s.heads * s.value_depth));
  std::vector<double> weights(static_cast<size_t>(s.sources));
  for (int64_t b = 0; b < s.batch; ++b)
    for (int64_t h = 0; h < s.heads; ++h)
      for (int64_t t = 0; t < s.targets; ++t) {
        const int64_t kh = h / (s.heads / s.key_heads);
        double total = 0;
        bool sees = false;
        for (int64_t j = 0; j < s.sources; ++j) sees = sees || p.sees(b, h, t, j);
        for (int64_t j = 0; j < s.sources; ++j) {
          double score = 0;
          for (int64_t d = 0; d < s.depth; ++d)
            score += p.query[static_cast<size_t>(((b * s.targets + t) * s.heads + h) * s.depth + d)] *
                     p.key[static_cast<size_t>(((b * s.sources + j) * s.key_heads + kh) * s.depth + d)];
          const double weight = !sees ? 1 : p.sees(b, h, t, j) ? std::exp(score * kScale) : 0;
          total += weights[static_cast<size_t>(j)] = weight;
        }
        for (int64_t d = 0; d < s.value_depth; ++d) {
          double sum = 0;
          for (int64_t j = 0; j < s.sources; ++j) {
            const int64_t place = ((b * s.sources + j) * s.key_heads + kh) * s.value_depth + d;
            sum += weights[static_cast<size_t>(j)] * p.value[static_cast<size_t>(place)];
          }
          out[static_cast<size_t>(((b * s.targets + t) * s.heads + h) * s.value_depth + d)] = sum / total;
        }
      }
  return out;
}

template <typename T>
std::vector<T> to(const std::vector<double>& x) {
  return std::vector<T>(x.begin(), x.end());
}

template <typename T>
struct Made {
  std::vector<T> out, stats;
};
template <typename T>
Made<T> run(const IsaTable& isa, const Problem& p, Order order) {
  auto query = to<T>(p.query), key = to<T>(p.key), value = to<T>(p.value);
  auto mask = p.mask;
  Made<T> m = {std::vector<T>(static_cast<size_t>(p.s.batch * p.s.targets * p.s.heads * p.s.value_depth)),
               std::vector<T>(static_cast<size_t>(2 * p.s.batch * p.s.heads * p.s.targets))};
  std::vector<void*> operands = {query.data(), key.data(), value.data()};
  if (!mask.empty()) operands.push_back(mask.data());
  operands.insert(operands.end(), {m.out.data(), m.stats.data()});
  EXPECT_TRUE(run_kernel(isa, "attention", dtype_of<T>, p.ints(), {kScale}, operands, order).found);
  return m;
}

template <typename Body>
void for_each_problem(Body body) {
  for (const IsaTable* isa : isa_tables())
    for (const Shape& shape : kShapes)
      for (const bool causal : {false, true})
        for (const bool masked : {false, true}) {
          const std::string kind = std::string(causal ? " causal" : "") + (masked ? " masked" : "");
          SCOPED_TRACE(isa->name + (" " + std::to_string(shape.sources)) + kind);
          body(*isa, Problem(shape, causal, masked));
        }
}

template <typename T>
void check(double bound) {
  for_each_problem([&](const IsaTable& isa, const Problem& p) {
    const Made<T> m = run<T>(isa, p, Order::Together), other = run<T>(isa, p, Order::Reversed);
    const std::vector<double> expected = plainly(p);
    for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(static_cast<double>(m.out[i]), expected[i], bound) << i;
    EXPECT_EQ(m.out, other.out);
  });
}
TEST(Attention, IsThatOfPlainLoops) {
  check<float>(2e-6);
  check<double>(1e-14);
}

// Compares gradients by some of the elements of an input with central differences of `loss`.
void expect_slopes(std::vector<double>& input, const std::vector<double>& gradient, const std::function<double()>& loss, const char* what) {
  constexpr double kStep = 1e-5;
  for (size_t i = 0; i < input.size(); i += 1 + input.size() / 9) {
    const double kept = input[i];
    input[i] = kept + kStep;
    const double above = loss();
    input[i] = kept - kStep;
    const double below = loss();
    input[i] = kept;
    ASSERT_NEAR(gradient[i], (above - below) / (2 * kStep), 1e-7) << what << " " << i;
  }
}

TEST(Attention, HasTheGradientOfCentralDifferences) {
  for_each_problem([](const IsaTable& isa, Problem p) {
    const Shape& s = p.s;
    Noise noise(8);
    const Made<double> m = run<double>(isa, p, Order::Together);
    std::vector<double> by = draw(static_cast<int64_t>(m.out.size()), noise), stats = m.stats;
    for (int64_t b = 0; b < s.batch; ++b)
      for (int64_t h = 0; h < s.heads; ++h)
        for (int64_t t = 0; t < s.targets; ++t) {
          const size_t row = static_cast<size_t>(((b * s.targets + t) * s.heads + h) * s.value_depth);
          double product = 0;
          for (size_t d = row; d < row + static_cast<size_t>(s.value_depth); ++d) product += by[d] * m.out[d];
          stats.push_back(product);
        }
    const size_t both = static_cast<size_t>(s.depth + s.value_depth), depth = static_cast<size_t>(s.depth);
    std::vector<double> dq(p.query.size()), pair(p.key.size() + p.value.size());
    std::vector<void*> operands = {p.query.data(), p.key.data(), p.value.data()};
    if (!p.mask.empty()) operands.push_back(p.mask.data());
    operands.insert(operands.end(), {stats.data(), by.data(), dq.data(), pair.data()});
    EXPECT_TRUE(run_kernel(isa, "attention_gradient", DType::F64, p.ints(), {kScale}, operands).found);
    std::vector<double> dk, dv;
    for (size_t i = 0; i < pair.size(); ++i) (i % both < depth ? dk : dv).push_back(pair[i]);
    const auto loss = [&] {
      const std::vector<double> out = plainly(p);
      double sum = 0;
      for (size_t i = 0; i < out.size(); ++i) sum += out[i] * by[i];
      return sum;
    };
    expect_slopes(p.query, dq, loss, "query");
    expect_slopes(p.key, dk, loss, "key");
    expect_slopes(p.value, dv, loss, "value");
  });
}

}  // namespace
}  // namespace keratin::testing
