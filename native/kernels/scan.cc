// Running sums and products along the middle axis: x [outer, n, inner] to the same shape, from the front or from the back.
// float32 is accumulated in float64. Integers wrap.
#include <type_traits>
#include "kernels/rows.h"

namespace keratin::KR_ISA {
namespace {

constexpr int64_t kColumns = 64;   // columns that are scanned together
constexpr int64_t kLane = 512;     // elements of a run that is scanned as one chain
constexpr int64_t kLanes = 8;      // chains in flight, which hide the latency of each other's additions
constexpr int64_t kChunk = kLane * kLanes;

template <typename T>
using Accumulator = std::conditional_t<std::is_same_v<T, float>, double, std::conditional_t<std::is_integral_v<T>, uint64_t, T>>;

struct Add {
  static constexpr int identity = 0;
  template <typename A>
  static KR_INLINE A apply(A a, A b) { return a + b; }
};
struct Multiply {
  static constexpr int identity = 1;
  template <typename A>
  static KR_INLINE A apply(A a, A b) { return a * b; }
};

// How a scan is cut: rows with inner = 1 by chunks when they are long and by groups of rows otherwise, planes by columns.
struct Cut {
  int64_t outer, n, inner;
  bool reverse;
  int64_t chunks;        // of a row; 1: none
  int64_t column_units;  // of a plane
  int64_t planes;        // of a unit
};
inline Cut cut_of(const int64_t* ints) {
  Cut cut = {ints[0], ints[1], ints[2], ints[3] != 0, 1, 1, 1};
  cut.column_units = ceil_div(cut.inner, kColumns);
  if (cut.inner == 1 && cut.n >= 4 * kChunk) cut.chunks = ceil_div(cut.n, kChunk);
  else cut.planes = max_of(1, kChunk / max_of(1, cut.n * min_of(cut.inner, kColumns)));
  return cut;
}

// Element i of a run in the order of the scan.
template <typename T>
struct Run {
  const T* x;
  T* out;
  int64_t last;  // n - 1 for a reverse scan, else 0
  int64_t step;  // -1 or 1
  KR_INLINE int64_t place(int64_t i) const { return last + i * step; }
};

// The total of elements [begin, end) of a run.
template <typename T, typename Op>
inline Accumulator<T> total_of(const Run<T>& run, int64_t begin, int64_t end) {
  using A = Accumulator<T>;
  A sums[8];
  for (A& sum : sums) sum = static_cast<A>(Op::identity);
  int64_t i = begin;
  for (; i + 8 <= end; i += 8) {
    for (int64_t l = 0; l < 8; ++l) sums[l] = Op::apply(sums[l], static_cast<A>(run.x[run.place(i + l)]));
  }
  for (; i < end; ++i) sums[0] = Op::apply(sums[0], static_cast<A>(run.x[run.place(i)]));
  for (int64_t l = 1; l < 8; ++l) sums[0] = Op::apply(sums[0], sums[l]);
  return sums[0];
}

// Scans elements [begin, end) of a run, up to a chunk, from `start`: lanes of kLane elements side by side.
template <typename T, typename Op>
inline void scan_chunk(const Run<T>& run, int64_t begin, int64_t end, Accumulator<T> start) {
  using A = Accumulator<T>;
  A lane[kLanes];
  if (end - begin < kChunk) {
    for (int64_t i = begin; i < end; ++i) run.out[run.place(i)] = static_cast<T>(start = Op::apply(start, static_cast<A>(run.x[run.place(i)])));
    return;
  }
  for (int64_t l = 0; l < kLanes; ++l) {
    lane[l] = start;
    start = Op::apply(start, total_of<T, Op>(run, begin + l * kLane, begin + (l + 1) * kLane));
  }
  for (int64_t i = 0; i < kLane; ++i) {
#pragma GCC unroll 8
    for (int64_t l = 0; l < kLanes; ++l) {
      const int64_t at = run.place(begin + l * kLane + i);
      lane[l] = Op::apply(lane[l], static_cast<A>(run.x[at]));
      run.out[at] = static_cast<T>(lane[l]);
    }
  }
}

// A long row: its chunks' totals first, then each chunk from the totals before it.
template <typename T, typename Op>
inline void scan_long(const Args& args, const Cut& cut, Range units) {
  using A = Accumulator<T>;
  A* totals = static_cast<A*>(args.shared);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t row = unit / cut.chunks, chunk = unit % cut.chunks;
    const Run<T> run = {args.at<const T>(0) + row * cut.n, args.at<T>(1) + row * cut.n, cut.reverse ? cut.n - 1 : 0, cut.reverse ? -1 : 1};
    const Range range = piece_of(chunk, kChunk, cut.n);
    if (args.phase == 0) {
      totals[unit] = total_of<T, Op>(run, range.begin, range.end);
    } else {
      A start = static_cast<A>(Op::identity);
      for (int64_t c = 0; c < chunk; ++c) start = Op::apply(start, totals[row * cut.chunks + c]);
      scan_chunk<T, Op>(run, range.begin, range.end, start);
    }
  }
}

// Up to kColumns columns of a plane, whose n rows are `inner` apart.
template <typename T, typename Op>
inline void scan_columns(T* __restrict out, const T* __restrict x, const Cut& cut, int64_t columns) {
  using A = Accumulator<T>;
  A sums[kColumns];
  for (int64_t c = 0; c < columns; ++c) sums[c] = static_cast<A>(Op::identity);
  for (int64_t i = 0; i < cut.n; ++i) {
    const int64_t at = (cut.reverse ? cut.n - 1 - i : i) * cut.inner;
    for (int64_t c = 0; c < columns; ++c) {
      sums[c] = Op::apply(sums[c], static_cast<A>(x[at + c]));
      out[at + c] = static_cast<T>(sums[c]);
    }
  }
}

// out[o, i, :] = x[o, 0, :] op ... op x[o, i, :]; reverse = 1: x[o, i, :] op ... op x[o, n - 1, :].
// ints: [outer, n, inner, reverse]. operands: x, out.
template <typename T, typename Op>
void scan(const Args& args, Range units) {
  using A = Accumulator<T>;
  const Cut cut = cut_of(args.ints);
  if (cut.chunks > 1) return scan_long<T, Op>(args, cut, units);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const Range planes = piece_of(unit / cut.column_units, cut.planes, cut.outer);
    const Range columns = piece_of(unit % cut.column_units, kColumns, cut.inner);
    for (int64_t o = planes.begin; o < planes.end; ++o) {
      const int64_t plane = o * cut.n * cut.inner + columns.begin;
      const T* x = args.at<const T>(0) + plane;
      T* out = args.at<T>(1) + plane;
      if (cut.inner > 1) {
        scan_columns<T, Op>(out, x, cut, columns.end - columns.begin);
        continue;
      }
      const Run<T> run = {x, out, cut.reverse ? cut.n - 1 : 0, cut.reverse ? -1 : 1};
      A start = static_cast<A>(Op::identity);
      for (int64_t i = 0; i < cut.n; ++i) out[run.place(i)] = static_cast<T>(start = Op::apply(start, static_cast<A>(x[run.place(i)])));
    }
  }
}

template <typename T>
Work plan_scan(const int64_t* ints, bool) {
  const Cut cut = cut_of(ints);
  Work work;
  work.units[0] = ceil_div(cut.outer, cut.planes) * cut.column_units;
  const double elements = static_cast<double>(cut.outer * cut.n * cut.inner);
  work.nanoseconds = 20 + elements * (cut.inner == 1 ? 1.2 : 0.5);
  if (cut.chunks > 1) {
    work.phases = 2;
    work.units[0] = work.units[1] = cut.outer * cut.chunks;
    work.shared_bytes = work.units[0] * static_cast<int64_t>(sizeof(Accumulator<T>));
  }
  return work;
}

template <typename T>
constexpr auto cumsum = scan<T, Add>;
template <typename T>
constexpr auto cumprod = scan<T, Multiply>;

void scan_contract(Contract& c) {
  const Extent outer = c.size("outer"), n = c.size("n"), inner = c.size("inner");
  c.flag("reverse");
  c.in(outer * n * inner);
  c.out(outer * n * inner);
}

constexpr KernelRow kernels[] = {
    KR_ROWS_ARITHMETIC("cumsum", cumsum, plan_scan, scan_contract),
    KR_ROWS_ARITHMETIC("cumprod", cumprod, plan_scan, scan_contract),
};

}  // namespace

KR_FAMILY(scan, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
