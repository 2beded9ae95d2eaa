// Pooling over windows of up to three spatial axes: the largest element, the mean, and their gradients.
// Inputs are [outer, in_0, in_1, in_2, channels] and outputs [outer, out_0, out_1, out_2, channels]; missing axes come last, of size 1.
// ints of every kernel: [outer, channels, then for each axis: in, out, size, stride, pad]. Window i of an axis is
// [i stride - pad, i stride - pad + size), cut to the input; with size 0 it is [floor(i in / out), ceil((i + 1) in / out)).
#include "kernels/rows.h"
#include "simd/vector.h"

namespace keratin::KR_ISA {
namespace {

using simd::V;

// One spatial axis.
struct Axis {
  int64_t in, out, size, stride, pad;

  KR_INLINE Range window(int64_t i) const {
    if (size == 0) return {i * in / out, ceil_div((i + 1) * in, out)};
    const int64_t start = i * stride - pad;
    return {max_of(0, start), min_of(in, start + size)};
  }
  // The windows that have an element in common with `rows`.
  KR_INLINE Range windows_over(Range rows) const {
    if (size == 0) return {rows.begin * out / in, min_of(out, ceil_div(rows.end * out, in))};
    const int64_t before = rows.begin + pad - size;
    return {before < 0 ? 0 : before / stride + 1, min_of(out, ceil_div(rows.end + pad, stride))};
  }
  // Whether every window has an element.
  KR_INLINE bool fits() const { return size == 0 ? out >= 1 : pad < size && (out - 1) * stride - pad < in; }
  KR_INLINE int64_t longest() const { return size == 0 ? ceil_div(in, out) + 1 : min_of(size, in); }
};

struct Pool {
  int64_t outer, channels;
  Axis axis[3];

  KR_INLINE int64_t in_pixels() const { return axis[0].in * axis[1].in * axis[2].in; }
  KR_INLINE int64_t out_pixels() const { return axis[0].out * axis[1].out * axis[2].out; }
};

inline Pool pool_of(const int64_t* ints) {
  Pool pool = {ints[0], ints[1], {}};
  for (int d = 0; d < 3; ++d) {
    const int64_t* of = ints + 2 + 5 * d;
    pool.axis[d] = {of[0], of[1], of[2], of[3], of[4]};
  }
  return pool;
}

// The part of the input that a window covers.
struct Window {
  Range at[3];

  KR_INLINE int64_t count() const {
    return (at[0].end - at[0].begin) * (at[1].end - at[1].begin) * (at[2].end - at[2].begin);
  }
};

// A single element with the interface of V<T>: what is left of the channels after whole vectors.
template <typename T>
struct One {
  using M = bool;
  static constexpr int lanes = 1;
  T raw;

  KR_INLINE One() = default;
  KR_INLINE One(T value) : raw(value) {}
  KR_INLINE static One load(const T* p) { return *p; }
  KR_INLINE void store(T* p) const { *p = raw; }
  KR_INLINE friend One operator+(One a, One b) { return static_cast<T>(a.raw + b.raw); }
  KR_INLINE friend One operator/(One a, One b) { return static_cast<T>(a.raw / b.raw); }
  // By bits: which element of a window is the largest cannot be predicted, so a branch would cost ten times as much.
  KR_INLINE friend One select(bool m, One a, One b) {
    using Bits = simd::Unsigned<T>;
    const Bits mask = static_cast<Bits>(-static_cast<Bits>(m)), x = std::bit_cast<Bits>(a.raw), y = std::bit_cast<Bits>(b.raw);
    return std::bit_cast<T>(static_cast<Bits>((x & mask) | (y & static_cast<Bits>(~mask))));
  }
  KR_INLINE friend One maximum(One a, One b) { return select((b.raw > a.raw) | (b.raw != b.raw), b, a); }
  KR_INLINE friend One where_equal(One x, One y, One a, One b) { return select(x.raw == y.raw, a, b); }
  KR_INLINE friend bool any_nan(One a) { return a.raw != a.raw; }
  KR_INLINE friend bool same(One a, One b) { return (a.raw == b.raw) | ((a.raw != a.raw) & (b.raw != b.raw)); }
};

// Whether a and b are equal or both NaN.
template <typename T>
KR_INLINE typename V<T>::M same(V<T> a, V<T> b) {
  return (a == b) | (is_nan(a) & is_nan(b));
}
template <typename T>
KR_INLINE bool any_nan(V<T> a) {
  return any(is_nan(a));
}
// x == y ? a : b, in one step.
template <typename T>
KR_INLINE V<T> where_equal(V<T> x, V<T> y, V<T> a, V<T> b) {
  return x.raw == y.raw ? a.raw : b.raw;
}

// Calls body(offset) with the place of every element of a window in the first channel, in row-major order.
template <typename Body>
KR_INLINE void for_taps(const Pool& pool, const Window& w, Body body) {
  for (int64_t a = w.at[0].begin; a < w.at[0].end; ++a) {
    for (int64_t b = w.at[1].begin; b < w.at[1].end; ++b) {
      const int64_t line = (a * pool.axis[1].in + b) * pool.axis[2].in;
      for (int64_t c = w.at[2].begin; c < w.at[2].end; ++c) body((line + c) * pool.channels);
    }
  }
}

// Calls body(block, channel), where `block` is a pack of as many vectors, or of one element, as it works on from that channel.
template <typename T, int wide, typename Body>
KR_INLINE void for_channels(int64_t channels, Body body) {
  constexpr int64_t lanes = V<T>::lanes;
  int64_t c = 0;
  for (; c + wide * lanes <= channels; c += wide * lanes) body.template operator()<V<T>, wide>(c);
  if constexpr (wide > 1) {
    for (; c + lanes <= channels; c += lanes) body.template operator()<V<T>, 1>(c);
  }
  for (; c < channels; ++c) body.template operator()<One<T>, 1>(c);
}

// Calls body(n, window, pixel) for output pixels [pixels.begin, pixels.end), counted over the outer axis too.
template <typename Body>
KR_INLINE void for_pixels(const Pool& pool, Range pixels, Body body) {
  if (pixels.begin >= pixels.end) return;
  int64_t rest = pixels.begin, at[3];
  for (int d = 2; d >= 0; --d) {
    at[d] = rest % pool.axis[d].out;
    rest /= pool.axis[d].out;
  }
  Window w = {{pool.axis[0].window(at[0]), pool.axis[1].window(at[1]), pool.axis[2].window(at[2])}};
  for (int64_t pixel = pixels.begin;; ) {
    body(rest, w, pixel);
    if (++pixel == pixels.end) return;
    for (int d = 2; d >= 0; --d) {
      const bool carry = ++at[d] == pool.axis[d].out;
      if (carry) at[d] = 0;
      w.at[d] = pool.axis[d].window(at[d]);
      if (!carry) break;
      rest += d == 0;
    }
  }
}

// Output pixels of a unit of the kernels that write one output pixel after the other.
template <typename T>
inline int64_t pixels_of_unit(const Pool& pool) {
  const int64_t bytes = max_of(1, pool.in_pixels() / max_of(1, pool.out_pixels())) * max_of(1, pool.channels) * int64_t{sizeof(T)};
  return max_of(1, kUnitBytes / bytes);
}

template <typename T>
KR_INLINE Range pixels_of(const Pool& pool, Range units) {
  const int64_t step = pixels_of_unit<T>(pool), pixels = pool.outer * pool.out_pixels();
  return {min_of(units.begin * step, pixels), min_of(units.end * step, pixels)};
}

// Nanoseconds for `reads` passes over the elements of all windows.
template <typename T>
inline double cost_of(const Pool& pool, double reads) {
  const double pixels = static_cast<double>(pool.outer) * static_cast<double>(pool.out_pixels());
  const double taps = static_cast<double>(pool.axis[0].longest() * pool.axis[1].longest() * pool.axis[2].longest());
  const double in = static_cast<double>(pool.outer) * static_cast<double>(pool.in_pixels() * pool.channels) * sizeof(T);
  const double vectors = static_cast<double>(pool.channels / V<T>::lanes + pool.channels % V<T>::lanes);
  return 20 + pixels * (4 + reads * taps * 0.4 * vectors) + in * reads / (2 * kBytesPerNanosecond);
}

template <typename T>
Work plan_pixels(const int64_t* ints, bool) {
  const Pool pool = pool_of(ints);
  Work work;
  work.units[0] = pool.channels == 0 ? 0 : ceil_div(pool.outer * pool.out_pixels(), pixels_of_unit<T>(pool));
  work.nanoseconds = cost_of<T>(pool, 1);
  return work;
}

// out = the largest element of each window, NaN where there is one. operands: x, out.
template <typename T>
void max_pool(const Args& args, Range units) {
  const Pool pool = pool_of(args.ints);
  for_pixels(pool, pixels_of<T>(pool, units), [&](int64_t n, const Window& w, int64_t pixel) __attribute__((always_inline)) {
    const T* x = args.at<const T>(0) + n * pool.in_pixels() * pool.channels;
    T* out = args.at<T>(1) + pixel * pool.channels;
    const int64_t first = ((w.at[0].begin * pool.axis[1].in + w.at[1].begin) * pool.axis[2].in + w.at[2].begin) * pool.channels;
    for_channels<T, 4>(pool.channels, [&]<typename R, int vectors>(int64_t c) __attribute__((always_inline)) {
      R best[vectors];
      for (int k = 0; k < vectors; ++k) best[k] = R::load(x + first + c + k * R::lanes);
      for_taps(pool, w, [&](int64_t at) __attribute__((always_inline)) {
        for (int k = 0; k < vectors; ++k) best[k] = maximum(best[k], R::load(x + at + c + k * R::lanes));
      });
      for (int k = 0; k < vectors; ++k) best[k].store(out + c + k * R::lanes);
    });
  });
}

// out = the mean of each window. operands: x, out.
template <typename T>
void average_pool(const Args& args, Range units) {
  const Pool pool = pool_of(args.ints);
  for_pixels(pool, pixels_of<T>(pool, units), [&](int64_t n, const Window& w, int64_t pixel) __attribute__((always_inline)) {
    const T* x = args.at<const T>(0) + n * pool.in_pixels() * pool.channels;
    T* out = args.at<T>(1) + pixel * pool.channels;
    const T count = static_cast<T>(w.count());
    for_channels<T, 4>(pool.channels, [&]<typename R, int vectors>(int64_t c) __attribute__((always_inline)) {
      R total[vectors];
      for (int k = 0; k < vectors; ++k) total[k] = R(T{0});
      for_taps(pool, w, [&](int64_t at) __attribute__((always_inline)) {
        for (int k = 0; k < vectors; ++k) total[k] = total[k] + R::load(x + at + c + k * R::lanes);
      });
      for (int k = 0; k < vectors; ++k) (total[k] / R(count)).store(out + c + k * R::lanes);
    });
  });
}

// out = for each window, t where x has its first largest element: the derivative of max_pool in the direction t.
// operands: x, y = max_pool(x), t (as x), out (as y).
template <typename T>
void max_pool_pick(const Args& args, Range units) {
  const Pool pool = pool_of(args.ints);
  for_pixels(pool, pixels_of<T>(pool, units), [&](int64_t n, const Window& w, int64_t pixel) __attribute__((always_inline)) {
    const int64_t plane = n * pool.in_pixels() * pool.channels;
    const T *x = args.at<const T>(0) + plane, *t = args.at<const T>(2) + plane, *y = args.at<const T>(1) + pixel * pool.channels;
    T* out = args.at<T>(3) + pixel * pool.channels;
    for_channels<T, 1>(pool.channels, [&]<typename R, int>(int64_t c) __attribute__((always_inline)) {
      const R largest = R::load(y + c);
      R picked(T{0});
      typename R::M open = same(picked, picked);  // where the element was not found yet
      for_taps(pool, w, [&](int64_t at) __attribute__((always_inline)) {
        const typename R::M hit = open & same(R::load(x + at + c), largest);
        picked = select(hit, R::load(t + at + c), picked);
        open = open & !hit;
      });
      picked.store(out + c);
    });
  });
}

// The gradients write what windows share, so their units are rows of the input (of the first spatial axis) that see to all
// windows over them, in row-major order.
template <typename T>
inline int64_t rows_of_unit(const Pool& pool) {
  const Axis& first = pool.axis[0];
  const int64_t bytes = max_of(1, pool.axis[1].in * pool.axis[2].in * pool.channels * int64_t{sizeof(T)});
  // A window over two units is read twice; where none need be, units begin with windows.
  const bool shared = first.size == 0 || first.size > first.stride;
  const int64_t least = shared ? 4 * first.longest() : first.stride, rows = max_of(least, kUnitBytes / bytes);
  return shared ? rows : ceil_div(rows, first.stride) * first.stride;
}

template <typename T>
Work plan_rows(const int64_t* ints, bool) {
  const Pool pool = pool_of(ints);
  Work work;
  work.units[0] = pool.channels == 0 ? 0 : pool.outer * ceil_div(pool.axis[0].in, rows_of_unit<T>(pool));
  work.nanoseconds = cost_of<T>(pool, 2);
  return work;
}

// Sets the rows of each unit in `out` (operand number `result`) to 0, then calls body(plane, window, pixel, rows) for all windows
// over them; `plane` is the place of the unit's element of the outer axis in `out`.
template <typename T, typename Body>
KR_INLINE void for_rows(const Args& args, const Pool& pool, int result, Range units, Body body) {
  const int64_t step = rows_of_unit<T>(pool), parts = ceil_div(pool.axis[0].in, step);
  const int64_t row = pool.axis[1].in * pool.axis[2].in * pool.channels, per_window = pool.axis[1].out * pool.axis[2].out;
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t n = unit / parts, plane = n * pool.axis[0].in * row;
    const Range rows = piece_of(unit % parts, step, pool.axis[0].in), over = pool.axis[0].windows_over(rows);
    std::memset(args.at<T>(result) + plane + rows.begin * row, 0, static_cast<size_t>((rows.end - rows.begin) * row) * sizeof(T));
    const int64_t base = n * pool.out_pixels();
    const Range pixels = {base + over.begin * per_window, base + over.end * per_window};
    for_pixels(pool, pixels, [&](int64_t, const Window& w, int64_t pixel) __attribute__((always_inline)) { body(plane, w, pixel, rows); });
  }
}

// dx = dy where x has the first largest element of a window, summed over the windows. operands: x, y = max_pool(x), dy, dx.
template <typename T>
void max_pool_grad(const Args& args, Range units) {
  const Pool pool = pool_of(args.ints);
  const int64_t row = pool.axis[1].in * pool.axis[2].in * pool.channels;
  for_rows<T>(args, pool, 3, units, [&](int64_t plane, const Window& w, int64_t pixel, Range rows) __attribute__((always_inline)) {
    const T *x = args.at<const T>(0) + plane, *y = args.at<const T>(1) + pixel * pool.channels;
    const T* dy = args.at<const T>(2) + pixel * pool.channels;
    T* dx = args.at<T>(3) + plane;
    const int64_t low = rows.begin * row, high = rows.end * row;
    for_channels<T, 1>(pool.channels, [&]<typename R, int>(int64_t c) __attribute__((always_inline)) {
      const R largest = R::load(y + c), none(T{0});
      R rest = R::load(dy + c);  // 0 once the element was found
      const auto give = [&](auto equal) __attribute__((always_inline)) {
        for_taps(pool, w, [&](int64_t at) __attribute__((always_inline)) {
          const R value = R::load(x + at + c);
          if (at >= low && at < high) (R::load(dx + at + c) + equal(value, rest, none)).store(dx + at + c);
          rest = equal(value, none, rest);
        });
      };
      if (any_nan(largest)) {
        give([&](R value, R a, R b) __attribute__((always_inline)) { return select(same(value, largest), a, b); });
      } else {
        give([&](R value, R a, R b) __attribute__((always_inline)) { return where_equal(value, largest, a, b); });
      }
    });
  });
}

// dx = dy divided by the size of its window, summed over the windows. operands: dy, dx.
template <typename T>
void average_pool_grad(const Args& args, Range units) {
  const Pool pool = pool_of(args.ints);
  for_rows<T>(args, pool, 1, units, [&](int64_t plane, const Window& w, int64_t pixel, Range rows) __attribute__((always_inline)) {
    const T* dy = args.at<const T>(0) + pixel * pool.channels;
    T* dx = args.at<T>(1) + plane;
    Window own = w;
    own.at[0] = {max_of(w.at[0].begin, rows.begin), min_of(w.at[0].end, rows.end)};
    const T count = static_cast<T>(w.count());
    for_channels<T, 1>(pool.channels, [&]<typename R, int>(int64_t c) __attribute__((always_inline)) {
      const R share = R::load(dy + c) / R(count);
      for_taps(pool, own, [&](int64_t at) __attribute__((always_inline)) { (R::load(dx + at + c) + share).store(dx + at + c); });
    });
  });
}

// States the integers; gives the elements of the input and of the output.
struct PoolExtents {
  Extent in, out;
};
PoolExtents pool_integers(Contract& c) {
  PoolExtents extents = {c.size("outer"), 1};
  const Extent channels = c.size("channels");
  extents.out = extents.in;
  Extent window = 1;
  for (int d = 0; d < 3; ++d) {
    constexpr int64_t most = int64_t{1} << 31;
    const int64_t in = c.integer("in", 1, most), out = c.integer("out", 0, most), size = c.integer("size", 0, most);
    const Axis axis = {in, out, size, c.integer("stride", size == 0 ? 0 : 1, most), c.integer("pad", 0, most)};
    c.require(axis.fits(), "windows of an axis", "one of them is empty");
    extents = {extents.in * in, extents.out * out};
    if (c.ok()) window = window * axis.longest();
  }
  c.bounded("a window", window);
  return {extents.in * channels, extents.out * channels};
}
void pool_contract(Contract& c) {
  const PoolExtents extents = pool_integers(c);
  c.in(extents.in);
  c.out(extents.out);
}
void max_pool_pick_contract(Contract& c) {
  const PoolExtents extents = pool_integers(c);
  c.in(extents.in);
  c.in(extents.out);
  c.in(extents.in);
  c.out(extents.out);
}
void max_pool_grad_contract(Contract& c) {
  const PoolExtents extents = pool_integers(c);
  c.in(extents.in);
  c.in(extents.out);
  c.in(extents.out);
  c.out(extents.in);
}
void average_pool_grad_contract(Contract& c) {
  const PoolExtents extents = pool_integers(c);
  c.in(extents.out);
  c.out(extents.in);
}

constexpr KernelRow kernels[] = {
    {"max_pool", DType::Bool, max_pool<uint8_t>, plan_pixels<uint8_t>, pool_contract},
    KR_ROWS_ARITHMETIC("max_pool", max_pool, plan_pixels, pool_contract),
    KR_ROWS_FLOAT("average_pool", average_pool, plan_pixels, pool_contract),
    KR_ROWS_FLOAT("max_pool_pick", max_pool_pick, plan_pixels, max_pool_pick_contract),
    KR_ROWS_FLOAT("max_pool_grad", max_pool_grad, plan_rows, max_pool_grad_contract),
    KR_ROWS_FLOAT("average_pool_grad", average_pool_grad, plan_rows, average_pool_grad_contract),
};

}  // namespace

KR_FAMILY(pooling, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
