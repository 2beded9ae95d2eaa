// Buffers of tensors: where their data begins, huge pages, and what V8 is told of their memory.
#include <algorithm>
#include <limits>

#include "binding/binding.h"
#include "exec/memory.h"

namespace keratin::binding {
namespace {

// V8's count of the memory behind JavaScript objects, of one isolate: of one thread, that is.
//
// V8 takes the memory of young buffers for grown old: when a loop of ops has left some 10 MB behind, it marks the whole heap, again and
// again, although a scavenge would free all of it. (Sums of 4 MB took 0.6 ms on Node.js 20 and 1.2 ms on 24, 0.3 ms without.) So each new
// buffer is taken off the count, and V8 is told when they have grown, by kStep, over the least since it was told. As V8 takes off what
// it frees, the count would become negative, which it must not: it has an excess, charged when it is used up at the price of one collection.
class Account {
 public:
  void add(napi_env env, int64_t bytes) {
    int64_t count = 0;
    napi_adjust_external_memory(env, 0, &count);
    const int64_t actual = count - excess_;
    least_ = std::min(least_, actual);
    int64_t change = -bytes;
    if (actual > least_ + kStep) {
      change = actual - least_;
      least_ = actual;
    }
    if (excess_ + change < 0) change += bytes + kCharge;
    excess_ += change;
    napi_adjust_external_memory(env, change, &count);
  }

 private:
  static constexpr int64_t kStep = int64_t{64} << 20;
  static constexpr int64_t kCharge = int64_t{4} << 30;

  int64_t excess_ = 0;
  int64_t least_ = std::numeric_limits<int64_t>::max();
};

// adopt(buffer, quiet): bytes before the first multiple of kAlignment in the addresses of a new buffer; asks for huge pages under a large
// one. With `quiet`, V8 is told of it as above.
napi_value adopt(napi_env env, napi_callback_info call) {
  napi_value arguments[2], result = nullptr;
  size_t count = 2, length = 0;
  char* data = nullptr;
  bool quiet = false;
  napi_get_cb_info(env, call, &count, arguments, nullptr, nullptr);
  if (napi_get_arraybuffer_info(env, arguments[0], reinterpret_cast<void**>(&data), &length) != napi_ok) {
    napi_throw_type_error(env, nullptr, "expected an ArrayBuffer");
    return nullptr;
  }
  if (length >= kHugePage) advise_huge(data, length);
  napi_get_value_bool(env, arguments[1], &quiet);
  if (quiet) {
    thread_local Account account;
    account.add(env, static_cast<int64_t>(length));
  }
  const auto address = reinterpret_cast<int64_t>(data);
  napi_create_uint32(env, static_cast<uint32_t>(aligned(address) - address), &result);
  return result;
}

}  // namespace

void add_buffer_functions(Napi::Object exports) { add_raw(exports, "adopt", adopt); }

}  // namespace keratin::binding
