// The order of rows: argsort, and the k largest elements with their places. Equal elements keep their order; zeros of
// either sign are equal in argsort, and NaN is the largest.
#include "kernels/bucket_sort.h"

namespace keratin::KR_ISA {
namespace {

template <typename T>
using Index = Indexed<typename Order<T>::Key>;

// As in sort.cc. The items of elements of up to 4 bytes are words, of which a vector sorts several rows at once.
enum class Method { Columns, Rows, Long };
template <typename T>
inline Method method_of(int64_t rows, int64_t n) {
  constexpr int64_t lanes = simd::V<int64_t>::lanes;
  if (sizeof(T) <= 4 && n <= kNetworkRows && 2 * rows >= lanes) return Method::Columns;
  return n >= LongSort::shortest && rows < 8 && sizeof(T) > 2 ? Method::Long : Method::Rows;
}

template <typename T>
inline void argsort_row(int32_t* out, const T* x, int64_t n, void* local) {
  using I = Index<T>;
  using Item = typename I::Item;
  Item *a = static_cast<Item*>(local), *b = a + n;
  for (int64_t i = 0; i < n; ++i) a[i] = I::item(Order<T>::key(x[i]), i);
  const Item* sorted = radix_sort(a, b, n, I::low, I::high);
  for (int64_t i = 0; i < n; ++i) out[i] = I::place(sorted[i]);
}

// A row a lane; items stay below the sign bit but for 4-byte keys, whose leading bit is turned over.
template <typename T>
inline void argsort_group(int32_t* out, const T* x, int64_t rows, int64_t n, void* local) {
  if constexpr (sizeof(T) <= 4) {
    using I = Index<T>;
    constexpr int64_t lanes = simd::V<int64_t>::lanes;
    constexpr uint64_t flip = sizeof(T) == 4 ? uint64_t{1} << 63 : 0;
    int64_t* columns = static_cast<int64_t*>(local);
    for (int64_t row = 0; row < lanes; ++row) {
      const T* from = x + min_of(row, rows - 1) * n;
      for (int64_t c = 0; c < n; ++c) columns[c * lanes + row] = static_cast<int64_t>(I::item(Order<T>::key(from[c]), c) ^ flip);
    }
    sort_network(columns, n);
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t c = 0; c < n; ++c) out[row * n + c] = static_cast<int32_t>(columns[c * lanes + row]);
    }
  }
}

template <typename T>
inline void argsort_long(const Args& args, int64_t n, Range units) {
  using I = Index<T>;
  using Item = typename I::Item;
  const int64_t of_row = args.phase == 2 ? LongSort::wanted_units : LongSort::chunks;
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t row = unit / of_row, part = unit % of_row;
    const LongScratch<Item> scratch(static_cast<char*>(args.shared) + row * LongScratch<Item>::bytes(n));
    const T* x = args.at<const T>(0) + row * n;
    int32_t* out = args.at<int32_t>(1) + row * n;
    const auto item_at = [x](int64_t i) __attribute__((always_inline)) { return I::item(Order<T>::key(x[i]), i); };
    if (args.phase == 0) count_buckets<Item>(scratch, part, n, I::high, item_at);
    else if (args.phase == 1) fill_buckets<Item>(scratch, part, n, I::high, item_at);
    else {
      sort_buckets<Item>(scratch, part, I::low, I::high, static_cast<Item*>(args.local), [=](const Item* items, int64_t at, int64_t count) {
        for (int64_t i = 0; i < count; ++i) out[at + i] = I::place(items[i]);
      });
    }
  }
}

// out[r, :] = the places of the elements of x[r, :] in ascending order. ints: [rows, n]. operands: x, out int32.
template <typename T>
void argsort(const Args& args, Range units) {
  const int64_t rows = args.ints[0], n = args.ints[1];
  const Method method = method_of<T>(rows, n);
  if constexpr (sizeof(T) > 2) {
    if (method == Method::Long) return argsort_long<T>(args, n, units);
  }
  const T* x = args.at<const T>(0);
  int32_t* out = args.at<int32_t>(1);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    if (method == Method::Columns) {
      const Range group = piece_of(unit, simd::V<int64_t>::lanes, rows);
      argsort_group(out + group.begin * n, x + group.begin * n, group.end - group.begin, n, args.local);
    } else {
      argsort_row(out + unit * n, x + unit * n, n, args.local);
    }
  }
}

template <typename T>
Work plan_argsort(const int64_t* ints, bool) {
  using Item = typename Index<T>::Item;
  const int64_t rows = ints[0], n = ints[1];
  const Method method = method_of<T>(rows, n);
  Work work;
  work.units[0] = method == Method::Columns ? ceil_div(rows, simd::V<int64_t>::lanes) : rows;
  work.local_bytes = method == Method::Columns ? n * simd::kVectorBytes : 2 * n * static_cast<int64_t>(sizeof(Item));
  work.nanoseconds = 50 + static_cast<double>(rows * n) * (method == Method::Columns ? 4.0 : 2.0 * sizeof(T));
  if (method == Method::Long) {
    work.phases = 3;
    work.units[0] = work.units[1] = rows * LongSort::chunks;
    work.units[2] = rows * LongSort::wanted_units;
    work.local_bytes = n * static_cast<int64_t>(sizeof(Item));
    work.shared_bytes = rows * LongScratch<Item>::bytes(n);
  }
  return work;
}

// The largest elements of a row have the smallest items: the key turned over, and the place. Floats are ordered as numbers
// with their signs, so that 0 is larger than -0.
template <typename T>
KR_INLINE typename Order<T>::Key falling_key(T x) {
  using O = Order<T>;
  typename O::Key key = O::key(x);
  if constexpr (O::signed_zeros) {
    // -0 gets the key between 0 and the largest negative number, which move down by one.
    key = static_cast<typename O::Key>(key - (O::bits_of(x) >> (8 * sizeof(T) - 1) && key <= O::zero));
  }
  return static_cast<typename O::Key>(~key);
}

// Moves the k smallest of n > k items to the front (Hoare's selection with the median of three).
template <typename Item>
inline void select_smallest(Item* a, int64_t n, int64_t k) {
  int64_t low = 0, high = n - 1;
  while (low < high) {
    const Item x = a[low], y = a[(low + high) / 2], z = a[high];
    const Item pivot = before(x, y) ? (before(y, z) ? y : before(x, z) ? z : x) : (before(x, z) ? x : before(y, z) ? z : y);
    int64_t i = low, j = high;
    while (i <= j) {
      while (before(a[i], pivot)) ++i;
      while (before(pivot, a[j])) --j;
      if (i > j) break;
      const Item t = a[i];
      a[i++] = a[j];
      a[j--] = t;
    }
    if (k - 1 <= j) high = j;
    else if (k - 1 >= i) low = i;
    else return;
  }
}

// Elements that are looked at together, and the room for candidates: the k best and others, sifted when it is full.
constexpr int64_t kBlock = 64;
KR_INLINE int64_t room_of(int64_t n, int64_t k) { return min_of(n, 2 * k + 4 * kBlock); }

// Moves the k best of `count` candidates to the front. Gives the largest key among them.
template <typename T>
inline typename Order<T>::Key sift(typename Index<T>::Item* items, int64_t count, int64_t k) {
  if (count > k) select_smallest(items, count, k);
  auto worst = Index<T>::key(items[0]);
  for (int64_t i = 1; i < k; ++i) worst = Index<T>::key(items[i]) > worst ? Index<T>::key(items[i]) : worst;
  return worst;
}

// Up to here the best are kept in order, which a new one enters by moving the worse ones: few do.
constexpr int64_t kOrdered = 16;
template <typename T>
inline const typename Index<T>::Item* few_best_of(const T* x, int64_t n, int64_t k, typename Index<T>::Item* best) {
  using I = Index<T>;
  for (int64_t i = 0; i < k; ++i) best[i] = I::item(falling_key(x[i]), i);
  insertion_sort(best, k);
  auto worst = I::key(best[k - 1]);
  for (int64_t i = k; i < n; i += kBlock) {
    const int64_t end = min_of(i + kBlock, n);
    bool any = false;
    for (int64_t j = i; j < end; ++j) any |= falling_key(x[j]) < worst;
    if (!any) continue;
    for (int64_t j = i; j < end; ++j) {
      const auto key = falling_key(x[j]);
      if (key >= worst) continue;  // an element as large as the worst comes later, so it loses
      int64_t at = k - 1;
      for (; at > 0 && I::key(best[at - 1]) > key; --at) best[at] = best[at - 1];
      best[at] = I::item(key, j);
      worst = I::key(best[k - 1]);
    }
  }
  return best;
}

// The k smallest items of a row, sorted. `best` has room for twice room_of(n, k).
template <typename T>
inline const typename Index<T>::Item* best_of(const T* x, int64_t n, int64_t k, typename Index<T>::Item* best) {
  using I = Index<T>;
  const int64_t room = room_of(n, k);
  for (int64_t i = 0; i < room; ++i) best[i] = I::item(falling_key(x[i]), i);
  auto worst = sift<T>(best, room, k);
  int64_t count = k;
  for (int64_t i = room; i < n; i += kBlock) {
    const int64_t end = min_of(i + kBlock, n);
    bool any = false;  // an element as large as the worst comes later, so it loses
    for (int64_t j = i; j < end; ++j) any |= falling_key(x[j]) < worst;
    if (!any) continue;
    for (int64_t j = i; j < end; ++j) {
      const auto key = falling_key(x[j]);
      best[count] = I::item(key, j);
      count += key < worst;
    }
    if (count + kBlock < room) continue;
    worst = sift<T>(best, count, k);
    count = k;
  }
  sift<T>(best, count, k);
  return merge_sort(best, best + room, k);
}

// values[r, :] = the k largest elements of x[r, :] in descending order, places[r, :] = where they stand; of equal ones the
// first. ints: [rows, n, k], 0 < k <= n. operands: x, values, places int32.
template <typename T>
void top_k(const Args& args, Range units) {
  using I = Index<T>;
  const int64_t n = args.ints[1], k = args.ints[2];
  for (int64_t row = units.begin; row < units.end; ++row) {
    const T* x = args.at<const T>(0) + row * n;
    auto* room = static_cast<typename I::Item*>(args.local);
    const auto* best = k <= kOrdered ? few_best_of(x, n, k, room) : best_of(x, n, k, room);
    for (int64_t i = 0; i < k; ++i) {
      const int32_t place = I::place(best[i]);
      args.at<T>(1)[row * k + i] = x[place];
      args.at<int32_t>(2)[row * k + i] = place;
    }
  }
}

template <typename T>
Work plan_top_k(const int64_t* ints, bool) {
  using Item = typename Index<T>::Item;
  const int64_t rows = ints[0], n = ints[1], k = ints[2];
  Work work;
  work.units[0] = rows;
  work.local_bytes = 2 * room_of(n, k) * static_cast<int64_t>(sizeof(Item));
  work.nanoseconds = 50 + static_cast<double>(rows) * (static_cast<double>(n) + 20.0 * static_cast<double>(k));
  return work;
}

void argsort_contract(Contract& c) {
  const Extent rows = c.size("rows"), n = c.size("n", 0, INT32_MAX);
  c.in(rows * n);
  c.out(DType::I32, rows * n);
}
void top_k_contract(Contract& c) {
  const Extent rows = c.size("rows"), n = c.size("n", 1, INT32_MAX), k = c.size("k", 1, n.count());
  c.in(rows * n);
  c.out(rows * k);
  c.out(DType::I32, rows * k);
}

constexpr KernelRow kernels[] = {
    KR_ROWS_BY_VALUE("argsort", argsort, plan_argsort, argsort_contract),
    KR_ROWS_BY_VALUE("top_k", top_k, plan_top_k, top_k_contract),
};

}  // namespace

KR_FAMILY(argsort, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
