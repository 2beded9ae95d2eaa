// Reductions of the middle axis: x [outer, n, inner] to out [outer, inner].
//
// The order of the operations is a function of the shape alone: rows are combined sixteen at a time as a tree, these
// results pairwise as a tree again, and chunks of a long axis in a second phase. The rounding error of a float sum
// therefore grows with log n, and the same shape gives the same bits on any number of threads and any instruction set.
#include <bit>
#include "kernels/reduce.h"

namespace keratin::KR_ISA {
namespace {

constexpr int kTree = 16;                 // rows that are combined in registers
constexpr int64_t kWideBytes = 1024;      // columns of a unit, when a row is longer
constexpr int64_t kNarrowBytes = 256;     // a shorter row is combined with its successors to about this width
constexpr int64_t kUnitElements = 32768;  // elements of a unit

// How a reduction is cut. A narrow x is viewed as [n / group, group * inner], so that its columns fill vectors; the group
// is folded at the end.
struct Cut {
  int64_t outer, n, inner;
  int64_t columns, column_units;   // of a wide row
  int64_t chunk_rows, chunks;      // of a long axis; several chunks take a second phase
  int64_t outer_rows;              // reductions in a unit, when they are small
};

template <typename T>
inline Cut cut_of(const int64_t* ints) {
  constexpr int64_t size = sizeof(T);
  Cut cut = {ints[0], ints[1], ints[2], 0, 0, 0, 1, 1};
  cut.columns = max_of(1, min_of(cut.inner, kWideBytes / size));
  cut.column_units = ceil_div(cut.inner, cut.columns);
  cut.chunk_rows = max_of(1, cut.n);
  const int64_t block = cut.n * cut.columns;
  if (block >= 2 * kUnitElements && cut.outer * cut.column_units < 16) {
    constexpr int64_t granule = kTree * kNarrowBytes / size;  // a multiple of every group
    cut.chunk_rows = ceil_div(ceil_div(kUnitElements, cut.columns), granule) * granule;
    cut.chunks = ceil_div(cut.n, cut.chunk_rows);
  } else {
    cut.outer_rows = max_of(1, min_of(cut.outer, kUnitElements / max_of(1, block)));
  }
  return cut;
}

// Elements of scratch that reduce_rows takes: a level for every bit of the number of trees and one for the rest of the rows.
inline int64_t scratch_elements(int64_t rows, int64_t width, int64_t size) {
  return (std::bit_width(static_cast<uint64_t>(rows / kTree)) + 1) * (width + simd::kVectorBytes / size);
}

// into[c] = Op(into[c], from[c]) for c in [0, n).
template <typename Op, typename A>
KR_INLINE void combine(A* into, const A* from, int64_t n) {
  int64_t c = 0;
  for (; c + V<A>::lanes <= n; c += V<A>::lanes) Op::apply(V<A>::load(into + c), V<A>::load(from + c)).store(into + c);
  for (; c < n; ++c) into[c] = Op::apply(into[c], from[c]);
}

// The tree of a vector of kTree rows, `stride` apart.
template <typename Op, typename In, int rows = kTree, typename X>
KR_INLINE auto tree(const X* x, int64_t stride) {
  if constexpr (rows == 1) {
    return In::load(x);
  } else {
    const auto first = tree<Op, In, rows / 2>(x, stride);
    return Op::apply(first, tree<Op, In, rows / 2>(x + rows / 2 * stride, stride));
  }
}

// Reduces x [rows, width], whose rows are `stride` apart, to stack[0 .. width), for rows > 0 and width * sizeof(A) >= 64.
// The stack holds a partial result for each bit that is set in the number of trees so far, as a binary counter does. Its
// levels are whole vectors; the last vector of a row overlaps its neighbour instead of reaching beyond the row.
template <typename Op, typename In, typename X, typename A>
inline void reduce_rows(A* stack, const X* x, int64_t rows, int64_t stride, int64_t width) {
  constexpr int64_t lanes = V<A>::lanes;
  const int64_t level = ceil_div(width, lanes) * lanes;
  const auto column = [=](int64_t c) __attribute__((always_inline)) { return min_of(c, width - lanes); };
  int64_t depth = 0, row = 0;
  for (; row + kTree <= rows; row += kTree) {
    const int64_t carries = std::countr_zero(static_cast<uint64_t>(row / kTree + 1));
    for (int64_t c = 0; c < level; c += lanes) {
      V<A> value = tree<Op, In>(x + row * stride + column(c), stride);
      for (int64_t i = depth - 1; i >= depth - carries; --i) value = Op::apply(V<A>::load(stack + i * level + c), value);
      value.store(stack + (depth - carries) * level + c);
    }
    depth += 1 - carries;
  }
  if (row < rows) {
    for (int64_t c = 0; c < level; c += lanes) {
      V<A> value = In::load(x + row * stride + column(c));
      for (int64_t r = row + 1; r < rows; ++r) value = Op::apply(value, In::load(x + r * stride + column(c)));
      value.store(stack + depth * level + c);
    }
    ++depth;
  }
  for (int64_t c = 0; c < level; c += lanes) {
    V<A> value = V<A>::load(stack + (depth - 1) * level + c);
    for (int64_t i = depth - 2; i >= 0; --i) value = Op::apply(V<A>::load(stack + i * level + c), value);
    value.store(stack + column(c));
  }
}

// Rows that a narrow reduction views as one: a power of two, at most n.
template <typename A>
KR_INLINE int64_t group_of(int64_t n, int64_t inner) {
  constexpr int64_t narrow = kNarrowBytes / sizeof(A);
  if (inner >= narrow || n < 2) return 1;
  const int64_t group = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(ceil_div(narrow, inner))));
  return min_of(group, static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(n))));
}

// Reduces the contiguous x [n, inner] in groups of rows to stack[0 .. inner).
template <typename Op, typename In, typename X, typename A>
inline void reduce_groups(A* stack, const X* x, int64_t n, int64_t inner, int64_t group) {
  const int64_t rows = n / group, width = group * inner, rest = (n - rows * group) * inner;
  reduce_rows<Op, In>(stack, x, rows, width, width);
  for (int64_t c = 0; c < rest; ++c) stack[c] = Op::apply(stack[c], In::read(x[rows * width + c]));
  for (int64_t half = group / 2; half > 0; half /= 2) combine<Op>(stack, stack + half * inner, half * inner);
}

// Reduces the first `columns` of the rows of x [n, inner] into out [columns]. `In` reads elements of x, `Out` writes those
// of out. A narrow x is whole: columns = inner.
template <typename Op, typename In, typename Out, typename X, typename Y, typename A>
inline void reduce_one(Y* out, const X* x, int64_t n, int64_t inner, int64_t columns, A* stack) {
  constexpr int64_t least = 64 / sizeof(A);
  const int64_t group = group_of<A>(n, inner);
  if (n == 0 || group * columns < least) {
    for (int64_t c = 0; c < columns; ++c) {
      A value = n == 0 ? static_cast<A>(Op::identity) : In::read(x[c]);
      for (int64_t i = 1; i < n; ++i) value = Op::apply(value, In::read(x[i * inner + c]));
      out[c] = Out::write(value);
    }
    return;
  }
  if (group > 1) {
    reduce_groups<Op, In>(stack, x, n, inner, group);
  } else {
    reduce_rows<Op, In>(stack, x, n, inner, columns);
  }
  for (int64_t c = 0; c < columns; ++c) out[c] = Out::write(stack[c]);
}

// The first phase: whole reductions, or chunks of long ones to `partial` [outer, chunks, inner].
template <typename Op, typename E, typename S, typename A>
inline void reduce_chunks(S* out, A* partial, const S* x, const Cut& cut, Range units, A* stack) {
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t chunk = unit % cut.chunks, block = unit / cut.chunks;
    const Range rows = piece_of(chunk, cut.chunk_rows, cut.n);
    const Range columns = piece_of(block % cut.column_units, cut.columns, cut.inner);
    const Range outers = piece_of(block / cut.column_units, cut.outer_rows, cut.outer);
    const int64_t n = rows.end - rows.begin, width = columns.end - columns.begin;
    for (int64_t o = outers.begin; o < outers.end; ++o) {
      const S* from = x + (o * cut.n + rows.begin) * cut.inner + columns.begin;
      if (cut.chunks > 1) {
        A* to = partial + (o * cut.chunks + chunk) * cut.inner + columns.begin;
        reduce_one<Op, E, Element<A>>(to, from, n, cut.inner, width, stack);
      } else {
        reduce_one<Op, E, E>(out + o * cut.inner + columns.begin, from, n, cut.inner, width, stack);
      }
    }
  }
}

// out[o, i] = Op over n of x[o, n, i]; n = 0 gives the identity of sum and prod, and does not occur for max and min.
// ints: [outer, n, inner]. operands: x, out.
template <typename S, typename Op>
void reduce(const Args& args, Range units) {
  using E = Element<S, Op::nan_is_low>;
  using A = typename E::Value;
  const Cut cut = cut_of<S>(args.ints);
  S* out = args.at<S>(1);
  A* partial = static_cast<A*>(args.shared);
  A* stack = static_cast<A*>(args.local);
  if (args.phase == 0) return reduce_chunks<Op, E>(out, partial, args.at<const S>(0), cut, units, stack);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t o = unit / cut.column_units;
    const Range columns = piece_of(unit % cut.column_units, cut.columns, cut.inner);
    reduce_one<Op, Element<A>, E>(out + o * cut.inner + columns.begin, partial + o * cut.chunks * cut.inner + columns.begin,
                                  cut.chunks, cut.inner, columns.end - columns.begin, stack);
  }
}

template <typename S>
Work plan_reduce(const int64_t* ints, bool) {
  constexpr int64_t size = sizeof(S);
  const Cut cut = cut_of<S>(ints);
  Work work;
  work.units[0] = ceil_div(cut.outer, cut.outer_rows) * cut.column_units * cut.chunks;
  if (cut.chunks > 1) {
    work.phases = 2;
    work.units[1] = cut.outer * cut.column_units;
    work.shared_bytes = cut.outer * cut.chunks * cut.inner * size;
  }
  const int64_t widest = max_of(cut.columns, 4 * kNarrowBytes / size);
  work.local_bytes = scratch_elements(max_of(cut.chunk_rows, cut.chunks), widest, size) * size;
  work.nanoseconds = 20 + 5 * static_cast<double>(cut.outer) +
                     static_cast<double>(cut.outer * cut.n * cut.inner * size) / kBytesPerNanosecond;
  return work;
}

// Wrapping arithmetic is the same with and without a sign.
template <typename T>
using Unsigned = typename std::conditional_t<std::is_integral_v<T>, std::make_unsigned<T>, std::type_identity<T>>::type;

template <typename T>
constexpr auto sum = reduce<Unsigned<T>, Sum>;
template <typename T>
constexpr auto prod = reduce<Unsigned<T>, Product>;
template <typename T>
constexpr auto max = reduce<T, Maximum>;
template <typename T>
constexpr auto min = reduce<T, Minimum>;

void reduce_contract(Contract& c) {
  const Extent outer = c.size("outer"), n = c.size("n"), inner = c.size("inner");
  c.in(outer * n * inner);
  c.out(outer * inner);
}

constexpr KernelRow kernels[] = {
    KR_ROWS_ARITHMETIC("sum", sum, plan_reduce, reduce_contract),
    KR_ROWS_ARITHMETIC("prod", prod, plan_reduce, reduce_contract),
    KR_ROWS_BY_VALUE("max", max, plan_reduce, reduce_contract),
    KR_ROWS_BY_VALUE("min", min, plan_reduce, reduce_contract),
};

}  // namespace

KR_FAMILY(reduce, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
