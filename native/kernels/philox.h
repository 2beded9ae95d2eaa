// Random numbers by counter: Philox 4x32-10 (J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", 2011), a counter a lane.
#pragma once
#include <utility>
#include "simd/vector.h"

namespace keratin::KR_ISA {

using simd::V;

// Products of the low halves of the lanes of a with m.
static KR_INLINE V<uint64_t> multiply_low(V<uint64_t> a, uint32_t m) { return simd::multiply_low(a.raw, V<uint64_t>(uint64_t{m}).raw); }

template <int... I>
static KR_INLINE V<uint64_t> lane_numbers(std::integer_sequence<int, I...>) {
  return simd::Raw<uint64_t>{static_cast<uint64_t>(I)...};
}

// The four words of a vector of counters. A word is the low half of its lane; what the high half holds is of no matter.
struct Words {
  V<uint64_t> w[4];
};

// Philox 4x32-10 of the 128-bit counters whose lower and upper halves are given.
static KR_INLINE Words philox(V<uint64_t> counters, V<uint64_t> upper, const uint32_t* key) {
  constexpr uint32_t multiplier0 = 0xd2511f53, multiplier1 = 0xcd9e8d57, weyl0 = 0x9e3779b9, weyl1 = 0xbb67ae85;
  V<uint64_t> c0 = counters, c1 = counters >> 32, c2 = upper, c3 = upper >> 32;
  uint32_t k0 = key[0], k1 = key[1];
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round, k0 += weyl0, k1 += weyl1) {
    const V<uint64_t> product0 = multiply_low(c0, multiplier0), product1 = multiply_low(c2, multiplier1);
    c0 = (product1 >> 32) ^ c1 ^ V<uint64_t>(uint64_t{k0});
    c1 = product1;
    c2 = (product0 >> 32) ^ c3 ^ V<uint64_t>(uint64_t{k1});
    c3 = product0;
  }
  return {{c0, c1, c2, c3}};
}

}  // namespace keratin::KR_ISA
