// Kernels: draws whose distributions have parameters for each element: gamma, binomial, categorical. An element has counters of its
// own, one an attempt, so it does not matter how often another one is drawn again.
#include "kernels/philox.h"
#include "kernels/rows.h"
#include "simd/math_gamma.h"
#include "simd/math_log.h"
#include "simd/math_trig.h"

namespace keratin::KR_ISA {
namespace {

constexpr int64_t kDrawUnit = 512;  // elements
constexpr int kMostAttempts = 1 << 16;
constexpr int64_t kLanes = V<double>::lanes;

// A vector of numbers as doubles; absent ones repeat the first.
template <typename T>
KR_INLINE V<double> load_doubles(const T* p, int64_t count) {
  alignas(64) double lane[kLanes];
  for (int64_t i = 0; i < kLanes; ++i) lane[i] = static_cast<double>(p[i < count ? i : 0]);
  return V<double>::load(lane);
}
template <typename T>
KR_INLINE void store_doubles(V<double> x, T* p, int64_t count) {
  alignas(64) double lane[kLanes];
  x.store(lane);
  for (int64_t i = 0; i < min_of(count, kLanes); ++i) p[i] = static_cast<T>(lane[i]);
}

// Two uniform numbers in (0, 1) a lane, for the elements from `first` on.
struct Uniforms {
  V<double> a, b;
};
KR_INLINE Uniforms uniforms(int64_t first, uint32_t attempt, uint32_t stream, const uint32_t* key) {
  const V<uint64_t> counters = lane_numbers(std::make_integer_sequence<int, kLanes>{}) + V<uint64_t>(static_cast<uint64_t>(first));
  const Words words = philox(counters, V<uint64_t>(uint64_t{stream} << 32 | attempt), key);
  const auto unit = [](V<uint64_t> low, V<uint64_t> high) __attribute__((always_inline)) {
    const V<uint64_t> bits = (high << 32) | (low & uint64_t{0xffffffff});
    return simd::from_bits<double>((bits >> 12) | uint64_t{0x3ff0000000000000}) - 1.0 + 0x1p-53;
  };
  return {unit(words.w[0], words.w[1]), unit(words.w[2], words.w[3])};
}

// The logarithm of a gamma variate of shape `alpha` > 0, by rejection (G. Marsaglia, W. Tsang, "A simple method for generating gamma
// variables", 2000); below 1 that of shape alpha + 1 times a power of a uniform number.
KR_INLINE V<double> log_gamma_variate(V<double> alpha, int64_t first, uint32_t stream, const uint32_t* key) {
  const auto small = alpha < 1.0, valid = (alpha > 0.0) & (alpha < simd::Float<double>::infinity);
  const V<double> d = select(valid, select(small, alpha + 1.0, alpha), V<double>(1.0)) - 1.0 / 3.0;
  const V<double> c = V<double>(1.0 / 3.0) / sqrt(d);
  V<double> result = 0.0;
  auto pending = valid;
  for (uint32_t attempt = 1; attempt < kMostAttempts && any(pending); ++attempt) {
    const Uniforms first_two = uniforms(first, 2 * attempt, stream, key), last = uniforms(first, 2 * attempt + 1, stream, key);
    const V<double> normal = sqrt(simd::log(first_two.a) * -2.0) * simd::sincos_pi(first_two.b - 0.5).sin;
    const V<double> root = mul_add(c, normal, V<double>(1.0));
    const auto positive = root > 0.0;
    const V<double> cube = select(positive, root * root * root, V<double>(1.0)), l = simd::log(cube);
    const auto accepted = positive & (simd::log(last.a) < mul_add(normal * 0.5, normal, d * (l - cube + 1.0)));
    result = select(pending & accepted, simd::log(d) + l, result);
    pending = pending & !accepted;
  }
  if (any(small)) result = select(small, result + simd::log(uniforms(first, 1, stream, key).a) / alpha, result);
  const V<double> at_zero(-simd::Float<double>::infinity);
  return select(valid, result, select(alpha == 0.0, at_zero, V<double>(simd::Float<double>::nan)));
}

// out[i] = a gamma variate of shape alpha[i] and scale 1, or its logarithm. ints: [n, stream, logarithm]; draws of different streams do not
// depend on each other. operands: key uint32 [2], alpha [n], out [n].
template <typename T>
void random_gamma(const Args& args, Range units) {
  const int64_t end = min_of(units.end * kDrawUnit, args.ints[0]);
  for (int64_t i = units.begin * kDrawUnit; i < end; i += kLanes) {
    const V<double> alpha = load_doubles(args.at<const T>(1) + i, end - i);
    const V<double> l = log_gamma_variate(alpha, i, static_cast<uint32_t>(args.ints[1]), args.at<const uint32_t>(0));
    store_doubles(args.ints[2] != 0 ? l : simd::exp(l), args.at<T>(2) + i, end - i);
  }
}

// Successes among `n` attempts of probability p <= 1/2 with n p < 10, by the distances between successes.
KR_INLINE V<double> few_successes(V<double> n, V<double> p, simd::Mask<8> wanted, int64_t first, const uint32_t* key) {
  const V<double> scale = V<double>(1.0) / simd::log1p(-p);
  V<double> place = 0.0, k = 0.0;
  auto pending = wanted;
  for (uint32_t attempt = 0; attempt < kMostAttempts && any(pending); ++attempt) {
    const Uniforms u = uniforms(first, attempt, 0, key);
    for (const V<double> draw : {u.a, u.b}) {
      place += ceil(simd::log(draw) * scale);
      pending = pending & (place <= n);
      k = select(pending, k + 1.0, k);
    }
  }
  return k;
}

// The same for n p >= 10, by transformed rejection (W. Hoermann, "The generation of binomial random variates", 1993, algorithm BTRS).
KR_INLINE V<double> many_successes(V<double> n, V<double> p, simd::Mask<8> wanted, int64_t first, const uint32_t* key) {
  const V<double> spread = sqrt(n * p * (1.0 - p)), b = mul_add(spread, V<double>(2.53), V<double>(1.15));
  const V<double> a = b * 0.0248 + p * 0.01 - 0.0873, c = n * p + 0.5, limit = 0.92 - 4.2 / b, alpha = (2.83 + 5.1 / b) * spread;
  const V<double> odds = simd::log(p / (1.0 - p)), mode = floor((n + 1.0) * p);
  const V<double> height = simd::lgamma_positive(mode + 1.0) + simd::lgamma_positive(n - mode + 1.0);
  V<double> result = 0.0;
  auto pending = wanted;
  for (uint32_t attempt = 0; attempt < kMostAttempts && any(pending); ++attempt) {
    const Uniforms draw = uniforms(first, attempt, 1, key);
    const V<double> u = draw.a - 0.5, room = 0.5 - abs(u), k = floor((a * 2.0 / room + b) * u + c);
    const auto inside = (k >= 0.0) & (k <= n);
    const V<double> safe = select(inside, k, mode);
    const V<double> bound = height - simd::lgamma_positive(safe + 1.0) - simd::lgamma_positive(n - safe + 1.0) + (safe - mode) * odds;
    const auto quick = (room >= 0.07) & (draw.b <= limit);
    const auto exact = simd::log(draw.b * alpha / (a / (room * room) + b)) <= bound;
    const auto accepted = inside & (quick | exact);
    result = select(pending & accepted, k, result);
    pending = pending & !accepted;
  }
  return result;
}

// out[i] = successes among counts[i] attempts of probability p[i]; NaN for negative counts and p outside of [0, 1].
// ints: [n]. operands: key uint32 [2], counts [n], p [n], out [n].
template <typename T>
void random_binomial(const Args& args, Range units) {
  const uint32_t* key = args.at<const uint32_t>(0);
  const int64_t end = min_of(units.end * kDrawUnit, args.ints[0]);
  for (int64_t i = units.begin * kDrawUnit; i < end; i += kLanes) {
    const V<double> counts = floor(load_doubles(args.at<const T>(1) + i, end - i)), p = load_doubles(args.at<const T>(2) + i, end - i);
    const auto valid = (counts >= 0.0) & (counts < simd::Float<double>::infinity) & (p >= 0.0) & (p <= 1.0);
    const auto mirrored = p > 0.5;
    const V<double> q = select(mirrored, 1.0 - p, p), expected = counts * q;
    const auto many = valid & (expected >= 10.0), few = valid & (expected < 10.0) & (q > 0.0);
    V<double> k = 0.0;
    if (any(few)) k = select(few, few_successes(counts, select(few, q, V<double>(0.25)), few, i, key), k);
    if (any(many)) k = select(many, many_successes(select(many, counts, V<double>(100.0)), select(many, q, V<double>(0.25)), many, i, key), k);
    k = select(mirrored, counts - k, k);
    store_doubles(select(valid, k, V<double>(simd::Float<double>::nan)), args.at<T>(3) + i, end - i);
  }
}

template <int nanoseconds>
Work plan_draws(const int64_t* ints, bool) {
  Work work;
  work.units[0] = ceil_div(ints[0], kDrawUnit);
  work.nanoseconds = 40 + nanoseconds * static_cast<double>(ints[0]);
  return work;
}

// sums[c] = the sum of exp(logits[0 .. c]) over a common factor.
template <typename T>
void accumulate(double* sums, const T* logits, int64_t classes) {
  double most = -simd::Float<double>::infinity, sum = 0;
  for (int64_t c = 0; c < classes; ++c) most = static_cast<double>(logits[c]) > most ? static_cast<double>(logits[c]) : most;
  alignas(64) double lane[kLanes];
  for (int64_t c = 0; c < classes; c += kLanes) {
    simd::exp(load_doubles(logits + c, classes - c) - most).store(lane);
    for (int64_t i = 0; i < min_of(kLanes, classes - c); ++i) {
      sum += static_cast<double>(logits[c + i]) == most ? 1 : lane[i];
      sums[c + i] = sum;
    }
  }
}

// out[r, s] = a class, by the probabilities that are proportional to exp(logits[r]).
// ints: [rows, classes, samples]. operands: key uint32 [2], logits [rows, classes], out int32 [rows, samples].
template <typename T>
void random_categorical(const Args& args, Range units) {
  const int64_t rows = args.ints[0], classes = args.ints[1], samples = args.ints[2];
  double* table = static_cast<double*>(args.shared);
  if (args.phase == 0) {
    for (int64_t r = units.begin; r < units.end; ++r) accumulate(table + r * classes, args.at<const T>(1) + r * classes, classes);
    return;
  }
  const int64_t end = min_of(units.end * kDrawUnit, rows * samples);
  alignas(64) double lane[kLanes];
  for (int64_t i = units.begin * kDrawUnit; i < end; i += kLanes) {
    uniforms(i, 0, 0, args.at<const uint32_t>(0)).a.store(lane);
    for (int64_t j = i; j < min_of(end, i + kLanes); ++j) {
      const double* sums = table + j / samples * classes;
      const double wanted = lane[j - i] * sums[classes - 1];
      int64_t low = 0, high = classes - 1;
      while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (sums[middle] > wanted) high = middle;
        else low = middle + 1;
      }
      args.at<int32_t>(2)[j] = static_cast<int32_t>(low);
    }
  }
}

Work plan_categorical(const int64_t* ints, bool) {
  Work work;
  work.phases = 2;
  work.units[0] = ints[0];
  work.units[1] = ceil_div(ints[0] * ints[2], kDrawUnit);
  work.shared_bytes = ints[0] * ints[1] * 8;
  work.nanoseconds = 40 + static_cast<double>(ints[0]) * (3 * static_cast<double>(ints[1]) + 12 * static_cast<double>(ints[2]));
  return work;
}

void random_gamma_contract(Contract& c) {
  const Extent n = c.size("n");
  c.integer("stream", 0, UINT32_MAX);
  c.flag("logarithm");
  c.in(DType::U32, 2);
  c.in(n);
  c.out(n);
}
void random_binomial_contract(Contract& c) {
  const Extent n = c.size("n");
  c.in(DType::U32, 2);
  c.in(n);
  c.in(n);
  c.out(n);
}
void random_categorical_contract(Contract& c) {
  const Extent rows = c.size("rows"), classes = c.size("classes", 1, INT32_MAX), samples = c.size("samples");
  c.in(DType::U32, 2);
  c.in(rows * classes);
  c.out(DType::I32, rows * samples);
}

constexpr KernelRow kernels[] = {
    {"random_gamma", DType::F32, random_gamma<float>, plan_draws<40>, random_gamma_contract},
    {"random_gamma", DType::F64, random_gamma<double>, plan_draws<40>, random_gamma_contract},
    {"random_binomial", DType::F32, random_binomial<float>, plan_draws<120>, random_binomial_contract},
    {"random_binomial", DType::F64, random_binomial<double>, plan_draws<120>, random_binomial_contract},
    {"random_categorical", DType::F32, random_categorical<float>, plan_categorical, random_categorical_contract},
    {"random_categorical", DType::F64, random_categorical<double>, plan_categorical, random_categorical_contract},
};

}  // namespace

KR_FAMILY(random_shaped, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
