// Finds kernels by name. The build says which instruction sets exist: KR_ISAS is I(avx512) I(avx2) ..., fastest first.
#include "exec/registry.h"

#include <cstdlib>
#include <cstring>
#include "base/cpu.h"

namespace keratin {

#define I(isa)              \
  namespace isa {           \
  extern const IsaTable table; \
  }
KR_ISAS
#undef I

static const IsaTable* const kTables[] = {
#define I(isa) &isa::table,
    KR_ISAS
#undef I
};

const IsaTable* isa_table(const char* name) {
  for (const IsaTable* table : kTables)
    if (std::strcmp(table->name, name) == 0 && cpu_supports(name)) return table;
  return nullptr;
}

std::vector<const char*> usable_isas() {
  std::vector<const char*> names;
  for (const IsaTable* table : kTables)
    if (cpu_supports(table->name)) names.push_back(table->name);
  return names;
}

template <typename Row>
static const Row* find(const IsaTable& table, Rows<Row> Family::*rows, const char* name, DType dtype) {
  for (int64_t i = 0; i < table.count; i++) {
    const Rows<Row>& list = table.families[i]->*rows;
    for (int64_t j = 0; j < list.count; j++)
      if (list.begin[j].dtype == dtype && std::strcmp(list.begin[j].name, name) == 0) return &list.begin[j];
  }
  return nullptr;
}

const KernelRow* find_kernel(const IsaTable& table, const char* name, DType dtype) {
  return find(table, &Family::kernels, name, dtype);
}

const TileRow* find_tile(const IsaTable& table, const char* name, DType dtype) {
  return find(table, &Family::tiles, name, dtype);
}

Catalog catalog_of(const IsaTable& table) {
  Catalog catalog;
  catalog.table = &table;
  for (int64_t i = 0; i < table.count; i++) {
    const Family& family = *table.families[i];
    for (int64_t j = 0; j < family.kernels.count; j++) catalog.kernels.push_back(&family.kernels.begin[j]);
    for (int64_t j = 0; j < family.tiles.count; j++) catalog.tiles.push_back(&family.tiles.begin[j]);
  }
  return catalog;
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
