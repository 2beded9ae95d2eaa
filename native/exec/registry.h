// Which kernels are built in, and the choice of instruction set. Made once, when first asked.
#pragma once
#include <string>
#include <vector>
#include "base/kernel.h"

namespace keratin {

// The table of instruction set `name`; null when it is not built in or this processor lacks it.
const IsaTable* isa_table(const char* name);

// Names of the instruction sets that `isa_table` finds, fastest first.
std::vector<const char*> usable_isas();

// The rows of one instruction set that this processor can run, families in order. A row's position is the id by which plans name it.
struct Catalog {
  const IsaTable* table = nullptr;
  std::vector<const KernelRow*> kernels;
  std::vector<const TileRow*> tiles;
};

// The rows of `table`, numbered.
Catalog catalog_of(const IsaTable& table);

// The first row of that name and of these element types that this processor can run; null when there is none.
const KernelRow* find_kernel(const IsaTable& table, const char* name, DTypes types);
const TileRow* find_tile(const IsaTable& table, const char* name, DType dtype);

// The catalog that this process uses: of the fastest set, or of the one that the environment variable KERATIN_ISA names.
// Null, with an explanation in `error`, when that one cannot be used.
const Catalog* active_catalog(std::string* error);

}  // namespace keratin
