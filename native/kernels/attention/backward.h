// The gradients of attention: blocks of scores are computed once more.
#pragma once
#include "kernels/attention/forward.h"

namespace keratin::KR_ISA {

// A unit is a head of the keys, with the heads that share it: what it adds up are sums over all targets. On AVX2 blocks of 48 x 128 reached
// 59 GFLOP/s for 4 x 512 of 8 heads of 64, 96 x 128 reached 43 and 48 x 64 reached 55.
template <typename T>
struct BackwardCut : Attention {
  static constexpr int64_t kTargets = 8 * Cut<T>::kRows, kSources = 128;
  KR_INLINE explicit BackwardCut(const int64_t* ints) : Attention(ints) {}

  KR_INLINE int64_t rows() const { return min_of(targets, kTargets); }
  KR_INLINE int64_t columns() const { return min_of(sources, kSources); }
  KR_INLINE int64_t edge() const { return panel_size<T>(Cut<T>::kCols, max_of(kTargets, kSources)); }
  KR_INLINE int64_t result_row() const { return key_heads * (depth + value_depth); }
};

// What is known of a target from the forward direction: its largest score, the sum of exponentials, and the product of its output and the
// output's gradient.
template <typename T>
struct TargetStats {
  T largest, sum, product;
};

// A row of scores becomes weights, one of the weights' gradients that of the products of query and key. Where the row has all sources
// (`whole`), the product of output and gradient is summed from what is subtracted from it, so that weights of 1 leave no rest.
template <typename T>
KR_INLINE void scores_back(T* scores, T* by, int64_t count, TargetStats<T> stats, T factor, bool whole) {
  const V<T> largest(stats.largest), inverse(T{1} / stats.sum), by_factor(factor);
  // A target without sources has equal weights whatever its scores are.
  const bool flat = stats.largest <= kExcluded<T>;
  V<T> sum(T{});
  for (int64_t j = 0; j < count; j += kLanes<T>) {
    const int64_t left = count - j;
    const V<T> score = left >= kLanes<T> ? V<T>::load(scores + j) : V<T>::load_n(scores + j, left);
    const V<T> weight = exp(score - largest) * inverse;
    store_part(scores + j, weight, left);
    // Lanes beyond the row may be infinite; what was stored has zeros there.
    sum += left >= kLanes<T> ? weight * V<T>::load(by + j) : V<T>::load_n(scores + j, left) * V<T>::load_n(by + j, left);
  }
  const V<T> product = whole ? fold_sum(sum) : V<T>(stats.product);
  for (int64_t j = 0; j < count; j += kLanes<T>) {
    const int64_t left = count - j;
    const V<T> weight = left >= kLanes<T> ? V<T>::load(scores + j) : V<T>::load_n(scores + j, left);
    const V<T> slope = left >= kLanes<T> ? V<T>::load(by + j) : V<T>::load_n(by + j, left);
    store_part(by + j, flat ? V<T>(T{}) : weight * (slope - product) * by_factor, left);
  }
}

// One block: some targets of a head, some sources.
template <typename T>
struct BackwardBlock {
  const BackwardCut<T>& s;
  const Hidden& hidden;
  int64_t t0, t1, s0, s1;
  const T *query, *by_output, *key;    // of the block
  const T *packed_keys, *packed_values;
  const T *largest, *sums, *products;  // of the block's targets
  T *by_query, *by_key, *by_value;
  T *scores, *by, *edge, *scaled;
  T factor;

  // Whether nothing of the block has a weight.
  KR_INLINE bool empty() const {
    if (!hidden.all(t0, t1, s0, s1)) return false;
    for (int64_t i = 0; i < t1 - t0; ++i)
      if (largest[i] <= kExcluded<T>) return false;
    return true;
  }
  KR_INLINE void clear_query() const {
    for (int64_t i = 0; i < t1 - t0; ++i)
      for (int64_t j = 0; j < s.depth; ++j) by_query[i * s.query_row() + j] = 0;
  }
  KR_INLINE void run() const {
    const int64_t rows = t1 - t0, count = s1 - s0;
    // As in the forward direction, so that scores are the same to the last bit.
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < s.depth; ++j) scaled[i * s.depth + j] = query[i * s.query_row() + j] * factor;
    multiply_blocks<T>({scaled, s.depth, 1, rows}, packed_keys, 0, s.depth, count, scores, count, false, edge);
    multiply_blocks<T>({by_output, s.output_row(), 1, rows}, packed_values, 0, s.value_depth, count, by, count, false, edge);
    const bool hides = hidden.any();
    for (int64_t i = 0; i < rows; ++i) {
      T* row = scores + i * count;
      if (hides) hidden.apply(row, t0 + i, s0, s1);
      scores_back(row, by + i * count, count, TargetStats<T>{largest[i], sums[i], products[i]}, factor, count == s.sources);
    }
    const int64_t result = s.result_row();
    multiply_blocks<T>({scores, 1, count, count}, by_output, s.output_row(), rows, s.value_depth, by_value, result, true, edge);
    multiply_blocks<T>({by, 1, count, count}, query, s.query_row(), rows, s.depth, by_key, result, true, edge);
    multiply_blocks<T>({by, count, 1, rows}, key, s.key_row(), count, s.depth, by_query, s.query_row(), s0 > 0, edge);
  }
};

// Operands: those of attention_inputs, then what the forward direction gives beside the output and the products of output and gradient [3,
// batch, heads, targets], the gradient by the output; then the gradients by the query, and by key and value side by side [batch, sources,
// key heads, depth + value depth]. reals: the factor of the scores.
template <typename T>
static void attention_gradient(const Args& args, Range r) {
  const BackwardCut<T> s(args.ints);
  const int next = 3 + s.masked;
  const uint8_t* mask = s.masked ? args.at<uint8_t>(3) : nullptr;
  const T *stats = args.at<T>(next), *by_output = args.at<T>(next + 1);
  T *by_query = args.at<T>(next + 2), *by_pair = args.at<T>(next + 3);
  const int64_t all = s.batch * s.heads * s.targets, keys = packed_rows_size<T>(s.columns(), s.depth);
  T *packed_keys = static_cast<T*>(args.local), *packed_values = packed_keys + keys;
  T* scores = packed_values + packed_rows_size<T>(s.columns(), s.value_depth);
  T *by = scores + s.rows() * s.columns(), *edge = by + s.rows() * s.columns(), *scaled = edge + s.edge();
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    const int64_t b = unit / s.key_heads, kh = unit - b * s.key_heads;
    for (int64_t s0 = 0; s0 < s.sources; s0 += s.kSources) {
      const int64_t s1 = min_of(s0 + s.kSources, s.sources), count = s1 - s0, source = b * s.sources + s0;
      const T* key = args.at<T>(1) + source * s.key_row() + kh * s.depth;
      pack_rows(packed_keys, key, s.key_row(), count, s.depth);
      pack_rows(packed_values, args.at<T>(2) + source * s.value_row() + kh * s.value_depth, s.value_row(), count, s.value_depth);
      T* pair = by_pair + source * s.result_row() + kh * (s.depth + s.value_depth);
      for (int64_t i = 0; i < count; ++i)
        for (int64_t j = 0; j < s.depth + s.value_depth; ++j) pair[i * s.result_row() + j] = 0;
      for (int64_t h = kh * s.group(); h < (kh + 1) * s.group(); ++h) {
        const Hidden hidden(s, mask, b, h);
        for (int64_t t0 = 0; t0 < s.targets; t0 += s.kTargets) {
          const int64_t target = b * s.targets + t0, query = target * s.query_row() + h * s.depth;
          const T* known = stats + (b * s.heads + h) * s.targets + t0;
          const BackwardBlock<T> block = {
              s, hidden, t0, min_of(t0 + s.kTargets, s.targets), s0, s1, args.at<T>(0) + query,
              by_output + target * s.output_row() + h * s.value_depth, key, packed_keys, packed_values, known, known + all, known + 2 * all,
              by_query + query, pair, pair + s.depth, scores, by, edge, scaled, static_cast<T>(args.floats[0])};
          if (!block.empty()) block.run();
          else if (s0 == 0) block.clear_query();
        }
      }
    }
  }
}

template <typename T>
static Work plan_attention_gradient(const int64_t* ints, bool) {
  const BackwardCut<T> s(ints);
  const int64_t packed = packed_rows_size<T>(s.columns(), s.depth) + packed_rows_size<T>(s.columns(), s.value_depth);
  Work work;
  work.units[0] = s.batch * s.key_heads;
  work.local_bytes = (packed + s.rows() * (2 * s.columns() + s.depth) + s.edge()) * static_cast<int64_t>(sizeof(T));
  work.nanoseconds = attention_nanoseconds<T>(s, 5);
  return work;
}

static void attention_gradient_contract(Contract& c) {
  const Attention s = attention_inputs(c);
  const Extent batch = s.batch, targets = s.targets, heads = s.heads;
  c.in(batch * heads * targets * 3);
  c.in(batch * targets * heads * s.value_depth);
  c.out(batch * targets * heads * s.depth);
  c.out(batch * s.sources * s.key_heads * (Extent(s.depth) + s.value_depth));
}

}  // namespace keratin::KR_ISA
