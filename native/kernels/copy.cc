// Kernels that move or make elements by position: strided copies, fills, counting.
#include <bit>
#include <type_traits>
#include "kernels/rows.h"
#include "kernels/transpose.h"

namespace keratin::KR_ISA {
namespace {

constexpr int kMaxRank = 16;

// One dimension of a copy: its size and its steps, in elements, through the input and the output.
struct Axis {
  int64_t size, in, out;
};

// A copy as loops, outermost first. The last two, `rows` and `columns`, are walked by one inner function; the others count
// tiles. Tiles are numbered row-major over (outer axes, tiles of rows, tiles of columns).
struct Loops {
  Axis outer[kMaxRank];
  int outer_count;
  Axis rows, columns;
  int64_t in_offset, out_offset;
  bool transposed;  // the rows are contiguous in the input, the columns in the output
  int64_t tile_rows, tile_columns;
  int64_t tiles, tiles_per_unit;
};

// The dimensions of `ints` sorted by output stride, descending, without those of size 1, neighbours merged where a
// longer run results. Returns their number, 0 for a single element.
inline int merge_axes(const int64_t* ints, Axis* axes) {
  const int64_t rank = ints[0];
  const int64_t *sizes = ints + 1, *in = sizes + rank, *out = in + rank;
  int count = 0;
  for (int64_t d = 0; d < rank; ++d) {
    if (sizes[d] == 1) continue;
    int at = count++;
    for (; at > 0 && axes[at - 1].out < out[d]; --at) axes[at] = axes[at - 1];
    axes[at] = {sizes[d], in[d], out[d]};
  }
  int kept = 0;
  for (int d = 1; d < count; ++d) {
    Axis& last = axes[kept];
    const Axis& next = axes[d];
    if (last.in == next.in * next.size && last.out == next.out * next.size) {
      last = {last.size * next.size, next.in, next.out};
    } else {
      axes[++kept] = next;
    }
  }
  return count == 0 ? 0 : kept + 1;
}

// Picks the tile, of about kUnitBytes: for a transposition a few cache lines wide, else whole runs.
inline void choose_tile(Loops& loops, int64_t element) {
  const int64_t budget = kUnitBytes / element;
  if (loops.transposed) {
    // Two lines of input by 256 rows. Floats on an AVX-512 server core, GB/s for 784 x 512, 2000 x 2000, 4096 x 4096:
    // 32 x 512 19, 19, 4.0; 64 x 64 16, 17, 2.4; 256 x 16 14, 18, 2.6.
    loops.tile_rows = min_of(loops.rows.size, 128 / element);
    loops.tile_columns = budget / max_of(1, loops.tile_rows);
  } else {
    loops.tile_columns = min_of(loops.columns.size, budget);
    loops.tile_rows = max_of(1, budget / max_of(1, loops.tile_columns));
  }
  loops.tile_rows = max_of(1, min_of(loops.tile_rows, loops.rows.size));
  loops.tile_columns = max_of(1, min_of(loops.tile_columns, loops.columns.size));
  loops.tiles = ceil_div(loops.rows.size, loops.tile_rows) * ceil_div(loops.columns.size, loops.tile_columns);
  for (int d = 0; d < loops.outer_count; ++d) loops.tiles *= loops.outer[d].size;
  loops.tiles_per_unit = max_of(1, budget / (loops.tile_rows * loops.tile_columns));
}

// Turns the attributes of copy_strided into loops.
inline Loops loops_of(const int64_t* ints, int64_t element) {
  Axis axes[kMaxRank];
  int count = merge_axes(ints, axes);
  Loops loops;
  const int64_t rank = ints[0];
  loops.in_offset = ints[1 + 3 * rank];
  loops.out_offset = ints[2 + 3 * rank];
  loops.columns = count > 0 ? axes[--count] : Axis{1, 1, 1};
  // The partner of the innermost axis: one that is contiguous in the input, else its neighbour.
  int partner = count - 1;
  loops.transposed = false;
  if (loops.columns.out == 1 && loops.columns.in != 1 && loops.columns.in != 0) {
    for (int d = 0; d < count; ++d) {
      if (axes[d].in != 1) continue;
      partner = d;
      loops.transposed = true;
    }
  }
  loops.rows = count > 0 ? axes[partner] : Axis{1, 0, 0};
  loops.outer_count = 0;
  for (int d = 0; d < count; ++d) {
    if (d != partner) loops.outer[loops.outer_count++] = axes[d];
  }
  choose_tile(loops, element);
  return loops;
}

// One run of a strided copy; the steps that occur most are compiled apart, so that they become vector code.
template <typename T>
inline void copy_steps(T* out, const T* in, int64_t n, int64_t out_step, int64_t in_step) {
  const auto with_step = [&](auto step) {
    for (int64_t i = 0; i < n; ++i) out[i] = in[i * step];
  };
  if (out_step != 1) {
    for (int64_t i = 0; i < n; ++i) out[i * out_step] = in[i * in_step];
  } else if (in_step == 0) {
    const T value = *in;
    for (int64_t i = 0; i < n; ++i) out[i] = value;
  } else if (in_step == -1) {
    with_step(std::integral_constant<int64_t, -1>{});
  } else if (in_step == 2) {
    with_step(std::integral_constant<int64_t, 2>{});
  } else if (in_step == 3) {
    with_step(std::integral_constant<int64_t, 3>{});
  } else if (in_step == 4) {
    with_step(std::integral_constant<int64_t, 4>{});
  } else {
    with_step(in_step);
  }
}

// out[r * width + c] = in[r + c * in_step] for c < width: `width` planes become one row of `width` channels each.
template <typename T, int width>
inline void interleave_planes(T* __restrict out, const T* __restrict in, int64_t rows, int64_t in_step) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int c = 0; c < width; ++c) out[r * width + c] = in[r + c * in_step];
  }
}

// out[r * out_step + c] = in[r + c * in_step]: register blocks, then what is left of rows and columns.
template <typename T>
inline void copy_transposed(T* out, const T* in, int64_t rows, int64_t columns, int64_t out_step,
                                   int64_t in_step) {
  constexpr int64_t lanes = Block<T>::lanes;
  if (out_step == columns && columns == 2) return interleave_planes<T, 2>(out, in, rows, in_step);
  if (out_step == columns && columns == 3) return interleave_planes<T, 3>(out, in, rows, in_step);
  if (out_step == columns && columns == 4) return interleave_planes<T, 4>(out, in, rows, in_step);
  const int64_t whole_rows = rows - rows % lanes, whole_columns = columns - columns % lanes;
  for (int64_t r = 0; r < whole_rows; r += lanes) {
    for (int64_t c = 0; c < whole_columns; c += lanes) {
      Block<T>::transpose(out + r * out_step + c, in + r + c * in_step, out_step, in_step);
    }
  }
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t c = r < whole_rows ? whole_columns : 0;
    copy_steps(out + r * out_step + c, in + r + c * in_step, columns - c, 1, in_step);
  }
}

// Copies `rows` x `columns` elements, with the steps of the loops.
template <typename T>
inline void copy_tile(const Loops& loops, T* out, const T* in, int64_t rows, int64_t columns) {
  if (loops.transposed) return copy_transposed(out, in, rows, columns, loops.rows.out, loops.columns.in);
  if (loops.columns.out == 1 && loops.columns.in == 1) {
    for (int64_t r = 0; r < rows; ++r) copy_run(out + r * loops.rows.out, in + r * loops.rows.in, columns);
  } else {
    for (int64_t r = 0; r < rows; ++r) {
      copy_steps(out + r * loops.rows.out, in + r * loops.rows.in, columns, loops.columns.out, loops.columns.in);
    }
  }
}

// A tile: its place among the tiles of rows and columns, its outer indices, and where these start in the operands.
struct Position {
  int64_t row, column;
  int64_t index[kMaxRank];
  int64_t in, out;
};

inline Position position_of(const Loops& loops, int64_t tile, int64_t row_tiles, int64_t column_tiles) {
  Position at;
  at.column = tile % column_tiles;
  at.row = tile / column_tiles % row_tiles;
  at.in = loops.in_offset;
  at.out = loops.out_offset;
  int64_t rest = tile / column_tiles / row_tiles;
  for (int d = loops.outer_count - 1; d >= 0; --d) {
    const Axis& axis = loops.outer[d];
    at.index[d] = rest % axis.size;
    rest /= axis.size;
    at.in += at.index[d] * axis.in;
    at.out += at.index[d] * axis.out;
  }
  return at;
}

inline void advance(Position& at, const Loops& loops, int64_t row_tiles, int64_t column_tiles) {
  if (++at.column < column_tiles) return;
  at.column = 0;
  if (++at.row < row_tiles) return;
  at.row = 0;
  for (int d = loops.outer_count - 1; d >= 0; --d) {
    const Axis& axis = loops.outer[d];
    at.in += axis.in;
    at.out += axis.out;
    if (++at.index[d] < axis.size) return;
    at.index[d] = 0;
    at.in -= axis.size * axis.in;
    at.out -= axis.size * axis.out;
  }
}

// out[out_offset + index · out_strides] = x[in_offset + index · in_strides] for every index below dims.
// ints: [ndim, dims..., in_strides..., out_strides..., in_offset, out_offset], in elements; strides may be negative, those of the input
// zero too, and those of the output let no two indices meet. ndim <= 16. operands: x, out.
template <typename T>
void copy_strided(const Args& args, Range units) {
  if (units.begin >= units.end) return;
  const Loops loops = loops_of(args.ints, sizeof(T));
  const int64_t begin = units.begin * loops.tiles_per_unit, end = min_of(units.end * loops.tiles_per_unit, loops.tiles);
  const int64_t row_tiles = ceil_div(loops.rows.size, loops.tile_rows);
  const int64_t column_tiles = ceil_div(loops.columns.size, loops.tile_columns);
  Position at = position_of(loops, begin, row_tiles, column_tiles);
  for (int64_t tile = begin; tile < end; ++tile) {
    const Range r = piece_of(at.row, loops.tile_rows, loops.rows.size);
    const Range c = piece_of(at.column, loops.tile_columns, loops.columns.size);
    const T* in = args.at<const T>(0) + at.in + r.begin * loops.rows.in + c.begin * loops.columns.in;
    T* out = args.at<T>(1) + at.out + r.begin * loops.rows.out + c.begin * loops.columns.out;
    copy_tile(loops, out, in, r.end - r.begin, c.end - c.begin);
    advance(at, loops, row_tiles, column_tiles);
  }
}

template <typename T>
Work plan_copy_strided(const int64_t* ints, bool) {
  int64_t bytes = sizeof(T);
  for (int64_t d = 0; d < ints[0]; ++d) bytes *= ints[1 + d];
  Work work;
  work.units[0] = 0;
  if (bytes == 0) return work;
  const Loops loops = loops_of(ints, sizeof(T));
  work.units[0] = ceil_div(loops.tiles, loops.tiles_per_unit);
  work.nanoseconds = 20 + static_cast<double>(2 * bytes) / kBytesPerNanosecond * (loops.transposed ? 1.5 : 1);
  return work;
}

// out[out_offset .. out_offset + n) = scalar. ints: [n, out_offset]. operands: scalar, out.
template <typename T>
void fill(const Args& args, Range units) {
  constexpr int64_t step = kUnitBytes / sizeof(T);
  const int64_t n = args.ints[0];
  const T value = *args.at<const T>(0);
  T* out = args.at<T>(1) + args.ints[1];
  const int64_t end = min_of(units.end * step, n);
  for (int64_t i = units.begin * step; i < end; ++i) out[i] = value;
}

// Units of kUnitBytes over a flat output of ints[0] elements.
template <typename T>
Work plan_flat(const int64_t* ints, bool) {
  Work work;
  work.units[0] = ceil_div(ints[0] * static_cast<int64_t>(sizeof(T)), kUnitBytes);
  work.nanoseconds = 10 + static_cast<double>(ints[0] * static_cast<int64_t>(sizeof(T))) / kBytesPerNanosecond;
  return work;
}

// `value` rounded, half to even, to an IEEE format of 16 bits with `mantissa` stored bits, straight from float64: by way
// of float32 it would be rounded twice.
template <int mantissa>
KR_INLINE uint16_t round_to_16_bits(double value) {
  constexpr int exponent_bits = 15 - mantissa, bias = (1 << (exponent_bits - 1)) - 1;
  constexpr uint16_t infinity = ((1 << exponent_bits) - 1) << mantissa;
  const uint64_t bits = std::bit_cast<uint64_t>(value);
  const uint16_t sign = static_cast<uint16_t>(bits >> 48 & 0x8000);
  const int64_t exponent = static_cast<int64_t>(bits >> 52 & 0x7ff) - 1023;
  if (value != value) return sign | infinity | 1 << (mantissa - 1);
  if (exponent > bias) return sign | infinity;
  const int64_t below = max_of(0, 1 - bias - exponent);  // places lost to a subnormal result
  const int64_t shift = min_of(52 - mantissa + below, 62);
  const uint64_t digits = (bits & ((uint64_t{1} << 52) - 1)) | uint64_t{1} << 52;
  const uint64_t rounded = (digits + (uint64_t{1} << (shift - 1)) - 1 + (digits >> shift & 1)) >> shift;
  // The leading one of a normal result adds 1 to the exponent field; a carry out of the rounding does so as well.
  const int64_t field = below > 0 ? 0 : exponent + bias - 1;
  return sign | static_cast<uint16_t>((static_cast<uint64_t>(field) << mantissa) + rounded);
}

template <typename T>
KR_INLINE T from_double(double value) {
  if constexpr (std::is_same_v<T, f16>) {
    return {round_to_16_bits<10>(value)};
  } else if constexpr (std::is_same_v<T, bf16>) {
    return {round_to_16_bits<7>(value)};
  } else {
    return static_cast<T>(value);
  }
}

// out[i] = start + i · step, computed in int64 for integers and in float64 for floats, then rounded.
// ints: [n]; floats: [start, step]. operands: out.
template <typename T>
void iota(const Args& args, Range units) {
  constexpr int64_t unit = kUnitBytes / sizeof(T);
  T* out = args.at<T>(0);
  const int64_t end = min_of(units.end * unit, args.ints[0]);
  const double start = args.floats[0], step = args.floats[1];
  for (int64_t i = units.begin * unit; i < end; ++i) {
    if constexpr (std::is_integral_v<T>) {
      out[i] = static_cast<T>(static_cast<uint64_t>(static_cast<int64_t>(start)) +
                              static_cast<uint64_t>(i) * static_cast<uint64_t>(static_cast<int64_t>(step)));
    } else {
      out[i] = from_double<T>(start + static_cast<double>(i) * step);
    }
  }
}

void copy_strided_contract(Contract& c) {
  const int64_t rank = c.integer("rank", 0, kMaxRank);
  int64_t sizes[kMaxRank];
  Extent elements = 1;
  Span in, out;
  for (int64_t d = 0; d < rank; ++d) {
    sizes[d] = c.size("size").count();
    elements = elements * sizes[d];
  }
  for (int64_t d = 0; d < rank; ++d) in.axis(sizes[d], c.integer("stride of the input"));
  for (int64_t d = 0; d < rank; ++d) out.axis(sizes[d], c.integer("stride of the output"));
  in.shift(c.integer("offset in the input", 0, Extent::kMost));
  out.shift(c.integer("offset in the output", 0, Extent::kMost));
  c.bounded("sizes", elements);
  const bool empty = elements.count() == 0;
  c.in(empty ? 0 : in.extent());
  c.out(empty ? 0 : out.extent());
}
void fill_contract(Contract& c) {
  const Extent n = c.size("n"), offset = c.size("offset");
  c.in(1);
  c.out(offset + n);
}
void iota_contract(Contract& c) {
  c.reals(2);
  c.out(c.size("n"));
}

constexpr KernelRow kernels[] = {
    KR_ROWS_BY_SIZE("copy_strided", copy_strided, plan_copy_strided, copy_strided_contract),
    KR_ROWS_BY_SIZE("fill", fill, plan_flat, fill_contract),
    {"iota", DType::F16, iota<f16>, plan_flat<f16>, iota_contract},
    {"iota", DType::BF16, iota<bf16>, plan_flat<bf16>, iota_contract},
    KR_ROWS_ARITHMETIC("iota", iota, plan_flat, iota_contract),
};

}  // namespace

KR_FAMILY(copy, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
