// The addon's entry, and what it tells about itself.
#include "binding/binding.h"
#include "exec/pool.h"

namespace keratin::binding {
namespace {

template <typename Row>
Napi::Array describe(Napi::Env env, const std::vector<const Row*>& rows) {
  Napi::Array list = Napi::Array::New(env, rows.size());
  for (uint32_t i = 0; i < rows.size(); i++) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", rows[i]->name);
    row.Set("dtype", name_of(rows[i]->dtype));
    list.Set(i, row);
  }
  return list;
}

// info(): { isa, isas, threads, dtypes, kernels, tiles, tile }. A kernel's or tile op's position in its list is its id.
Napi::Value info(const Napi::CallbackInfo& call) {
  Napi::Env env = call.Env();
  const Catalog& catalog = *active_catalog(nullptr);
  Napi::Object result = Napi::Object::New(env);
  Napi::Array isas = Napi::Array::New(env), dtypes = Napi::Array::New(env);
  for (const char* name : usable_isas()) isas.Set(isas.Length(), name);
  for (const char* name : kDTypeNames) dtypes.Set(dtypes.Length(), name);
  result.Set("isa", catalog.table->name);
  result.Set("isas", isas);
  result.Set("threads", Pool::instance().threads());
  result.Set("dtypes", dtypes);
  result.Set("kernels", describe(env, catalog.kernels));
  result.Set("tiles", describe(env, catalog.tiles));
  result.Set("tile", static_cast<double>(kTile));
  return result;
}

// threads(): number of threads that share the work.
Napi::Value threads(const Napi::CallbackInfo& call) { return Napi::Number::New(call.Env(), Pool::instance().threads()); }

// Reads the ArrayBuffer that is the only argument; false with an error thrown.
bool read_argument(napi_env env, napi_callback_info call, char** data, size_t* length) {
  napi_value argument;
  size_t count = 1;
  napi_get_cb_info(env, call, &count, &argument, nullptr, nullptr);
  if (napi_get_arraybuffer_info(env, argument, reinterpret_cast<void**>(data), length) == napi_ok) return true;
  napi_throw_type_error(env, nullptr, "expected an ArrayBuffer");
  return false;
}

// alignOffset(buffer): bytes before the first multiple of kAlignment in its addresses.
napi_value align_offset(napi_env env, napi_callback_info call) {
  char* data = nullptr;
  size_t length = 0;
  napi_value result = nullptr;
  if (!read_argument(env, call, &data, &length)) return nullptr;
  const auto address = reinterpret_cast<uintptr_t>(data);
  napi_create_uint32(env, static_cast<uint32_t>(-address & (kAlignment - 1)), &result);
  return result;
}

// useHugePages(buffer): asks for huge pages under a large buffer.
napi_value use_huge_pages(napi_env env, napi_callback_info call) {
  char* data = nullptr;
  size_t length = 0;
  if (read_argument(env, call, &data, &length)) advise_huge(data, length);
  return nullptr;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  std::string error;
  if (active_catalog(&error) == nullptr) {
    Napi::Error::New(env, error).ThrowAsJavaScriptException();
    return exports;
  }
  keep_freed_memory();
  Pool::instance();  // keeps the library loaded as long as the process lives
  exports.Set("info", Napi::Function::New(env, info, "info"));
  exports.Set("threads", Napi::Function::New(env, threads, "threads"));
  add_raw(exports, "alignOffset", align_offset);
  add_raw(exports, "useHugePages", use_huge_pages);
  add_plan_functions(env, exports);
  add_async_functions(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(keratin, init)

}  // namespace keratin::binding
