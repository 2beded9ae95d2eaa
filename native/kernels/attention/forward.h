// The forward direction of attention.
#pragma once
#include "kernels/attention/problem.h"
#include "kernels/exp_rows.h"

namespace keratin::KR_ISA {

// A unit is some targets of a head; a block of scores are those for some sources. On AVX2 blocks of 48 x 128, which stay in the first-level
// cache, reached 49 GFLOP/s for 8 x 512 of 4 heads of 32; 48 x 256 reached 38, and 96 x 128 were slower for short sequences.
template <typename T>
struct ForwardCut : Attention {
  static constexpr int64_t kTargets = 8 * Cut<T>::kRows, kSources = 128;
  KR_INLINE explicit ForwardCut(const int64_t* ints) : Attention(ints) {}

  KR_INLINE int64_t blocks() const { return ceil_div(sources, kSources); }
  KR_INLINE int64_t target_blocks() const { return ceil_div(targets, kTargets); }
  KR_INLINE int64_t packed_block() const { return packed_rows_size<T>(min_of(sources, kSources), depth); }
  KR_INLINE int64_t packed_head() const { return blocks() * packed_block(); }
  KR_INLINE int64_t rows() const { return min_of(targets, kTargets); }
  KR_INLINE int64_t edge() const { return panel_size<T>(Cut<T>::kCols, kSources); }
};

// Packs the keys of blocks [begin, end), counted through the heads of the keys.
template <typename T>
static void pack_keys(const ForwardCut<T>& s, const T* key, T* packed, Range r) {
  for (int64_t u = r.begin; u < r.end; ++u) {
    const int64_t head = u / s.blocks(), first = (u - head * s.blocks()) * s.kSources, b = head / s.key_heads;
    const T* in = key + (b * s.sources + first) * s.key_row() + (head - b * s.key_heads) * s.depth;
    pack_rows(packed + u * s.packed_block(), in, s.key_row(), min_of(s.sources - first, s.kSources), s.depth);
  }
}

// A row of scores becomes exponentials; the row of the output so far, the largest score and the sum are brought to the new largest score.
template <typename T>
KR_INLINE void add_scores(T* scores, int64_t count, T* largest, T* sum, T* out, int64_t depth) {
  T next, factor;
  const V<T> top = max(V<T>(*largest), row_max(scores, count));
  top.store_n(&next, 1);
  exp(V<T>(*largest) - top).store_n(&factor, 1);
  T added;
  row_exp_sum(scores, scores, count, top).store_n(&added, 1);
  *sum = *sum * factor + added;
  *largest = next;
  if (factor == T{1}) return;
  for (int64_t j = 0; j < depth; ++j) out[j] *= factor;
}

// Operands: those of attention_inputs, then the output [batch, targets, heads, value depth], and the largest score and the sum of
// exponentials of the scores less that [2, batch, heads, targets]. reals: the factor of the scores.
template <typename T>
static void attention(const Args& args, Range r) {
  const ForwardCut<T> s(args.ints);
  T* packed = static_cast<T*>(args.shared);
  if (args.phase == 0) return pack_keys(s, args.at<const T>(1), packed, r);
  const uint8_t* mask = s.masked ? args.at<uint8_t>(3) : nullptr;
  T *output = args.at<T>(3 + s.masked), *stats = args.at<T>(4 + s.masked);
  const T factor = static_cast<T>(args.floats[0]);
  const int64_t all = s.batch * s.heads * s.targets;
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    const int64_t head = unit / s.target_blocks(), b = head / s.heads, h = head - b * s.heads, kh = h / s.group();
    const int64_t t0 = (unit - head * s.target_blocks()) * s.kTargets, t1 = min_of(t0 + s.kTargets, s.targets), rows = t1 - t0;
    const Hidden hidden(s, mask, b, h);
    T *q = static_cast<T*>(args.local), *out = q + rows * s.depth, *scores = out + rows * s.value_depth, *edge = scores + rows * s.kSources;
    const T* query = args.at<T>(0) + (b * s.targets + t0) * s.query_row() + h * s.depth;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < s.depth; ++j) q[i * s.depth + j] = query[i * s.query_row() + j] * factor;
    for (int64_t i = 0; i < rows * s.value_depth; ++i) out[i] = 0;
    T *largest = stats + head * s.targets + t0, *sums = largest + all;
    bool seen = false;  // whether every target has seen a source
    for (int64_t i = 0; i < rows; ++i) {
      largest[i] = kLowest<T>;
      sums[i] = 0;
    }
    for (int64_t block = 0; block < s.blocks(); ++block) {
      const int64_t s0 = block * s.kSources, s1 = min_of(s0 + s.kSources, s.sources), count = s1 - s0;
      if (seen && hidden.all(t0, t1, s0, s1)) continue;
      const T* keys = packed + (b * s.key_heads + kh) * s.packed_head() + block * s.packed_block();
      multiply_blocks<T>({q, s.depth, 1, rows}, keys, 0, s.depth, count, scores, count, false, edge);
      seen = true;
      for (int64_t i = 0; i < rows; ++i) {
        if (hidden.any()) hidden.apply(scores + i * count, t0 + i, s0, s1);
        add_scores(scores + i * count, count, largest + i, sums + i, out + i * s.value_depth, s.value_depth);
        seen = seen && largest[i] > kExcluded<T>;
      }
      const T* values = args.at<T>(2) + (b * s.sources + s0) * s.value_row() + kh * s.value_depth;
      multiply_blocks<T>({scores, count, 1, rows}, values, s.value_row(), count, s.value_depth, out, s.value_depth, true, edge);
    }
    for (int64_t i = 0; i < rows; ++i) {
      T* to = output + (b * s.targets + t0 + i) * s.output_row() + h * s.value_depth;
      const T inverse = T{1} / sums[i];
      for (int64_t j = 0; j < s.value_depth; ++j) to[j] = out[i * s.value_depth + j] * inverse;
    }
  }
}

// Nanoseconds of `products` of scores on one thread, with one exponential each.
template <typename T>
KR_INLINE double attention_nanoseconds(const Attention& s, double products) {
  const double scores = static_cast<double>(s.batch * s.heads) * static_cast<double>(s.targets) * static_cast<double>(s.sources);
  return scores * (1 + products * static_cast<double>(s.depth + s.value_depth) / Cut<T>::kBlocks.gflops);
}

template <typename T>
static Work plan_attention(const int64_t* ints, bool) {
  const ForwardCut<T> s(ints);
  Work work;
  work.phases = 2;
  work.units[0] = s.batch * s.key_heads * s.blocks();
  work.units[1] = s.batch * s.heads * s.target_blocks();
  work.shared_bytes = s.batch * s.key_heads * s.packed_head() * static_cast<int64_t>(sizeof(T));
  work.local_bytes = (s.rows() * (s.depth + s.value_depth + s.kSources) + s.edge()) * static_cast<int64_t>(sizeof(T));
  work.nanoseconds = attention_nanoseconds<T>(s, 2);
  return work;
}

static void attention_contract(Contract& c) {
  const Attention s = attention_inputs(c);
  const Extent batch = s.batch, targets = s.targets, heads = s.heads;
  c.out(batch * targets * heads * s.value_depth);
  c.out(batch * targets * heads * 2);
}

}  // namespace keratin::KR_ISA
