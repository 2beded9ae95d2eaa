// Casts between all element types: exhaustively for the 16-bit floats, at the edges of range and rounding for the others.
#include "tile_runner.h"

namespace keratin::testing {
namespace {

// Value of 16 float bits: `exponent_bits` of exponent, the rest fraction.
double value_of(uint16_t bits, int exponent_bits) {
  const int fraction_bits = 15 - exponent_bits, bias = (1 << (exponent_bits - 1)) - 1;
  const int fraction = bits & ((1 << fraction_bits) - 1), exponent = (bits & 0x7fff) >> fraction_bits;
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) return fraction ? std::numeric_limits<double>::quiet_NaN() : sign * HUGE_VAL;
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
}
double value_of(f16 x) { return value_of(x.bits, 5); }
double value_of(bf16 x) { return value_of(x.bits, 8); }

// All 65,536 values of a 16-bit type.
template <typename H>
std::vector<H> all_halves() {
  std::vector<H> list(65536);
  for (uint32_t i = 0; i < 65536; ++i) list[i].bits = static_cast<uint16_t>(i);
  return list;
}

template <typename H>
std::string cast_to() {
  return std::string("cast_") + name_of(dtype_of<H>());
}

template <typename To, typename H>
void check_to_float(const IsaTable& isa) {
  const auto halves = all_halves<H>();
  const auto got = run_tile<To>(isa, cast_to<To>(), dtype_of<H>(), halves);
  for (size_t i = 0; i < halves.size(); ++i) {
    const double want = value_of(halves[i]);
    ASSERT_TRUE(std::isnan(want) ? std::isnan(got[i]) : got[i] == want && std::signbit(got[i]) == std::signbit(want))
        << isa.name << ": bits " << halves[i].bits << " gave " << got[i] << ", expected " << want;
  }
}

TEST(TileCast, EveryHalfBecomesItsValue) {
  for (const IsaTable* isa : tile_isas()) {
    check_to_float<float, f16>(*isa), check_to_float<double, f16>(*isa);
    check_to_float<float, bf16>(*isa), check_to_float<double, bf16>(*isa);
  }
}

// The half nearest to x, ties to even, found by bisection over the ordered bits.
template <typename H>
uint16_t nearest_half(long double x) {
  const int exponent_bits = std::is_same_v<H, f16> ? 5 : 8;
  const auto value = [&](uint32_t bits) -> long double { return value_of(static_cast<uint16_t>(bits), exponent_bits); };
  const uint32_t infinity = ((1u << exponent_bits) - 1) << (15 - exponent_bits);
  const uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  const long double a = std::fabs(x);
  uint32_t low = 0, high = infinity;
  while (high - low > 1) {
    const uint32_t middle = (low + high) / 2;
    (value(middle) <= a ? low : high) = middle;
  }
  // What infinity would be if it were a number decides about overflow.
  const long double above = high == infinity ? value(low) + (value(low) - value(low - 1)) : value(high);
  const long double down = a - value(low), up = above - a;
  return sign | static_cast<uint16_t>(up < down || (up == down && low % 2 == 1) ? high : low);
}

template <typename H, typename From>
void check_to_half(const IsaTable& isa, const std::vector<From>& x) {
  const auto got = run_tile<H>(isa, cast_to<H>(), dtype_of<From>(), x);
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] != x[i]) {
      ASSERT_TRUE(std::isnan(value_of(got[i]))) << isa.name;
    } else {
      ASSERT_EQ(got[i].bits, nearest_half<H>(x[i]))
          << isa.name << ": " << cast_to<H>() << " of " << name_of(dtype_of<From>()) << " " << x[i];
    }
  }
}

// Every half, the middle between it and the next, and the neighbours of both in From.
template <typename H, typename From>
std::vector<From> around_halves() {
  constexpr From infinity = std::numeric_limits<From>::infinity();
  std::vector<From> x;
  for (uint32_t bits = 0; bits < 65535; ++bits) {
    const double a = value_of(H{static_cast<uint16_t>(bits)}), b = value_of(H{static_cast<uint16_t>(bits + 1)});
    if (std::isnan(a) || std::isnan(b)) continue;
    const double middle = std::isinf(b) ? a + (a - value_of(H{static_cast<uint16_t>(bits - 1)})) / 2 : (a + b) / 2;
    for (double v : {a, middle}) {
      const From f = static_cast<From>(v);
      for (From near : {std::nextafter(f, -infinity), f, std::nextafter(f, infinity)}) x.push_back(near);
    }
  }
  for (double v : {1e30, -1e30, 65519.99, 65520.0, 1e-10, 3.39e38, 1e300, 1e-300}) x.push_back(static_cast<From>(v));
  x.push_back(std::numeric_limits<From>::quiet_NaN());
  return x;
}

TEST(TileCast, FloatsRoundToTheNearestHalf) {
  for (const IsaTable* isa : tile_isas()) {
    check_to_half<f16>(*isa, around_halves<f16, float>());
    check_to_half<f16>(*isa, around_halves<f16, double>());
    check_to_half<bf16>(*isa, around_halves<bf16, float>());
    check_to_half<bf16>(*isa, around_halves<bf16, double>());
  }
}

template <typename T>
std::vector<T> integers_near_ties() {
  std::vector<T> x = {std::numeric_limits<T>::max(), std::numeric_limits<T>::min(), 0, 1};
  for (unsigned bit = 0; bit + 1 < 8 * sizeof(T); ++bit) {
    const T top = static_cast<T>(T(1) << bit);
    for (unsigned half = 0; half < bit; ++half)
      for (int delta = -1; delta <= 1; ++delta) {
        const T v = static_cast<T>(top + (T(1) << half) + delta);
        x.push_back(v);
        if (std::is_signed_v<T>) x.push_back(static_cast<T>(-v));
      }
  }
  return x;
}

template <typename T>
void check_integers_to_floats(const IsaTable& isa) {
  const auto x = integers_near_ties<T>();
  check_to_half<f16>(isa, x);
  check_to_half<bf16>(isa, x);
  const auto singles = run_tile<float>(isa, "cast_float32", dtype_of<T>(), x);
  const auto doubles = run_tile<double>(isa, "cast_float64", dtype_of<T>(), x);
  const auto truths = run_tile<uint8_t>(isa, "cast_bool", dtype_of<T>(), x);
  for (size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(singles[i], static_cast<float>(x[i])) << isa.name << " " << +x[i];
    ASSERT_EQ(doubles[i], static_cast<double>(x[i])) << isa.name << " " << +x[i];
    ASSERT_EQ(truths[i], x[i] != 0) << isa.name << " " << +x[i];
  }
}

template <typename To, typename From>
void check_integers_wrap(const IsaTable& isa) {
  const auto x = integers_near_ties<From>();
  const auto got = run_tile<To>(isa, cast_to<To>(), dtype_of<From>(), x);
  for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(got[i], static_cast<To>(x[i])) << isa.name << " " << +x[i];
}

template <typename To, typename From>
void check_float_to_integer(const IsaTable& isa) {
  using Limits = std::numeric_limits<To>;
  constexpr From half = From(0.5), infinity = std::numeric_limits<From>::infinity();
  std::vector<From> x = {0,         From(-0.9), From(0.9), From(1.5),     From(-1.5),    From(1e30),
                         infinity,  -infinity,  From(NAN), From(100.99), From(-100.99), From(-1e30)};
  for (From end : {static_cast<From>(Limits::max()), static_cast<From>(Limits::min())}) {
    const From inner = std::nextafter(end, From(0)), outer = std::nextafter(end, end * 2 - 1);
    for (From v : {end, inner, outer, end + 1, end - 1, end + half, end - half}) x.push_back(v);
  }
  const auto got = run_tile<To>(isa, cast_to<To>(), dtype_of<From>(), x);
  for (size_t i = 0; i < x.size(); ++i) {
    const long double whole = std::trunc(static_cast<long double>(x[i]));
    const To want = x[i] != x[i]                                        ? 0
                    : whole >= static_cast<long double>(Limits::max()) ? Limits::max()
                    : whole <= static_cast<long double>(Limits::min()) ? Limits::min()
                                                                       : static_cast<To>(whole);
    ASSERT_EQ(got[i], want) << isa.name << ": " << cast_to<To>() << " of " << name_of(dtype_of<From>()) << " " << x[i];
  }
}

template <typename To>
void check_everything_to(const IsaTable& isa) {
  check_integers_wrap<To, uint8_t>(isa), check_integers_wrap<To, uint16_t>(isa), check_integers_wrap<To, uint32_t>(isa);
  check_integers_wrap<To, uint64_t>(isa), check_integers_wrap<To, int8_t>(isa), check_integers_wrap<To, int16_t>(isa);
  check_integers_wrap<To, int32_t>(isa), check_integers_wrap<To, int64_t>(isa);
  check_float_to_integer<To, float>(isa), check_float_to_integer<To, double>(isa);
  check_integers_to_floats<To>(isa);
}

TEST(TileCast, IntegersAndFloats) {
  for (const IsaTable* isa : tile_isas()) {
    check_everything_to<uint8_t>(*isa), check_everything_to<uint16_t>(*isa), check_everything_to<uint32_t>(*isa);
    check_everything_to<uint64_t>(*isa), check_everything_to<int8_t>(*isa), check_everything_to<int16_t>(*isa);
    check_everything_to<int32_t>(*isa), check_everything_to<int64_t>(*isa);
  }
}

// Halves to integers and truth values go the way of their float.
template <typename H>
void check_halves_to_others(const IsaTable& isa) {
  const auto halves = all_halves<H>();
  const auto ints = run_tile<int16_t>(isa, "cast_int16", dtype_of<H>(), halves);
  const auto bytes = run_tile<uint8_t>(isa, "cast_uint8", dtype_of<H>(), halves);
  const auto truths = run_tile<uint8_t>(isa, "cast_bool", dtype_of<H>(), halves);
  for (size_t i = 0; i < halves.size(); ++i) {
    const double x = value_of(halves[i]);
    const double clamped = std::isnan(x) ? 0 : std::trunc(x);
    ASSERT_EQ(ints[i], static_cast<int16_t>(std::min(std::max(clamped, -32768.0), 32767.0))) << isa.name << " " << x;
    ASSERT_EQ(bytes[i], static_cast<uint8_t>(std::min(std::max(clamped, 0.0), 255.0))) << isa.name << " " << x;
    ASSERT_EQ(truths[i], x != 0) << isa.name << " " << x;
  }
}

TEST(TileCast, HalvesToIntegersAndTruthValues) {
  for (const IsaTable* isa : tile_isas()) {
    check_halves_to_others<f16>(*isa);
    check_halves_to_others<bf16>(*isa);
  }
}

TEST(TileCast, BetweenTheHalvesAndFromTruthValues) {
  for (const IsaTable* isa : tile_isas()) {
    const auto halves = all_halves<f16>();
    const auto got = run_tile<bf16>(*isa, "cast_bfloat16", DType::F16, halves);
    for (size_t i = 0; i < halves.size(); ++i) {
      const double x = value_of(halves[i]);
      ASSERT_TRUE(std::isnan(x) ? std::isnan(value_of(got[i])) : got[i].bits == nearest_half<bf16>(x)) << isa->name << " " << x;
    }
    const auto brains = all_halves<bf16>();
    const auto back = run_tile<f16>(*isa, "cast_float16", DType::BF16, brains);
    for (size_t i = 0; i < brains.size(); ++i) {
      const double x = value_of(brains[i]);
      ASSERT_TRUE(std::isnan(x) ? std::isnan(value_of(back[i])) : back[i].bits == nearest_half<f16>(x)) << isa->name << " " << x;
    }
    EXPECT_EQ(run_tile<float>(*isa, "cast_float32", DType::Bool, std::vector<uint8_t>{0, 1}), (std::vector<float>{0, 1}));
    EXPECT_EQ(run_tile<int64_t>(*isa, "cast_int64", DType::Bool, std::vector<uint8_t>{0, 1}), (std::vector<int64_t>{0, 1}));
  }
}

}  // namespace
}  // namespace keratin::testing
