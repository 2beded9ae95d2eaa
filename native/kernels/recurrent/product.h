// What all recurrent kernels share: how samples are cut into units, and the product of a step, some rows of states times the recurrent
// weights.
#pragma once
#include "kernels/gemm/tiles.h"
#include "kernels/gemm/vectors.h"

namespace keratin::KR_ISA {

// A matrix [depth x columns] by which rows are multiplied at every step: element (k, j) is data[k * row + j * column], and one of the
// strides is 1. Its panels are packed once a call. A single row reads the matrix where it is: it would read the copy once as well.
template <typename T>
struct Factor {
  static constexpr int64_t kCols = Cut<T>::kCols;
  int64_t depth, columns;
  const T* data;
  int64_t row, column;

  KR_INLINE int64_t panels() const { return ceil_div(columns, kCols); }
  KR_INLINE int64_t panel() const { return panel_size<T>(kCols, depth); }
  KR_INLINE int64_t size() const { return panels() * panel(); }

  // Packs panel p.
  KR_INLINE void pack(T* packed, int64_t p) const {
    const int64_t j = p * kCols;
    pack_panel(packed + p * panel(), kCols, data + j * column, column, row, min_of(columns - j, kCols), depth);
  }

  // c [rows x columns] = a [rows x depth] . matrix, both contiguous. `packed` is null for a single row that reads the matrix itself.
  KR_INLINE void multiply(const T* packed, const T* a, int64_t rows, T* c) const {
    if (!packed && column == 1) return sum_rows(c, a, int64_t{1}, data, row, columns, depth);
    if (!packed) {
      for (int64_t j = 0; j < columns; j += Dots<T>::kCols)
        kDots<T>.kernels[0][min_of(columns - j, Dots<T>::kCols) - 1](a, depth, data + j * column, column, c + j, columns, depth);
      return;
    }
    const Left<T> left = {a, depth, 1, 0, Split(rows, ceil_div(rows, Cut<T>::kRows))};
    Tile<T> t;
    t.depth = depth;
    t.accumulate = false;
    for (int64_t j = 0; j < columns; j += kCols, packed += panel()) {
      const int64_t width = min_of(columns - j, kCols);
      Ahead<T> next = {nullptr, 0, 0};
      set_columns(t, packed, kCols, width);
      multiply_panel(t, left, ceil_div(width, kLanes<T>), c + j, columns, next);
    }
  }
};

// The samples, steps and units of a call. A unit of work is some samples with all their steps. Tiles of few rows are slower, so units are
// no smaller than they need be to be even in number; of many samples a unit has more, which read the weights together.
template <typename T>
struct Recurrence {
  static constexpr int64_t kRows = Cut<T>::kRows;
  int64_t batch, steps, units;

  KR_INLINE explicit Recurrence(const int64_t* ints) : batch(ints[0]), steps(ints[1]), units(ints[2]) {}

  KR_INLINE int64_t rows() const {
    const int64_t tiles = max_of(2, round_up(ceil_div(batch, kRows), 2));
    return max_of(1, ceil_div(batch, tiles > 16 ? max_of(16, ceil_div(tiles, 4)) : tiles));
  }
  KR_INLINE bool packs() const { return rows() > 1; }
  KR_INLINE Range samples(int64_t unit) const { return {unit * rows(), min_of((unit + 1) * rows(), batch)}; }

  // Work of a kernel that multiplies by matrices of `panels` panels with `packed` elements, has `scratch` elements a sample, and computes
  // `gates` values a unit of the layer.
  KR_INLINE Work work(int64_t panels, int64_t packed, int64_t scratch, int64_t gates) const {
    Work w;
    w.phases = packs() ? 2 : 1;
    w.units[0] = panels;
    w.units[w.phases - 1] = ceil_div(batch, rows());
    w.shared_bytes = packs() ? packed * static_cast<int64_t>(sizeof(T)) : 0;
    w.local_bytes = rows() * scratch * static_cast<int64_t>(sizeof(T));
    const double values = static_cast<double>(batch) * static_cast<double>(steps) * static_cast<double>(gates * units);
    w.nanoseconds = values * (1 + 2 * static_cast<double>(units) / Cut<T>::kBlocks.gflops);
    return w;
  }
};

// Scratch of a unit, piece by piece.
template <typename T>
struct Scratch {
  T* next;
  KR_INLINE T* take(int64_t count) {
    T* piece = next;
    next += count;
    return piece;
  }
  // A piece with a copy of `from`, or zeros.
  KR_INLINE T* copy(const T* from, int64_t count) {
    T* piece = take(count);
    for (int64_t i = 0; i < count; ++i) piece[i] = from ? from[i] : T{};
    return piece;
  }
};

// Calls body(load, store) for each vector of rows of n elements: load(p) is that of the row at p, store(p, v) writes it there.
template <typename T, typename Body>
KR_INLINE void each_part(int64_t n, Body body) {
  for (int64_t j = 0; j < n; j += kLanes<T>) {
    const int64_t left = n - j;
    const auto load = [j, left](const T* p) __attribute__((always_inline)) {
      return left >= kLanes<T> ? V<T>::load(p + j) : V<T>::load_n(p + j, left);
    };
    const auto store = [j, left](T* p, V<T> v) __attribute__((always_inline)) {
      if (left >= kLanes<T>) v.store(p + j);
      else v.store_n(p + j, left);
    };
    body(load, store);
  }
}

template <typename T>
KR_INLINE void copy_row(T* out, const T* in, int64_t n) {
  each_part<T>(n, [=](auto load, auto store) __attribute__((always_inline)) { store(out, load(in)); });
}
template <typename T>
KR_INLINE void add_row(T* out, const T* in, int64_t n) {
  each_part<T>(n, [=](auto load, auto store) __attribute__((always_inline)) { store(out, load(out) + load(in)); });
}
template <typename T>
KR_INLINE void clear_row(T* out, int64_t n) {
  each_part<T>(n, [=](auto, auto store) __attribute__((always_inline)) { store(out, V<T>(T{})); });
}

// Whether a sample has a step; all have all without a mask [batch, steps].
KR_INLINE bool has_step(const uint8_t* mask, int64_t steps, int64_t sample, int64_t t) { return !mask || mask[sample * steps + t]; }
KR_INLINE bool any_has_step(const uint8_t* mask, int64_t steps, Range samples, int64_t t) {
  for (int64_t b = samples.begin; b < samples.end; ++b)
    if (has_step(mask, steps, b, t)) return true;
  return false;
}

// The operands of a call in their order; null for those that it does not have.
struct Operands {
  const Args& args;
  int next = 0;
  template <typename T>
  KR_INLINE T* take(bool present = true) {
    return present ? args.at<T>(next++) : nullptr;
  }
};

}  // namespace keratin::KR_ISA
