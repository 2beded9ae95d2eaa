// The contract between kernels and the executor. A kernel is a plain function over raw pointers and a range of work units:
// it does not allocate, throw, spawn or keep state. Everything here is constant data or always inlined, because the kernel
// files are compiled once per instruction set and an out-of-line copy of a shared function could carry the wrong one.
#pragma once
#include <atomic>
#include <cstdint>
#include "base/contract.h"
#include "base/cpu.h"

namespace keratin {

// Half-open range of work units. A unit is what the kernel's `plan` says; results never depend on how units are grouped.
struct Range {
  int64_t begin, end;
};

// Where a kernel reports what only data can tell, and the executor that it has no scratch for it. The first report wins; the executor stops
// after the instruction.
struct Fault {
  enum Code : int32_t { None = 0, IndexOutOfRange = 1, OutOfMemory = 2 };
  std::atomic<int32_t> code{None};
  int64_t value = 0, limit = 0;  // the offending value, and the exclusive upper bound that it broke
  KR_INLINE void report(Code c, int64_t v, int64_t bound) {
    int32_t expected = None;
    if (code.compare_exchange_strong(expected, c)) {
      value = v;
      limit = bound;
    }
  }
};

// An elementwise program applied to rows [i0, i1) x columns [j0, j1) of a product (one matrix of the batch), while the tile
// is still in cache. `tile` holds the product's values, row i at tile + (i - i0) * row_bytes. Reads other operands and
// writes the instruction's outputs itself. Rows may run on into the next matrices: a kernel that counts rows through the whole
// batch passes batch = 0.
struct Epilogue {
  void (*apply)(const Epilogue* self, void* tile, int64_t row_bytes, int64_t batch, int64_t i0, int64_t i1, int64_t j0,
                int64_t j1);
};

// What an instruction hands to its kernel.
struct Args {
  void* const* operands;     // in the order documented at the kernel; inputs first, then outputs
  const int64_t* ints;       // integer attributes, in the order documented at the kernel
  const double* floats;      // real attributes
  const Epilogue* epilogue;  // null: the kernel writes its output operand itself
  void* shared;              // scratch of Work::shared_bytes, common to all threads and phases; 64-byte aligned
  void* local;               // scratch of Work::local_bytes for the calling thread; 64-byte aligned
  Fault* fault;
  int phase;                 // 0 .. Work::phases - 1; all units of a phase finish before the next begins

  template <typename T>
  KR_INLINE T* at(int i) const { return static_cast<T*>(operands[i]); }
};

// How an instruction is split, computed once from its integer attributes when the plan is compiled.
// The split depends on shapes alone, never on the number of threads: that is what makes results reproducible.
struct Work {
  int64_t units[3] = {1, 1, 1};   // independent units in each phase
  int phases = 1;
  double nanoseconds = 0;         // rough cost on one thread; short instructions stay on the calling thread
  int64_t shared_bytes = 0, local_bytes = 0;
};

// A function that must be named: a row without it does not compile.
template <typename Function>
struct Stated {
  Function* call;
  constexpr Stated(Function* function) : call(function) {}
};

// A kernel: an instruction's implementation for one element type, or from one to another. `name` is the primitive's name in lib/ops.
// Of rows that can do the same the first one that the processor can run is taken: the fastest come first.
struct KernelRow {
  const char* name;
  DTypes types;
  void (*run)(const Args&, Range);
  Work (*plan)(const int64_t* ints, bool epilogue);  // asked only about integers that keep the contract
  Stated<void(Contract&)> contract;
  CpuFeature feature = CpuFeature::None;  // what the processor must have beyond the instruction set
};

// Bytes of the elements that a tile op writes and reads; 0: it has no such input.
struct TileSizes {
  uint8_t out, in[3];
  constexpr TileSizes(int to, int a, int b = 0, int c = 0)
      : out(static_cast<uint8_t>(to)), in{static_cast<uint8_t>(a), static_cast<uint8_t>(b), static_cast<uint8_t>(c)} {}
};

// A tile op: one step of an elementwise program over `n` contiguous elements (n <= kTile).
// Unused inputs are null. `out` may be equal to an input of the same element size, never partly overlapping.
struct TileRow {
  const char* name;
  DType dtype;  // of the first input
  void (*run)(void* out, const void* a, const void* b, const void* c, int64_t n);
  TileSizes sizes;
};

// Elements in a tile of an elementwise program: a few registers of 4 KiB stay in the first-level cache.
inline constexpr int64_t kTile = 1024;

template <typename Row>
struct Rows {
  const Row* begin;
  int64_t count;
};

// Everything one kernel file offers.
struct Family {
  Rows<KernelRow> kernels;
  Rows<TileRow> tiles;
};

// One per instruction set, assembled from all families by exec/isa_table.cc.
struct IsaTable {
  const char* name;
  const Family* const* families;
  int64_t count;
};

}  // namespace keratin

// KR_FAMILY closes a kernel file: native/kernels/<family>.cc defines KR_ISA::family_<family>. Either list may be empty. All else in the
// file stands in an unnamed namespace, so that files may use the same names.
//   constexpr KernelRow kernels[] = {{"sum", DType::F32, sum<float>, plan_sum, sum_contract}, ...};
//   KR_FAMILY(reduce, KR_ROWS(kernels), {})
#define KR_ROWS(array) {array, static_cast<int64_t>(sizeof(array) / sizeof((array)[0]))}
#define KR_FAMILY(family, kernels, ...) \
  extern const Family family_##family;  \
  constinit const Family family_##family = {kernels, __VA_ARGS__};
