// Places of values in a sorted sequence.
#include "kernels/order.h"

namespace keratin::KR_ISA {
namespace {

constexpr int64_t kTogether = 8;      // searches side by side: their steps do not wait for each other
constexpr int64_t kUnitValues = 4096;

// The number of elements of the sorted x[0..m) that are less than each key (at most each, for `right`), NaN being the largest.
// The steps depend on m alone, so they need no branch.
template <typename T, bool right>
inline void search(int32_t* out, const T* x, int64_t m, const T* values, int64_t count) {
  using O = Order<T>;
  typename O::Key keys[kTogether];
  int64_t base[kTogether];
  for (int64_t i = 0; i < kTogether; ++i) {
    keys[i] = O::key(values[i < count ? i : 0]);
    base[i] = 0;
  }
  int64_t left = m;
  while (left > 1) {
    const int64_t half = left / 2;
    for (int64_t i = 0; i < kTogether; ++i) {
      const auto key = O::key(x[base[i] + half - 1]);
      base[i] += (right ? key <= keys[i] : key < keys[i]) ? half : 0;
    }
    left -= half;
  }
  for (int64_t i = 0; i < count; ++i) {
    int64_t place = base[i];
    if (m > 0) {
      const auto key = O::key(x[place]);
      place += right ? key <= keys[i] : key < keys[i];
    }
    out[i] = static_cast<int32_t>(place);
  }
}

// out[i] = the place before (right: after) the elements of the sorted x equal to values[i].
// ints: [m, n, right]. operands: x [m], values [n], out int32 [n].
template <typename T>
void searchsorted(const Args& args, Range units) {
  const int64_t m = args.ints[0], n = args.ints[1];
  const bool right = args.ints[2] != 0;
  const T *x = args.at<const T>(0), *values = args.at<const T>(1);
  int32_t* out = args.at<int32_t>(2);
  const int64_t end = min_of(units.end * kUnitValues, n);
  for (int64_t i = units.begin * kUnitValues; i < end; i += kTogether) {
    const int64_t count = min_of(kTogether, end - i);
    if (right) search<T, true>(out + i, x, m, values + i, count);
    else search<T, false>(out + i, x, m, values + i, count);
  }
}

template <typename T>
Work plan_searchsorted(const int64_t* ints, bool) {
  Work work;
  work.units[0] = ceil_div(ints[1], kUnitValues);
  double steps = 1;
  for (int64_t left = ints[0]; left > 1; left -= left / 2) steps += 1;
  work.nanoseconds = 20 + static_cast<double>(ints[1]) * steps * 0.8;
  return work;
}

void searchsorted_contract(Contract& c) {
  const Extent m = c.size("m", 0, INT32_MAX), n = c.size("n");
  c.flag("right");
  c.in(m);
  c.in(n);
  c.out(DType::I32, n);
}

constexpr KernelRow kernels[] = {KR_ROWS_BY_VALUE("searchsorted", searchsorted, plan_searchsorted, searchsorted_contract)};

}  // namespace

KR_FAMILY(search, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
