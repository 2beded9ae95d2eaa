// The process's threads. Work is handed out in ranges of units; since results never depend on how units are grouped, the
// grouping may follow the load.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include "base/kernel.h"

namespace keratin {

// How many threads to use: the environment variable KERATIN_NUM_THREADS, else the processors this process may run on,
// limited by the CPU quota of its control group.
int default_threads();

// A team of threads that joins its caller. Workers start at the first use, spin briefly after each piece of work and then
// sleep. They are never stopped and a pool is never freed: exit() may run while they work.
class Pool {
 public:
  // `thread` is 0 for the caller and below `threads()` for its helpers.
  using Body = void (*)(void* context, Range units, int thread);

  explicit Pool(int threads);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // The one of this process.
  static Pool& instance();

  int threads() const { return threads_; }

  // Calls `body` for disjoint ranges that cover [0, units), on several threads at once, and returns when all are done.
  // When another caller is using the pool, the calling thread does all the work itself.
  void parallel_for(int64_t units, Body body, void* context);

 private:
  // A part of the units, at home on one thread so that it finds its data in that core's cache again; others help when
  // they have finished their own.
  struct alignas(64) Span {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };

  static void* worker_main(void* start);
  void start_workers();
  void publish(int64_t units, Body body, void* context);
  void work(int thread);
  uint32_t await_job(uint32_t last_epoch);
  void run_spans(int thread);
  void leave();

  const int threads_;
  std::unique_ptr<Span[]> spans_;
  bool started_ = false;
  std::atomic<bool> busy_{false};

  // The job. Written by the owner of `busy_` while no worker is inside.
  Body body_ = nullptr;
  void* context_ = nullptr;
  int span_count_ = 0;

  // Number of the job, whether it may still be joined, and how many workers are inside, in one word.
  alignas(64) std::atomic<uint32_t> state_{0};
  std::atomic<int> seats_{0};  // workers worth having inside
  // Number of the last job that its last worker has left after it was closed.
  alignas(64) std::atomic<uint32_t> finished_{0};
};

}  // namespace keratin
