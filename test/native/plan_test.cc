#include "exec/plan.h"

#include <gtest/gtest.h>
#include <cfenv>
#include <cmath>
#include <cstring>
#include <numeric>
#include <thread>
#include "exec/pool.h"
#include "test_catalog.h"

// A sanitizer's allocator gives null for too much memory, as the system's does.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
extern "C" const char* __tsan_default_options() { return "allocator_may_return_null=1"; }

namespace keratin {
namespace {

using List = std::vector<double>;
constexpr double kF32 = static_cast<double>(DType::F32);

// Words of a plan, put together piece by piece.
struct Builder {
  std::vector<List> slots, instructions;
  List external_bytes;
  double arena_bytes = 0, constants_bytes = 0;
  Plans children;

  double external(double bytes) {
    slots.push_back({0, static_cast<double>(external_bytes.size())});
    external_bytes.push_back(bytes);
    return static_cast<double>(slots.size() - 1);
  }
  double arena(double bytes) {
    slots.push_back({1, arena_bytes});
    arena_bytes += static_cast<double>(aligned(static_cast<int64_t>(bytes)));
    return static_cast<double>(slots.size() - 1);
  }
  double constant(double offset) {
    slots.push_back({2, offset});
    return static_cast<double>(slots.size() - 1);
  }
  void add(double kernel, const List& operands, const List& ints, const List& epilogue = {}) {
    List words{kernel, static_cast<double>(operands.size())};
    words.insert(words.end(), operands.begin(), operands.end());
    words.push_back(static_cast<double>(ints.size()));
    words.insert(words.end(), ints.begin(), ints.end());
    words.push_back(0);
    words.push_back(static_cast<double>(epilogue.size()));
    words.insert(words.end(), epilogue.begin(), epilogue.end());
    instructions.push_back(words);
  }
  // out = a op b over n elements; b has the given stride.
  void binary(test::Tile op, double n, double a, double b, double out, double stride = 1) {
    add(test::Fused, {a, b, out}, {1, n, 2, 1, 0, 1, 0, kF32, 1, 1, kF32, stride, 2, kF32, static_cast<double>(op), 2, 0, 1, -1});
  }
  List words() const {
    List words{1, static_cast<double>(slots.size()), arena_bytes, constants_bytes, static_cast<double>(instructions.size())};
    for (const auto* part : {&slots, &instructions})
      for (const List& list : *part) words.insert(words.end(), list.begin(), list.end());
    words.push_back(static_cast<double>(external_bytes.size()));
    words.insert(words.end(), external_bytes.begin(), external_bytes.end());
    return words;
  }
  std::unique_ptr<Plan> compile(const void* constants = nullptr) const {
    std::string error;
    const List list = words();
    auto plan = Plan::compile(list.data(), static_cast<int64_t>(list.size()), constants, static_cast<int64_t>(constants_bytes), children, test::catalog(), &error);
    EXPECT_NE(plan, nullptr) << error;
    return plan;
  }
};

// y = (x + x) * 0.5 + x through the arena.
Builder chain(double n) {
  Builder b;
  const double x = b.external(4 * n), y = b.external(4 * n), twice = b.arena(4 * n), half = b.arena(4 * n), factor = b.constant(64);
  b.constants_bytes = 68;
  b.binary(test::Add, n, x, x, twice);
  b.binary(test::Multiply, n, twice, factor, half, 0);
  b.binary(test::Add, n, half, x, y);
  return b;
}

std::vector<float> ramp(int64_t n, float first) {
  std::vector<float> values(static_cast<size_t>(n));
  std::iota(values.begin(), values.end(), first);
  return values;
}

std::unique_ptr<Plan> compile_chain(int64_t n) {
  std::vector<char> constants(68);
  const float factor = 0.5f;
  std::memcpy(constants.data() + 64, &factor, 4);
  return chain(static_cast<double>(n)).compile(constants.data());
}

TEST(Plan, RunsThroughItsArena) {
  for (int64_t n : {0, 1, 10, 1000, 300000}) {
    auto plan = compile_chain(n);
    std::vector<float> x = ramp(n, 1), y(x.size());
    void* externals[] = {x.data(), y.data()};
    for (int repeat = 0; repeat < 3; repeat++) {
      EXPECT_EQ(plan->run(externals, nullptr).status, Outcome::Done);
      for (size_t i = 0; i < x.size(); i++) ASSERT_EQ(y[i], 2 * x[i]);
      std::fill(y.begin(), y.end(), 0.0f);
    }
  }
}

TEST(Plan, RunsOnSeveralThreadsAtOnce) {
  constexpr int64_t n = 200000;
  auto plan = compile_chain(n);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++)
    threads.emplace_back([&plan, t] {
      std::vector<float> x = ramp(n, static_cast<float>(1000 * t)), y(x.size());
      void* externals[] = {x.data(), y.data()};
      for (int repeat = 0; repeat < 5; repeat++) {
        ASSERT_EQ(plan->run(externals, nullptr).status, Outcome::Done);
        for (size_t i = 0; i < x.size(); i++) ASSERT_EQ(y[i], 2 * x[i]);
      }
    });
  for (std::thread& thread : threads) thread.join();
}

TEST(Plan, RunsPhasesAndEpilogues) {
  for (bool with_epilogue : {false, true})
    for (int64_t m : {1, 7, 100}) {
      const int64_t n = 90, k = 20;
      const auto M = static_cast<double>(m), N = static_cast<double>(n);
      Builder b;
      const double x = b.external(M * 80), w = b.external(80 * N), bias = b.external(4 * N), y = b.external(4 * M * N);
      // operands: x, w, product, bias, y
      const List epilogue{2, M, N, 2, 1, 0, 1, -1, kF32, N, 1, 3, kF32, 0, 1, 4, kF32, test::Add, 2, 0, 1, -1};
      if (with_epilogue) b.add(test::Matmul, {x, w, -1, bias, y}, {M, N, 20}, epilogue);
      else b.add(test::Matmul, {x, w, y}, {M, N, 20});
      auto plan = b.compile();
      std::vector<float> xs = ramp(m * k, 0), ws = ramp(k * n, -5), bs = ramp(n, 100), ys(static_cast<size_t>(m * n));
      void* externals[] = {xs.data(), ws.data(), bs.data(), ys.data()};
      ASSERT_EQ(plan->run(externals, nullptr).status, Outcome::Done);
      for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
          float sum = 0;
          for (int64_t q = 0; q < k; q++) sum += xs[static_cast<size_t>(i * k + q)] * ws[static_cast<size_t>(q * n + j)];
          ASSERT_EQ(ys[static_cast<size_t>(i * n + j)], with_epilogue ? sum + bs[static_cast<size_t>(j)] : sum);
        }
    }
}

TEST(Plan, StopsAtAFault) {
  for (int32_t n : {3, 2000}) {
    Builder b;
    const double x = b.external(40), indices = b.external(4.0 * n), y = b.external(4.0 * n), z = b.external(4.0 * n);
    b.binary(test::Add, n, y, y, y);
    b.add(test::Take, {x, indices, y}, {static_cast<double>(n), 10});
    b.binary(test::Add, n, y, y, z);
    auto plan = b.compile();
    std::vector<float> xs = ramp(10, 0), ys(static_cast<size_t>(n)), zs(static_cast<size_t>(n), -1);
    std::vector<int32_t> wrong(static_cast<size_t>(n), 2), right = wrong;
    wrong[1] = 12;
    void* externals[] = {xs.data(), wrong.data(), ys.data(), zs.data()};
    const Outcome outcome = plan->run(externals, nullptr);
    EXPECT_EQ(outcome.status, Outcome::Faulted);
    EXPECT_EQ(outcome.code, Fault::IndexOutOfRange);
    EXPECT_EQ(outcome.instruction, 1);
    EXPECT_EQ(outcome.value, 12);
    EXPECT_EQ(outcome.limit, 10);
    EXPECT_EQ(zs[0], -1);
    externals[1] = right.data();
    EXPECT_EQ(plan->run(externals, nullptr).status, Outcome::Done);
    EXPECT_EQ(zs[0], 4);
    externals[1] = wrong.data();
    RunControl control;
    EXPECT_EQ(plan->run_steps(externals, nullptr, 5, std::chrono::hours(1), control).steps, 0);
  }
}

TEST(Plan, CountsSteps) {
  auto plan = compile_chain(10);
  std::vector<float> x = ramp(10, 1), y(10);
  void* externals[] = {x.data(), y.data()};
  int32_t counter = 5;
  RunControl first, second, cancelled;
  EXPECT_EQ(plan->run_steps(externals, &counter, 7, std::chrono::hours(1), first).steps, 7);
  EXPECT_EQ(counter, 12);
  EXPECT_EQ(plan->run_steps(externals, &counter, 7, std::chrono::seconds(0), second).steps, 1);
  EXPECT_EQ(counter, 13);
  cancelled.cancel();
  const Outcome outcome = plan->run_steps(externals, &counter, 7, std::chrono::hours(1), cancelled);
  EXPECT_EQ(outcome.status, Outcome::Cancelled);
  EXPECT_EQ(outcome.steps, 0);
  EXPECT_EQ(counter, 13);
}

TEST(Plan, CanBeCancelledFromAnotherThread) {
  auto plan = compile_chain(1000);
  std::vector<float> x = ramp(1000, 1), y(1000);
  void* externals[] = {x.data(), y.data()};
  RunControl control;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    control.cancel();
  });
  EXPECT_EQ(plan->run_steps(externals, nullptr, kMaxWord, std::chrono::hours(1), control).status, Outcome::Cancelled);
  other.join();
}

TEST(Plan, FinishesWhatItHasBegunToWrite) {
  auto plan = compile_chain(10);
  std::vector<float> x = ramp(10, 1), y(10);
  void* externals[] = {x.data(), y.data()};
  const std::atomic<bool> cancel{true};
  EXPECT_EQ(plan->run(externals, &cancel).status, Outcome::Cancelled);
  plan->set_commit(0);
  EXPECT_EQ(plan->run(externals, &cancel).status, Outcome::Cancelled) << "nothing is written yet";
  EXPECT_EQ(y, std::vector<float>(10));
}

TEST(Plan, IsPausedBetweenSteps) {
  auto plan = compile_chain(10);
  std::vector<float> x = ramp(10, 1), y(10);
  void* externals[] = {x.data(), y.data()};
  int32_t counter = 0;
  RunControl control;
  std::thread runner([&] { plan->run_steps(externals, &counter, kMaxWord, std::chrono::hours(1), control); });
  int32_t before = -1;
  for (int i = 0; i < 1000; i++) {
    control.pause();
    const int32_t now = counter;  // no race: the run waits
    EXPECT_GT(now, before) << "a run goes on between two pauses";
    before = now;
    if (now > 0) EXPECT_EQ(y[9], 20);
    control.resume();
  }
  control.pause();
  control.cancel();  // a paused run ends too
  runner.join();
  control.pause();  // does not wait for a run that has ended
}

TEST(Plan, FlushesDenormalsAndRestoresTheMode) {
  for (int64_t n : {1, 300000}) {
    Builder b;
    const auto N = static_cast<double>(n);
    const double x = b.external(4 * N), y = b.external(4 * N);
    b.binary(test::Multiply, N, x, x, y);
    auto plan = b.compile();
    std::vector<float> xs(static_cast<size_t>(n), 1e-20f), ys(xs.size(), 1);
    void* externals[] = {xs.data(), ys.data()};
    std::fesetround(FE_UPWARD);
    EXPECT_EQ(plan->run(externals, nullptr).status, Outcome::Done);
    EXPECT_EQ(std::fegetround(), FE_UPWARD);
    std::fesetround(FE_TONEAREST);
    for (float value : ys) ASSERT_EQ(value, 0.0f);
    volatile float tiny = 1e-20f;
    EXPECT_GT(tiny * tiny, 0.0f);
  }
}

TEST(Plan, ProfilesInstructions) {
  auto plan = compile_chain(1000);
  std::vector<float> x = ramp(1000, 1), y(1000);
  void* externals[] = {x.data(), y.data()};
  plan->run(externals, nullptr);
  plan->set_profile(true);
  for (int i = 0; i < 4; i++) plan->run(externals, nullptr);
  plan->set_profile(false);
  plan->run(externals, nullptr);
  ASSERT_EQ(plan->profile().size(), 3u);
  for (const Plan::Cost& cost : plan->profile()) {
    EXPECT_EQ(cost.count, 4);
    EXPECT_GT(cost.nanoseconds, 0);
  }
}

constexpr double kControl = -2;

// out = x + y over n elements, as a child of control flow.
std::shared_ptr<Plan> compile_sum(double n) {
  Builder b;
  const double x = b.external(4 * n), y = b.external(4 * n), out = b.external(4 * n);
  b.binary(test::Add, n, x, y, out);
  return b.compile();
}

TEST(Control, RunsTheBranchThatTheIndexNames) {
  Builder twice;
  const double x = twice.external(40), y = twice.external(40), out = twice.external(40);
  (void)y;
  twice.binary(test::Add, 10, x, x, out);
  Builder b;
  const double index = b.external(4), first = b.external(40), second = b.external(40), result = b.external(40);
  b.children = {compile_sum(10), twice.compile()};
  b.add(kControl, {index, first, second, result}, {0, 2, 0, 1});
  auto plan = b.compile();
  std::vector<float> u = ramp(10, 1), v = ramp(10, 100), w(10);
  for (int32_t i : {-7, 0, 1, 5}) {
    void* externals[] = {&i, u.data(), v.data(), w.data()};
    ASSERT_EQ(plan->run(externals, nullptr).status, Outcome::Done);
    for (size_t k = 0; k < 10; k++) ASSERT_EQ(w[k], i <= 0 ? u[k] + v[k] : 2 * u[k]);
  }
}

// Doubles a number while it is less than a limit.
TEST(Control, LoopsWhileTheConditionHolds) {
  Builder condition, body;
  const double limit = condition.external(4), x = condition.external(4), holds = condition.external(1);
  condition.add(test::Fused, {x, limit, holds},
                {1, 1, 2, 1, 0, 1, 0, kF32, 1, 1, kF32, 1, 2, static_cast<double>(DType::Bool), static_cast<double>(test::Less), 2, 0, 1, -1});
  const double unused = body.external(4), now = body.external(4), next = body.external(4);
  (void)unused;
  body.binary(test::Add, 1, now, now, next);
  for (double most : {-1.0, 0.0, 1.0, 4.0}) {
    Builder b;
    const double top = b.external(4), initial = b.external(4), last = b.external(4);
    b.children = {condition.compile(), body.compile()};
    b.add(kControl, {top, initial, last}, {1, 0, 1, 1, 1, most});
    auto plan = b.compile();
    for (float begin : {1.0f, 50.0f, 1000.0f}) {
      float bound = 100, end = 0, expected = begin;
      for (int step = 0; expected < bound && (most < 0 || step < most); step++) expected *= 2;
      void* externals[] = {&bound, &begin, &end};
      ASSERT_EQ(plan->run(externals, nullptr).status, Outcome::Done);
      ASSERT_EQ(end, expected);
    }
  }
}

// A scan that adds rows up, and gives products with the sums before each row, from either end and for any length.
TEST(Control, ScansRows) {
  Builder body;
  const double carry = body.external(12), row = body.external(12), next = body.external(12), out = body.external(12);
  body.binary(test::Add, 3, carry, row, next);
  body.binary(test::Multiply, 3, carry, row, out);
  for (double length : {0.0, 1.0, 2.0, 5.0})
    for (bool reverse : {false, true}) {
      Builder b;
      const double initial = b.external(12), rows = b.external(12 * length), last = b.external(12), results = b.external(12 * length);
      b.children = {body.compile()};
      b.add(kControl, {initial, rows, last, results}, {2, 0, 0, 1, 1, 1, length, reverse ? 1.0 : 0.0});
      auto plan = b.compile();
      const auto n = static_cast<size_t>(length);
      std::vector<float> start{1, 2, 3}, x = ramp(static_cast<int64_t>(3 * n), 1), end(3), y(3 * n), sum = start;
      void* externals[] = {start.data(), x.data(), end.data(), y.data()};
      ASSERT_EQ(plan->run(externals, nullptr).status, Outcome::Done);
      for (size_t step = 0; step < n; step++)
        for (size_t k = 0; k < 3; k++) {
          const size_t at = (reverse ? n - 1 - step : step) * 3 + k;
          ASSERT_EQ(y[at], sum[k] * x[at]);
          sum[k] += x[at];
        }
      EXPECT_EQ(end, sum);
    }
}

TEST(Control, RefusesWhatDoesNotFitItsChildren) {
  Builder b;
  const double x = b.external(40), y = b.external(40), out = b.external(40);
  b.children = {compile_sum(10)};
  std::string error;
  auto fails = [&](const List& operands, const List& ints) {
    Builder wrong = b;
    wrong.add(kControl, operands, ints);
    const List words = wrong.words();
    error.clear();
    return Plan::compile(words.data(), static_cast<int64_t>(words.size()), nullptr, 0, wrong.children, test::catalog(), &error) == nullptr && !error.empty();
  };
  EXPECT_TRUE(fails({x, x, y}, {0, 1, 0})) << "too few operands";
  EXPECT_TRUE(fails({x, x, y, out}, {0, 1, 1})) << "no such child";
  EXPECT_TRUE(fails({x, x, y, out}, {0, 0})) << "no branches";
  EXPECT_TRUE(fails({x, x, y, out}, {3, 1, 0})) << "no such kind";
  EXPECT_TRUE(fails({x, x, y, out}, {0, 1, 0, 0})) << "too many integers";
  EXPECT_TRUE(fails({x, y, out}, {1, 0, 0, 1, 1, -1})) << "a condition without a bool";
  EXPECT_TRUE(fails({x, y, out}, {2, 0, 0, 1, 1, 0, 4, 0})) << "rows beyond the end";
  EXPECT_TRUE(fails({x, y, out}, {2, 0, 9, 1, 1, 0, 1, 0})) << "more constants than operands";
  EXPECT_FALSE(fails({x, y, out}, {2, 0, 0, 1, 1, 0, 1, 0})) << error;
}

TEST(Plan, ReportsMemoryThatItCannotGet) {
  Builder b = chain(10);
  b.arena_bytes = 1e15;
  char constants[68] = {};
  auto plan = b.compile(constants);
  float x[10] = {}, y[10];
  void* externals[] = {x, y};
  EXPECT_EQ(plan->run(externals, nullptr).status, Outcome::OutOfMemory);
}

TEST(Plan, RefusesWrongWords) {
  const List good = chain(16).words();
  const char constants[68] = {};
  auto try_compile = [&](const List& words, std::string* error) {
    return Plan::compile(words.data(), static_cast<int64_t>(words.size()), constants, sizeof(constants), {}, test::catalog(), error);
  };
  std::string error;
  EXPECT_NE(try_compile(good, &error), nullptr) << error;
  for (size_t i = 0; i < good.size(); i++)
    for (double wrong : {-2.0, 0.5, 70.0, 1e9, 9e15, 1e300, std::nan(""), static_cast<double>(INFINITY)}) {
      List words = good;
      words[i] = wrong;
      error.clear();
      auto plan = try_compile(words, &error);
      EXPECT_EQ(plan == nullptr, !error.empty()) << "word " << i << " = " << wrong;
    }
  for (size_t n = 0; n < good.size(); n++) EXPECT_EQ(try_compile(List(good.begin(), good.begin() + static_cast<int64_t>(n)), &error), nullptr);
  Builder far = chain(16);
  far.external_bytes[0] = 60;
  EXPECT_EQ(try_compile(far.words(), &error), nullptr);
  EXPECT_NE(error.find("expected 64 bytes, there are 60"), std::string::npos) << error;
}

}  // namespace
}  // namespace keratin
