// Throughput of the kernels that move, reduce and make data, on one thread: GB/s of bytes read and written, and elements
// per nanosecond. Arguments: part of a kernel's name, to run only those; KERATIN_ISA names the instruction set.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>
#include "base/denormals.h"
#include "exec/registry.h"

using namespace keratin;

struct Case {
  const char* label;
  const char* kernel;
  DType dtype;
  std::vector<int64_t> ints;
  std::vector<double> floats;
  std::vector<int64_t> operand_bytes;  // inputs first; an input of int32 indices is marked by a negative size
  int64_t index_limit;
  double bytes, elements;
};

// Fills one operand: indices below the limit, or floats in (0, 1).
static void prepare(std::vector<char>& operand, bool indices, int64_t limit, DType dtype) {
  uint32_t state = 12345;
  const auto next = [&] { return state = state * 1664525u + 1013904223u; };
  if (indices) {
    auto* data = reinterpret_cast<int32_t*>(operand.data());
    for (size_t i = 0; i < operand.size() / 4; ++i) data[i] = static_cast<int32_t>((next() >> 4) % limit);
  } else if (dtype == DType::F64) {
    auto* data = reinterpret_cast<double*>(operand.data());
    for (size_t i = 0; i < operand.size() / 8; ++i) data[i] = (next() >> 8) * 0x1p-24;
  } else {
    auto* data = reinterpret_cast<float*>(operand.data());
    for (size_t i = 0; i < operand.size() / 4; ++i) data[i] = static_cast<float>(next() >> 8) * 0x1p-24f;
  }
}

static void run_once(const KernelRow& row, const Work& work, Args args) {
  for (args.phase = 0; args.phase < work.phases; ++args.phase) row.run(args, {0, work.units[args.phase]});
}

// Best of some repeats of about a millisecond each: other work on the machine only ever adds time.
static double nanoseconds_of(const KernelRow& row, const Work& work, const Args& args) {
  using Clock = std::chrono::steady_clock;
  const auto measure = [&](int64_t repeats) {
    const auto start = Clock::now();
    for (int64_t i = 0; i < repeats; ++i) run_once(row, work, args);
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / static_cast<double>(repeats);
  };
  measure(1);
  const int64_t repeats = std::max<int64_t>(1, static_cast<int64_t>(1e6 / std::max(measure(1), 1.0)));
  double best = measure(repeats);
  for (int i = 0; i < 20; ++i) best = std::min(best, measure(repeats));
  return best;
}

static void report(const IsaTable& isa, const Case& c) {
  const KernelRow* row = find_kernel(isa, c.kernel, c.dtype);
  if (!row) return;
  std::vector<std::vector<char>> operands;
  std::vector<void*> pointers;
  for (int64_t bytes : c.operand_bytes) {
    operands.emplace_back(static_cast<size_t>(std::abs(bytes)));
    prepare(operands.back(), bytes < 0, c.index_limit, c.dtype);
  }
  for (auto& operand : operands) pointers.push_back(operand.data());
  const Work work = row->plan(c.ints.data(), false);
  void* shared = std::aligned_alloc(64, static_cast<size_t>((work.shared_bytes + 64) & ~int64_t{63}));
  void* local = std::aligned_alloc(64, static_cast<size_t>((work.local_bytes + 64) & ~int64_t{63}));
  Fault fault;
  const Args args = {pointers.data(), c.ints.data(), c.floats.data(), nullptr, shared, local, &fault, 0};
  const double time = nanoseconds_of(*row, work, args);
  std::printf("%-28s %-34s %12.0f ns %8.1f GB/s %8.2f elements/ns   (plan: %lld units, %.0f ns)\n", c.kernel, c.label, time,
              c.bytes / time, c.elements / time, static_cast<long long>(work.units[0]), work.nanoseconds);
  std::free(shared);
  std::free(local);
}

// A strided copy into a contiguous output of `dims`.
static Case copy_case(const char* label, DType dtype, std::vector<int64_t> dims, std::vector<int64_t> strides,
                      int64_t in_elements, int64_t in_offset = 0) {
  std::vector<int64_t> ints = {static_cast<int64_t>(dims.size())}, out(dims.size());
  int64_t elements = 1;
  for (size_t d = dims.size(); d-- > 0;) {
    out[d] = elements;
    elements *= dims[d];
  }
  for (const auto& part : {dims, strides, out}) ints.insert(ints.end(), part.begin(), part.end());
  ints.insert(ints.end(), {in_offset, 0});
  const int64_t size = size_of(dtype), bytes = (std::min(in_elements, elements) + elements) * size;
  return {label, "copy_strided", dtype, ints, {}, {in_elements * size, elements * size}, 1, double(bytes), double(elements)};
}

// A reduction of x [outer, n, inner].
static Case reduce_case(const char* label, const char* kernel, int64_t outer, int64_t n, int64_t inner,
                        DType dtype = DType::F32) {
  const int64_t elements = outer * n * inner, bytes = elements * size_of(dtype);
  return {label, kernel, dtype, {outer, n, inner}, {}, {bytes, outer * inner * 8}, 1, double(bytes), double(elements)};
}

static Case softmax_case(const char* label, const char* kernel, int64_t outer, int64_t n, int64_t inner,
                         DType dtype = DType::F32) {
  const int64_t elements = outer * n * inner, bytes = elements * size_of(dtype);
  return {label, kernel, dtype, {outer, n, inner}, {}, {bytes, bytes}, 1, double(2 * bytes), double(elements)};
}

static Case random_case(const char* kernel, DType dtype, int64_t n, std::vector<int64_t> limits, std::vector<double> floats) {
  std::vector<int64_t> ints = {n};
  ints.insert(ints.end(), limits.begin(), limits.end());
  const int64_t bytes = n * size_of(dtype);
  return {name_of(dtype), kernel, dtype, ints, floats, {8, bytes}, 1, double(bytes), double(n)};
}

static std::vector<Case> all_cases() {
  constexpr DType F32 = DType::F32, F64 = DType::F64, I32 = DType::I32;
  return {
      copy_case("contiguous 64 KiB", F32, {16384}, {1}, 16384),
      copy_case("contiguous 16 MiB", F32, {4194304}, {1}, 4194304),
      copy_case("transpose 128x128", F32, {128, 128}, {1, 128}, 16384),
      copy_case("transpose 784x512", F32, {784, 512}, {1, 784}, 784 * 512),
      copy_case("transpose 4096x4096", F32, {4096, 4096}, {1, 4096}, 4096 * 4096),
      copy_case("transpose 1000x1000 f64", F64, {1000, 1000}, {1, 1000}, 1000000),
      copy_case("transpose 1024x1024 u8", DType::U8, {1024, 1024}, {1, 1024}, 1048576),
      copy_case("transpose 1024x1024 f16", DType::F16, {1024, 1024}, {1, 1024}, 1048576),
      copy_case("heads [8,128,4,64]->[8,4,128,64]", F32, {8, 4, 128, 64}, {32768, 64, 256, 1}, 262144),
      copy_case("NCHW->NHWC [8,3,224,224]", F32, {8, 224, 224, 3}, {150528, 224, 1, 50176}, 8 * 150528),
      copy_case("NHWC->NCHW [8,3,224,224]", F32, {8, 3, 224, 224}, {150528, 1, 672, 3}, 8 * 150528),
      copy_case("NHWC->NCHW [8,64,56,56]", F32, {8, 64, 56, 56}, {200704, 1, 3584, 64}, 8 * 200704),
      copy_case("flip [1024,1024]", F32, {1024, 1024}, {1024, -1}, 1048576, 1023),
      copy_case("broadcast row [1024,1024]", F32, {1024, 1024}, {0, 1}, 1024),
      copy_case("broadcast column [1024,1024]", F32, {1024, 1024}, {1, 0}, 1024),
      {"4 MiB", "fill", F32, {1048576, 0}, {}, {4, 4194304}, 1, 4194304, 1048576},
      {"1M", "iota", F32, {1048576}, {0, 1}, {4194304}, 1, 4194304, 1048576},
      {"batch 128 of [60000,784]", "gather", F32, {1, 60000, 784, 128, 1}, {},
       {60000 * 784 * 4, -512, 128 * 784 * 4}, 60000, 2 * 128 * 784 * 4.0, 128 * 784.0},
      {"embedding 2560 of [20000,128]", "gather", F32, {1, 20000, 128, 2560, 1}, {},
       {20000 * 512, -2560 * 4, 2560 * 512}, 20000, 2 * 2560 * 512.0, 2560 * 128.0},
      {"scalars 65536 of [65536,1]", "gather", F32, {1, 65536, 1, 65536, 1}, {}, {262144, -262144, 262144}, 65536, 786432, 65536},
      {"[4096,10] along 1", "gather_along", F32, {4096, 10, 1, 1, 1}, {}, {163840, -16384, 16384}, 10, 49152, 4096},
      {"[20000,128] += 2560", "scatter_add", F32, {1, 20000, 128, 2560, 0}, {},
       {20000 * 512, -2560 * 4, 2560 * 512, 20000 * 512}, 20000, 2 * 20000 * 512.0 + 3 * 2560 * 512.0, 2560 * 128.0},
      {"[1000,1] += 65536", "scatter_add", F32, {1, 1000, 1, 65536, 0}, {}, {4000, -262144, 262144, 4000}, 1000, 524288, 65536},
      reduce_case("[1,10000000,1]", "sum", 1, 10000000, 1),
      reduce_case("[128,784,1]", "sum", 128, 784, 1),
      reduce_case("[1,128,512]", "sum", 1, 128, 512),
      reduce_case("[1,100352,64]", "sum", 1, 100352, 64),
      reduce_case("[1,100000,3]", "sum", 1, 100000, 3),
      reduce_case("[4096,10,1]", "sum", 4096, 10, 1),
      reduce_case("[32,49,512]", "sum", 32, 49, 512),
      reduce_case("[1,128,512] f64", "sum", 1, 128, 512, F64),
      reduce_case("[128,784,1]", "max", 128, 784, 1),
      reduce_case("[1,128,512]", "max", 1, 128, 512),
      reduce_case("[128,784,1] f16", "max", 128, 784, 1, DType::F16),
      reduce_case("[128,1000,1]", "argmax", 128, 1000, 1),
      reduce_case("[128,10,1]", "argmax", 128, 10, 1),
      reduce_case("[1,1000000,1]", "argmax", 1, 1000000, 1),
      reduce_case("[16,128,512]", "argmax", 16, 128, 512),
      softmax_case("[128,10]", "softmax", 128, 10, 1),
      softmax_case("[4096,128]", "softmax", 4096, 128, 1),
      softmax_case("[128,1000]", "softmax", 128, 1000, 1),
      softmax_case("[64,32000]", "softmax", 64, 32000, 1),
      softmax_case("[32,128,64] axis 1", "softmax", 32, 128, 64),
      softmax_case("[128,1000]", "log_softmax", 128, 1000, 1),
      softmax_case("[128,1000]", "logsumexp", 128, 1000, 1),
      softmax_case("[128,1000] f64", "softmax", 128, 1000, 1, F64),
      {"[128,10]", "softmax_crossentropy", F32, {128, 10}, {}, {5120, 5120, 512, 5120}, 1, 15360, 1280},
      {"[128,10]", "sparse_softmax_crossentropy", F32, {128, 10}, {}, {5120, -512, 512, 5120}, 10, 10240, 1280},
      {"[128,1000]", "sparse_softmax_crossentropy", F32, {128, 1000}, {}, {512000, -512, 512, 512000}, 1000, 1024000, 128000},
      random_case("random_bits", DType::U32, 1048576, {}, {}),
      random_case("random_uniform", F32, 1048576, {}, {0, 1}),
      random_case("random_uniform", F64, 1048576, {}, {0, 1}),
      random_case("random_normal", F32, 1048576, {}, {0, 1}),
      random_case("random_normal", F64, 1048576, {}, {0, 1}),
      random_case("random_truncated_normal", F32, 1048576, {}, {0, 1}),
      random_case("random_truncated_normal", F64, 1048576, {}, {0, 1}),
      random_case("random_int", I32, 1048576, {0, 10}, {}),
      random_case("permutation", I32, 60000, {}, {}),
  };
}

int main(int argc, char** argv) {
  std::string error;
  const Catalog* catalog = active_catalog(&error);
  if (catalog == nullptr) {
    std::fprintf(stderr, "memory: %s\n", error.c_str());
    return 1;
  }
  const IsaTable* isa = catalog->table;
  FlushDenormals flush;
  std::printf("%s, one thread\n", isa->name);
  for (const Case& c : all_cases()) {
    if (argc < 2 || std::strstr(c.kernel, argv[1])) report(*isa, c);
  }
}
