// What the tests of tile ops share: running a row over any number of elements, and distances in units in the last place.
#pragma once
#include <gtest/gtest.h>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>
#include "exec/registry.h"

namespace keratin::testing {

// The instruction sets that this build and this machine have.
inline std::vector<const IsaTable*> tile_isas() {
  std::vector<const IsaTable*> tables;
  for (const char* name : usable_isas()) tables.push_back(isa_table(name));
  return tables;
}

template <typename T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, float>) return DType::F32;
  if constexpr (std::is_same_v<T, double>) return DType::F64;
  if constexpr (std::is_same_v<T, f16>) return DType::F16;
  if constexpr (std::is_same_v<T, bf16>) return DType::BF16;
  if constexpr (std::is_same_v<T, bool>) return DType::Bool;
  constexpr DType whole[2][4] = {{DType::U8, DType::U16, DType::U32, DType::U64},
                                 {DType::I8, DType::I16, DType::I32, DType::I64}};
  return whole[std::is_signed_v<T>][sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3];
}

// Runs row `name` of `dtype` tile by tile. Missing operands are null.
template <typename Out, typename A, typename B = A, typename C = A>
std::vector<Out> run_tile(const IsaTable& isa, const std::string& name, DType dtype, const std::vector<A>& a,
                          const std::vector<B>& b = {}, const std::vector<C>& c = {}) {
  std::vector<Out> out(a.size());
  const TileRow* row = find_tile(isa, name.c_str(), dtype);
  EXPECT_NE(row, nullptr) << isa.name << " has no " << name << " of " << name_of(dtype);
  if (row == nullptr) return out;
  for (size_t i = 0; i < a.size(); i += kTile) {
    const auto n = static_cast<int64_t>(std::min<size_t>(kTile, a.size() - i));
    row->run(out.data() + i, a.data() + i, b.empty() ? nullptr : b.data() + i, c.empty() ? nullptr : c.data() + i, n);
  }
  return out;
}

// Distance of `got` from the exact value, in units in the last place of T at `scale`, or at the value if that is larger.
// Infinite when only one of them is NaN or infinite.
template <typename T>
double ulps(T got, long double exact, long double scale = 0) {
  using Limits = std::numeric_limits<T>;
  const T rounded = static_cast<T>(exact);
  if (std::isnan(got) && std::isnan(rounded)) return 0;
  if (std::isinf(got) && got == rounded) return 0;
  if (!std::isfinite(got) || std::isnan(rounded)) return std::numeric_limits<double>::infinity();
  if (std::isinf(rounded) && std::fabs(exact) > 1.0001L * Limits::max()) return std::numeric_limits<double>::infinity();
  const long double size = std::max<long double>({std::fabs(exact), scale, static_cast<long double>(Limits::min())});
  const long double unit = std::ldexp(1.0L, std::ilogb(size) - Limits::digits + 1);
  return static_cast<double>(std::fabs(got - exact) / unit);
}

// The bits of a value, to tell +0 from -0.
inline uint32_t bits_of(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  return bits;
}
inline uint64_t bits_of(double x) {
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  return bits;
}

}  // namespace keratin::testing
