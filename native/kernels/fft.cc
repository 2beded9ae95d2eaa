// Kernels: Fourier transforms along the last axis, complex and real. A unit is a group of rows: as many as a vector has lanes where
// they fit the cache, else one.
#include "kernels/fft.h"

namespace keratin::KR_ISA {
namespace {

// ints of all transforms: [rows, n]; n is the length in time. floats: [scale]. The table of roots has 2 n numbers: cos(2 pi k / n)
// for k in [0, n), then -sin.
enum class Kind { Complex, ToHalf, FromHalf };

// Bytes up to which the working set of a group of rows may grow: it stays in the second-level cache.
constexpr int64_t kGroupBytes = 512 * 1024;

template <typename T>
struct Problem {
  int64_t rows, n, length, half, lanes;  // length: of the complex transform; half: entries of a half spectrum; lanes: rows of a group
  bool packed;                           // a real row of even length is a complex one of half the length

  Problem(const int64_t* ints, Kind kind) : rows(ints[0]), n(ints[1]) {
    packed = kind != Kind::Complex && n % 2 == 0;
    length = packed ? n / 2 : n;
    half = n / 2 + 1;
    constexpr int64_t wide = simd::V<T>::lanes;
    const bool group = rows >= wide / 2 && 4 * length * wide * static_cast<int64_t>(sizeof(T)) <= kGroupBytes;
    lanes = group ? wide : 1;
  }
  // Elements of each of the four buffers, with room for the last entry of a packed spectrum. They begin at different places of a
  // page: the same place in all of them would be the same set of the cache.
  int64_t elements() const { return ceil_div((length + 1) * lanes, 64) * 64 + 272; }
};

template <typename T>
struct Buffers {
  Parts<T> x, y;
};
template <typename T>
KR_INLINE Buffers<T> buffers_of(const Args& args, const Problem<T>& problem) {
  T* base = static_cast<T*>(args.local);
  const int64_t size = problem.elements();
  return {{base, base + size}, {base + 2 * size, base + 3 * size}};
}

template <typename T, Kind kind>
Work plan_fft(const int64_t* ints, bool) {
  Work work;
  Radices radices;
  const Problem<T> problem(ints, kind);
  factorize(problem.length, radices);
  work.units[0] = ceil_div(problem.rows, problem.lanes);
  work.local_bytes = 4 * problem.elements() * static_cast<int64_t>(sizeof(T));
  double passes = 2;
  for (int i = 0; i < radices.count; ++i) passes += radices.radix[i] > 5 ? 3 : 1;
  work.nanoseconds = 30 + 0.12 * sizeof(T) * passes * static_cast<double>(problem.rows * problem.length);
  return work;
}

// Rows [first, first + count) of `from` (`row` apart, elements `step` apart) into interleaved rows; absent ones become 0.
template <typename T>
KR_INLINE void interleave(T* to, const T* from, int64_t row, int64_t step, int64_t size, int64_t count, int64_t lanes) {
  for (int64_t r = 0; r < lanes; ++r) {
    if (r < count) {
      for (int64_t j = 0; j < size; ++j) to[j * lanes + r] = from[r * row + j * step];
    } else {
      for (int64_t j = 0; j < size; ++j) to[j * lanes + r] = 0;
    }
  }
}
// And back, times `scale`.
template <typename T>
KR_INLINE void separate(T* to, const T* from, int64_t row, int64_t step, int64_t size, int64_t count, int64_t lanes, T scale) {
  for (int64_t r = 0; r < count; ++r) {
    for (int64_t j = 0; j < size; ++j) to[r * row + j * step] = from[j * lanes + r] * scale;
  }
}

template <typename T>
KR_INLINE Twiddles<T> table_of(const Args& args, int operand, const Problem<T>& problem) {
  const T* table = args.at<const T>(operand);
  return {table, table + problem.n, problem.n / problem.length};
}

// out[r, k] = scale * sum over j of x[r, j] exp(-2 pi i j k / n). The inverse is the same with real and imaginary operands
// exchanged. operands: re [rows, n], im, table, out re, out im.
template <typename T>
void fft(const Args& args, Range units) {
  const Problem<T> problem(args.ints, Kind::Complex);
  const auto [rows, n, length, half, lanes, packed] = problem;
  const auto [x, y] = buffers_of(args, problem);
  const T scale = static_cast<T>(args.floats[0]);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t first = unit * lanes, count = min_of(lanes, rows - first), at = first * n;
    interleave(x.re, args.at<const T>(0) + at, n, 1, n, count, lanes);
    interleave(x.im, args.at<const T>(1) + at, n, 1, n, count, lanes);
    const Parts<T> result = transform(x, y, n, lanes, table_of(args, 2, problem));
    separate(args.at<T>(3) + at, result.re, n, 1, n, count, lanes, scale);
    separate(args.at<T>(4) + at, result.im, n, 1, n, count, lanes, scale);
  }
}

// The spectrum of real rows of even length from the transform z of their halves (even elements real, odd ones imaginary), entries
// k and length - k at a time: X[k] = E[k] + w^k O[k], where E and O are the transforms of the halves.
template <typename T>
KR_INLINE void unpack(Parts<T> z, int64_t length, int64_t lanes, const Twiddles<T>& roots) {
  for (int64_t r = 0; r < lanes; ++r) {
    z.re[length * lanes + r] = z.re[r];
    z.im[length * lanes + r] = z.im[r];
  }
  for (int64_t k = 0; 2 * k <= length; ++k) {
    const Complex<T> w = {roots.re[k], roots.im[k]};
    T *ar = z.re + k * lanes, *ai = z.im + k * lanes, *br = z.re + (length - k) * lanes, *bi = z.im + (length - k) * lanes;
    for (int64_t r = 0; r < lanes; ++r) {
      const T even_re = (ar[r] + br[r]) * T(0.5), even_im = (ai[r] - bi[r]) * T(0.5);
      const T odd_re = (ai[r] + bi[r]) * T(0.5), odd_im = (br[r] - ar[r]) * T(0.5);
      const Complex<T> odd = Complex<T>{odd_re, odd_im} * w;
      ar[r] = even_re + odd.re;
      ai[r] = even_im + odd.im;
      br[r] = even_re - odd.re;
      bi[r] = odd.im - even_im;
    }
  }
}

// out[r, k] = scale * sum over j of x[r, j] exp(-2 pi i j k / n) for k up to n / 2.
// operands: x [rows, n], table, out re [rows, n / 2 + 1], out im.
template <typename T>
void rfft(const Args& args, Range units) {
  const Problem<T> problem(args.ints, Kind::ToHalf);
  const auto [rows, n, length, half, lanes, packed] = problem;
  const auto [x, y] = buffers_of(args, problem);
  const T scale = static_cast<T>(args.floats[0]);
  const T* table = args.at<const T>(1);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t first = unit * lanes, count = min_of(lanes, rows - first);
    const T* from = args.at<const T>(0) + first * n;
    interleave(x.re, from, n, packed ? 2 : 1, length, count, lanes);
    if (packed) interleave(x.im, from + 1, n, 2, length, count, lanes);
    else std::memset(x.im, 0, static_cast<size_t>(length * lanes) * sizeof(T));
    const Parts<T> result = transform(x, y, length, lanes, table_of(args, 1, problem));
    if (packed) unpack(result, length, lanes, {table, table + n, 1});
    separate(args.at<T>(2) + first * half, result.re, half, 1, half, count, lanes, scale);
    separate(args.at<T>(3) + first * half, result.im, half, 1, half, count, lanes, scale);
    // Rounding leaves traces where the sum of sines is empty.
    for (int64_t r = first; r < first + count; ++r) {
      args.at<T>(3)[r * half] = 0;
      if (packed) args.at<T>(3)[r * half + length] = 0;
    }
  }
}

// The reverse of `unpack` without its halves: z[k] = (X[k] + conj X[length - k]) + i conj(w^k) (X[k] - conj X[length - k]), with
// real and imaginary parts exchanged for the inverse transform.
template <typename T>
KR_INLINE void pack(Parts<T> z, int64_t length, int64_t lanes, const Twiddles<T>& roots) {
  for (int64_t k = 0; 2 * k <= length; ++k) {
    const Complex<T> w = {roots.re[k], -roots.im[k]};
    T *ar = z.re + k * lanes, *ai = z.im + k * lanes, *br = z.re + (length - k) * lanes, *bi = z.im + (length - k) * lanes;
    for (int64_t r = 0; r < lanes; ++r) {
      const T sum_re = ar[r] + br[r], sum_im = ai[r] - bi[r];
      const Complex<T> difference = Complex<T>{ar[r] - br[r], ai[r] + bi[r]} * w;
      ar[r] = sum_im + difference.re;
      ai[r] = sum_re - difference.im;
      br[r] = difference.re - sum_im;
      bi[r] = sum_re + difference.im;
    }
  }
}

// Makes the imaginary part of entry k of all rows 0: a real row has none there.
template <typename T>
KR_INLINE void clear(T* im, int64_t k, int64_t lanes) {
  for (int64_t r = 0; r < lanes; ++r) im[k * lanes + r] = 0;
}

// out[r, j] = scale * sum over k in [0, n) of X[r, k] exp(2 pi i j k / n), where X[n - k] = conj X[k]; the imaginary parts of X[0]
// and, for even n, of X[n / 2] do not count. operands: re [rows, n / 2 + 1], im, table, out [rows, n].
template <typename T>
void irfft(const Args& args, Range units) {
  const Problem<T> problem(args.ints, Kind::FromHalf);
  const auto [rows, n, length, half, lanes, packed] = problem;
  const auto [x, y] = buffers_of(args, problem);
  const T scale = static_cast<T>(args.floats[0]);
  const T* table = args.at<const T>(2);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t first = unit * lanes, count = min_of(lanes, rows - first);
    interleave(x.re, args.at<const T>(0) + first * half, half, 1, half, count, lanes);
    interleave(x.im, args.at<const T>(1) + first * half, half, 1, half, count, lanes);
    clear(x.im, 0, lanes);
    if (packed) clear(x.im, length, lanes);
    T* to = args.at<T>(3) + first * n;
    if (packed) {
      pack(x, length, lanes, {table, table + n, 1});
      const Parts<T> result = transform(x, y, length, lanes, table_of(args, 2, problem));
      separate(to, result.im, n, 2, length, count, lanes, scale);
      separate(to + 1, result.re, n, 2, length, count, lanes, scale);
      continue;
    }
    for (int64_t k = half; k < n; ++k) {
      for (int64_t r = 0; r < lanes; ++r) {
        x.re[k * lanes + r] = x.re[(n - k) * lanes + r];
        x.im[k * lanes + r] = -x.im[(n - k) * lanes + r];
      }
    }
    const Parts<T> result = transform(Parts<T>{x.im, x.re}, y, n, lanes, table_of(args, 2, problem));
    separate(to, result.im, n, 1, n, count, lanes, scale);
  }
}

// ints of overlap_add: [rows, frames, length, hop, size].
constexpr int64_t kAddUnit = 8192;  // elements of the output that a unit writes

// out[r, t] = sum over f of x[r, f, t - f * hop], for the frames that reach t.
// operands: x [rows, frames, length], out [rows, size].
template <typename T>
void overlap_add(const Args& args, Range units) {
  const auto [frames, length, hop, size] = reinterpret_cast<const int64_t(&)[4]>(args.ints[1]);
  const int64_t pieces = ceil_div(size, kAddUnit);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t row = unit / pieces;
    const Range piece = piece_of(unit % pieces, kAddUnit, size);
    T* out = args.at<T>(1) + row * size;
    const T* x = args.at<const T>(0) + row * frames * length;
    std::memset(out + piece.begin, 0, static_cast<size_t>(piece.end - piece.begin) * sizeof(T));
    const int64_t first = max_of(0, (piece.begin - length) / hop);
    for (int64_t f = first; f < frames && f * hop < piece.end; ++f) {
      const int64_t begin = max_of(piece.begin, f * hop), end = min_of(piece.end, f * hop + length);
      const T* frame = x + f * length - f * hop;
      for (int64_t t = begin; t < end; ++t) out[t] += frame[t];
    }
  }
}

template <typename T>
Work plan_overlap_add(const int64_t* ints, bool) {
  Work work;
  work.units[0] = ints[0] * ceil_div(ints[4], kAddUnit);
  work.nanoseconds = 20 + static_cast<double>(ints[0]) * static_cast<double>(ints[1] * ints[2] + 2 * ints[4]) * sizeof(T) / kBytesPerNanosecond;
  return work;
}

// States the integers and the real of a transform; gives the numbers of all rows in time and those of their spectra.
struct FftExtents {
  Extent table, time, spectrum;
};
FftExtents fft_integers(Contract& c, Kind kind) {
  const Extent rows = c.size("rows"), n = c.size("n", 1);
  Radices radices;
  const bool packed = kind != Kind::Complex && n.count() % 2 == 0;
  c.require(factorize(packed ? n.count() / 2 : n.count(), radices), "n", "a prime factor is too large");
  c.reals(1);
  return {n * 2, rows * n, rows * (n.count() / 2 + 1)};
}
void fft_contract(Contract& c) {
  const FftExtents extents = fft_integers(c, Kind::Complex);
  for (int i = 0; i < 2; ++i) c.in(extents.time);
  c.in(extents.table);
  for (int i = 0; i < 2; ++i) c.out(extents.time);
}
void rfft_contract(Contract& c) {
  const FftExtents extents = fft_integers(c, Kind::ToHalf);
  c.in(extents.time);
  c.in(extents.table);
  for (int i = 0; i < 2; ++i) c.out(extents.spectrum);
}
void irfft_contract(Contract& c) {
  const FftExtents extents = fft_integers(c, Kind::FromHalf);
  for (int i = 0; i < 2; ++i) c.in(extents.spectrum);
  c.in(extents.table);
  c.out(extents.time);
}
void overlap_add_contract(Contract& c) {
  const Extent rows = c.size("rows"), frames = c.size("frames"), length = c.size("length");
  c.integer("hop", 1, Extent::kMost);
  const Extent size = c.size("size");
  c.in(rows * frames * length);
  c.out(rows * size);
}

constexpr KernelRow kernels[] = {
    {"fft", DType::F32, fft<float>, plan_fft<float, Kind::Complex>, fft_contract},
    {"fft", DType::F64, fft<double>, plan_fft<double, Kind::Complex>, fft_contract},
    {"rfft", DType::F32, rfft<float>, plan_fft<float, Kind::ToHalf>, rfft_contract},
    {"rfft", DType::F64, rfft<double>, plan_fft<double, Kind::ToHalf>, rfft_contract},
    {"irfft", DType::F32, irfft<float>, plan_fft<float, Kind::FromHalf>, irfft_contract},
    {"irfft", DType::F64, irfft<double>, plan_fft<double, Kind::FromHalf>, irfft_contract},
    {"overlap_add", DType::F32, overlap_add<float>, plan_overlap_add<float>, overlap_add_contract},
    {"overlap_add", DType::F64, overlap_add<double>, plan_overlap_add<double>, overlap_add_contract},
};

}  // namespace

KR_FAMILY(fft, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
