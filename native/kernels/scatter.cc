// Kernels that write rows or elements by index. Indices are int32; updates are applied in their order, so that the result
// is the same bits on any number of threads.
#include <type_traits>
#include "kernels/rows.h"

namespace keratin::KR_ISA {
namespace {

// ints of every kernel here.
struct ScatterShape {
  int64_t outer, axis, inner, n;
  bool drop;
};

inline ScatterShape shape_of(const int64_t* ints) { return {ints[0], ints[1], ints[2], ints[3], ints[4] != 0}; }

// How one outer plane [axis, inner] is cut: `row_parts` ranges of rows or `column_parts` ranges of columns, one of them 1.
struct Split {
  int64_t rows, columns;  // of a part
  int64_t row_parts, column_parts;
};

// Every part scans all indices, so cutting rows pays only while that costs little beside moving the data; cutting columns
// costs nothing but needs whole cache lines.
template <typename T>
inline Split split_of(const ScatterShape& shape) {
  constexpr int64_t size = sizeof(T), line = 64 / size;
  constexpr double scan = 0.6;  // nanoseconds an index
  const double moved = static_cast<double>(2 * (shape.axis + shape.n) * shape.inner * size) / kBytesPerNanosecond;
  const int64_t wanted = min_of(16, shape.axis * shape.inner * size / (2 * kUnitBytes));
  const int64_t affordable = static_cast<int64_t>(0.25 * moved / (scan * static_cast<double>(max_of(1, shape.n))));
  const int64_t parts = min_of(min_of(wanted, affordable), shape.axis);
  if (parts > 1) {
    const int64_t rows = ceil_div(shape.axis, parts);
    return {rows, shape.inner, ceil_div(shape.axis, rows), 1};
  }
  const int64_t columns = max_of(4 * line, ceil_div(ceil_div(shape.inner, 16), line) * line);
  if ((shape.axis + shape.n) * shape.inner * size < 4 * kUnitBytes || columns >= shape.inner) {
    return {shape.axis, shape.inner, 1, 1};
  }
  return {shape.axis, columns, 1, ceil_div(shape.inner, columns)};
}

template <typename T>
Work plan_scatter(const int64_t* ints, bool) {
  const ScatterShape shape = shape_of(ints);
  const Split split = split_of<T>(shape);
  Work work;
  work.units[0] = shape.outer * split.row_parts * split.column_parts;
  const double moved = static_cast<double>((2 * shape.axis + 3 * shape.n) * shape.inner) * sizeof(T);
  work.nanoseconds = 20 + static_cast<double>(shape.outer) * (moved / kBytesPerNanosecond + 2.0 * static_cast<double>(shape.n));
  return work;
}

// What an update does to an element. Integers wrap, by way of 64 bits without a sign; of a NaN and
// a number the maximum and the minimum are NaN.
struct Set {
  template <typename T>
  static KR_INLINE T apply(T, T update) { return update; }
};
struct Add {
  template <typename T>
  static KR_INLINE T apply(T x, T update) {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(static_cast<uint64_t>(x) + static_cast<uint64_t>(update));
    } else {
      return x + update;
    }
  }
};
struct Multiply {
  template <typename T>
  static KR_INLINE T apply(T x, T update) {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(static_cast<uint64_t>(x) * static_cast<uint64_t>(update));
    } else {
      return x * update;
    }
  }
};
struct Maximum {
  template <typename T>
  static KR_INLINE T apply(T x, T update) { return update > x || update != update ? update : x; }
};
struct Minimum {
  template <typename T>
  static KR_INLINE T apply(T x, T update) { return update < x || update != update ? update : x; }
};

// The row that `index` names, or -1 after reporting that there is none.
KR_INLINE int64_t resolve(const ScatterShape& shape, int32_t index, Fault* fault) {
  if (index >= 0 && index < shape.axis) return index;
  if (!shape.drop) fault->report(Fault::IndexOutOfRange, index, shape.axis);
  return -1;
}

// Copies rows x columns of a plane from base to out, unless they are the same memory.
template <typename T>
inline void copy_part(T* out, const T* base, Range rows, Range columns, int64_t inner) {
  if (out == base) return;
  const int64_t width = columns.end - columns.begin;
  if (width == inner) return copy_run(out + rows.begin * inner, base + rows.begin * inner, (rows.end - rows.begin) * inner);
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    copy_run(out + row * inner + columns.begin, base + row * inner + columns.begin, width);
  }
}

// Calls body(o, rows, columns) for every unit.
template <typename T, typename Body>
KR_INLINE void for_parts(const ScatterShape& shape, Range units, Body body) {
  const Split split = split_of<T>(shape);
  const int64_t parts = split.row_parts * split.column_parts;
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t o = unit / parts, part = unit % parts;
    body(o, piece_of(part / split.column_parts, split.rows, shape.axis),
         piece_of(part % split.column_parts, split.columns, shape.inner));
  }
}

// out = base; then for j = 0, 1, ..: out[o, idx[j], :] = Op(out[o, idx[j], :], updates[o, j, :]).
// ints: [outer, axis, inner, n, drop]; drop = 1 ignores indices outside [0, axis), else they are a fault.
// operands: base [outer, axis, inner], idx int32 [n], updates [outer, n, inner], out [outer, axis, inner], which may be base.
template <typename T, typename Op>
void scatter(const Args& args, Range units) {
  const ScatterShape shape = shape_of(args.ints);
  const int32_t* indices = args.at<const int32_t>(1);
  for_parts<T>(shape, units, [&](int64_t o, Range rows, Range columns) {
    const int64_t plane = o * shape.axis * shape.inner;
    T* out = args.at<T>(3) + plane;
    copy_part(out, args.at<const T>(0) + plane, rows, columns, shape.inner);
    const T* updates = args.at<const T>(2) + o * shape.n * shape.inner;
    const int64_t width = columns.end - columns.begin;
    for (int64_t j = 0; j < shape.n; ++j) {
      const int64_t row = resolve(shape, indices[j], args.fault);
      if (row < rows.begin || row >= rows.end) continue;
      T* __restrict to = out + row * shape.inner + columns.begin;
      const T* __restrict from = updates + j * shape.inner + columns.begin;
      for (int64_t i = 0; i < width; ++i) to[i] = Op::apply(to[i], from[i]);
    }
  });
}

// out = base; then for j = 0, 1, ..: out[o, idx[o, j, i], i] += updates[o, j, i]: the gradient of gather_along.
// ints: as of scatter. operands: base [outer, axis, inner], idx int32 [outer, n, inner], updates [outer, n, inner],
// out [outer, axis, inner], which may be base.
template <typename T>
void scatter_add_along(const Args& args, Range units) {
  const ScatterShape shape = shape_of(args.ints);
  for_parts<T>(shape, units, [&](int64_t o, Range rows, Range columns) {
    const int64_t plane = o * shape.axis * shape.inner;
    T* out = args.at<T>(3) + plane;
    copy_part(out, args.at<const T>(0) + plane, rows, columns, shape.inner);
    const int32_t* indices = args.at<const int32_t>(1) + o * shape.n * shape.inner;
    const T* updates = args.at<const T>(2) + o * shape.n * shape.inner;
    for (int64_t j = 0; j < shape.n; ++j) {
      for (int64_t i = columns.begin; i < columns.end; ++i) {
        const int64_t row = resolve(shape, indices[j * shape.inner + i], args.fault);
        if (row < rows.begin || row >= rows.end) continue;
        T* to = out + row * shape.inner + i;
        *to = Add::apply(*to, updates[j * shape.inner + i]);
      }
    }
  });
}

template <typename T>
constexpr auto scatter_set = scatter<T, Set>;
template <typename T>
constexpr auto scatter_add = scatter<T, Add>;
template <typename T>
constexpr auto scatter_mul = scatter<T, Multiply>;
template <typename T>
constexpr auto scatter_max = scatter<T, Maximum>;
template <typename T>
constexpr auto scatter_min = scatter<T, Minimum>;

void scatter_contract(Contract& c) {
  const Extent outer = c.size("outer"), axis = c.size("axis"), inner = c.size("inner"), n = c.size("n");
  c.flag("drop");
  c.in(outer * axis * inner);
  c.in(DType::I32, n);
  c.in(outer * n * inner);
  c.out_over(0, outer * axis * inner);
}
void scatter_along_contract(Contract& c) {
  const Extent outer = c.size("outer"), axis = c.size("axis"), inner = c.size("inner"), n = c.size("n");
  c.flag("drop");
  c.in(outer * axis * inner);
  c.in(DType::I32, outer * n * inner);
  c.in(outer * n * inner);
  c.out_over(0, outer * axis * inner);
}

constexpr KernelRow kernels[] = {
    KR_ROWS_BY_SIZE("scatter_set", scatter_set, plan_scatter, scatter_contract),
    KR_ROWS_ARITHMETIC("scatter_add", scatter_add, plan_scatter, scatter_contract),
    KR_ROWS_ARITHMETIC("scatter_mul", scatter_mul, plan_scatter, scatter_contract),
    KR_ROWS_ARITHMETIC("scatter_max", scatter_max, plan_scatter, scatter_contract),
    KR_ROWS_ARITHMETIC("scatter_min", scatter_min, plan_scatter, scatter_contract),
    KR_ROWS_ARITHMETIC("scatter_add_along", scatter_add_along, plan_scatter, scatter_along_contract),
};

}  // namespace

KR_FAMILY(scatter, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
