// What kernels that order elements share: unsigned keys of the same order as the elements, and radix sorts of keys.
#pragma once
#include <type_traits>
#include "kernels/rows.h"
#include "simd/vector.h"

namespace keratin::KR_ISA {

// The key of an element: an unsigned integer of its size with the same order. Zeros of either sign have one key and so have
// all NaN, the largest. `value` undoes it, except for the signs of zeros and what a NaN carries.
template <typename T>
struct Order {
  using Key = simd::Unsigned<T>;
  static constexpr Key sign = std::is_signed_v<T> ? simd::kSignBit<T> : 0;
  static KR_INLINE Key key(T x) { return static_cast<Key>(static_cast<Key>(x) ^ sign); }
  static KR_INLINE T value(Key k) { return static_cast<T>(k ^ sign); }
  static constexpr bool signed_zeros = false;
};

// Floats by their bits: those of negative numbers run the other way. `infinity` is the bits of that number.
template <typename T, typename K, K infinity>
struct FloatOrder {
  using Key = K;
  static constexpr Key sign = Key{1} << (8 * sizeof(Key) - 1);
  static constexpr bool signed_zeros = true;
  static KR_INLINE Key bits_of(T x) {
    Key bits;
    std::memcpy(&bits, &x, sizeof(Key));
    return bits;
  }
  static KR_INLINE Key key(T x) {
    const Key bits = bits_of(x), magnitude = bits & static_cast<Key>(~sign);
    const Key ordered = bits & sign ? static_cast<Key>(Key{0} - magnitude + sign) : static_cast<Key>(bits | sign);
    return magnitude > infinity ? static_cast<Key>(~Key{0}) : ordered;
  }
  static KR_INLINE T value(Key k) {
    const Key bits = k & sign ? static_cast<Key>(k ^ sign) : static_cast<Key>(Key{0} - k);
    T x;
    std::memcpy(&x, &bits, sizeof(Key));
    return x;
  }
  static constexpr Key zero = sign;
};
template <>
struct Order<float> : FloatOrder<float, uint32_t, 0x7f800000> {};
template <>
struct Order<double> : FloatOrder<double, uint64_t, 0x7ff0000000000000> {};
template <>
struct Order<f16> : FloatOrder<f16, uint16_t, 0x7c00> {};
template <>
struct Order<bf16> : FloatOrder<bf16, uint16_t, 0x7f80> {};

// What is sorted: a key alone, or a key with the place that it came from, so that all are different and the sort is stable.
// Keys of 32 bits share a word with their place.
struct Placed {
  uint64_t key;
  uint32_t place;
};
template <typename Key>
struct Indexed {
  using Item = uint64_t;
  static constexpr int low = 32, high = 32 + 8 * static_cast<int>(sizeof(Key));  // bits of the key
  static KR_INLINE Item item(Key key, int64_t place) { return static_cast<uint64_t>(key) << 32 | static_cast<uint64_t>(place); }
  static KR_INLINE int32_t place(Item item) { return static_cast<int32_t>(item); }
  static KR_INLINE Key key(Item item) { return static_cast<Key>(item >> 32); }
};
template <>
struct Indexed<uint64_t> {
  using Item = Placed;
  static constexpr int low = 0, high = 64;
  static KR_INLINE Item item(uint64_t key, int64_t place) { return {key, static_cast<uint32_t>(place)}; }
  static KR_INLINE int32_t place(Item item) { return static_cast<int32_t>(item.place); }
  static KR_INLINE uint64_t key(Item item) { return item.key; }
};

template <typename Item>
KR_INLINE uint64_t word_of(Item item) { return item; }
KR_INLINE uint64_t word_of(Placed item) { return item.key; }
template <typename Item>
KR_INLINE bool before(Item a, Item b) { return a < b; }
KR_INLINE bool before(Placed a, Placed b) { return a.key < b.key || (a.key == b.key && a.place < b.place); }

// Stable, for short runs.
template <typename Item>
static inline void insertion_sort(Item* a, int64_t n) {
  for (int64_t i = 1; i < n; ++i) {
    const Item x = a[i];
    int64_t j = i;
    for (; j > 0 && before(x, a[j - 1]); --j) a[j] = a[j - 1];
    a[j] = x;
  }
}

// Stable: runs of 16 by insertion, then merged pairwise. Gives `a` or `b`, where the result is.
template <typename Item>
static inline Item* merge_sort(Item* a, Item* b, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) insertion_sort(a + i, min_of(16, n - i));
  for (int64_t width = 16; width < n; width *= 2) {
    for (int64_t start = 0; start < n; start += 2 * width) {
      const int64_t middle = min_of(start + width, n), end = min_of(start + 2 * width, n);
      int64_t i = start, j = middle;
      for (int64_t to = start; to < end; ++to) {
        const bool second = i == middle || (j < end && before(a[j], a[i]));
        b[to] = second ? a[j++] : a[i++];
      }
    }
    Item* other = a;
    a = b;
    b = other;
  }
  return a;
}

// One digit: the items of `a` go to `b` by `counts`, which becomes their starts. Stable.
template <int bits, typename Item>
static inline void scatter_digit(Item* __restrict b, const Item* __restrict a, int64_t n, uint32_t* counts, int shift) {
  uint32_t start = 0;
  for (int d = 0; d < 1 << bits; ++d) {
    const uint32_t count = counts[d];
    counts[d] = start;
    start += count;
  }
  for (int64_t i = 0; i < n; ++i) {
    const Item x = a[i];
    b[counts[(word_of(x) >> shift) & ((1 << bits) - 1)]++] = x;
  }
}

// Sorts by the bits [low, high) of the items, digits that all share left out. Gives `a` or `b`, where the result is. Stable.
template <int bits, typename Item>
static inline Item* radix_digits(Item* a, Item* b, int64_t n, int low, int high) {
  constexpr int most = (64 + bits - 1) / bits, mask = (1 << bits) - 1;
  uint32_t counts[most][1 << bits];
  const int digits = (high - low + bits - 1) / bits;
  std::memset(counts, 0, sizeof(counts[0]) * static_cast<size_t>(digits));
  for (int64_t i = 0; i < n; ++i) {
    uint64_t word = word_of(a[i]) >> low;
    for (int d = 0; d < digits; ++d, word >>= bits) ++counts[d][word & mask];
  }
  for (int d = 0; d < digits; ++d) {
    if (counts[d][word_of(a[0]) >> (low + d * bits) & mask] == static_cast<uint64_t>(n)) continue;
    scatter_digit<bits>(b, a, n, counts[d], low + d * bits);
    Item* other = a;
    a = b;
    b = other;
  }
  return a;
}

// Sorts items whose words differ in the bits [low, high) only; `b` is room for n more. Gives the one that has the result.
template <typename Item>
static inline Item* radix_sort(Item* a, Item* b, int64_t n, int low, int high) {
  if (n <= 40) {  // two passes over 256 counters take as long
    insertion_sort(a, n);
    return a;
  }
  // Bits that all share need no pass.
  uint64_t differing = 0;
  for (int64_t i = 1; i < n; ++i) differing |= word_of(a[i]) ^ word_of(a[0]);
  differing &= (high < 64 ? (uint64_t{1} << high) : 0) - 1;
  if (differing >> low == 0) return a;
  high = 64 - __builtin_clzll(differing);
  low = low > __builtin_ctzll(differing) ? low : __builtin_ctzll(differing);
  // Wide digits need fewer passes, but their 2048 counters and streams pay only in long runs.
  return n >= 8192 ? radix_digits<11>(a, b, n, low, high) : radix_digits<8>(a, b, n, low, high);
}

}  // namespace keratin::KR_ISA
