// What the files of the binding share: plan handles, reading of buffers, errors. Errors are thrown in JavaScript; a
// function that throws returns at once.
#pragma once
#include <napi.h>
#include <memory>
#include <string>
#include "exec/plan.h"

namespace keratin::binding {

// The plan behind a handle; null, with a TypeError thrown, when `value` is no handle.
const std::shared_ptr<Plan>* plan_of(napi_env env, napi_value value);

// The address of a buffer's data; false, with an error thrown, when `value` (external number `index`) is not a
// Uint8Array, or is shorter than `bytes`, or detached.
bool read_buffer(napi_env env, napi_value value, size_t index, int64_t bytes, void** data);

// What a handle (a JavaScript external) points to. The mark tells it from externals of other kinds and of other addons.
template <typename T, uint64_t kMark>
struct Handle {
  uint64_t mark = kMark;
  std::shared_ptr<T> target;

  static Napi::Value make(Napi::Env env, std::shared_ptr<T> target) {
    return Napi::External<Handle>::New(env, new Handle{kMark, std::move(target)}, [](Napi::Env, Handle* handle) { delete handle; });
  }
  // Null when `value` is no such handle, or its target was released.
  static const std::shared_ptr<T>* read(napi_env env, napi_value value) {
    void* data = nullptr;
    if (napi_get_value_external(env, value, &data) != napi_ok || data == nullptr) return nullptr;
    Handle* handle = static_cast<Handle*>(data);
    return handle->mark == kMark && handle->target != nullptr ? &handle->target : nullptr;
  }
};

// Reads an array of Uint8Arrays, one for each external of `plan`; false with an error thrown.
bool read_buffers(napi_env env, const Plan& plan, napi_value array, std::vector<void*>* data);

// An Error that tells why a run did not end well. Properties: `code` and `stepsDone`; with the code 'KERATIN_FAULT' also
// `value`, `limit` (see Fault) and `instruction`. Other codes are 'KERATIN_CANCELLED' and 'KERATIN_OUT_OF_MEMORY'.
napi_value error_of(napi_env env, const Outcome& outcome);

// Exports a plain Node-API function.
void add_raw(Napi::Object exports, const char* name, napi_callback callback);

// Exports, by file.
void add_buffer_functions(Napi::Object exports);
void add_plan_functions(Napi::Env env, Napi::Object exports);
void add_async_functions(Napi::Env env, Napi::Object exports);

}  // namespace keratin::binding
