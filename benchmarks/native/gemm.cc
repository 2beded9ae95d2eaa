// Speed of the float32 matrix product, shape by shape, on one thread and on two, beside the peak of the multiply-add units.
// Usage: gemm [isa [M,N,K,transposed A,transposed B,batch ...]]; without shapes, those below. The least elapsed time of many
// repeats counts, which needs a quiet machine. Processor time would not: a thread that is preempted is charged too little
// now and then, and the least of many repeats then exceeds the peak. A result above the peak is marked with an exclamation.
#include <time.h>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include "exec/registry.h"

namespace {
using namespace keratin;

struct Shape {
  int64_t m, n, k;
  bool transposed_a = false, transposed_b = false;
  int64_t batch = 1;
};

const Shape kShapes[] = {
    {256, 256, 256}, {512, 512, 512}, {1024, 1024, 1024}, {1024, 1024, 1024, true}, {1024, 1024, 1024, false, true},
    {2048, 2048, 2048}, {4096, 512, 128}, {4096, 1024, 256},
    // mnist_mlp: forward, weight gradient and input gradient of its layers
    {128, 512, 784}, {784, 512, 128, true}, {128, 784, 512, false, true}, {128, 10, 512}, {512, 10, 128, true},
    {128, 512, 10, false, true},
    // tiny_mlp, vectors, few rows
    {10, 10, 8}, {10, 1, 10}, {8, 10, 10, true}, {1, 10, 8}, {1, 4096, 4096}, {1, 4096, 4096, false, true}, {4096, 1, 4096},
    {4, 2048, 2048}, {32, 512, 128},
    // attention: 32 sequences of 128 tokens, 4 heads of 64
    {128, 128, 64, false, true, 128}, {128, 64, 128, false, false, 128},
};

double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

void* buffer(int64_t bytes) {
  const size_t size = static_cast<size_t>((bytes + 127) / 64 * 64);
  return std::memset(std::aligned_alloc(64, size), 0, size);
}

// One product, ready to run.
struct Product {
  const KernelRow& kernel;
  const int64_t ints[11];
  const Work work;
  void* const operands[3];
  void* const shared;
  void* const local[2];

  Product(const KernelRow& row, const Shape& s)
      : kernel(row),
        ints{s.m, s.n, s.k, s.transposed_a ? 1 : s.k, s.transposed_a ? s.m : 1, s.transposed_b ? 1 : s.n,
             s.transposed_b ? s.k : 1, s.batch > 1, s.batch, s.m * s.k, s.k * s.n},
        work(row.plan(ints, false)),
        operands{buffer(s.batch * s.m * s.k * 4), buffer(s.batch * s.k * s.n * 4), buffer(s.batch * s.m * s.n * 4)},
        shared(buffer(work.shared_bytes)),
        local{buffer(work.local_bytes), buffer(work.local_bytes)} {}
  ~Product() {
    for (void* p : {operands[0], operands[1], operands[2], shared, local[0], local[1]}) std::free(p);
  }
  Product(const Product&) = delete;
  Product& operator=(const Product&) = delete;

  void run(int phase, Range units, int thread) const {
    kernel.run({operands, ints, nullptr, nullptr, shared, local[thread], nullptr, phase}, units);
  }
};

// The caller and one helper, which spins while it waits, take units one by one.
class Pair {
 public:
  explicit Pair(const Product& product) : product_(product), helper_([this] { help(); }) {}
  ~Pair() {
    phase_ = -1;
    round_.fetch_add(1);
    helper_.join();
  }
  void run() {
    for (int phase = 0; phase < product_.work.phases; ++phase) {
      phase_ = phase;
      next_ = 0;
      done_ = false;
      round_.fetch_add(1, std::memory_order_release);
      take(0);
      while (!done_.load(std::memory_order_acquire)) continue;
    }
  }

 private:
  void take(int thread) {
    const int64_t units = product_.work.units[phase_];
    for (int64_t unit; (unit = next_.fetch_add(1)) < units;) product_.run(phase_, {unit, unit + 1}, thread);
  }
  void help() {
    for (int64_t seen = 0;; ++seen) {
      while (round_.load(std::memory_order_acquire) == seen) continue;
      if (phase_ < 0) return;
      take(1);
      done_.store(true, std::memory_order_release);
    }
  }
  const Product& product_;
  std::atomic<int64_t> round_{0}, next_{0};
  std::atomic<bool> done_{false};
  int phase_ = 0;
  std::thread helper_;
};

// Nanoseconds of one call: the least over 0.3 s, or 5 repeats, of the mean over enough calls to be measured.
double time_of(const std::function<void()>& call) {
  double best = 1e30, spent = 0;
  int64_t calls = 1;
  for (int repeat = 0; spent < 0.3e9 || repeat < 5; ++repeat) {
    const double start = now();
    for (int64_t i = 0; i < calls; ++i) call();
    const double ns = now() - start;
    best = std::min(best, ns / static_cast<double>(calls));
    if (ns < 50e3) calls *= 2;
    spent += ns;
  }
  return best;
}

// GFLOP/s of multiply-adds in registers alone: 12 sums for each of two units of latency 4.
#if defined(__x86_64__)
#define PEAK(isa, Vector, fma)                                                      \
  __attribute__((target(isa))) double peak_##Vector() {                             \
    constexpr int64_t kSteps = 20000, kSums = 12, kLanes = sizeof(Vector) / 4;      \
    Vector sums[kSums] = {}, x = sums[0];                                           \
    const double start = now();                                                 \
    for (int64_t s = 0; s < kSteps; ++s) {                                          \
      _Pragma("GCC unroll 12") for (Vector & sum : sums) {                          \
        sum = fma(sum, x, x);                                                       \
        asm volatile("" : "+v"(sum));                                               \
      }                                                                             \
    }                                                                               \
    return static_cast<double>(2 * kSteps * kSums * kLanes) / (now() - start);  \
  }
PEAK("avx512f", __m512, _mm512_fmadd_ps)
PEAK("avx2,fma", __m256, _mm256_fmadd_ps)
#undef PEAK
#endif

double peak(const std::string& isa) {
  double best = 0;
  for (int repeat = 0; repeat < 30; ++repeat) {
#if defined(__x86_64__)
    if (isa == "avx512") best = std::max(best, peak___m512());
    if (isa == "avx2") best = std::max(best, peak___m256());
#endif
  }
  return best;
}

std::vector<Shape> shapes_of(int argc, char** argv) {
  if (argc <= 2) return {std::begin(kShapes), std::end(kShapes)};
  std::vector<Shape> shapes;
  for (int i = 2; i < argc; ++i) {
    long v[6] = {0, 0, 0, 0, 0, 1};
    std::sscanf(argv[i], "%ld,%ld,%ld,%ld,%ld,%ld", v, v + 1, v + 2, v + 3, v + 4, v + 5);
    shapes.push_back({v[0], v[1], v[2], v[3] != 0, v[4] != 0, v[5]});
  }
  return shapes;
}

void report(const KernelRow& kernel, const Shape& s, double peak) {
  const Product product(kernel, s);
  const Work& work = product.work;
  const double one = time_of([&] {
    for (int phase = 0; phase < work.phases; ++phase) product.run(phase, {0, work.units[phase]}, 0);
  });
  double two = one;
  if (work.units[work.phases - 1] > 1) {
    Pair pair(product);
    two = time_of([&] { pair.run(); });
  }
  const auto real = [](int64_t x) { return static_cast<double>(x); };
  const double flops = 2 * real(s.m) * real(s.n) * real(s.k) * real(s.batch);
  const double bytes = 4 * real(s.batch) * real(s.m * s.k + s.k * s.n + s.m * s.n);
  std::string name = std::to_string(s.m) + "x" + std::to_string(s.k) + (s.transposed_a ? "' . " : " . ") + std::to_string(s.k) +
                     "x" + std::to_string(s.n) + (s.transposed_b ? "'" : "");
  if (s.batch > 1) name = std::to_string(s.batch) + " of " + name;
  std::printf("%-32s %6lld %12.0f %8.1f %7.1f", name.c_str(), static_cast<long long>(work.units[work.phases - 1]), one,
              flops / one, bytes / one);
  if (peak > 0) std::printf(" %5.1f%%%c", 100 * flops / one / peak, flops / one > peak ? '!' : ' ');
  std::printf(" %14.0f %8.1f\n", two, flops / two);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<const char*> usable = usable_isas();
  const std::string isa = argc > 1 ? argv[1] : usable.front();
  const IsaTable* table = isa_table(isa.c_str());
  if (table == nullptr) {
    std::fprintf(stderr, "gemm: instruction set %s is not available\n", isa.c_str());
    return 1;
  }
  const double limit = peak(isa);
  std::printf("%s, peak of one thread %.0f GFLOP/s\n", isa.c_str(), limit);
  std::printf("%-32s %6s %12s %8s %7s %s %14s %8s\n", "A . B", "units", "1 thread, ns", "GFLOP/s", "GB/s", limit > 0 ? "  peak " : "",
              "2 threads, ns", "GFLOP/s");
  for (const Shape& s : shapes_of(argc, argv)) report(*find_kernel(*table, "matmul", DType::F32), s, limit);
}
