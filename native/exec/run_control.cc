#include "exec/run_control.h"

namespace keratin {

void RunControl::wake() {
  // With the lock, so that nobody is between looking and waiting.
  std::lock_guard<std::mutex> lock(mutex_);
  changed_.notify_all();
}

void RunControl::cancel() {
  cancelled_.store(true);
  wake();
}

void RunControl::pause() {
  std::unique_lock<std::mutex> lock(mutex_);
  wish_.store(steps_.load() == resumed_at_ ? AfterStep : Now);
  changed_.wait(lock, [this] {
    if (wish_.load() == AfterStep && steps_.load() != resumed_at_) wish_.store(Now);
    return closed_.load() || (wish_.load() == Now && !stepping_.load());
  });
}

void RunControl::resume() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    resumed_at_ = steps_.load();
    wish_.store(None);
  }
  changed_.notify_all();
}

bool RunControl::begin_step() {
  for (;;) {
    stepping_.store(true);
    if (!waits()) break;
    std::unique_lock<std::mutex> lock(mutex_);
    stepping_.store(false);
    changed_.notify_all();
    changed_.wait(lock, [this] { return !waits(); });
  }
  if (!cancelled_.load()) return true;
  end_step();
  return false;
}

void RunControl::end_step() {
  steps_.fetch_add(1);
  stepping_.store(false);
  if (wish_.load() == None) return;
  Wish after = AfterStep;
  wish_.compare_exchange_strong(after, Now);  // the next step waits already
  wake();
}

void RunControl::close() {
  closed_.store(true);
  wake();
}

}  // namespace keratin
