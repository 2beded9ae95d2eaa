// Finds kernels by name. The build says which instruction sets there are and what each needs of the processor, fastest first: KR_ISAS is
// I(avx2, NEEDS(avx2) NEEDS(fma)) I(baseline, ) ...
#include "exec/registry.h"

#include <cstdlib>
#include <cstring>
#include "base/cpu.h"

namespace keratin {

#define I(isa, needs)       \
  namespace isa {           \
  extern const IsaTable table; \
  }
KR_ISAS
#undef I

namespace {

struct Built {
  const IsaTable* table;
  bool (*runs)();  // whether this processor and its system run such code
};

#define NEEDS(feature) &&__builtin_cpu_supports(#feature)
#define I(isa, needs) {&isa::table, [] { return true needs; }},
constexpr Built kBuilt[] = {KR_ISAS};
#undef I
#undef NEEDS

}  // namespace

const IsaTable* isa_table(const char* name) {
  for (const Built& built : kBuilt)
    if (std::strcmp(built.table->name, name) == 0 && built.runs()) return built.table;
  return nullptr;
}

std::vector<const char*> usable_isas() {
  std::vector<const char*> names;
  for (const Built& built : kBuilt)
    if (built.runs()) names.push_back(built.table->name);
  return names;
}

Catalog catalog_of(const IsaTable& table) {
  Catalog catalog;
  catalog.table = &table;
  for (int64_t i = 0; i < table.count; i++) {
    const Family& family = *table.families[i];
    for (int64_t j = 0; j < family.kernels.count; j++)
      if (const KernelRow& row = family.kernels.begin[j]; cpu_has(row.feature)) catalog.kernels.push_back(&row);
    for (int64_t j = 0; j < family.tiles.count; j++) catalog.tiles.push_back(&family.tiles.begin[j]);
  }
  return catalog;
}

const KernelRow* find_kernel(const IsaTable& table, const char* name, DTypes types) {
  for (const KernelRow* row : catalog_of(table).kernels)
    if (row->types == types && std::strcmp(row->name, name) == 0) return row;
  return nullptr;
}

const TileRow* find_tile(const IsaTable& table, const char* name, DType dtype) {
  for (const TileRow* row : catalog_of(table).tiles)
    if (row->dtype == dtype && std::strcmp(row->name, name) == 0) return row;
  return nullptr;
}

const Catalog* active_catalog(std::string* error) {
  static const char* const wanted = std::getenv("KERATIN_ISA");
  static const Catalog* const catalog = []() -> const Catalog* {
    const IsaTable* table = isa_table(wanted != nullptr && *wanted != '\0' ? wanted : usable_isas().front());
    return table == nullptr ? nullptr : new Catalog(catalog_of(*table));
  }();
  if (catalog == nullptr && error != nullptr) {
    *error = "KERATIN_ISA: expected one of";
    for (const char* name : usable_isas()) *error += std::string(" ") + name;
    *error += std::string(" on this machine, received ") + wanted;
  }
  return catalog;
}

}  // namespace keratin
