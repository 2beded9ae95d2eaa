#include "exec/pool.h"

#include <gtest/gtest.h>
#include <algorithm>
#include <thread>
#include <vector>

namespace keratin {
namespace {

// Pools are never freed, so each size is made once.
Pool& pool_of(int threads) {
  static Pool* const pools[] = {new Pool(1), new Pool(2), new Pool(3), new Pool(8)};
  for (Pool* pool : pools)
    if (pool->threads() == threads) return *pool;
  return Pool::instance();
}

struct Visits {
  std::vector<int> count;
  int threads;
  std::atomic<bool> bad_thread{false};
};

void visit(void* context, Range units, int thread) {
  Visits& visits = *static_cast<Visits*>(context);
  if (thread < 0 || thread >= visits.threads) visits.bad_thread = true;
  for (int64_t i = units.begin; i < units.end; i++) visits.count[static_cast<size_t>(i)]++;
}

// The counts are plain integers: under ThreadSanitizer this also shows that the caller sees what its helpers wrote.
void check_coverage(Pool& pool, int64_t units) {
  Visits visits{std::vector<int>(static_cast<size_t>(units)), pool.threads()};
  pool.parallel_for(units, visit, &visits);
  ASSERT_EQ(std::count(visits.count.begin(), visits.count.end(), 1), units);
  ASSERT_FALSE(visits.bad_thread);
}

TEST(Pool, VisitsEveryUnitOnce) {
  for (int threads : {1, 2, 3, 8})
    for (int64_t units = 0; units < 100; units++) check_coverage(pool_of(threads), units);
  check_coverage(pool_of(8), 100000);
}

TEST(Pool, SurvivesManyShortJobs) {
  for (int i = 0; i < 5000; i++) check_coverage(pool_of(3), 1 + i % 7);
}

TEST(Pool, WakesSleepingWorkers) {
  for (int i = 0; i < 20; i++) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    check_coverage(pool_of(8), 64);
  }
}

TEST(Pool, ServesSeveralCallersAtOnce) {
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; t++)
    callers.emplace_back([] {
      for (int i = 0; i < 500; i++) check_coverage(pool_of(3), 1 + i % 50);
    });
  for (std::thread& caller : callers) caller.join();
}

TEST(Pool, HelpersTakePart) {
  struct Meeting {
    std::atomic<int> present{0};
  } meeting;
  // Each unit waits for the other: one thread alone would never come back.
  pool_of(2).parallel_for(2, [](void* context, Range, int) {
    std::atomic<int>& present = static_cast<Meeting*>(context)->present;
    present++;
    while (present < 2) std::this_thread::yield();
  }, &meeting);
  EXPECT_EQ(meeting.present, 2);
}

TEST(Pool, TakesTheThreadCountFromTheEnvironment) {
  setenv("KERATIN_NUM_THREADS", "5", 1);
  EXPECT_EQ(default_threads(), 5);
  setenv("KERATIN_NUM_THREADS", "many", 1);
  EXPECT_GE(default_threads(), 1);
  unsetenv("KERATIN_NUM_THREADS");
  EXPECT_GE(default_threads(), 1);
  EXPECT_LE(default_threads(), static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
}

}  // namespace
}  // namespace keratin
