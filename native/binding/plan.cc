// Plans in JavaScript: compile, run, profile. `run` is on the path of every eager op, so it uses Node-API directly.
#include "binding/binding.h"


namespace keratin::binding {
namespace {

// Most buffers that `run` takes as arguments.
constexpr size_t kMaxArguments = 16;

using PlanHandle = Handle<Plan, 0x6b65726174696e31>;

// The plans behind an array of handles; false, with a TypeError thrown, when there is something else in it.
bool read_plans(Napi::Env env, Napi::Value array, Plans* plans) {
  if (!array.IsArray()) {
    Napi::TypeError::New(env, "compile: expected an array of plans").ThrowAsJavaScriptException();
    return false;
  }
  const auto handles = array.As<Napi::Array>();
  for (uint32_t i = 0; i < handles.Length(); i++) {
    const std::shared_ptr<Plan>* plan = plan_of(env, handles.Get(i));
    if (plan == nullptr) return false;
    plans->push_back(*plan);
  }
  return true;
}

// compile(words: Float64Array, constants: Uint8Array, children: handle[], commit?: number): handle. From instruction `commit` on runs are not
// cancelled.
Napi::Value compile(const Napi::CallbackInfo& call) {
  Napi::Env env = call.Env();
  const bool typed = call.Length() >= 2 && call[0].IsTypedArray() && call[1].IsTypedArray();
  if (!typed || call[0].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array ||
      call[1].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    Napi::TypeError::New(env, "compile: expected a Float64Array and a Uint8Array").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Plans children;
  if (!read_plans(env, call[2], &children)) return env.Undefined();
  auto words = call[0].As<Napi::Float64Array>();
  auto constants = call[1].As<Napi::Uint8Array>();
  std::string error;
  std::shared_ptr<Plan> plan = Plan::compile(words.Data(), static_cast<int64_t>(words.ElementLength()), constants.Data(),
                                             static_cast<int64_t>(constants.ByteLength()), children, *active_catalog(nullptr), &error);
  if (plan == nullptr) {
    Napi::Error::New(env, "compile: " + error).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  if (call[3].IsNumber()) plan->set_commit(static_cast<size_t>(call[3].As<Napi::Number>().Uint32Value()));
  return PlanHandle::make(env, std::move(plan));
}

// release(plan): frees the plan now, and not when its handle is collected. Runs that have begun keep it until they end.
Napi::Value release(const Napi::CallbackInfo& call) {
  if (const std::shared_ptr<Plan>* plan = plan_of(call.Env(), call[0])) const_cast<std::shared_ptr<Plan>*>(plan)->reset();
  return call.Env().Undefined();
}

napi_value run_on(napi_env env, Plan& plan, void* const* data) {
  const Outcome outcome = plan.run(data, nullptr);
  if (outcome.status != Outcome::Done) napi_throw(env, error_of(env, outcome));
  return nullptr;
}

// run(plan, ...buffers): runs the plan once, on this thread and the pool.
napi_value run(napi_env env, napi_callback_info call) {
  napi_value arguments[kMaxArguments + 1];
  size_t count = kMaxArguments + 1;
  napi_get_cb_info(env, call, &count, arguments, nullptr, nullptr);
  const std::shared_ptr<Plan>* plan = plan_of(env, arguments[0]);
  if (plan == nullptr) return nullptr;
  const std::vector<int64_t>& bytes = (*plan)->external_bytes();
  if (count != bytes.size() + 1 || bytes.size() > kMaxArguments) {
    napi_throw_type_error(env, nullptr, ("run: the plan takes " + std::to_string(bytes.size()) + " buffers, received " +
                                         std::to_string(count - 1) + " (runMany takes more than 16)").c_str());
    return nullptr;
  }
  void* data[kMaxArguments];
  for (size_t i = 0; i < bytes.size(); i++)
    if (!read_buffer(env, arguments[i + 1], i, bytes[i], &data[i])) return nullptr;
  return run_on(env, **plan, data);
}

// runMany(plan, buffers): the same for any number of buffers.
napi_value run_many(napi_env env, napi_callback_info call) {
  napi_value arguments[2];
  size_t count = 2;
  napi_get_cb_info(env, call, &count, arguments, nullptr, nullptr);
  const std::shared_ptr<Plan>* plan = plan_of(env, arguments[0]);
  std::vector<void*> data;
  if (plan == nullptr || !read_buffers(env, **plan, arguments[1], &data)) return nullptr;
  return run_on(env, **plan, data.data());
}

// setProfile(plan, on): whether runs measure their instructions from now on.
Napi::Value set_profile(const Napi::CallbackInfo& call) {
  if (const std::shared_ptr<Plan>* plan = plan_of(call.Env(), call[0])) (*plan)->set_profile(call[1].ToBoolean());
  return call.Env().Undefined();
}

// profile(plan): Float64Array of [count, nanoseconds] for each instruction, summed over the profiled runs.
Napi::Value profile(const Napi::CallbackInfo& call) {
  const std::shared_ptr<Plan>* plan = plan_of(call.Env(), call[0]);
  if (plan == nullptr) return call.Env().Undefined();
  const std::vector<Plan::Cost>& costs = (*plan)->profile();
  auto result = Napi::Float64Array::New(call.Env(), 2 * costs.size());
  for (size_t i = 0; i < costs.size(); i++) {
    result[2 * i] = static_cast<double>(costs[i].count.load(std::memory_order_relaxed));
    result[2 * i + 1] = static_cast<double>(costs[i].nanoseconds.load(std::memory_order_relaxed));
  }
  return result;
}

}  // namespace

const std::shared_ptr<Plan>* plan_of(napi_env env, napi_value value) {
  if (const std::shared_ptr<Plan>* plan = PlanHandle::read(env, value)) return plan;
  napi_throw_type_error(env, nullptr, "expected a plan that was not released");
  return nullptr;
}

bool read_buffer(napi_env env, napi_value value, size_t index, int64_t bytes, void** data) {
  size_t length = 0;  // in elements, of at least a byte
  if (napi_get_typedarray_info(env, value, nullptr, &length, data, nullptr, nullptr) != napi_ok) {
    napi_throw_type_error(env, nullptr, ("buffer " + std::to_string(index) + ": expected a Uint8Array").c_str());
    return false;
  }
  if (static_cast<size_t>(bytes) > length) {
    napi_throw_range_error(env, nullptr, ("buffer " + std::to_string(index) + ": expected " + std::to_string(bytes) +
                                          " bytes, received " + std::to_string(length) + " (a detached buffer has none)").c_str());
    return false;
  }
  return true;
}

bool read_buffers(napi_env env, const Plan& plan, napi_value array, std::vector<void*>* data) {
  uint32_t length = 0;
  const std::vector<int64_t>& bytes = plan.external_bytes();
  if (napi_get_array_length(env, array, &length) != napi_ok || length != bytes.size()) {
    napi_throw_type_error(env, nullptr, ("expected an array of " + std::to_string(bytes.size()) + " buffers").c_str());
    return false;
  }
  data->resize(length);
  for (uint32_t i = 0; i < length; i++) {
    napi_value buffer;
    if (napi_get_element(env, array, i, &buffer) != napi_ok || !read_buffer(env, buffer, i, bytes[i], &(*data)[i])) return false;
  }
  return true;
}

napi_value error_of(napi_env env, const Outcome& outcome) {
  const bool faulted = outcome.status == Outcome::Faulted, no_memory = outcome.status == Outcome::OutOfMemory;
  Napi::Error error = Napi::Error::New(
      env, faulted ? "index " + std::to_string(outcome.value) + " is out of range for size " + std::to_string(outcome.limit)
                   : std::string(no_memory ? "not enough memory for the plan's intermediates" : "the run was cancelled"));
  error.Set("code", faulted ? "KERATIN_FAULT" : no_memory ? "KERATIN_OUT_OF_MEMORY" : "KERATIN_CANCELLED");
  error.Set("stepsDone", static_cast<double>(outcome.steps));
  if (faulted) {
    error.Set("value", static_cast<double>(outcome.value));
    error.Set("limit", static_cast<double>(outcome.limit));
    error.Set("instruction", static_cast<double>(outcome.instruction));
  }
  return error.Value();
}

void add_raw(Napi::Object exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(exports.Env(), name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  exports.Set(name, function);
}

void add_plan_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("compile", Napi::Function::New(env, compile, "compile"));
  exports.Set("release", Napi::Function::New(env, release, "release"));
  add_raw(exports, "run", run);
  add_raw(exports, "runMany", run_many);
  exports.Set("setProfile", Napi::Function::New(env, set_profile, "setProfile"));
  exports.Set("profile", Napi::Function::New(env, profile, "profile"));
}

}  // namespace keratin::binding
