#include "exec/pool.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <algorithm>
#include <chrono>
#include "base/denormals.h"

namespace keratin {
namespace {

constexpr uint32_t kInside = (1u << 10) - 1;
constexpr uint32_t kOpen = 1u << 10;
constexpr int kEpochShift = 11;
constexpr int kMaxThreads = 512;

// How long a thread that waits for work, or for the end of it, stays awake. Waking costs 5 to 50 us, more than most instructions
// take; the gaps between the parallel instructions of a step are shorter than that, those between the calls of a program that waits
// for each seldom longer than this. Threads that sleep are also woken where they slept, and then share a processor while another
// one only runs programs of low priority: 1024^3 products beside such a program ran at 130 GFLOP/s with 40 us, and at 200 with this.
// Yielding instead of spinning has the same effect as sleeping.
constexpr std::chrono::microseconds kSpin{2000};

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spins until `done()` or for kSpin; returns the last `done()`.
template <typename Done>
bool spin_until(Done done) {
  for (int i = 0; i < 64; i++) {
    if (done()) return true;
    relax();
  }
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 16; i++) {
      if (done()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// Takes a quarter of what is left: few calls while there is much to do, single units at the end.
bool take(std::atomic<int64_t>& next, int64_t end, Range* range) {
  int64_t begin = next.load(std::memory_order_relaxed);
  while (begin < end) {
    const int64_t count = std::max<int64_t>(1, (end - begin) / 4);
    if (next.compare_exchange_weak(begin, begin + count, std::memory_order_relaxed)) {
      *range = {begin, begin + count};
      return true;
    }
  }
  return false;
}

// Keeps this library loaded: its threads outlive the environment (a worker_thread, say) that loaded it.
void pin_library() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&pin_library), &info) != 0) dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

std::atomic<Pool*> process_pool{nullptr};

}  // namespace

Pool& Pool::instance() {
  Pool* pool = process_pool.load(std::memory_order_acquire);
  if (pool != nullptr) return *pool;
  Pool* fresh = new Pool(default_threads());
  if (!process_pool.compare_exchange_strong(pool, fresh, std::memory_order_acq_rel)) {
    delete fresh;
    return *pool;
  }
  pin_library();
  // A forked child has none of the threads: it begins with a new pool.
  pthread_atfork(nullptr, nullptr, [] { process_pool.store(nullptr, std::memory_order_release); });
  return *fresh;
}

Pool::Pool(int threads) : threads_(std::clamp(threads, 1, kMaxThreads)), spans_(new Span[static_cast<size_t>(threads_)]) {}

struct WorkerStart {
  Pool* pool;
  int thread;
};

void* Pool::worker_main(void* argument) {
  const WorkerStart start = *static_cast<WorkerStart*>(argument);
  delete static_cast<WorkerStart*>(argument);
  start.pool->work(start.thread);
  return nullptr;
}

// When the system refuses a thread, those that run do its share.
void Pool::start_workers() {
  started_ = true;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the threads of the host program
  for (int i = 1; i < threads_; i++) {
    pthread_t thread;
    WorkerStart* start = new WorkerStart{this, i};
    if (pthread_create(&thread, nullptr, worker_main, start) != 0) {
      delete start;
      break;
    }
    pthread_detach(thread);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Pool::parallel_for(int64_t units, Body body, void* context) {
  if (units <= 0) return;
  if (units == 1 || threads_ == 1 || busy_.exchange(true, std::memory_order_acquire)) {
    body(context, {0, units}, 0);
    return;
  }
  if (!started_) start_workers();
  publish(units, body, context);
  run_spans(0);
  const uint32_t closed = state_.fetch_and(~kOpen, std::memory_order_acq_rel);
  if ((closed & kInside) != 0) {
    const uint32_t epoch = closed >> kEpochShift;
    auto left = [&] { return finished_.load(std::memory_order_acquire) == epoch; };
    if (!spin_until(left))
      for (uint32_t seen; (seen = finished_.load(std::memory_order_acquire)) != epoch;) finished_.wait(seen);
  }
  busy_.store(false, std::memory_order_release);
}

void Pool::publish(int64_t units, Body body, void* context) {
  body_ = body;
  context_ = context;
  span_count_ = static_cast<int>(std::min<int64_t>(threads_, units));
  for (int i = 0; i < span_count_; i++) {
    spans_[i].next.store(units * i / span_count_, std::memory_order_relaxed);
    spans_[i].end = units * (i + 1) / span_count_;
  }
  seats_.store(span_count_ - 1, std::memory_order_relaxed);
  const uint32_t epoch = (state_.load(std::memory_order_relaxed) >> kEpochShift) + 1;
  state_.store(epoch << kEpochShift | kOpen, std::memory_order_release);
  if (span_count_ == threads_) {
    state_.notify_all();
  } else {
    for (int i = 1; i < span_count_; i++) state_.notify_one();
  }
}

void Pool::run_spans(int thread) {
  Range range;
  for (int i = 0; i < span_count_; i++) {
    Span& span = spans_[(thread + i) % span_count_];
    while (take(span.next, span.end, &range)) body_(context_, range, thread);
  }
}

// Returns the state of an open job other than `last_epoch` with a free seat.
uint32_t Pool::await_job(uint32_t last_epoch) {
  uint32_t state = 0;
  auto joinable = [&] {
    state = state_.load(std::memory_order_acquire);
    return (state & kOpen) != 0 && state >> kEpochShift != last_epoch &&
           static_cast<int>(state & kInside) < seats_.load(std::memory_order_relaxed);
  };
  while (!spin_until(joinable)) state_.wait(state, std::memory_order_acquire);
  return state;
}

void Pool::work(int thread) {
  FlushDenormals flush;
  for (uint32_t epoch = 0;;) {
    uint32_t state = await_job(epoch);
    if (!state_.compare_exchange_strong(state, state + 1, std::memory_order_acquire)) continue;
    epoch = state >> kEpochShift;
    run_spans(thread);
    leave();
  }
}

void Pool::leave() {
  const uint32_t before = state_.fetch_sub(1, std::memory_order_acq_rel);
  if ((before & (kOpen | kInside)) != 1) return;  // still open, or others are inside
  finished_.store(before >> kEpochShift, std::memory_order_release);
  finished_.notify_one();
}

}  // namespace keratin
