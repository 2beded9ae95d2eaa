// Products by register tiles: the loops over chunks of k, panels of columns and panels of rows of one unit.
#pragma once
#include "kernels/gemm/cut.h"
#include "kernels/gemm/micro.h"

namespace keratin::KR_ISA {

// The rows of A that a unit needs, for one chunk of k, and how they are cut into tiles: in place (panel == 0), or packed panels of
// `panel` elements. With pair != 0 there are as many rows again, cut together with these: `pair` elements from them in A, `pair_c` in C.
template <typename T>
struct Left {
  const T* data;
  int64_t row, col, panel;
  Split split;
  int64_t pair = 0, pair_c = 0;
  bool fetch = false;  // rows are one piece of memory that is read for the first time: those of the next tile are prefetched

  KR_INLINE int64_t tile_rows(int64_t tile) const { return split.size(tile) * (pair ? 2 : 1); }
};

// Data of a later call: the second and the third tile of a panel prefetch it, a line at each step of k, the third `second` elements
// further.
template <typename T>
struct Ahead {
  const T* data;
  int64_t second, stride;  // stride: elements from a line to the next
  int64_t tiles = 0;       // of the panel, so far
};

// Copies `panels` whole panels that lie side by side, row by row: a row of one panel is two cache lines of a page, which no hardware
// prefetcher follows.
template <typename T>
static void pack_side_by_side(const Cut<T>& cut, T* out, const T* b, int64_t panels) {
  constexpr int64_t kCols = Cut<T>::kCols, L = kLanes<T>;
  const int64_t panel = cut.panel_b();
  for (int64_t k = 0; k < cut.k; ++k, out += kCols, b += cut.row_b)
    for (int64_t p = 0; p < panels; ++p)
      for (int64_t i = 0; i < kCols; i += L) V<T>::load(b + p * kCols + i).store(out + p * panel + i);
}

// Packs panels of B into shared scratch, some at a time: the first phase of Method::Packed.
template <typename T>
static void pack_panels(const Cut<T>& cut, const Args& args, Range r) {
  constexpr int64_t kCols = Cut<T>::kCols, kTogether = Cut<T>::kPanelsTogether;
  const int64_t end = min_of(r.end * kTogether, cut.packed_panels());
  for (int64_t u = r.begin * kTogether; u < end;) {
    const int64_t matrix = u / cut.panels_b(), first = u - matrix * cut.panels_b(), j = first * kCols;
    T* out = static_cast<T*>(args.shared) + u * cut.panel_b();
    const T* b = args.at<T>(1) + cut.offset(matrix, 1) + j * cut.col_b;
    const int64_t whole = min_of(min_of(end - u, kTogether), cut.n / kCols - first);
    if (cut.col_b == 1 && whole > 1) {
      pack_side_by_side(cut, out, b, whole);
      u += whole;
    } else {
      pack_panel(out, kCols, b, cut.col_b, cut.row_b, min_of(cut.n - j, kCols), cut.k);
      u++;
    }
  }
}

// Tiles against one panel of B, which may be all of them or some.
// t.packed: the first copies the panel there on the way, and the others read the copy. GFLOP/s with that and with a copy
// beforehand: [128 x 784].[784 x 512] 156 and 150, [128 x 392].[392 x 512] 165 and 157, 256^3 167 and 159, 512^3 158 and 155.
template <typename T>
static void multiply_panel(Tile<T>& t, const Left<T>& left, int64_t vectors, T* c, int64_t row_c, Ahead<T>& next) {
  constexpr int64_t L = kLanes<T>;
  const bool unit = left.row == 1 && !left.pair;
  const auto* kernels = kMicro<T>.kernels[unit][t.last < L][vectors - 1];
  const int64_t together = left.pair ? 1 : 2;  // neighbouring rows in a pair
  t.pairs_a = together * left.row;
  t.pair_a = left.pair ? left.pair : left.row;
  t.col_a = left.col;
  t.pairs_c = together * row_c;
  t.pair_c = left.pair ? left.pair_c : row_c;
  for (int64_t p = 0; p < left.split.parts; ++p, ++next.tiles) {
    const int64_t i = left.split.start(p);
    const bool fetch = next.data && (next.tiles == 1 || next.tiles == 2);
    t.ahead = fetch ? next.data + (next.tiles - 1) * next.second : t.b;
    t.ahead_stride = fetch ? next.stride : 0;
    if (left.fetch) {
      t.ahead = left.data + (i + left.split.size(p)) * left.row;
      t.ahead_stride = Cut<T>::kLine;
    }
    t.a = left.data + (left.panel ? p * left.panel : i * left.row);
    t.c = c + i * row_c;
    if (next.tiles > 0 || !t.packed) {
      kernels[left.tile_rows(p) - 1](t);
      continue;
    }
    const bool packs = left.tile_rows(p) >= Micro<T>::kPackRows;
    if (packs) kMicro<T>.packing[unit][left.tile_rows(p) - Micro<T>::kPackRows](t);
    else pack_panel(t.packed, vectors * L, t.b, int64_t{1}, t.row_b, vectors * L, t.depth * t.runs);
    t.b = t.packed;
    t.row_b = vectors * L;
    if (!packs) kernels[left.tile_rows(p) - 1](t);
  }
}

// Sets the panel of `width` columns of B that tiles read, where it is.
template <typename T>
static void set_columns(Tile<T>& t, const T* b, int64_t row_b, int64_t width) {
  t.last = width - (ceil_div(width, kLanes<T>) - 1) * kLanes<T>;
  t.b = b;
  t.row_b = row_b;
  t.packed = nullptr;
}

// The same, in scratch where `pack` says so, for all runs. Whole panels are packed by the first tile.
template <typename T>
static void set_columns(Tile<T>& t, const T* b, int64_t row_b, int64_t width, bool pack, int64_t col_b, T* scratch) {
  constexpr int64_t kCols = Cut<T>::kCols;
  set_columns(t, b, row_b, width);
  if (pack && col_b == 1 && width == kCols) {
    t.packed = scratch;
  } else if (pack) {
    pack_panel(scratch, kCols, b, col_b, row_b, width, t.depth * t.runs);
    t.b = scratch;
    t.row_b = kCols;
  }
}

// The panel of columns behind that at `b`, for `steps` of k: rows of two lines each, or columns that are one piece of memory.
template <typename T>
static Ahead<T> columns_behind(const T* b, int64_t row_b, int64_t col_b, int64_t steps) {
  constexpr int64_t kLine = Cut<T>::kLine;
  const T* next = b + Cut<T>::kCols * col_b;
  if (col_b == 1) return {next, kLine, row_b};
  return {row_b == 1 ? next : nullptr, steps * kLine, kLine};
}

// A product for which Cut::single_tile holds.
template <typename T>
static void multiply_single(const Problem& p, const T* a, const T* b, T* c) {
  const int64_t vectors = p.n > kLanes<T> ? ceil_div(p.n, kLanes<T>) : 1, last = p.n - (vectors - 1) * kLanes<T>;
  const Tile<T> t = {a, b, c, 2 * p.row_a, p.row_a, p.col_a, p.row_b, 2 * p.n, p.n, p.k, 1, 0, last, false, nullptr, b, 0};
  kMicro<T>.kernels[p.row_a == 1][last < kLanes<T>][vectors - 1][p.m - 1](t);
}

// C[i0 + rows, j0 + cols] of one matrix, for Method::Strips and Method::Packed.
template <typename T>
struct TileUnit {
  const Cut<T>& cut;
  const T *a, *b;       // the unit's first row of A and first column of B
  const T* packed;      // Packed: the unit's first panel of B, at k == 0
  T* c;
  int64_t rows, cols, row_c, rows_below;  // rows_below: rows of A from the unit's first to the matrix's last
  T* scratch;

  KR_INLINE void run() const {
    const Split steps(cut.k, cut.chunks), split(rows, ceil_div(rows, cut.kRows));
    for (int64_t chunk = 0; chunk < cut.chunks; ++chunk) {
      const int64_t k0 = steps.start(chunk), depth = steps.size(chunk);
      Left<T> left = left_of(split, k0, depth);
      left.fetch = cut.method == Method::Strips && cut.row_a == depth && cut.col_a == 1;
      Tile<T> t;
      t.depth = depth;
      t.accumulate = chunk > 0;
      for (int64_t j = 0; j < cols; j += cut.kCols, left.fetch = false) multiply(t, left, j, k0);
    }
  }

 private:
  KR_INLINE Left<T> left_of(const Split& split, int64_t k0, int64_t depth) const {
    const T* begin = a + k0 * cut.col_a;
    if (cut.method == Method::Strips) return {begin, cut.row_a, cut.col_a, 0, split};
    const int64_t panel = cut.panel_a();
    for (int64_t p = 0; p * cut.kRows < rows; ++p) {
      const int64_t i = split.start(p);
      pack_panel(scratch + p * panel, cut.kWidthA, begin + i * cut.row_a, cut.row_a, cut.col_a,
                 min_of(rows_below - i, cut.kWidthA), depth);
    }
    return {scratch, 1, cut.kWidthA, panel, split};
  }

  KR_INLINE void multiply(Tile<T>& t, const Left<T>& left, int64_t j, int64_t k0) const {
    constexpr int64_t kCols = Cut<T>::kCols, kLine = Cut<T>::kLine;
    const int64_t width = min_of(cols - j, kCols), vectors = ceil_div(width, kLanes<T>);
    const bool more = j + kCols < cols;
    if (cut.method == Method::Packed) {
      const T* panel = packed + j / kCols * cut.panel_b() + k0 * kCols;
      set_columns(t, panel, kCols, width);
      Ahead<T> next = {more ? panel + cut.panel_b() : nullptr, t.depth * kLine, kLine};
      return multiply_panel(t, left, vectors, c + j, row_c, next);
    }
    const T* source = b + k0 * cut.row_b + j * cut.col_b;
    Ahead<T> next = more ? columns_behind(source, cut.row_b, cut.col_b, t.depth) : Ahead<T>{};
    set_columns(t, source, cut.row_b, width, cut.pack_b, cut.col_b, scratch);
    multiply_panel(t, left, vectors, c + j, row_c, next);
  }
};

}  // namespace keratin::KR_ISA
