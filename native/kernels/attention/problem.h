// What attention is over: its sizes, which scores are left out, and products of blocks.
#pragma once
#include "kernels/gemm/tiles.h"

namespace keratin::KR_ISA {

// ints: batch, targets, sources, heads, heads of the keys, depth, depth of the values, causal, masked, and if masked the strides of the
// mask along batch, heads, targets and sources. Neighbouring heads share those of the keys.
struct Attention {
  int64_t batch, targets, sources, heads, key_heads, depth, value_depth;
  bool causal, masked;
  const int64_t* strides;

  KR_INLINE explicit Attention(const int64_t* ints)
      : batch(ints[0]), targets(ints[1]), sources(ints[2]), heads(ints[3]), key_heads(ints[4]), depth(ints[5]), value_depth(ints[6]),
        causal(ints[7] != 0), masked(ints[8] != 0), strides(ints + 9) {}

  KR_INLINE int64_t group() const { return heads / key_heads; }
  // Elements from a row to the next.
  KR_INLINE int64_t query_row() const { return heads * depth; }
  KR_INLINE int64_t key_row() const { return key_heads * depth; }
  KR_INLINE int64_t value_row() const { return key_heads * value_depth; }
  KR_INLINE int64_t output_row() const { return heads * value_depth; }
};

// The score in the place of one that is left out: low enough to give no weight beside others, and finite, so that a target without sources
// has equal weights, as those of lib/ops/attention.ts.
template <typename T>
inline constexpr T kExcluded = static_cast<T>(-0.7 * 3.4028234663852886e38);

// Which scores of a head are left out.
struct Hidden {
  const uint8_t* mask;  // of the head; null: none
  int64_t target_stride, source_stride;
  bool causal;

  KR_INLINE Hidden(const Attention& s, const uint8_t* all, int64_t b, int64_t h)
      : mask(s.masked ? all + b * s.strides[0] + h * s.strides[1] : nullptr), target_stride(s.masked ? s.strides[2] : 0),
        source_stride(s.masked ? s.strides[3] : 0), causal(s.causal) {}

  KR_INLINE bool any() const { return mask || causal; }
  // Whether targets [t0, t1) see none of the sources [s0, s1).
  KR_INLINE bool all(int64_t t0, int64_t t1, int64_t s0, int64_t s1) const {
    if (causal && s0 > t1 - 1) return true;
    if (!mask) return false;
    for (int64_t t = t0; t < (target_stride ? t1 : t0 + 1); ++t)
      for (int64_t s = s0; s < (source_stride ? s1 : s0 + 1); ++s)
        if (mask[t * target_stride + s * source_stride]) return false;
    return true;
  }
  // Replaces what target t does not see of the sources [s0, s1).
  template <typename T>
  KR_INLINE void apply(T* scores, int64_t t, int64_t s0, int64_t s1) const {
    if (mask) {
      const uint8_t* row = mask + t * target_stride + s0 * source_stride;
      if (source_stride == 1) {
        for (int64_t j = 0; j < s1 - s0; ++j) scores[j] = row[j] ? scores[j] : kExcluded<T>;
      } else {
        for (int64_t j = 0; j < s1 - s0; ++j) scores[j] = row[j * source_stride] ? scores[j] : kExcluded<T>;
      }
    }
    if (causal)
      for (int64_t j = max_of(t + 1 - s0, 0); j < s1 - s0; ++j) scores[j] = kExcluded<T>;
  }
};

// A left operand: element (i, k) is data[i * row + k * col], and one of the strides is 1.
template <typename T>
struct Operand {
  const T* data;
  int64_t row, col, count;
};

// c [left.count x columns], whose rows are row_c apart, (+)= left . b. Rows of b are where they are, row_b apart, or, with row_b == 0,
// packed in panels. `edge` has room for a panel.
template <typename T>
KR_INLINE void multiply_blocks(Operand<T> left, const T* b, int64_t row_b, int64_t depth, int64_t columns, T* c, int64_t row_c, bool add,
                               T* edge) {
  constexpr int64_t kCols = Cut<T>::kCols;
  const Left<T> rows = {left.data, left.row, left.col, 0, Split(left.count, ceil_div(left.count, Cut<T>::kRows))};
  Tile<T> t;
  t.depth = depth;
  t.accumulate = add;
  for (int64_t j = 0; j < columns; j += kCols) {
    const int64_t width = min_of(columns - j, kCols);
    if (row_b == 0) {
      set_columns(t, b + j / kCols * panel_size<T>(kCols, depth), kCols, width);
    } else if (!Lanes<T>::kFast && width % kLanes<T> != 0) {
      pack_panel(edge, kCols, b + j, int64_t{1}, row_b, width, depth);
      set_columns(t, edge, kCols, width);
    } else {
      set_columns(t, b + j, row_b, width);
    }
    Ahead<T> next = {nullptr, 0, 0};
    multiply_panel(t, rows, ceil_div(width, kLanes<T>), c + j, row_c, next);
  }
}

// Packs `count` rows of `depth` elements as the columns of panels.
template <typename T>
KR_INLINE void pack_rows(T* out, const T* in, int64_t row, int64_t count, int64_t depth) {
  constexpr int64_t kCols = Cut<T>::kCols;
  for (int64_t j = 0; j < count; j += kCols, out += panel_size<T>(kCols, depth))
    pack_panel(out, kCols, in + j * row, row, int64_t{1}, min_of(count - j, kCols), depth);
}
template <typename T>
KR_INLINE constexpr int64_t packed_rows_size(int64_t count, int64_t depth) {
  return ceil_div(count, Cut<T>::kCols) * panel_size<T>(Cut<T>::kCols, depth);
}

// The sizes, and the operands that all attention begins with: query [batch, targets, heads, depth], key [batch, sources, key heads, depth],
// value [batch, sources, key heads, value depth], mask bool if there is one.
static Attention attention_inputs(Contract& c) {
  static constexpr int64_t kNone[13] = {};
  const Extent batch = c.size("batch"), targets = c.size("targets"), sources = c.size("sources", 1), heads = c.size("heads", 1);
  const Extent key_heads = c.size("heads of the keys", 1, heads.count());
  const Extent depth = c.size("depth", 1), value_depth = c.size("depth of the values", 1);
  c.flag("causal");
  const bool masked = c.flag("masked");
  c.require(heads.count() % key_heads.count() == 0, "heads", "no multiple of those of the keys");
  Span mask;
  for (const Extent size : {batch, heads, targets, sources})
    if (masked) mask.axis(size.count(), c.integer("stride of the mask", 0));
  c.reals(1);
  c.bounded("block of a head", (depth + value_depth + 512) * 65536);
  c.bounded("packed keys", batch * key_heads * (sources + 512) * (depth + 64));
  c.in(batch * targets * heads * depth);
  c.in(batch * sources * key_heads * depth);
  c.in(batch * sources * key_heads * value_depth);
  if (masked) c.in(DType::Bool, mask.extent());
  Attention s(kNone);
  s.batch = batch.count();
  s.targets = targets.count();
  s.sources = sources.count();
  s.heads = heads.count();
  s.key_heads = key_heads.count();
  s.depth = depth.count();
  s.value_depth = value_depth.count();
  return s;
}

}  // namespace keratin::KR_ISA
