// Kernels that read rows or elements by index. Indices are int32.
#include "kernels/rows.h"

namespace keratin::KR_ISA {
namespace {

// ints of gather and gather_along.
struct GatherShape {
  int64_t outer, axis, inner, n;
  bool wrap;
};

inline GatherShape shape_of(const int64_t* ints) { return {ints[0], ints[1], ints[2], ints[3], ints[4] != 0}; }

// The row that `index` names, or -1 after reporting that there is none.
KR_INLINE int64_t resolve(const GatherShape& shape, int32_t index, Fault* fault) {
  const int64_t row = index < 0 && shape.wrap ? index + shape.axis : index;
  if (row >= 0 && row < shape.axis) return row;
  fault->report(Fault::IndexOutOfRange, index, shape.axis);
  return -1;
}

// How rows of `inner` elements are cut into units: some whole rows, or a part of one.
struct Cut {
  int64_t rows, columns;    // of a unit
  int64_t column_units;     // units in a row
};

template <typename T>
inline Cut cut_of(int64_t inner) {
  const int64_t budget = kUnitBytes / static_cast<int64_t>(sizeof(T));
  const int64_t columns = inner > 2 * budget ? budget : max_of(1, inner);
  return {max_of(1, budget / columns), columns, ceil_div(inner, columns)};
}

template <typename T>
inline Work plan_rows(int64_t rows, int64_t inner, double nanoseconds_per_row) {
  const Cut cut = cut_of<T>(inner);
  Work work;
  work.units[0] = ceil_div(rows, cut.rows) * cut.column_units;
  work.nanoseconds = 20 + static_cast<double>(rows) *
                              (nanoseconds_per_row + static_cast<double>(2 * inner) * sizeof(T) / kBytesPerNanosecond);
  return work;
}

// Calls body(row, columns) for every output row of the units and the range of its columns that belongs to the unit.
template <typename Body>
KR_INLINE void for_rows(Range units, const Cut& cut, int64_t rows, int64_t inner, Body body) {
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const Range r = piece_of(unit / cut.column_units, cut.rows, rows);
    const Range columns = piece_of(unit % cut.column_units, cut.columns, inner);
    for (int64_t row = r.begin; row < r.end; ++row) body(row, columns);
  }
}

// out[j] = x[idx[j]] for j in [0, n). First looks whether all indices are in range, then gathers; both loops are vector code.
template <typename T>
inline void gather_elements(const GatherShape& shape, T* __restrict out, const T* __restrict x,
                                   const int32_t* __restrict indices, int64_t n, Fault* fault) {
  const int32_t axis = static_cast<int32_t>(min_of(shape.axis, INT32_MAX)), shift = shape.wrap ? axis : 0;
  int32_t outside = 0;
  for (int64_t j = 0; j < n; ++j) outside |= (indices[j] >= axis) | (indices[j] < -shift);
  if (outside == 0) {
    for (int64_t j = 0; j < n; ++j) out[j] = x[indices[j] + (indices[j] < 0 ? axis : 0)];
    return;
  }
  for (int64_t j = 0; j < n; ++j) {
    const int64_t row = resolve(shape, indices[j], fault);
    out[j] = row < 0 ? T{} : x[row];
  }
}

// gather with inner = 1, for outputs [begin, end).
template <typename T>
inline void gather_scalars(const Args& args, const GatherShape& shape, int64_t begin, int64_t end) {
  while (begin < end) {
    const int64_t o = begin / shape.n, j = begin % shape.n, count = min_of(end - begin, shape.n - j);
    gather_elements(shape, args.at<T>(2) + begin, args.at<const T>(0) + o * shape.axis, args.at<const int32_t>(1) + j, count,
                    args.fault);
    begin += count;
  }
}

// out[o, j, :] = x[o, idx[j], :], zero where idx[j] is out of range.
// ints: [outer, axis, inner, n, wrap]; wrap = 1 lets -axis <= idx < 0 count from the end.
// operands: x [outer, axis, inner], idx int32 [n], out [outer, n, inner].
template <typename T>
void gather(const Args& args, Range units) {
  const GatherShape shape = shape_of(args.ints);
  const Cut cut = cut_of<T>(shape.inner);
  const int64_t rows = shape.outer * shape.n;
  if (shape.inner == 1) return gather_scalars<T>(args, shape, units.begin * cut.rows, min_of(units.end * cut.rows, rows));
  const int32_t* indices = args.at<const int32_t>(1);
  const T* x = args.at<const T>(0);
  T* out = args.at<T>(2);
  for_rows(units, cut, rows, shape.inner, [&](int64_t at, Range columns) {
    const int64_t o = shape.outer == 1 ? 0 : at / shape.n;
    const int64_t row = resolve(shape, indices[at - o * shape.n], args.fault);
    T* to = out + at * shape.inner + columns.begin;
    const int64_t count = columns.end - columns.begin;
    if (row < 0) {
      std::memset(to, 0, static_cast<size_t>(count) * sizeof(T));
    } else {
      copy_run(to, x + (o * shape.axis + row) * shape.inner + columns.begin, count);
    }
  });
}

template <typename T>
Work plan_gather(const int64_t* ints, bool) {
  const GatherShape shape = shape_of(ints);
  return plan_rows<T>(shape.outer * shape.n, shape.inner, 1.5);
}

// out[o, j, i] = x[o, idx[o, j, i], i], zero where the index is out of range.
// ints: as of gather. operands: x [outer, axis, inner], idx int32 [outer, n, inner], out [outer, n, inner].
template <typename T>
void gather_along(const Args& args, Range units) {
  const GatherShape shape = shape_of(args.ints);
  const int32_t* indices = args.at<const int32_t>(1);
  const T* x = args.at<const T>(0);
  T* out = args.at<T>(2);
  for_rows(units, cut_of<T>(shape.inner), shape.outer * shape.n, shape.inner, [&](int64_t at, Range columns) {
    const T* plane = x + (shape.n == 1 ? at : at / shape.n) * shape.axis * shape.inner;
    for (int64_t i = columns.begin; i < columns.end; ++i) {
      const int64_t row = resolve(shape, indices[at * shape.inner + i], args.fault);
      out[at * shape.inner + i] = row < 0 ? T{} : plane[row * shape.inner + i];
    }
  });
}

template <typename T>
Work plan_gather_along(const int64_t* ints, bool) {
  const GatherShape shape = shape_of(ints);
  return plan_rows<T>(shape.outer * shape.n, shape.inner, 1.5 * static_cast<double>(shape.inner));
}

// out = x[start .. start + n), a dynamic slice of the first axis; start is clamped to [0, rows - n].
// ints: [rows, inner, n]. operands: x [rows, inner], start int32 scalar, out [n, inner].
template <typename T>
void gather_block(const Args& args, Range units) {
  const int64_t rows = args.ints[0], inner = args.ints[1], n = args.ints[2];
  const int64_t start = max_of(0, min_of(*args.at<const int32_t>(1), rows - n));
  const int64_t step = kUnitBytes / static_cast<int64_t>(sizeof(T));
  const int64_t begin = min_of(units.begin * step, n * inner), end = min_of(units.end * step, n * inner);
  copy_run(args.at<T>(2) + begin, args.at<const T>(0) + start * inner + begin, end - begin);
}

template <typename T>
Work plan_gather_block(const int64_t* ints, bool) {
  const int64_t bytes = ints[1] * ints[2] * static_cast<int64_t>(sizeof(T));
  Work work;
  work.units[0] = ceil_div(bytes, kUnitBytes);
  work.nanoseconds = 10 + static_cast<double>(2 * bytes) / kBytesPerNanosecond;
  return work;
}

void gather_contract(Contract& c) {
  const Extent outer = c.size("outer"), axis = c.size("axis"), inner = c.size("inner"), n = c.size("n");
  c.flag("wrap");
  c.in(outer * axis * inner);
  c.in(DType::I32, n);
  c.out(outer * n * inner);
}
void gather_along_contract(Contract& c) {
  const Extent outer = c.size("outer"), axis = c.size("axis"), inner = c.size("inner"), n = c.size("n");
  c.flag("wrap");
  c.in(outer * axis * inner);
  c.in(DType::I32, outer * n * inner);
  c.out(outer * n * inner);
}
void gather_block_contract(Contract& c) {
  const Extent rows = c.size("rows"), inner = c.size("inner"), n = c.size("n", 0, rows.count());
  c.in(rows * inner);
  c.in(DType::I32, 1);
  c.out(n * inner);
}

constexpr KernelRow kernels[] = {
    KR_ROWS_BY_SIZE("gather", gather, plan_gather, gather_contract),
    KR_ROWS_BY_SIZE("gather_along", gather_along, plan_gather_along, gather_along_contract),
    KR_ROWS_BY_SIZE("gather_block", gather_block, plan_gather_block, gather_block_contract),
};

}  // namespace

KR_FAMILY(gather, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
