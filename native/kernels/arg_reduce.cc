// Positions of the largest and the smallest element along the middle axis: x [outer, n, inner] to int32 [outer, inner].
// The first of equal elements wins, and a NaN wins over every number, as in NumPy.
#include "kernels/reduce.h"

namespace keratin::KR_ISA {
namespace {

constexpr int64_t kColumns = 64;          // columns that are searched together
constexpr int64_t kUnitElements = 16384;  // elements of a unit

// How a search is cut: into units of several planes [n, inner], of columns of a plane, or of chunks of a long axis.
struct Cut {
  int64_t outer, n, inner;
  int64_t planes;               // of a unit
  int64_t column_units;         // of a plane
  int64_t chunk_rows, chunks;
};

inline Cut cut_of(const int64_t* ints) {
  Cut cut = {ints[0], ints[1], ints[2], 1, 1, max_of(1, ints[1]), 1};
  cut.column_units = ceil_div(cut.inner, kColumns);
  const int64_t columns = min_of(cut.inner, kColumns), block = max_of(1, cut.n * columns);
  if (cut.outer * cut.column_units < 8 && block >= 4 * kUnitElements) {
    cut.chunk_rows = ceil_div(kUnitElements, columns);
    cut.chunks = ceil_div(cut.n, cut.chunk_rows);
  } else {
    cut.planes = max_of(1, min_of(cut.outer, kUnitElements / block));
  }
  return cut;
}

// The winner of `vectors` vectors of x.
template <typename Op, typename E, typename S>
KR_INLINE auto winner_of(const S* x, int64_t vectors) {
  using A = typename E::Value;
  V<A> best = E::load(x);
  for (int64_t v = 1; v < vectors; ++v) best = Op::apply(best, E::load(x + v * V<A>::lanes));
  A lane[V<A>::lanes];
  best.store(lane);
  for (int half = V<A>::lanes / 2; half > 0; half /= 2) {
    for (int l = 0; l < half; ++l) lane[l] = Op::apply(lane[l], lane[l + half]);
  }
  return lane[0];
}

// Position of the winner of the contiguous x[0..n), n > 0: finds the value by blocks, then its place in the first block
// that has it.
template <typename Op, typename E, typename S>
inline int64_t search_run(const S* x, int64_t n) {
  using A = typename E::Value;
  constexpr int64_t lanes = V<A>::lanes, block = 16 * lanes;
  int64_t at = 0, i = 0;
  A best = E::read(x[0]);
  for (; i + lanes <= n; i += block) {
    const int64_t vectors = min_of(16, (n - i) / lanes);
    const A value = winner_of<Op, E>(x + i, vectors);
    if (i > 0 && !Op::wins(value, best)) continue;
    best = value;
    at = i;
  }
  if (n >= lanes) {
    const bool nan = best != best;
    while (nan ? E::read(x[at]) == E::read(x[at]) : E::read(x[at]) != best) ++at;
  }
  for (i = n - n % lanes; i < n; ++i) {
    const A value = E::read(x[i]);
    const bool wins = Op::wins(value, best);
    best = wins ? value : best;
    at = wins ? i : at;
  }
  return at;
}

// Positions of the winners of up to kColumns columns of x, whose n > 0 rows are `inner` apart, plus `first`.
template <typename Op, typename E, typename S>
inline void search_columns(int32_t* __restrict out, const S* __restrict x, int64_t n, int64_t inner, int64_t columns,
                                  int64_t first) {
  using A = typename E::Value;
  A best[kColumns];
  int32_t at[kColumns];
  for (int64_t c = 0; c < columns; ++c) {
    best[c] = E::read(x[c]);
    at[c] = 0;
  }
  for (int64_t row = 1; row < n; ++row) {
    for (int64_t c = 0; c < columns; ++c) {
      const A value = E::read(x[row * inner + c]);
      const bool wins = Op::wins(value, best[c]);
      best[c] = wins ? value : best[c];
      at[c] = wins ? static_cast<int32_t>(row) : at[c];
    }
  }
  for (int64_t c = 0; c < columns; ++c) out[c] = static_cast<int32_t>(first) + at[c];
}

// The second phase: of the winners of the chunks, the first best.
template <typename Op, typename E, typename S>
inline void merge_chunks(const Args& args, const Cut& cut, Range units) {
  const int32_t* partial = static_cast<const int32_t*>(args.shared);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t o = unit / cut.inner, i = unit % cut.inner;
    const S* x = args.at<const S>(0) + o * cut.n * cut.inner + i;
    int32_t at = partial[o * cut.chunks * cut.inner + i];
    auto best = E::read(x[at * cut.inner]);
    for (int64_t chunk = 1; chunk < cut.chunks; ++chunk) {
      const int32_t next = partial[(o * cut.chunks + chunk) * cut.inner + i];
      const auto value = E::read(x[next * cut.inner]);
      if (!Op::wins(value, best)) continue;
      best = value;
      at = next;
    }
    args.at<int32_t>(1)[unit] = at;
  }
}

// out[o, i] = the position in [0, n) of the winner of x[o, :, i], n > 0. ints: [outer, n, inner]. operands: x, out int32.
template <typename S, typename Op>
void arg_reduce(const Args& args, Range units) {
  using E = Element<S, Op::nan_is_low>;
  const Cut cut = cut_of(args.ints);
  if (args.phase == 1) return merge_chunks<Op, E, S>(args, cut, units);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t chunk = unit % cut.chunks, block = unit / cut.chunks;
    const Range rows = piece_of(chunk, cut.chunk_rows, cut.n);
    const Range columns = piece_of(block % cut.column_units, kColumns, cut.inner);
    const Range planes = piece_of(block / cut.column_units, cut.planes, cut.outer);
    for (int64_t o = planes.begin; o < planes.end; ++o) {
      const S* x = args.at<const S>(0) + (o * cut.n + rows.begin) * cut.inner + columns.begin;
      int32_t* out = cut.chunks > 1 ? static_cast<int32_t*>(args.shared) + (o * cut.chunks + chunk) * cut.inner
                                    : args.at<int32_t>(1) + o * cut.inner;
      out += columns.begin;
      const int64_t n = rows.end - rows.begin;
      if (cut.inner == 1) {
        *out = static_cast<int32_t>(rows.begin + search_run<Op, E>(x, n));
      } else {
        search_columns<Op, E>(out, x, n, cut.inner, columns.end - columns.begin, rows.begin);
      }
    }
  }
}

template <typename S>
Work plan_arg_reduce(const int64_t* ints, bool) {
  const Cut cut = cut_of(ints);
  Work work;
  work.units[0] = ceil_div(cut.outer, cut.planes) * cut.column_units * cut.chunks;
  if (cut.chunks > 1) {
    work.phases = 2;
    work.units[1] = cut.outer * cut.inner;
    work.shared_bytes = cut.outer * cut.chunks * cut.inner * static_cast<int64_t>(sizeof(int32_t));
  }
  work.nanoseconds = 20 + 8 * static_cast<double>(cut.outer) +
                     static_cast<double>(cut.outer * cut.n * cut.inner) * sizeof(S) / (0.5 * kBytesPerNanosecond);
  return work;
}

template <typename T>
constexpr auto argmax = arg_reduce<T, Maximum>;
template <typename T>
constexpr auto argmin = arg_reduce<T, Minimum>;

// Positions are int32, and an empty axis has none.
void arg_reduce_contract(Contract& c) {
  const Extent outer = c.size("outer"), n = c.size("n", 1, INT32_MAX), inner = c.size("inner");
  c.in(outer * n * inner);
  c.out(DType::I32, outer * inner);
}

constexpr KernelRow kernels[] = {
    KR_ROWS_BY_VALUE("argmax", argmax, plan_arg_reduce, arg_reduce_contract),
    KR_ROWS_BY_VALUE("argmin", argmin, plan_arg_reduce, arg_reduce_contract),
};

}  // namespace

KR_FAMILY(arg_reduce, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
