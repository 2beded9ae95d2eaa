// Random numbers by counter: Philox 4x32-10 (J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", 2011). What an element becomes depends on the key and its position alone, not on the instruction set's width.
//
// Word i of the stream is word (i / 16) % 4 of counter 16 (i / 64) + i % 16, so that sixteen counters run in the lanes of
// vectors and nothing needs to be transposed. A 64-bit element is made of two neighbouring words.
#include <type_traits>
#include <utility>
#include "kernels/philox.h"
#include "kernels/rows.h"
#include "simd/math_log.h"
#include "simd/math_trig.h"

namespace keratin::KR_ISA {
namespace {

using simd::V;

constexpr int64_t kCounters = 16;              // a group: one counter a column
constexpr int64_t kGroupWords = 4 * kCounters;
constexpr int64_t kPairs = 2 * kCounters;      // elements that a normal pair spans: i and i + kCounters
constexpr int64_t kBlockWords = 1024;          // generated at once, small enough to stay in the first-level cache
constexpr int64_t kUnitWords = 8 * kBlockWords;

// Words [first, first + count) of the stream of `key`; both are multiples of kGroupWords.
void generate(uint32_t* out, const uint32_t* key, int64_t first, int64_t count) {
  constexpr int64_t lanes = V<uint64_t>::lanes;
  const V<uint64_t> numbers = lane_numbers(std::make_integer_sequence<int, lanes>{});
  for (int64_t group = 0; group < count / kGroupWords; ++group) {
    const uint64_t counter = static_cast<uint64_t>((first / kGroupWords + group) * kCounters);
    for (int64_t column = 0; column < kCounters; column += lanes) {
      const Words words = philox(numbers + V<uint64_t>(counter + static_cast<uint64_t>(column)), V<uint64_t>(uint64_t{0}), key);
      for (int row = 0; row < 4; ++row) {
        const auto narrow = __builtin_convertvector(words.w[row].raw, simd::Half<uint32_t>);
        std::memcpy(out + group * kGroupWords + row * kCounters + column, &narrow, sizeof(narrow));
      }
    }
  }
}

// Runs transform(out, bits, count) for each block of a kernel's units: `count` elements, a multiple of kPairs, from as many
// elements' bits.
template <typename T, typename Transform>
KR_INLINE void for_blocks(const Args& args, Range units, Transform transform) {
  constexpr int64_t words = sizeof(T) > 4 ? 2 : 1, block = kBlockWords / words, unit = kUnitWords / words;
  alignas(64) uint32_t bits[kBlockWords];
  alignas(64) T values[block];
  const int64_t end = min_of(units.end * unit, args.ints[0]);
  for (int64_t i = units.begin * unit; i < end; i += block) {
    const int64_t count = min_of(block, end - i);
    const int64_t whole = ceil_div(count, kPairs) * kPairs;
    generate(bits, args.at<const uint32_t>(0), i * words, ceil_div(whole * words, kGroupWords) * kGroupWords);
    T* out = args.at<T>(1) + i;
    if (count == block) {
      transform(out, bits, block);
    } else {
      transform(values, bits, whole);
      std::memcpy(out, values, static_cast<size_t>(count) * sizeof(T));
    }
  }
}

// A uniform number in [0, 1), from the top 24 or 52 bits.
template <typename T>
KR_INLINE V<T> unit_interval(V<simd::Unsigned<T>> bits) {
  if constexpr (sizeof(T) == 4) {
    const auto top = simd::from_bits<int32_t>(bits >> 8).raw;
    return V<float>(__builtin_convertvector(top, simd::F32)) * 0x1p-24f;
  } else {
    return simd::from_bits<double>((bits >> 12) | uint64_t{0x3ff0000000000000}) - 1.0;
  }
}

// A uniform number in (0, 1]. In float32 it keeps all the bits it can: the smallest decide how far a normal tail reaches.
template <typename T>
KR_INLINE V<T> positive_unit(V<simd::Unsigned<T>> bits) {
  if constexpr (sizeof(T) == 4) {
    const auto top = simd::from_bits<int32_t>(bits >> 1).raw;
    return V<float>(__builtin_convertvector(top, simd::F32)) * 0x1p-31f + 0x1p-32f;
  } else {
    return unit_interval<double>(bits) + 0x1p-53;
  }
}

// sin and cos of a uniform angle: the top two bits give the quadrant, the others the place in it, less a half.
template <typename T>
KR_INLINE std::pair<V<T>, V<T>> sincos_of(V<simd::Unsigned<T>> bits) {
  using U = simd::Unsigned<T>;
  constexpr int width = 8 * sizeof(T), fraction = simd::Float<T>::fraction_bits;
  constexpr U one = std::bit_cast<U>(T(1));
  const V<T> f = simd::from_bits<T>(((bits << 2) >> (width - fraction)) | one) - T(1.5);
  V<T> s, c;
  if constexpr (sizeof(T) == 4) {  // relative errors 2^-37.7 and 2^-34.2 before rounding
    const V<float> z = f * f;
    s = f * simd::poly(z, 1.57079633f, -0.645964096f, 0.0796925827f, -0.00468126626f, 0.0001582063f);
    c = simd::poly(z, 1.0f, -1.23370054f, 0.253669204f, -0.0208600695f, 0.00090362807f);
  } else {
    const V<double> angle = f * 0x1.921fb54442d18p+0;
    s = simd::sin_reduced(angle, 0.0);
    c = simd::cos_reduced(angle, 0.0);
  }
  const V<U> quadrant = bits >> (width - 2);
  const auto odd = (quadrant & U{1}) != V<U>(U{0});
  const V<U> sin_sign = (quadrant & U{2}) << (width - 2), cos_sign = ((quadrant + U{1}) & U{2}) << (width - 2);
  return {simd::from_bits<T>(simd::bits_of(select(odd, c, s)) ^ sin_sign),
          simd::from_bits<T>(simd::bits_of(select(odd, s, c)) ^ cos_sign)};
}

template <typename T>
KR_INLINE V<simd::Unsigned<T>> load_bits(const uint32_t* bits, int64_t i) {
  using U = simd::Unsigned<T>;
  return V<U>::load(reinterpret_cast<const U*>(bits + i * static_cast<int64_t>(sizeof(U) / sizeof(uint32_t))));
}

template <typename T>
Work plan_random(const int64_t* ints, double nanoseconds_per_word) {
  const int64_t words = ints[0] * (sizeof(T) > 4 ? 2 : 1);
  Work work;
  work.units[0] = ceil_div(words, kUnitWords);
  work.nanoseconds = 40 + nanoseconds_per_word * static_cast<double>(words);
  return work;
}

template <typename T>
Work plan_plain(const int64_t* ints, bool) { return plan_random<T>(ints, 0.6); }
template <typename T>
Work plan_transcendental(const int64_t* ints, bool) { return plan_random<T>(ints, 1.5); }

// out[i] = word i of the stream. ints: [n]. operands: key uint32 [2], out uint32 [n].
void random_bits(const Args& args, Range units) {
  const int64_t end = min_of(units.end * kUnitWords, args.ints[0]), whole = end - end % kGroupWords;
  const int64_t begin = units.begin * kUnitWords;
  const uint32_t* key = args.at<const uint32_t>(0);
  uint32_t* out = args.at<uint32_t>(1);
  if (begin < whole) generate(out + begin, key, begin, whole - begin);
  if (whole < end && begin <= whole) {
    uint32_t last[kGroupWords];
    generate(last, key, whole, kGroupWords);
    std::memcpy(out + whole, last, static_cast<size_t>(end - whole) * sizeof(uint32_t));
  }
}

// The largest number below x.
template <typename T>
KR_INLINE T below(T x) {
  using U = simd::Unsigned<T>;
  if (x == 0) return std::bit_cast<T>(static_cast<U>(simd::kSignBit<T> | 1));
  return std::bit_cast<T>(static_cast<U>(std::bit_cast<U>(x) + (x > 0 ? U(-1) : U(1))));
}

// out[i] uniform in [lo, hi): 24 random bits in float32, 52 in float64. ints: [n]; floats: [lo, hi].
// operands: key uint32 [2], out [n].
template <typename T>
void random_uniform(const Args& args, Range units) {
  const T lo = static_cast<T>(args.floats[0]), hi = static_cast<T>(args.floats[1]);
  const V<T> start(lo), span(hi - lo), largest(hi > lo ? below(hi) : hi);
  for_blocks<T>(args, units, [=](T* out, const uint32_t* bits, int64_t count) __attribute__((always_inline)) {
    for (int64_t i = 0; i < count; i += V<T>::lanes) {
      min(start + unit_interval<T>(load_bits<T>(bits, i)) * span, largest).store(out + i);
    }
  });
}

// out[i] normal, by the transform of G. Box and M. Muller (1958): each pair of elements i, i + 16 of a group of 32 is a
// radius and an angle. ints: [n]; floats: [mean, standard deviation]. operands: key uint32 [2], out [n].
template <typename T>
void random_normal(const Args& args, Range units) {
  const V<T> mean(static_cast<T>(args.floats[0])), deviation(static_cast<T>(args.floats[1]));
  for_blocks<T>(args, units, [=](T* out, const uint32_t* bits, int64_t count) __attribute__((always_inline)) {
    for (int64_t group = 0; group < count; group += kPairs) {
      for (int64_t i = group; i < group + kCounters; i += V<T>::lanes) {
        const V<T> radius = sqrt(log(positive_unit<T>(load_bits<T>(bits, i))) * T(-2)) * deviation;
        const auto [sine, cosine] = sincos_of<T>(load_bits<T>(bits, i + kCounters));
        (mean + radius * cosine).store(out + i);
        (mean + radius * sine).store(out + i + kCounters);
      }
    }
  });
}

// sqrt(2) erfinv(y) for |y| <= erf(sqrt(2)) = P(|normal| < 2): y times a polynomial in w = -log(1 - y^2) (the substitution
// is that of M. Giles, "Approximating the erfinv function", 2010; coefficients fitted for w <= 2.42 with 40 digits,
// relative errors 2^-27.7 and 2^-56.7).
template <typename T>
KR_INLINE V<T> truncated_quantile(V<T> y) {
  const V<T> t = -log(T(1) - y * y) - T(1.25);
  if constexpr (sizeof(T) == 4) {
    return y * simd::poly(t, 1.68229411f, 0.35287405f, 0.00355222045f, -0.00318732522f, 0.000202549166f, 4.40642748e-05f,
                          -6.5962138e-06f, -4.45856558e-07f);
  } else {
    return y * simd::poly(t, 1.6822941156675835, 0.352874049527294, 0.0035520593025720475, -0.0031873242845272326,
                          0.00020306789101915394, 4.406109210720788e-05, -7.134998246865842e-06, -4.4208197893040717e-07,
                          1.8041082045792517e-07, -1.7589663771374267e-09, -3.848339183033156e-09, 2.7469164831561896e-10,
                          6.913432994631668e-11, -1.0275783654626657e-11, -9.079781142580059e-13, 2.5223548736730255e-13);
  }
}

// A uniform number in [-1, 1].
template <typename T>
KR_INLINE V<T> symmetric_unit(V<simd::Unsigned<T>> bits) {
  if constexpr (sizeof(T) == 4) {
    return V<float>(__builtin_convertvector(simd::from_bits<int32_t>(bits).raw, simd::F32)) * 0x1p-31f;
  } else {
    return unit_interval<double>(bits) * 2.0 - 1.0;
  }
}

// out[i] normal, less than two standard deviations from the mean, by the inverse of its distribution. ints: [n];
// floats: [mean, standard deviation] of the normal distribution. operands: key uint32 [2], out [n].
template <typename T>
void random_truncated_normal(const Args& args, Range units) {
  const V<T> mean(static_cast<T>(args.floats[0])), deviation(static_cast<T>(args.floats[1]));
  for_blocks<T>(args, units, [=](T* out, const uint32_t* bits, int64_t count) __attribute__((always_inline)) {
    for (int64_t i = 0; i < count; i += V<T>::lanes) {
      const V<T> y = symmetric_unit<T>(load_bits<T>(bits, i)) * T(0.95449973610364158);
      const V<T> quantile = min(V<T>(T(2)), max(V<T>(T(-2)), truncated_quantile(y)));
      (mean + quantile * deviation).store(out + i);
    }
  });
}

// The integer part of range * bits / 2^64: uniform below `range` but for a bias of at most range / 2^64.
KR_INLINE uint64_t scale_to(uint64_t bits, uint64_t range) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(bits) * range >> 64);
}

// At least the 64-bit elements [first, first + count) of the stream, a block at most; `first` is a multiple of kPairs.
KR_INLINE void generate_pairs(uint64_t* out, const uint32_t* key, int64_t first, int64_t count) {
  generate(reinterpret_cast<uint32_t*>(out), key, 2 * first, ceil_div(2 * count, kGroupWords) * kGroupWords);
}

// out[i] uniform in [lo, hi). ints: [n, lo, hi]. operands: key uint32 [2], out [n].
template <typename T>
void random_int(const Args& args, Range units) {
  constexpr int64_t unit = kUnitWords / 2, block = kBlockWords / 2;
  const uint64_t lo = static_cast<uint64_t>(args.ints[1]), range = static_cast<uint64_t>(args.ints[2]) - lo;
  alignas(64) uint64_t bits[block];
  const int64_t end = min_of(units.end * unit, args.ints[0]);
  for (int64_t i = units.begin * unit; i < end; i += block) {
    const int64_t count = min_of(block, end - i);
    generate_pairs(bits, args.at<const uint32_t>(0), i, count);
    T* out = args.at<T>(1) + i;
    for (int64_t j = 0; j < count; ++j) out[j] = static_cast<T>(lo + scale_to(bits[j], range));
  }
}

Work plan_random_int(const int64_t* ints, bool) { return plan_random<uint64_t>(ints, 0.8); }

// out = a uniformly random order of 0 .. n - 1: each number in turn takes the place of an earlier one, which moves to the
// end (R. Fisher, F. Yates, in R. Durstenfeld's form). ints: [n], n < 2^31. operands: key uint32 [2], out int32 [n].
void permutation(const Args& args, Range units) {
  if (units.begin == units.end) return;
  constexpr int64_t block = kBlockWords / 2;
  alignas(64) uint64_t bits[block];
  const int64_t n = args.ints[0];
  int32_t* out = args.at<int32_t>(1);
  for (int64_t i = 0; i < n; i += block) {
    const int64_t count = min_of(block, n - i);
    generate_pairs(bits, args.at<const uint32_t>(0), i, count);
    for (int64_t j = i; j < i + count; ++j) {
      const uint64_t place = scale_to(bits[j - i], static_cast<uint64_t>(j + 1));
      out[j] = out[place];
      out[place] = static_cast<int32_t>(j);
    }
  }
}

Work plan_permutation(const int64_t* ints, bool) {
  Work work;
  work.nanoseconds = 40 + 4 * static_cast<double>(ints[0]);
  return work;
}

// A key and the numbers drawn with it.
void random_contract(Contract& c) {
  c.in(DType::U32, 2);
  c.out(c.size("n"));
}
void random_real_contract(Contract& c) {
  random_contract(c);
  c.reals(2);
}
void random_int_contract(Contract& c) {
  random_contract(c);
  c.integer("lower bound", INT64_MIN, INT64_MAX);
  c.integer("upper bound", INT64_MIN, INT64_MAX);
}
void permutation_contract(Contract& c) {
  c.in(DType::U32, 2);
  c.out(c.size("n", 0, INT32_MAX));
}

// The dtype of a row is that of the output.
constexpr KernelRow kernels[] = {
    {"random_bits", DType::U32, random_bits, plan_plain<uint32_t>, random_contract},
    {"random_uniform", DType::F32, random_uniform<float>, plan_plain<float>, random_real_contract},
    {"random_uniform", DType::F64, random_uniform<double>, plan_plain<double>, random_real_contract},
    {"random_normal", DType::F32, random_normal<float>, plan_transcendental<float>, random_real_contract},
    {"random_normal", DType::F64, random_normal<double>, plan_transcendental<double>, random_real_contract},
    {"random_truncated_normal", DType::F32, random_truncated_normal<float>, plan_transcendental<float>, random_real_contract},
    {"random_truncated_normal", DType::F64, random_truncated_normal<double>, plan_transcendental<double>, random_real_contract},
    {"random_int", DType::U8, random_int<uint8_t>, plan_random_int, random_int_contract},
    {"random_int", DType::U16, random_int<uint16_t>, plan_random_int, random_int_contract},
    {"random_int", DType::U32, random_int<uint32_t>, plan_random_int, random_int_contract},
    {"random_int", DType::U64, random_int<uint64_t>, plan_random_int, random_int_contract},
    {"random_int", DType::I8, random_int<int8_t>, plan_random_int, random_int_contract},
    {"random_int", DType::I16, random_int<int16_t>, plan_random_int, random_int_contract},
    {"random_int", DType::I32, random_int<int32_t>, plan_random_int, random_int_contract},
    {"random_int", DType::I64, random_int<int64_t>, plan_random_int, random_int_contract},
    {"permutation", DType::I32, permutation, plan_permutation, permutation_contract},
};

}  // namespace

KR_FAMILY(random, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
