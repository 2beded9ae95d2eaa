// Runs off the main thread. A run gets a thread of its own, kept for later runs, and not one of libuv's: it may take long,
// and at the end of an environment Node waits for libuv's threads before addons can cancel what they do.
#include "binding/binding.h"

#include <pthread.h>
#include <signal.h>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <unordered_set>

namespace keratin::binding {
namespace {

class Environment;

using ControlHandle = Handle<RunControl, 0x6b65726174696e32>;

// A run in the background.
struct Job {
  Environment* environment;
  std::shared_ptr<Plan> plan;
  std::vector<void*> externals;
  int32_t* counter = nullptr;
  int64_t steps = 1;
  std::chrono::duration<double> budget{std::numeric_limits<double>::infinity()};
  std::shared_ptr<RunControl> control;
  Outcome outcome;
  napi_deferred deferred = nullptr;
  napi_ref buffers = nullptr;  // keeps their memory alive
};

// What the addon keeps for each environment (main thread or worker_thread) that loaded it.
class Environment {
 public:
  explicit Environment(napi_env env);
  // Starts the job; false when there is no thread for it.
  bool start(napi_env env, Job* job);
  // Called on the background thread: the job has run.
  void finish(Job* job);

 private:
  static void settle(napi_env env, napi_value, void* context, void* data);
  static void cancel_all(void* self);

  napi_threadsafe_function settle_ = nullptr;
  int unsettled_ = 0;  // on the JavaScript thread: while there are any, the event loop stays alive
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_set<Job*> running_;
};

// Background threads of the process. Never stopped and never freed: exit() may run while they work.
class Runners {
 public:
  static Runners& instance() {
    static Runners* const runners = new Runners;
    return *runners;
  }

  bool submit(Job* job) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (static_cast<size_t>(idle_) <= queue_.size() && !add_thread() && threads_ == 0) return false;
    queue_.push_back(job);
    wake_.notify_one();
    return true;
  }

 private:
  bool add_thread() {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    const bool created = pthread_create(&thread, nullptr, [](void* self) { return static_cast<Runners*>(self)->loop(); }, this) == 0;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (!created) return false;
    pthread_detach(thread);
    threads_++;
    return true;
  }

  void* loop() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      idle_++;
      wake_.wait(lock, [this] { return !queue_.empty(); });
      idle_--;
      Job* job = queue_.front();
      queue_.pop_front();
      lock.unlock();
      job->outcome = job->plan->run_steps(job->externals.data(), job->counter, job->steps, job->budget, *job->control);
      job->environment->finish(job);
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job*> queue_;
  int idle_ = 0, threads_ = 0;
};

Environment::Environment(napi_env env) {
  napi_value name;
  napi_create_string_utf8(env, "keratin.run", NAPI_AUTO_LENGTH, &name);
  napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, settle, &settle_);
  napi_unref_threadsafe_function(env, settle_);
  // Added after the function above, hence called before Node destroys it.
  napi_add_env_cleanup_hook(env, cancel_all, this);
}

bool Environment::start(napi_env env, Job* job) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    running_.insert(job);
  }
  if (!Runners::instance().submit(job)) {
    std::lock_guard<std::mutex> lock(mutex_);
    running_.erase(job);
    return false;
  }
  if (unsettled_++ == 0) napi_ref_threadsafe_function(env, settle_);
  return true;
}

// The lock is held to the end: when `running_` is empty, no thread is about to use this environment.
void Environment::finish(Job* job) {
  std::lock_guard<std::mutex> lock(mutex_);
  running_.erase(job);
  if (napi_call_threadsafe_function(settle_, job, napi_tsfn_nonblocking) != napi_ok) delete job;
  changed_.notify_all();
}

// On the JavaScript thread: settles the promise. `env` is null when the environment is going away.
void Environment::settle(napi_env env, napi_value, void* context, void* data) {
  std::unique_ptr<Job> job(static_cast<Job*>(data));
  if (env == nullptr) return;
  Environment* self = static_cast<Environment*>(context);
  if (--self->unsettled_ == 0) napi_unref_threadsafe_function(env, self->settle_);
  napi_delete_reference(env, job->buffers);
  if (job->outcome.status == Outcome::Done) {
    napi_value steps;
    napi_create_double(env, static_cast<double>(job->outcome.steps), &steps);
    napi_resolve_deferred(env, job->deferred, steps);
  } else {
    napi_reject_deferred(env, job->deferred, error_of(env, job->outcome));
  }
}

// The environment ends: its buffers are about to be freed, so its runs must end first.
void Environment::cancel_all(void* data) {
  Environment* self = static_cast<Environment*>(data);
  std::unique_lock<std::mutex> lock(self->mutex_);
  for (Job* job : self->running_) job->control->cancel();
  self->changed_.wait(lock, [self] { return self->running_.empty(); });
}

// Reads { counter, steps, budget }; false with an error thrown.
bool read_options(Napi::Env env, Napi::Object options, Job* job) {
  auto number = [&](const char* name, double missing) {
    Napi::Value value = options.Get(name);
    return value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : missing;
  };
  const double counter = number("counter", -1), steps = number("steps", 1), budget = number("budget", std::numeric_limits<double>::infinity());
  const std::vector<int64_t>& bytes = job->plan->external_bytes();
  const char* wrong = nullptr;
  if (!(counter >= -1 && counter < static_cast<double>(bytes.size()) && counter == std::floor(counter)))
    wrong = "counter: expected the number of an external buffer, or -1";
  else if (counter >= 0 && bytes[static_cast<size_t>(counter)] < static_cast<int64_t>(sizeof(int32_t)))
    wrong = "counter: expected an int32 scalar";
  else if (!(steps >= 1 && steps <= static_cast<double>(kMaxWord) && steps == std::floor(steps)))
    wrong = "steps: expected an integer >= 1";
  else if (!(budget >= 0))
    wrong = "budget: expected a number of milliseconds >= 0";
  if (wrong != nullptr) {
    Napi::RangeError::New(env, std::string("runAsync: ") + wrong).ThrowAsJavaScriptException();
    return false;
  }
  if (counter >= 0) job->counter = static_cast<int32_t*>(job->externals[static_cast<size_t>(counter)]);
  job->steps = static_cast<int64_t>(steps);
  job->budget = std::chrono::duration<double, std::milli>(budget);
  return true;
}

// A copy of an array, so that the caller may change the original.
napi_ref hold(Napi::Array array) {
  Napi::Array copy = Napi::Array::New(array.Env(), array.Length());
  for (uint32_t i = 0; i < array.Length(); i++) copy.Set(i, array.Get(i));
  napi_ref reference = nullptr;
  napi_create_reference(array.Env(), copy, 1, &reference);
  return reference;
}

// The control behind a handle; null, with a TypeError thrown, when `value` is none.
const std::shared_ptr<RunControl>* control_of(Napi::Env env, napi_value value) {
  if (const std::shared_ptr<RunControl>* control = ControlHandle::read(env, value)) return control;
  Napi::TypeError::New(env, "expected the control of a run").ThrowAsJavaScriptException();
  return nullptr;
}

// newControl(): a handle with which one run can be paused and cancelled.
Napi::Value new_control(const Napi::CallbackInfo& call) { return ControlHandle::make(call.Env(), std::make_shared<RunControl>()); }

// pause(control), resume(control), cancel(control); see RunControl.
template <void (RunControl::*method)()>
Napi::Value control_run(const Napi::CallbackInfo& call) {
  if (const std::shared_ptr<RunControl>* control = control_of(call.Env(), call[0])) ((**control).*method)();
  return call.Env().Undefined();
}

// runAsync(plan, buffers, { counter = -1, steps = 1, budget = Infinity }, control): Promise of the number of steps done. The int32 in
// buffer `counter` is incremented after each step; no further step begins once `budget` milliseconds are spent.
Napi::Value run_async(const Napi::CallbackInfo& call) {
  Napi::Env env = call.Env();
  const std::shared_ptr<Plan>* plan = plan_of(env, call[0]);
  if (plan == nullptr) return env.Undefined();
  const std::shared_ptr<RunControl>* control = control_of(env, call[3]);
  if (control == nullptr) return env.Undefined();
  auto job = std::make_unique<Job>();
  job->control = *control;
  job->environment = env.GetInstanceData<Environment>();
  job->plan = *plan;
  if (!read_buffers(env, **plan, call[1], &job->externals)) return env.Undefined();
  Napi::Object options = call[2].IsObject() ? call[2].As<Napi::Object>() : Napi::Object::New(env);
  if (!read_options(env, options, job.get())) return env.Undefined();
  napi_value promise;
  napi_create_promise(env, &job->deferred, &promise);
  job->buffers = hold(call[1].As<Napi::Array>());
  if (!job->environment->start(env, job.get())) {
    napi_delete_reference(env, job->buffers);
    napi_reject_deferred(env, job->deferred, Napi::Error::New(env, "runAsync: the system gives no thread").Value());
    return Napi::Value(env, promise);
  }
  job.release();
  return Napi::Value(env, promise);
}

}  // namespace

void add_async_functions(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  exports.Set("runAsync", Napi::Function::New(env, run_async, "runAsync"));
  exports.Set("newControl", Napi::Function::New(env, new_control, "newControl"));
  exports.Set("pause", Napi::Function::New(env, control_run<&RunControl::pause>, "pause"));
  exports.Set("resume", Napi::Function::New(env, control_run<&RunControl::resume>, "resume"));
  exports.Set("cancel", Napi::Function::New(env, control_run<&RunControl::cancel>, "cancel"));
}

}  // namespace keratin::binding
