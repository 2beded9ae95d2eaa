// What the kernels that move data share: a row for every element type, short copies, and how flat work is split.
#pragma once
#include <cstring>
#include "kernels/arithmetic.h"

// One row for each element type of a kernel that only looks at the size of an element: fn<T> and plan<T> of the
// unsigned integer T of that size.
#define KR_ROWS_BY_SIZE(name, fn, plan, contract)                                                                                     \
  {name, DType::Bool, fn<uint8_t>, plan<uint8_t>, contract}, {name, DType::U8, fn<uint8_t>, plan<uint8_t>, contract},                 \
      {name, DType::U16, fn<uint16_t>, plan<uint16_t>, contract}, {name, DType::U32, fn<uint32_t>, plan<uint32_t>, contract},         \
      {name, DType::U64, fn<uint64_t>, plan<uint64_t>, contract}, {name, DType::I8, fn<uint8_t>, plan<uint8_t>, contract},            \
      {name, DType::I16, fn<uint16_t>, plan<uint16_t>, contract}, {name, DType::I32, fn<uint32_t>, plan<uint32_t>, contract},         \
      {name, DType::I64, fn<uint64_t>, plan<uint64_t>, contract}, {name, DType::F16, fn<uint16_t>, plan<uint16_t>, contract},         \
      {name, DType::BF16, fn<uint16_t>, plan<uint16_t>, contract}, {name, DType::F32, fn<uint32_t>, plan<uint32_t>, contract},        \
      {name, DType::F64, fn<uint64_t>, plan<uint64_t>, contract}

// One row for float32 and float64: fn<T> and plan<T> of the type itself.
#define KR_ROWS_FLOAT(name, fn, plan, contract) \
  {name, DType::F32, fn<float>, plan<float>, contract}, {name, DType::F64, fn<double>, plan<double>, contract}

// The same, and each integer type.
#define KR_ROWS_ARITHMETIC(name, fn, plan, contract)                                                                                  \
  {name, DType::U8, fn<uint8_t>, plan<uint8_t>, contract}, {name, DType::U16, fn<uint16_t>, plan<uint16_t>, contract},                \
      {name, DType::U32, fn<uint32_t>, plan<uint32_t>, contract}, {name, DType::U64, fn<uint64_t>, plan<uint64_t>, contract},         \
      {name, DType::I8, fn<int8_t>, plan<int8_t>, contract}, {name, DType::I16, fn<int16_t>, plan<int16_t>, contract},                \
      {name, DType::I32, fn<int32_t>, plan<int32_t>, contract}, {name, DType::I64, fn<int64_t>, plan<int64_t>, contract},             \
      KR_ROWS_FLOAT(name, fn, plan, contract)

// The same, and bool, float16 and bfloat16: for kernels that compare.
#define KR_ROWS_BY_VALUE(name, fn, plan, contract)                                                                                    \
  {name, DType::Bool, fn<uint8_t>, plan<uint8_t>, contract}, {name, DType::F16, fn<f16>, plan<f16>, contract},                        \
      {name, DType::BF16, fn<bf16>, plan<bf16>, contract}, KR_ROWS_ARITHMETIC(name, fn, plan, contract)

namespace keratin::KR_ISA {

// Bytes that a unit of a memory-bound kernel moves: small enough to share out evenly and to stay in the first-level
// cache, large enough that claiming a unit costs nothing beside it.
inline constexpr int64_t kUnitBytes = 32 * 1024;

// Cost of moving memory, a mean of second-level cache and main memory.
inline constexpr double kBytesPerNanosecond = 24;

// Part `index` of [0, n) cut in pieces of `step`.
KR_INLINE Range piece_of(int64_t index, int64_t step, int64_t n) {
  return {min_of(index * step, n), min_of((index + 1) * step, n)};
}

// Copies `bytes` by two overlapping moves of `Word`, for Word <= bytes <= 2 Word.
template <typename Word>
KR_INLINE void copy_ends(char* out, const char* in, int64_t bytes) {
  Word head, tail;
  std::memcpy(&head, in, sizeof(Word));
  std::memcpy(&tail, in + bytes - sizeof(Word), sizeof(Word));
  std::memcpy(out, &head, sizeof(Word));
  std::memcpy(out + bytes - sizeof(Word), &tail, sizeof(Word));
}

// out[0..n) = in[0..n). A call of memcpy costs more than a short run itself.
template <typename T>
KR_INLINE void copy_run(T* out_run, const T* in_run, int64_t n) {
  typedef uint64_t Pair __attribute__((vector_size(16)));
  typedef uint64_t Quad __attribute__((vector_size(32)));
  const int64_t bytes = n * static_cast<int64_t>(sizeof(T));
  char* out = reinterpret_cast<char*>(out_run);
  const char* in = reinterpret_cast<const char*>(in_run);
  if (bytes > 64) {
    std::memcpy(out, in, static_cast<size_t>(bytes));
  } else if (bytes >= 32) {
    copy_ends<Quad>(out, in, bytes);
  } else if (bytes >= 16) {
    copy_ends<Pair>(out, in, bytes);
  } else if (bytes >= 8) {
    copy_ends<uint64_t>(out, in, bytes);
  } else if (bytes >= 4) {
    copy_ends<uint32_t>(out, in, bytes);
  } else {
    for (int64_t i = 0; i < n; ++i) out_run[i] = in_run[i];
  }
}

}  // namespace keratin::KR_ISA
