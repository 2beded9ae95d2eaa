// Products by register tiles: the loops over chunks of k, panels of columns and panels of rows of one unit.
#pragma once
#include "kernels/gemm/cut.h"
#include "kernels/gemm/micro.h"

namespace keratin::KR_ISA {

// The rows of A that a unit needs, for one chunk of k, and how they are cut into tiles: in place (panel == 0), or packed panels of
// `panel` elements. Rows in place may come from several lines, each of `line_rows` rows that are `row` elements apart and are cut by
// themselves. Where two lines are cut together (pair != 0), the second one's rows are `pair` elements from those of the first.
template <typename T>
struct Left {
  const T* data;
  int64_t row, col, panel;
  Split split;  // of a line
  int64_t lines = 1, line_rows = 0, line = 0, pair = 0;  // line: elements of A from one to the next
  bool fetch = false;  // rows are one piece of memory that is read for the first time: those of the next tile are prefetched

  KR_INLINE int64_t tile_rows(int64_t tile) const { return split.size(tile) * (pair ? 2 : 1); }
};

// Copies `panels` whole panels that lie side by side, row by row: a row of one panel is two cache lines of a page, which no hardware
// prefetcher follows.
template <typename T>
static void pack_side_by_side(const Cut<T>& cut, T* out, const T* b, int64_t panels) {
  constexpr int64_t kCols = Cut<T>::kCols, L = kLanes<T>;
  const int64_t panel = cut.panel_b();
  for (int64_t k = 0; k < cut.k; ++k, out += kCols, b += cut.row_b)
    for (int64_t p = 0; p < panels; ++p)
      for (int64_t i = 0; i < kCols; i += L) store(out + p * panel + i, load(b + p * kCols + i));
}

// Packs panels of B into shared scratch, some at a time: the first phase of Method::Packed.
template <typename T>
static void pack_panels(const Cut<T>& cut, const Args& args, Range r) {
  constexpr int64_t kCols = Cut<T>::kCols, kTogether = Cut<T>::kPanelsTogether;
  const int64_t end = least(r.end * kTogether, cut.packed_panels());
  for (int64_t u = r.begin * kTogether; u < end;) {
    const int64_t matrix = u / cut.panels_b(), first = u - matrix * cut.panels_b(), j = first * kCols;
    T* out = static_cast<T*>(args.shared) + u * cut.panel_b();
    const T* b = args.at<T>(1) + cut.offset(matrix, 1) + j * cut.col_b;
    const int64_t whole = least(least(end - u, kTogether), cut.n / kCols - first);
    if (cut.col_b == 1 && whole > 1) {
      pack_side_by_side(cut, out, b, whole);
      u += whole;
    } else {
      pack_panel(out, kCols, b, cut.col_b, cut.row_b, least(cut.n - j, kCols), cut.k);
      u++;
    }
  }
}

// All panels of rows against one panel of B. The second and the third of them prefetch the next panel of B, a line at
// each step of k: `ahead` and the line `ahead_second` elements further.
// t.packed: the first copies the panel there on the way, and the others read the copy. GFLOP/s with that and with a copy
// beforehand: [128 x 784].[784 x 512] 156 and 150, [128 x 392].[392 x 512] 165 and 157, 256^3 167 and 159, 512^3 158 and 155.
template <typename T>
static void multiply_panel(Tile<T>& t, const Left<T>& left, int64_t vectors, T* c, int64_t row_c, const T* ahead, int64_t ahead_second,
                           int64_t ahead_stride) {
  const bool unit = left.row == 1 && !left.pair;
  const auto* kernels = kMicro<T>.kernels[unit][t.last < kLanes<T>][vectors - 1];
  const int64_t together = left.pair ? 1 : 2;  // rows of a line in a pair
  t.pairs_a = together * left.row;
  t.pair_a = left.pair ? left.pair : left.row;
  t.col_a = left.col;
  t.pairs_c = together * row_c;
  t.pair_c = (left.pair ? left.line_rows : 1) * row_c;
  int64_t index = 0;
  for (int64_t line = 0; line < left.lines; line += left.pair ? 2 : 1) {
    const T* a = left.data + line * left.line;
    for (int64_t p = 0; p < left.split.parts; ++p, ++index) {
      const int64_t i = left.split.start(p);
      const bool fetch = ahead && (index == 1 || index == 2);
      t.ahead = fetch ? ahead + (index - 1) * ahead_second : t.b;
      t.ahead_stride = fetch ? ahead_stride : 0;
      if (left.fetch) {
        t.ahead = a + (i + left.split.size(p)) * left.row;
        t.ahead_stride = Cut<T>::kLine;
      }
      t.a = left.panel ? a + p * left.panel : a + i * left.row;
      t.c = c + (line * left.line_rows + i) * row_c;
      if (index == 0 && t.packed) {
        kMicro<T>.packing[unit][left.tile_rows(0) - Micro<T>::kPackRows](t);
        t.b = t.packed;
        t.row_b = vectors * kLanes<T>;
      } else {
        kernels[left.tile_rows(p) - 1](t);
      }
    }
  }
}

// Sets the panel of `width` columns of B that tiles read, where it is.
template <typename T>
static void set_columns(Tile<T>& t, const T* b, int64_t row_b, int64_t width) {
  t.last = width - (over(width, kLanes<T>) - 1) * kLanes<T>;
  t.b = b;
  t.row_b = row_b;
  t.packed = nullptr;
}

// The same, in scratch where `pack` says so, for `steps` of k. Whole panels are packed by the first tile, if that has one of the sizes that
// do it.
template <typename T>
static void set_columns(Tile<T>& t, const T* b, int64_t row_b, int64_t width, bool pack, int64_t tile_rows, int64_t col_b, int64_t steps,
                        T* scratch) {
  constexpr int64_t kCols = Cut<T>::kCols;
  set_columns(t, b, row_b, width);
  if (pack && col_b == 1 && width == kCols && tile_rows >= Micro<T>::kPackRows) {
    t.packed = scratch;
  } else if (pack) {
    pack_panel(scratch, kCols, b, col_b, row_b, width, steps);
    t.b = scratch;
    t.row_b = kCols;
  }
}

// A product for which Cut::single_tile holds.
template <typename T>
static void multiply_single(const Problem& p, const T* a, const T* b, T* c) {
  const int64_t vectors = p.n > kLanes<T> ? over(p.n, kLanes<T>) : 1, last = p.n - (vectors - 1) * kLanes<T>;
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
    const Split steps(cut.k, cut.chunks), split(rows, over(rows, cut.kRows));
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
                 least(rows_below - i, cut.kWidthA), depth);
    }
    return {scratch, 1, cut.kWidthA, panel, split};
  }

  KR_INLINE void multiply(Tile<T>& t, const Left<T>& left, int64_t j, int64_t k0) const {
    constexpr int64_t kCols = Cut<T>::kCols, kLine = Cut<T>::kLine;
    const int64_t width = least(cols - j, kCols), vectors = over(width, kLanes<T>);
    const bool more = j + kCols < cols;
    if (cut.method == Method::Packed) {
      const T* panel = packed + j / kCols * cut.panel_b() + k0 * kCols;
      set_columns(t, panel, kCols, width);
      return multiply_panel(t, left, vectors, c + j, row_c, more ? panel + cut.panel_b() : nullptr, t.depth * kLine, kLine);
    }
    const T* source = b + k0 * cut.row_b + j * cut.col_b;
    const T* ahead = more ? source + kCols * cut.col_b : nullptr;
    set_columns(t, source, cut.row_b, width, cut.pack_b, left.tile_rows(0), cut.col_b, t.depth, scratch);
    if (cut.col_b == 1) return multiply_panel(t, left, vectors, c + j, row_c, ahead, kLine, cut.row_b);
    multiply_panel(t, left, vectors, c + j, row_c, cut.row_b == 1 ? ahead : nullptr, t.depth * kLine, kLine);
  }
};

}  // namespace keratin::KR_ISA
