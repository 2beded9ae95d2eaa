// What another thread can do to a run in steps: cancel it, or have it wait between two steps.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace keratin {

class RunControl {
 public:
  // ---- for the other thread ----

  // Ends the run before the next instruction, unless variables were written in the present step: then before the next step.
  void cancel();
  // Returns when the run is between two steps (or not running), where it stays until `resume`. Since the last `resume` it has done a step:
  // so a run goes on, however often it is paused.
  void pause();
  void resume();

  // ---- for the thread that runs ----

  // Waits while the run is paused. False when it is cancelled; then no step begins.
  bool begin_step();
  void end_step();
  // No step comes any more.
  void close();

  const std::atomic<bool>& cancelled() const { return cancelled_; }

 private:
  enum Wish { None, AfterStep, Now };

  bool waits() const { return wish_.load() == Now && !cancelled_.load(); }
  void wake();

  // A step begins with `stepping_` before it looks at `wish_`, and a pause with `wish_` before it looks at `stepping_`: one of them sees
  // the other. The mutex is for waiting only.
  std::atomic<bool> stepping_{false}, cancelled_{false}, closed_{false};
  std::atomic<Wish> wish_{None};
  std::atomic<int64_t> steps_{0};
  int64_t resumed_at_ = -1;  // `steps_` at the last `resume`
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace keratin
