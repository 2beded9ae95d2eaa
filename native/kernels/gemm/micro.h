// The register tile: C[rows x columns] (+)= A[rows x depth] . B[depth x columns], every sum in a register of its own.
#pragma once
#include "kernels/gemm/vec.h"
#include "kernels/gemm/vec.h"

namespace keratin::KR_ISA {

// One call of the micro-kernel. Strides count elements; rows of B and C are contiguous. Rows of A and C come in pairs: those of a pair are
// pair_a and pair_c apart, pairs are pairs_a and pairs_c apart. So a tile has neighbouring rows, or neighbours in each of two lines.
template <typename T>
struct Tile {
  const T *a, *b;
  T* c;
  int64_t pairs_a, pair_a, col_a, row_b, pairs_c, pair_c;
  int64_t depth;         // steps of k in a run
  int64_t runs = 1, jump = 0;  // runs of k, and the elements of A from the end of one to the begin of the next; B goes on without
  int64_t last;          // columns in the last vector of a row, 1 .. lanes
  bool accumulate;       // add to C, instead of overwriting it
  T* packed;             // kPack: where rows of B are copied, one behind the other
  const T* ahead;        // data of a later call: one line is prefetched at each step of k,
  int64_t ahead_stride;  // so many elements apart
};

// What limits the loop is the number of its instructions, wherever another thread of the core takes turns at the decoder (3 of 6 places
// a cycle are left then): every second row is multiplied by what the multiplication reads from memory itself, four steps of k share a
// branch and the moves of A's pointers, of which rows apart have one for two. That makes 45 instructions a step for 28 multiplications.
// 1024^3 on two threads went from 234 to 249 GFLOP/s with two steps and 53 instructions, 512^3 from 209 to 226, and further from 221 to 232
// with these; where the core is not shared, nothing changes.
// kUnit: rows of A are adjacent in memory (pair_a == 1), as in a packed panel or a transposed matrix. Otherwise columns are (col_a == 1).
// kPartial: the last vector of a row has t.last columns; without it, all lanes. Where partial access is slow, rows of B
// must nevertheless be whole.
// kPack: copies the panel of B to t.packed on the way; the stores find free slots.
template <typename T, int kRows, int kVectors, bool kUnit, bool kPartial, bool kPack = false>
static void micro(const Tile<T>& t) {
  constexpr int64_t L = kLanes<T>;
  int64_t pair_a = kUnit ? 1 : t.pair_a;
  const int64_t col_a = t.col_a, row_b = t.row_b, pairs_c = t.pairs_c, pair_c = t.pair_c;
  const int64_t depth = t.depth, jump = t.jump, ahead_stride = t.ahead_stride;
  // Lines of panels that come so many steps later are brought from the second-level cache: from 130 to 141 GFLOP/s a thread where
  // the core is shared, and from 159 to 166 where it is not.
  constexpr int64_t kSoon = 12;
  constexpr int kSteps = 4;
  const int64_t soon = kSoon * row_b, soon_a = kSoon * col_a;
  const Lanes<T> last(t.last);
  const bool accumulate = t.accumulate;
  const T *b = t.b, *ahead = t.ahead;
  T *c = t.c, *packed = t.packed;
  constexpr int kGroup = kUnit ? kRows : 2, kGroups = (kRows + kGroup - 1) / kGroup;
  const T* a[kGroups];
#pragma GCC unroll 7
  for (int g = 0; g < kGroups; ++g) a[g] = t.a + g * t.pairs_a;
  V<T> sums[kRows][kVectors] = {};
  // Rows apart: the step of k that is `later` ones behind the pointers to A.
  const auto step = [&](int later) __attribute__((always_inline)) {
    V<T> row[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v)
      row[v] = kPartial && Lanes<T>::kFast && v == kVectors - 1 ? last.load(b + v * L) : V<T>::load(b + v * L);
    if constexpr (kPack) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) row[v].store(packed + v * L);
      packed += kVectors * L;
    }
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
      const T* x = a[i / kGroup] + i % kGroup * pair_a + (kUnit ? 0 : later);
      if (simd::kReadsFactor && i % 2 == 0) {
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) add_product(sums[i][v], x, row[v]);
      } else {
        const V<T> factor = V<T>(*x);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) add_product(sums[i][v], factor, row[v]);
      }
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) __builtin_prefetch(b + soon + v * L);
    if constexpr (kUnit) __builtin_prefetch(a[0] + soon_a);
    __builtin_prefetch(ahead, 0, 2);
    b += row_b;
    ahead += ahead_stride;
    if constexpr (kUnit) a[0] += col_a;
    // What the compiler knows of the next step's addresses it keeps in registers of their own, of which there are none left.
    if constexpr (kUnit) asm volatile("" : "+r"(b), "+r"(ahead), "+r"(a[0]) : : "memory");
    else asm volatile("" : "+r"(b), "+r"(ahead), "+r"(pair_a) : : "memory");
  };
  const auto advance = [&](int64_t by) __attribute__((always_inline)) {
#pragma GCC unroll 7
    for (int g = 0; g < kGroups; ++g) a[g] += by;
  };
  // C is prefetched even where it is only written, which waits for its lines as well: some at a time, since all at once keep those of A waiting.
  const T* soon_c = c;
  int pairs = (kRows + 1) / 2;
  for (int64_t run = t.runs; run > 0; --run) {
    int64_t left = depth;
    for (; pairs > 0 && left >= kSteps; left -= kSteps, --pairs, soon_c += pairs_c) {
#pragma GCC unroll 4
      for (int s = 0; s < kSteps; ++s) step(s);
      if constexpr (!kUnit) advance(kSteps);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) __builtin_prefetch(soon_c + v * L, 1);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) __builtin_prefetch(soon_c + pair_c + v * L, 1);
    }
    for (; left >= kSteps; left -= kSteps) {
#pragma GCC unroll 4
      for (int s = 0; s < kSteps; ++s) step(s);
      if constexpr (!kUnit) advance(kSteps);
    }
    for (; left > 0; --left) {
      step(0);
      if constexpr (!kUnit) advance(1);
    }
    advance(jump);
  }
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i, c += i % 2 == 1 ? pair_c : pairs_c - pair_c) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      T* p = c + v * L;
      if (kPartial && v == kVectors - 1) {
        last.store(p, accumulate ? last.load(p) + sums[i][v] : sums[i][v]);
      } else {
        (accumulate ? V<T>::load(p) + sums[i][v] : sums[i][v]).store(p);
      }
    }
  }
}

// All sizes of tile, by kUnit, kPartial, vectors - 1 and rows - 1.
template <typename T>
struct Micro {
  static constexpr int kRows = static_cast<int>(kGemm<T>.rows), kVectors = static_cast<int>(kGemm<T>.vectors);
  using Kernel = void (*)(const Tile<T>&);
  static constexpr int kPackRows = kRows - 2;  // the fewest for which there is a kernel that packs
  Kernel kernels[2][2][kVectors][kRows] = {};
  Kernel packing[2][3] = {};  // whole panels only, by kUnit and rows - kPackRows

  constexpr Micro() {
    [this]<int... v>(std::integer_sequence<int, v...>) {
      (fill<v>(std::make_integer_sequence<int, kRows>{}), ...);
    }(std::make_integer_sequence<int, kVectors>{});
    pack(std::make_integer_sequence<int, 3>{});
  }
  template <int... i>
  constexpr void pack(std::integer_sequence<int, i...>) {
    ((packing[false][i] = micro<T, kPackRows + i, kVectors, false, false, true>), ...);
    ((packing[true][i] = micro<T, kPackRows + i, kVectors, true, false, true>), ...);
  }
  template <int v, int... i>
  constexpr void fill(std::integer_sequence<int, i...>) {
    ((kernels[false][false][v][i] = micro<T, i + 1, v + 1, false, Lanes<T>::kFree>), ...);
    ((kernels[false][true][v][i] = micro<T, i + 1, v + 1, false, true>), ...);
    ((kernels[true][false][v][i] = micro<T, i + 1, v + 1, true, Lanes<T>::kFree>), ...);
    ((kernels[true][true][v][i] = micro<T, i + 1, v + 1, true, true>), ...);
  }
};
// The kernels are compiled with matmul.cc; convolutions use the same.
extern const Micro<float> micro_float;
extern const Micro<double> micro_double;
template <typename T>
inline constexpr const Micro<T>& kMicro = micro_float;
template <>
inline constexpr const Micro<double>& kMicro<double> = micro_double;

}  // namespace keratin::KR_ISA
