// Sparse linear maps along one axis: every result is a weighted sum of a few neighbouring elements. Resizing, blurring and
// other separable filters of images are made of them, one axis after the other.
#include "kernels/rows.h"
#include "simd/vector.h"

namespace keratin::KR_ISA {
namespace {

using simd::V;

// ints of resample.
struct BandMatrix {
  int64_t outer, columns, inner, rows, taps;
  bool transposed;
  const int64_t* starts;  // [rows]: the first column of a row's band

  KR_INLINE int64_t in() const { return transposed ? rows : columns; }
  KR_INLINE int64_t out() const { return transposed ? columns : rows; }
};

inline BandMatrix band_of(const int64_t* ints) { return {ints[0], ints[1], ints[2], ints[3], ints[4], ints[5] != 0, ints + 6}; }

// How the planes [axis, inner] are cut into units: several small ones together, or columns of a large one.
struct PlaneCut {
  int64_t planes, columns, column_units;
};

template <typename T>
inline PlaneCut cut_of(const BandMatrix& map) {
  constexpr int64_t budget = 32768;  // products in a unit
  const int64_t products = max_of(1, map.rows * map.taps);
  const int64_t narrowest = 4 * V<T>::lanes;
  const int64_t columns = max_of(narrowest, budget / products / narrowest * narrowest);
  if (map.inner > 2 * columns) return {1, columns, ceil_div(map.inner, columns)};
  return {max_of(1, budget / max_of(1, products * map.inner)), max_of(1, map.inner), 1};
}

// Rows of a compile-time number of elements, such as the channels of a pixel.
template <typename T, int inner>
KR_INLINE void weigh_narrow(const BandMatrix& map, const double* weights, const T* x, T* out) {
  for (int64_t row = 0; row < map.rows; ++row) {
    const T* from = x + map.starts[row] * inner;
    T sum[inner] = {};
    for (int64_t k = 0; k < map.taps; ++k) {
      const T weight = static_cast<T>(weights[row * map.taps + k]);
      for (int c = 0; c < inner; ++c) sum[c] += weight * from[k * inner + c];
    }
    for (int c = 0; c < inner; ++c) out[row * inner + c] = sum[c];
  }
}
template <typename T, int inner>
KR_INLINE void spread_narrow(const BandMatrix& map, const double* weights, const T* x, T* out) {
  for (int64_t i = 0; i < map.columns * inner; ++i) out[i] = T{};
  for (int64_t row = 0; row < map.rows; ++row) {
    T* to = out + map.starts[row] * inner;
    for (int64_t k = 0; k < map.taps; ++k) {
      const T weight = static_cast<T>(weights[row * map.taps + k]);
      for (int c = 0; c < inner; ++c) to[k * inner + c] += weight * x[row * inner + c];
    }
  }
}

// One vector of columns, of which `load` and `store` touch those that exist.
template <typename T, typename Load, typename Store>
KR_INLINE void weigh_columns(const BandMatrix& map, const double* weights, const T* x, T* out, Load load, Store store) {
  for (int64_t row = 0; row < map.rows; ++row) {
    const T* from = x + map.starts[row] * map.inner;
    V<T> sum(T{});
    for (int64_t k = 0; k < map.taps; ++k) {
      sum += V<T>(static_cast<T>(weights[row * map.taps + k])) * load(from + k * map.inner);
    }
    store(out + row * map.inner, sum);
  }
}
template <typename T, typename Load, typename Store>
KR_INLINE void spread_columns(const BandMatrix& map, const double* weights, const T* x, T* out, Load load, Store store) {
  for (int64_t i = 0; i < map.columns; ++i) store(out + i * map.inner, V<T>(T{}));
  for (int64_t row = 0; row < map.rows; ++row) {
    const V<T> value = load(x + row * map.inner);
    T* to = out + map.starts[row] * map.inner;
    for (int64_t k = 0; k < map.taps; ++k) {
      const V<T> weight(static_cast<T>(weights[row * map.taps + k]));
      store(to + k * map.inner, load(to + k * map.inner) + weight * value);
    }
  }
}

template <typename T, typename Load, typename Store>
KR_INLINE void map_columns(const BandMatrix& map, const double* weights, const T* x, T* out, Load load, Store store) {
  if (map.transposed) return spread_columns<T>(map, weights, x, out, load, store);
  weigh_columns<T>(map, weights, x, out, load, store);
}
template <typename T, int inner>
KR_INLINE void map_narrow(const BandMatrix& map, const double* weights, const T* x, T* out) {
  if (map.transposed) return spread_narrow<T, inner>(map, weights, x, out);
  weigh_narrow<T, inner>(map, weights, x, out);
}

// One plane, or some columns of it.
template <typename T>
inline void map_plane(const BandMatrix& map, const double* weights, const T* x, T* out, Range columns) {
  switch (map.inner) {
    case 1: return map_narrow<T, 1>(map, weights, x, out);
    case 2: return map_narrow<T, 2>(map, weights, x, out);
    case 3: return map_narrow<T, 3>(map, weights, x, out);
    case 4: return map_narrow<T, 4>(map, weights, x, out);
  }
  int64_t c = columns.begin;
  for (; c + V<T>::lanes <= columns.end; c += V<T>::lanes) {
    map_columns<T>(map, weights, x + c, out + c, [](const T* p) { return V<T>::load(p); },
                   [](T* p, V<T> v) { v.store(p); });
  }
  const int64_t rest = columns.end - c;
  if (rest > 0) {
    map_columns<T>(map, weights, x + c, out + c, [rest](const T* p) { return V<T>::load_n(p, rest); },
                   [rest](T* p, V<T> v) { v.store_n(p, rest); });
  }
}

// Forwards: out[o, r, i] = sum over k of weight[r, k] * x[o, start[r] + k, i]. Transposed, the map of the gradient:
// out[o, start[r] + k, i] += weight[r, k] * x[o, r, i], in the order of r, from zero.
// ints: [outer, columns, inner, rows, taps, transposed, start...]; floats: weight [rows, taps].
// operands: x [outer, columns, inner], out [outer, rows, inner]; transposed: x [outer, rows, inner], out [outer, columns, inner].
template <typename T>
void resample(const Args& args, Range units) {
  const BandMatrix map = band_of(args.ints);
  const PlaneCut cut = cut_of<T>(map);
  const int64_t in_plane = map.in() * map.inner, out_plane = map.out() * map.inner;
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const Range planes = piece_of(unit / cut.column_units, cut.planes, map.outer);
    const Range columns = piece_of(unit % cut.column_units, cut.columns, map.inner);
    for (int64_t o = planes.begin; o < planes.end; ++o) {
      map_plane<T>(map, args.floats, args.at<const T>(0) + o * in_plane, args.at<T>(1) + o * out_plane, columns);
    }
  }
}

template <typename T>
Work plan_resample(const int64_t* ints, bool) {
  const BandMatrix map = band_of(ints);
  Work work;
  const PlaneCut cut = cut_of<T>(map);
  work.units[0] = ceil_div(map.outer, cut.planes) * cut.column_units;
  const double products = static_cast<double>(map.outer) * static_cast<double>(map.rows * map.taps * map.inner);
  work.nanoseconds = 20 + products * (map.inner <= 4 ? 0.5 : 2.0 / V<T>::lanes);
  return work;
}

void resample_contract(Contract& c) {
  const Extent outer = c.size("outer"), columns = c.size("columns"), inner = c.size("inner"), rows = c.size("rows"), taps = c.size("taps");
  const bool transposed = c.flag("transposed");
  for (int64_t row = 0; row < rows.count() && c.ok(); ++row) c.integer("start of a band", 0, columns.count() - taps.count());
  c.reals(rows * taps);
  c.bounded("products", outer * rows * taps * inner);
  c.in(outer * (transposed ? rows : columns) * inner);
  c.out(outer * (transposed ? columns : rows) * inner);
}

constexpr KernelRow kernels[] = {
    {"resample", DType::F32, resample<float>, plan_resample<float>, resample_contract},
    {"resample", DType::F64, resample<double>, plan_resample<double>, resample_contract},
};

}  // namespace

KR_FAMILY(resample, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
