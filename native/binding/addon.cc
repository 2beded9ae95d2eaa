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
  add_buffer_functions(exports);
  add_plan_functions(env, exports);
  add_async_functions(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(keratin, init)

}  // namespace keratin::binding
