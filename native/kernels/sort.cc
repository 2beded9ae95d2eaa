// Sorting rows: x [rows, n] in ascending order, NaN last, zeros of either sign in the order in which they came.
#include "kernels/bucket_sort.h"

namespace keratin::KR_ISA {
namespace {

template <typename T>
using KeyOf = typename Order<T>::Key;

// How a sort is cut: short rows by groups of one row a lane, longer ones row by row, long and few ones by LongSort.
enum class Method { Columns, Rows, Long };
template <typename T>
inline Method method_of(int64_t rows, int64_t n) {
  constexpr int64_t lanes = simd::V<simd::Signed<T>>::lanes;
  if (sizeof(T) == 1) return Method::Rows;
  if (n <= kNetworkRows && 2 * rows >= lanes) return Method::Columns;
  return n >= LongSort::shortest && rows < 8 && sizeof(T) > 2 ? Method::Long : Method::Rows;
}

// Puts the zeros of out[0..n), which is sorted, in the order in which they stand in x[0..length), with their signs.
template <typename T>
inline void restore_zeros(T* out, int64_t n, const T* x, int64_t length) {
  if constexpr (Order<T>::signed_zeros) {
    using O = Order<T>;
    int64_t low = 0, high = n;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      if (O::key(out[middle]) < O::zero) low = middle + 1;
      else high = middle;
    }
    int64_t end = low;
    while (end < n && O::key(out[end]) == O::zero) ++end;
    for (int64_t i = 0; low < end && i < length; ++i) {
      if (O::key(x[i]) == O::zero) out[low++] = x[i];
    }
  }
}

// Bytes by counting them.
template <typename T>
inline void sort_bytes(T* out, const T* x, int64_t n) {
  uint32_t counts[256] = {};
  for (int64_t i = 0; i < n; ++i) ++counts[Order<T>::key(x[i])];
  for (int k = 0; k < 256; ++k) {
    std::memset(out, static_cast<int>(static_cast<uint8_t>(Order<T>::value(static_cast<uint8_t>(k)))), counts[k]);
    out += counts[k];
  }
}

template <typename T>
inline void sort_row(T* out, const T* x, int64_t n, void* local) {
  using Key = KeyOf<T>;
  Key *a = static_cast<Key*>(local), *b = a + n;
  for (int64_t i = 0; i < n; ++i) a[i] = Order<T>::key(x[i]);
  const Key* sorted = radix_sort(a, b, n, 0, 8 * sizeof(Key));
  for (int64_t i = 0; i < n; ++i) out[i] = Order<T>::value(sorted[i]);
  restore_zeros(out, n, x, n);
}

// A row a lane. The keys are compared as signed integers, for which every instruction set has a minimum.
template <typename T>
inline void sort_group(T* out, const T* x, int64_t rows, int64_t n, void* local) {
  using Key = KeyOf<T>;
  using Signed = simd::Signed<T>;
  constexpr int64_t lanes = simd::V<Signed>::lanes;
  constexpr Key flip = Key{1} << (8 * sizeof(Key) - 1);
  Signed* columns = static_cast<Signed*>(local);
  rows_to_columns(columns, reinterpret_cast<const Signed*>(x), rows, n, n);
  for (int64_t i = 0; i < n * lanes; ++i) {
    T value;
    std::memcpy(&value, columns + i, sizeof(T));
    columns[i] = static_cast<Signed>(Order<T>::key(value) ^ flip);
  }
  sort_network(columns, n);
  for (int64_t i = 0; i < n * lanes; ++i) {
    const T value = Order<T>::value(static_cast<Key>(static_cast<Key>(columns[i]) ^ flip));
    std::memcpy(columns + i, &value, sizeof(T));
  }
  columns_to_rows(reinterpret_cast<Signed*>(out), columns, rows, n, n);
  for (int64_t row = 0; row < rows; ++row) restore_zeros(out + row * n, n, x + row * n, n);
}

template <typename T>
inline void sort_long(const Args& args, int64_t n, Range units) {
  using Key = KeyOf<T>;
  constexpr int top = 8 * sizeof(Key);
  const int64_t of_row = args.phase == 2 ? LongSort::wanted_units : LongSort::chunks;
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t row = unit / of_row, part = unit % of_row;
    const LongScratch<Key> scratch(static_cast<char*>(args.shared) + row * LongScratch<Key>::bytes(n));
    const T* x = args.at<const T>(0) + row * n;
    T* out = args.at<T>(1) + row * n;
    const auto key_at = [x](int64_t i) __attribute__((always_inline)) { return Order<T>::key(x[i]); };
    if (args.phase == 0) count_buckets<Key>(scratch, part, n, top, key_at);
    else if (args.phase == 1) fill_buckets<Key>(scratch, part, n, top, key_at);
    else {
      sort_buckets<Key>(scratch, part, 0, top, static_cast<Key*>(args.local), [=](const Key* keys, int64_t at, int64_t count) {
        for (int64_t i = 0; i < count; ++i) out[at + i] = Order<T>::value(keys[i]);
        restore_zeros(out + at, count, x, n);
      });
    }
  }
}

// out[r, :] = x[r, :] in ascending order. ints: [rows, n]. operands: x, out.
template <typename T>
void sort(const Args& args, Range units) {
  const int64_t rows = args.ints[0], n = args.ints[1];
  const Method method = method_of<T>(rows, n);
  if constexpr (sizeof(T) > 2) {
    if (method == Method::Long) return sort_long<T>(args, n, units);
  }
  const T* x = args.at<const T>(0);
  T* out = args.at<T>(1);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    if constexpr (sizeof(T) == 1) {
      sort_bytes(out + unit * n, x + unit * n, n);
    } else if (method == Method::Columns) {
      const Range group = piece_of(unit, simd::V<simd::Signed<T>>::lanes, rows);
      sort_group(out + group.begin * n, x + group.begin * n, group.end - group.begin, n, args.local);
    } else {
      sort_row(out + unit * n, x + unit * n, n, args.local);
    }
  }
}

template <typename T>
Work plan_sort(const int64_t* ints, bool) {
  const int64_t rows = ints[0], n = ints[1];
  const Method method = method_of<T>(rows, n);
  Work work;
  work.units[0] = method == Method::Columns ? ceil_div(rows, simd::V<simd::Signed<T>>::lanes) : rows;
  work.local_bytes = method == Method::Columns ? n * simd::kVectorBytes : sizeof(T) == 1 ? 0 : 2 * n * static_cast<int64_t>(sizeof(T));
  work.nanoseconds = 50 + static_cast<double>(rows * n) * (method == Method::Columns ? 1.5 : sizeof(T) == 1 ? 1 : 1.5 * sizeof(T));
  if (method == Method::Long) {
    work.phases = 3;
    work.units[0] = work.units[1] = rows * LongSort::chunks;
    work.units[2] = rows * LongSort::wanted_units;
    work.local_bytes = n * static_cast<int64_t>(sizeof(T));
    work.shared_bytes = rows * LongScratch<KeyOf<T>>::bytes(n);
  }
  return work;
}

// Elements of a row are counted in 32 bits.
void sort_contract(Contract& c) {
  const Extent rows = c.size("rows"), n = c.size("n", 0, UINT32_MAX);
  c.in(rows * n);
  c.out(rows * n);
}

constexpr KernelRow kernels[] = {KR_ROWS_BY_VALUE("sort", sort, plan_sort, sort_contract)};

}  // namespace

KR_FAMILY(sort, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
