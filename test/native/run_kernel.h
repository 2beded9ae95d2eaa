// Runs one kernel in a test, the way the executor does, for every instruction set of this build and machine.
#pragma once
#include <gtest/gtest.h>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>
#include "base/denormals.h"
#include "exec/registry.h"

namespace keratin::testing {

// How the units of a phase are handed out: all at once, or one by one from the last to the first.
enum class Order { Together, Reversed };

struct Outcome {
  bool found = false;
  int32_t fault = Fault::None;
  int64_t value = 0, limit = 0;
};

// The instruction sets that this build and this machine have.
inline std::vector<const IsaTable*> isa_tables() {
  std::vector<const IsaTable*> tables;
  for (const char* name : usable_isas()) tables.push_back(isa_table(name));
  return tables;
}

// Scratch memory of exactly `bytes`, aligned as the contract says, so that a sanitizer sees what lies beyond it.
class Scratch {
 public:
  explicit Scratch(int64_t bytes) : data_(bytes > 0 ? std::malloc(static_cast<size_t>(bytes) + 64) : nullptr) {
    if (data_) std::memset(data_, 0xa5, static_cast<size_t>(bytes) + 64);
  }
  ~Scratch() { std::free(data_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  void* aligned() const { return reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(data_) + 63) & ~uintptr_t{63}); }

 private:
  void* data_;
};

// Whether a kernel's contract refuses the integers.
inline bool refuses(const KernelRow& row, const std::vector<int64_t>& ints, bool epilogue = false) {
  Contract contract(row.types, ints.data(), static_cast<int64_t>(ints.size()), 0, epilogue);
  row.contract.call(contract);
  return !contract.ok();
}

// The kernel's contract states exactly these integers, reals and operands.
inline void expect_contract(const KernelRow& row, const std::vector<int64_t>& ints, size_t reals, size_t operands) {
  Contract contract(row.types, ints.data(), static_cast<int64_t>(ints.size()), static_cast<int64_t>(reals), false);
  row.contract.call(contract);
  contract.close();
  EXPECT_TRUE(contract.ok()) << row.name << ": " << contract.what() << ": " << contract.why();
  EXPECT_EQ(static_cast<size_t>(contract.operand_count()), operands) << row.name;
}

// Runs kernel `name` of `dtype` on the operands.
inline Outcome run_kernel(const IsaTable& isa, const char* name, DType dtype, const std::vector<int64_t>& ints,
                          const std::vector<double>& floats, const std::vector<void*>& operands,
                          Order order = Order::Together) {
  Outcome outcome;
  const KernelRow* row = find_kernel(isa, name, dtype);
  if (!row) return outcome;
  outcome.found = true;
  expect_contract(*row, ints, floats.size(), operands.size());
  const Work work = row->plan(ints.data(), false);
  const Scratch shared(work.shared_bytes), local(work.local_bytes);
  Fault fault;
  const FlushDenormals flush;
  for (int phase = 0; phase < work.phases; ++phase) {
    const Args args = {operands.data(), ints.data(), floats.data(), nullptr, shared.aligned(), local.aligned(), &fault, phase};
    if (order == Order::Together) {
      row->run(args, {0, work.units[phase]});
    } else {
      for (int64_t unit = work.units[phase] - 1; unit >= 0; --unit) row->run(args, {unit, unit + 1});
    }
  }
  outcome.fault = fault.code;
  outcome.value = fault.value;
  outcome.limit = fault.limit;
  return outcome;
}

// A small reproducible generator for test data (splitmix64).
class Noise {
 public:
  explicit Noise(uint64_t seed) : state_(seed) {}
  uint64_t bits() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  int64_t below(int64_t n) { return static_cast<int64_t>(bits() % static_cast<uint64_t>(n)); }
  double uniform(double lo, double hi) { return lo + (hi - lo) * static_cast<double>(bits() >> 11) * 0x1p-53; }

 private:
  uint64_t state_;
};

inline constexpr DType kAllDTypes[] = {DType::Bool, DType::U8,  DType::U16,  DType::U32, DType::U64, DType::I8, DType::I16,
                                       DType::I32,  DType::I64, DType::F16, DType::BF16, DType::F32, DType::F64};

// Bytes of noise.
inline std::vector<char> noise_bytes(int64_t count, uint64_t seed) {
  Noise noise(seed);
  std::vector<char> bytes(static_cast<size_t>(count));
  for (char& byte : bytes) byte = static_cast<char>(noise.bits());
  return bytes;
}

}  // namespace keratin::testing
