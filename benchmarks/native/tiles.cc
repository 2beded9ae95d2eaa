// Nanoseconds per element of every tile op, on a full tile in the first-level cache, for each instruction set of this machine.
//   bench_tiles [part of a name]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include "exec/registry.h"

namespace {

using namespace keratin;

// Room for a tile of any type, aligned as the executor's registers are.
struct alignas(64) Tile {
  char bytes[kTile * 8];
};

// Elements that suit every function: small positive numbers, and true and false.
void fill(Tile* tile, DType dtype, double first) {
  for (int64_t i = 0; i < kTile; ++i) {
    const double x = first + static_cast<double>(i % 64) / 64;
    char* at = tile->bytes + i * size_of(dtype);
    const auto put = [at](auto value) { std::memcpy(at, &value, sizeof(value)); };
    if (dtype == DType::F64) put(x);
    else if (dtype == DType::F32) put(static_cast<float>(x));
    else if (dtype == DType::F16 || dtype == DType::BF16) put(static_cast<uint16_t>(0x3c00 + i % 64));
    else if (dtype == DType::Bool) put(static_cast<uint8_t>(i % 2));
    else *at = static_cast<char>(1 + i % 7);
  }
}

// The shortest of several runs, per element.
double nanoseconds(const TileRow& row) {
  static Tile operands[3], out;
  const bool chooses = std::strcmp(row.name, "select") == 0;
  for (int i = 0; i < 3; ++i) {
    fill(&operands[i], chooses && i == 0 ? DType::Bool : row.dtype, 0.01 + 0.25 * i);
  }
  const auto once = [&] { row.run(out.bytes, operands[0].bytes, operands[1].bytes, operands[2].bytes, kTile); };
  double best = 1e9;
  for (int sample = 0; sample < 20; ++sample) {
    constexpr int repeats = 100;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < repeats; ++i) once();
    const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    best = std::min(best, elapsed.count() / (repeats * kTile));
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const char* part = argc > 1 ? argv[1] : "";
  for (const char* isa : usable_isas()) {
    for (const TileRow* row : catalog_of(*isa_table(isa)).tiles) {
      if (std::strstr(row->name, part) == nullptr) continue;
      std::printf("%-9s %-16s %-9s %8.4f ns\n", isa, row->name, name_of(row->dtype), nanoseconds(*row));
    }
  }
  return 0;
}
