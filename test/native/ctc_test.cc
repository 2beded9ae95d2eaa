// Connectionist temporal classification against sums over all ways to read the steps.
#include <algorithm>
#include <cmath>
#include <map>
#include "run_kernel.h"

namespace keratin::testing {
namespace {

constexpr int64_t kSamples = 2, kSteps = 5, kClasses = 3, kLabels = 3;

struct Problem {
  std::vector<double> scores;
  std::vector<int32_t> target, lengths, steps;
  int64_t mask;
};

Problem problem(uint64_t seed, int64_t mask) {
  Noise noise(seed);
  Problem p = {{}, {}, {}, {}, mask};
  for (int64_t i = 0; i < kSamples * kSteps * kClasses; ++i) p.scores.push_back(noise.uniform(-3, 0));
  for (int64_t i = 0; i < kSamples * kLabels; ++i) p.target.push_back(static_cast<int32_t>((mask + 1 + noise.below(kClasses - 1)) % kClasses));
  for (int64_t b = 0; b < kSamples; ++b) {
    p.lengths.push_back(static_cast<int32_t>(noise.below(3)));
    p.steps.push_back(static_cast<int32_t>(4 + noise.below(2)));
  }
  return p;
}

// The probability of each label sequence of a sample.
std::map<std::vector<int32_t>, double> readings(const Problem& p, int64_t b) {
  std::map<std::vector<int32_t>, double> found;
  int64_t ways = 1;
  for (int32_t t = 0; t < p.steps[b]; ++t) ways *= kClasses;
  for (int64_t way = 0; way < ways; ++way) {
    std::vector<int32_t> labels;
    double score = 0;
    int32_t before = -1;
    for (int64_t t = 0, rest = way; t < p.steps[b]; ++t, rest /= kClasses) {
      const int32_t c = static_cast<int32_t>(rest % kClasses);
      score += p.scores[(b * kSteps + t) * kClasses + c];
      if (c != p.mask && c != before) labels.push_back(c);
      before = c;
    }
    found[labels] += std::exp(score);
  }
  return found;
}

std::vector<double> losses(const IsaTable& isa, Problem p) {
  std::vector<double> out(kSamples);
  EXPECT_TRUE(run_kernel(isa, "ctc_loss", DType::F64, {kSamples, kSteps, kClasses, kLabels, p.mask}, {},
                         {p.scores.data(), p.target.data(), p.lengths.data(), p.steps.data(), out.data()}).found);
  return out;
}

TEST(CtcLoss, IsTheProbabilityOfTheTarget) {
  for (const IsaTable* isa : isa_tables()) {
    for (uint64_t seed = 1; seed < 40; ++seed) {
      const Problem p = problem(seed, static_cast<int64_t>(seed) % kClasses);
      const std::vector<double> loss = losses(*isa, p);
      for (int64_t b = 0; b < kSamples; ++b) {
        const std::vector<int32_t> wanted(p.target.begin() + b * kLabels, p.target.begin() + b * kLabels + p.lengths[b]);
        ASSERT_NEAR(loss[b], -std::log(readings(p, b)[wanted]), 1e-12) << isa->name << " " << seed;
      }
    }
  }
}

TEST(CtcLoss, HasItsGradientAndItsCurvature) {
  constexpr double step = 1e-5;
  for (const IsaTable* isa : isa_tables()) {
    for (uint64_t seed = 1; seed < 6; ++seed) {
      Problem p = problem(seed, 0);
      const std::vector<int64_t> ints = {kSamples, kSteps, kClasses, kLabels, p.mask};
      Noise noise(seed);
      std::vector<double> direction(p.scores.size()), slope(p.scores.size()), curve(p.scores.size());
      for (double& d : direction) d = noise.uniform(-1, 1);
      const auto gradient = [&](const Problem& at, Order order) {
        std::vector<double> out(at.scores.size(), 9);
        Problem copy = at;
        run_kernel(*isa, "ctc_gradient", DType::F64, ints, {}, {copy.scores.data(), copy.target.data(), copy.lengths.data(), copy.steps.data(), out.data()}, order);
        return out;
      };
      slope = gradient(p, Order::Together);
      ASSERT_EQ(slope, gradient(p, Order::Reversed));
      run_kernel(*isa, "ctc_curvature", DType::F64, ints, {},
                 {p.scores.data(), direction.data(), p.target.data(), p.lengths.data(), p.steps.data(), curve.data()});
      Problem up = p, down = p;
      for (size_t i = 0; i < p.scores.size(); ++i) {
        Problem above = p, below = p;
        above.scores[i] += step;
        below.scores[i] -= step;
        const size_t b = i / (kSteps * kClasses);
        ASSERT_NEAR(slope[i], (losses(*isa, above)[b] - losses(*isa, below)[b]) / (2 * step), 1e-8);
        up.scores[i] += step * direction[i];
        down.scores[i] -= step * direction[i];
      }
      const std::vector<double> higher = gradient(up, Order::Together), lower = gradient(down, Order::Together);
      for (size_t i = 0; i < curve.size(); ++i) ASSERT_NEAR(curve[i], (higher[i] - lower[i]) / (2 * step), 1e-8);
    }
  }
}

TEST(CtcBeamSearch, FindsTheMostProbableReadings) {
  constexpr int64_t paths = 4;
  for (const IsaTable* isa : isa_tables()) {
    for (uint64_t seed = 1; seed < 20; ++seed) {
      Problem p = problem(seed, static_cast<int64_t>(seed) % kClasses);
      std::vector<int32_t> labels(paths * kSamples * kSteps);
      std::vector<double> scores(kSamples * paths);
      run_kernel(*isa, "ctc_beam_search", DType::F64, {kSamples, kSteps, kClasses, p.mask, 200, paths}, {},
                 {p.scores.data(), p.steps.data(), labels.data(), scores.data()});
      for (int64_t b = 0; b < kSamples; ++b) {
        std::vector<std::pair<double, std::vector<int32_t>>> best;
        for (const auto& [reading, probability] : readings(p, b)) best.push_back({std::log(probability), reading});
        std::sort(best.rbegin(), best.rend());
        for (int64_t k = 0; k < paths; ++k) {
          ASSERT_NEAR(scores[b * paths + k], best[k].first, 1e-12);
          std::vector<int32_t> reading = best[k].second;
          reading.resize(kSteps, -1);
          const auto found = labels.begin() + (k * kSamples + b) * kSteps;
          ASSERT_EQ(std::vector<int32_t>(found, found + kSteps), reading) << isa->name << " " << seed << " path " << k;
        }
      }
    }
  }
}

TEST(Ctc, RefusesClassesThatAreNotThere) {
  for (const IsaTable* isa : isa_tables()) {
    const auto refused = [&](const char* name, std::vector<int64_t> ints) { return refuses(*find_kernel(*isa, name, DType::F32), ints); };
    EXPECT_TRUE(refused("ctc_loss", {1, 2, 3, 1, 3}));
    EXPECT_TRUE(refused("ctc_gradient", {1, 2, 3, -1, 0}));
    EXPECT_TRUE(refused("ctc_beam_search", {1, 2, 3, 3, 5, 1}));
    EXPECT_TRUE(refused("ctc_beam_search", {1, 2, 3, 0, 0, 1}));
    EXPECT_FALSE(refused("ctc_loss", {1, 2, 3, 1, 2}));
  }
}

}  // namespace
}  // namespace keratin::testing
