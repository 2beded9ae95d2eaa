// Sorting long rows: by their leading bits into buckets, again where those are long, and the short ones side by side in the
// lanes of vectors.
#pragma once
#include "kernels/sort_columns.h"

namespace keratin::KR_ISA {

// Longest run that is sorted in a lane.
inline constexpr int64_t kBatchRun = 512;

// Collects runs of up to `longest` items and sorts them together, one a lane, shorter ones filled up with the largest number.
// store(run, at, count) gets each when it is sorted.
template <typename Item, typename Store, int64_t longest>
struct Batch {
  using Signed = simd::Signed<Item>;
  static constexpr int64_t lanes = simd::V<Signed>::lanes;
  static constexpr Item flip = Item{1} << (8 * sizeof(Item) - 1);

  Store store;
  int64_t places[lanes], counts[lanes];
  int64_t used = 0;
  alignas(64) Signed rows[lanes * longest];
  alignas(64) Signed columns[longest * lanes];

  KR_INLINE explicit Batch(Store s) : store(s) {}
  KR_INLINE void add(const Item* run, int64_t at, int64_t count) {
    for (int64_t i = 0; i < count; ++i) rows[used * longest + i] = static_cast<Signed>(run[i] ^ flip);
    places[used] = at;
    counts[used++] = count;
    if (used == lanes) flush();
  }
  void flush() {
    constexpr int64_t block = Block<Signed>::lanes;
    int64_t n = 0;
    for (int64_t l = 0; l < used; ++l) n = max_of(n, counts[l]);
    const int64_t width = ceil_div(n, block) * block;
    for (int64_t l = 0; l < used; ++l) {
      for (int64_t i = counts[l]; i < width; ++i) rows[l * longest + i] = static_cast<Signed>(static_cast<Item>(~flip));
    }
    rows_to_columns(columns, rows, lanes, width, longest);
    sort_network(columns, n);
    columns_to_rows(rows, columns, lanes, width, longest);
    for (int64_t l = 0; l < used; ++l) {
      Item* sorted = reinterpret_cast<Item*>(rows + l * longest);
      for (int64_t i = 0; i < counts[l]; ++i) sorted[i] ^= flip;
      store(sorted, places[l], counts[l]);
    }
    used = 0;
  }
};

// Sorts a run by its bits from `low` on: cuts it into buckets by the leading bits in which its items differ until they are
// short. `other` is room for as many items; `at` is the place of the run in the row.
template <typename Item, typename Few, typename Many, typename Store>
static void split_run(Item* run, Item* other, int64_t at, int64_t n, int low, Few& few, Many& many, Store store) {
  if (n <= 2) {
    insertion_sort(run, n);
    return store(run, at, n);
  }
  if (n <= 64) return few.add(run, at, n);
  if (n <= kBatchRun) return many.add(run, at, n);
  Item differing = 0;
  for (int64_t i = 1; i < n; ++i) differing |= run[i] ^ run[0];
  if (differing >> low == 0) return store(run, at, n);
  const int64_t high = 64 - __builtin_clzll(differing), wanted = min_of(11, 58 - __builtin_clzll(static_cast<uint64_t>(n)));
  const int shift = static_cast<int>(max_of(low, high - wanted));
  const uint64_t mask = (uint64_t{1} << (high - shift)) - 1;
  uint32_t ends[2048];
  std::memset(ends, 0, sizeof(uint32_t) * (mask + 1));
  for (int64_t i = 0; i < n; ++i) ++ends[run[i] >> shift & mask];
  uint32_t start = 0;
  for (uint64_t b = 0; b <= mask; ++b) {
    const uint32_t count = ends[b];
    ends[b] = start;
    start += count;
  }
  for (int64_t i = 0; i < n; ++i) other[ends[run[i] >> shift & mask]++] = run[i];
  start = 0;
  for (uint64_t b = 0; b <= mask; ++b) {
    const int64_t count = ends[b] - start;
    if (count > 0) split_run(other + start, run + start, at + start, count, low, few, many, store);
    start = ends[b];
  }
}

// How a long row is sorted by several threads: by its leading bits into buckets first, then each bucket by the others.
struct LongSort {
  static constexpr int64_t chunks = 8, wanted_units = 256;
  static constexpr int bits = 11;
  static constexpr int64_t buckets = 1 << bits;
  static constexpr int64_t shortest = 65536;  // from here on the three phases pay
};

// Memory of a LongSort in the shared scratch.
template <typename Item>
struct LongScratch {
  uint32_t* counts;  // [chunks][buckets], then where each bucket starts, [buckets + 1]
  uint32_t* starts;
  Item* items;
  static constexpr int64_t head = (LongSort::chunks + 2) * LongSort::buckets * 4;
  KR_INLINE explicit LongScratch(void* shared) {
    counts = static_cast<uint32_t*>(shared);
    starts = counts + LongSort::chunks * LongSort::buckets;
    items = reinterpret_cast<Item*>(static_cast<char*>(shared) + head);
  }
  static constexpr int64_t bytes(int64_t n) { return ceil_div(head + n * static_cast<int64_t>(sizeof(Item)), 64) * 64; }
};

// The first phases of a LongSort for one chunk: counts its items by bucket, then moves them there. item_at(i) makes item i of n,
// and `top` is the bit above the highest of its key.
template <typename Item, typename Make>
static KR_INLINE void count_buckets(const LongScratch<Item>& scratch, int64_t chunk, int64_t n, int top, Make item_at) {
  uint32_t* counts = scratch.counts + chunk * LongSort::buckets;
  std::memset(counts, 0, sizeof(uint32_t) * LongSort::buckets);
  const Range range = piece_of(chunk, ceil_div(n, LongSort::chunks), n);
  for (int64_t i = range.begin; i < range.end; ++i) ++counts[word_of(item_at(i)) >> (top - LongSort::bits)];
}
template <typename Item, typename Make>
static KR_INLINE void fill_buckets(const LongScratch<Item>& scratch, int64_t chunk, int64_t n, int top, Make item_at) {
  uint32_t next[LongSort::buckets];
  uint32_t start = 0;
  for (int64_t b = 0; b < LongSort::buckets; ++b) {
    if (chunk == 0) scratch.starts[b] = start;
    for (int64_t c = 0; c < LongSort::chunks; ++c) {
      if (c == chunk) next[b] = start;
      start += scratch.counts[c * LongSort::buckets + b];
    }
  }
  if (chunk == 0) scratch.starts[LongSort::buckets] = start;
  const Range range = piece_of(chunk, ceil_div(n, LongSort::chunks), n);
  for (int64_t i = range.begin; i < range.end; ++i) {
    const Item x = item_at(i);
    scratch.items[next[word_of(x) >> (top - LongSort::bits)]++] = x;
  }
}
// The last phase: sorts the buckets of a unit, and hands each sorted run to store(items, at, count). `room` is of the thread, so that
// it stays in its cache, and has room for n items.
template <typename Item, typename Store>
static inline void sort_buckets(const LongScratch<Item>& scratch, int64_t unit, int low, int top, Item* room, Store store) {
  if constexpr (std::is_integral_v<Item>) {
    Batch<Item, Store, 64> few(store);
    Batch<Item, Store, kBatchRun> many(store);
    // Neighbouring buckets go to different units: floats fill few exponents.
    for (int64_t b = unit; b < LongSort::buckets; b += LongSort::wanted_units) {
      const int64_t at = scratch.starts[b], count = scratch.starts[b + 1] - at;
      if (count > 0) split_run(scratch.items + at, room, at, count, low, few, many, store);
    }
    few.flush();
    many.flush();
  } else {
    for (int64_t b = unit; b < LongSort::buckets; b += LongSort::wanted_units) {
      const int64_t at = scratch.starts[b], count = scratch.starts[b + 1] - at;
      if (count > 0) store(radix_sort(scratch.items + at, room, count, low, top - LongSort::bits), at, count);
    }
  }
}

}  // namespace keratin::KR_ISA
