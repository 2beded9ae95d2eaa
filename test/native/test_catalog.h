// Plain tile ops and kernels for tests of the executor, so that these depend on no instruction set.
#pragma once
#include <algorithm>
#include <iterator>
#include <string>
#include <vector>
#include "exec/registry.h"

namespace keratin::test {

template <typename Out, typename In, auto fn>
void map(void* out, const void* a, const void* b, const void*, int64_t n) {
  for (int64_t i = 0; i < n; i++) static_cast<Out*>(out)[i] = fn(static_cast<const In*>(a)[i], b == nullptr ? In{} : static_cast<const In*>(b)[i]);
}

inline void select_f32(void* out, const void* condition, const void* a, const void* b, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    static_cast<float*>(out)[i] = static_cast<const uint8_t*>(condition)[i] ? static_cast<const float*>(a)[i] : static_cast<const float*>(b)[i];
}

enum Tile { Add, Multiply, Less, Widen, AddF64, Select };
inline constexpr TileRow kTiles[] = {
    {"add", DType::F32, map<float, float, [](float a, float b) { return a + b; }>, {4, 4, 4}},
    {"multiply", DType::F32, map<float, float, [](float a, float b) { return a * b; }>, {4, 4, 4}},
    {"less", DType::F32, map<uint8_t, float, [](float a, float b) { return uint8_t{a < b}; }>, {1, 4, 4}},
    {"cast_float64", DType::F32, map<double, float, [](float a, float) { return double{a}; }>, {8, 4}},
    {"add", DType::F64, map<double, double, [](double a, double b) { return a + b; }>, {8, 8, 8}},
    {"select", DType::F32, select_f32, {4, 1, 4, 4}},
};

// [M, N, K]: operands A [M, K], B [K, N], C [M, N] (float32). A unit is up to 8 rows; phase 0 transposes B into scratch.
// Blocks of at most `kBlockColumns` columns go to the epilogue.
inline constexpr int64_t kBlockRows = 8, kBlockColumns = 40;

inline Work plan_matmul(const int64_t* ints, bool epilogue) {
  Work work;
  work.phases = 2;
  work.units[0] = ints[1];
  work.units[1] = (ints[0] + kBlockRows - 1) / kBlockRows;
  work.nanoseconds = static_cast<double>(ints[0] * ints[1] * ints[2]);
  work.shared_bytes = ints[1] * ints[2] * 4;
  work.local_bytes = epilogue ? kBlockRows * kBlockColumns * 4 : 0;
  return work;
}

inline void matmul_block(const Args& args, const float* packed, int64_t i0, int64_t i1, int64_t j0, int64_t j1) {
  const int64_t columns = args.ints[1], depth = args.ints[2];
  const int64_t pitch = args.epilogue != nullptr ? kBlockColumns : columns;
  float* block = args.epilogue != nullptr ? static_cast<float*>(args.local) : args.at<float>(2) + i0 * columns + j0;
  for (int64_t i = i0; i < i1; i++)
    for (int64_t j = j0; j < j1; j++) {
      float sum = 0;
      for (int64_t k = 0; k < depth; k++) sum += args.at<float>(0)[i * depth + k] * packed[j * depth + k];
      block[(i - i0) * pitch + j - j0] = sum;
    }
  if (args.epilogue != nullptr) args.epilogue->apply(args.epilogue, block, pitch * 4, 0, i0, i1, j0, j1);
}

inline void matmul(const Args& args, Range units) {
  const int64_t rows = args.ints[0], columns = args.ints[1], depth = args.ints[2];
  float* packed = static_cast<float*>(args.shared);
  for (int64_t u = units.begin; u < units.end; u++) {
    if (args.phase == 0) {
      for (int64_t k = 0; k < depth; k++) packed[u * depth + k] = args.at<float>(1)[k * columns + u];
      continue;
    }
    for (int64_t j = 0; j < columns; j += kBlockColumns)
      matmul_block(args, packed, u * kBlockRows, std::min(rows, (u + 1) * kBlockRows), j, std::min(columns, j + kBlockColumns));
  }
}

inline void matmul_contract(Contract& c) {
  const Extent m = c.size("M"), n = c.size("N"), k = c.size("K");
  c.in(m * k);
  c.in(k * n);
  c.product(1, m, n);
}

// [n, size]: operands x [size] (float32), indices [n] (int32), out [n].
inline Work plan_take(const int64_t* ints, bool) {
  Work work;
  work.units[0] = ints[0];
  work.nanoseconds = 100.0 * static_cast<double>(ints[0]);
  return work;
}

inline void take(const Args& args, Range units) {
  for (int64_t i = units.begin; i < units.end; i++) {
    const int32_t index = args.at<int32_t>(1)[i];
    if (index < 0 || index >= args.ints[1]) {
      args.fault->report(Fault::IndexOutOfRange, index, args.ints[1]);
    } else {
      args.at<float>(2)[i] = args.at<float>(0)[index];
    }
  }
}

inline void take_contract(Contract& c) {
  const Extent n = c.size("n"), size = c.size("size");
  c.in(size);
  c.in(DType::I32, n);
  c.out(n);
}

enum Kernel { Fused = -1, Matmul, Take };
inline constexpr KernelRow kKernels[] = {
    {"matmul", DType::F32, matmul, plan_matmul, matmul_contract},
    {"take", DType::F32, take, plan_take, take_contract},
};

inline const Catalog& catalog() {
  static constexpr Family family = {{kKernels, std::size(kKernels)}, {kTiles, std::size(kTiles)}};
  static constexpr const Family* families[] = {&family};
  static constexpr IsaTable table = {"test", families, 1};
  static const Catalog catalog = catalog_of(table);
  return catalog;
}

}  // namespace keratin::test
