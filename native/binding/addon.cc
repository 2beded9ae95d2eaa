// The addon's entry, and what it tells about itself.
#include "binding/binding.h"
#include "exec/pool.h"

namespace keratin::binding {
namespace {

// 'float32', or 'int8>int32' where a kernel writes another type than it reads.
std::string key_of(const KernelRow& row) {
  const std::string in = name_of(row.types.in);
  return row.types.in == row.types.out ? in : in + ">" + name_of(row.types.out);
}
std::string key_of(const TileRow& row) { return name_of(row.dtype); }

template <typename Row>
Napi::Array describe(Napi::Env env, const std::vector<const Row*>& rows) {
  Napi::Array list = Napi::Array::New(env, rows.size());
  for (uint32_t i = 0; i < rows.size(); i++) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", rows[i]->name);
    row.Set("dtype", key_of(*rows[i]));
    list.Set(i, row);
  }
  return list;
}

// info(): { isa, isas, threads, dtypes, kernels, tiles, tile }. A kernel's or tile op's position in its list is its id; of rows that have one
// name and one dtype the first is the fastest.
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

Napi::Object init(Napi::Env env, Napi::Object exports) {
  std::string error;
  if (active_catalog(&error) == nullptr) {
    Napi::Error::New(env, error).ThrowAsJavaScriptException();
    return exports;
  }
  keep_freed_memory();
  Pool::instance();  // keeps the library loaded as long as the process lives
  exports.Set("info", Napi::Function::New(env, info, "info"));
  add_buffer_functions(exports);
  add_plan_functions(env, exports);
  add_async_functions(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(keratin, init)

}  // namespace keratin::binding
