// The mathematical tile ops against long double: dense ranges with a bound on the error of each function, then special values.
#include "tile_runner.h"

namespace keratin::testing {
namespace {

using Real = long double;

// Inverse error function by Newton's method on erf, or on erfc where erf is near 1.
Real erfinv_exact(Real x) {
  if (!(std::fabs(x) < 1)) return std::fabs(x) == 1 ? std::copysign(HUGE_VALL, x) : NAN;
  const Real a = std::fabs(x), slope = 2 / std::sqrt(acosl(-1.0L));
  if (a == 0) return x;
  Real y = a < 0.9L ? a / slope : std::sqrt(-std::log((1 - a) * 2));
  for (int i = 0; i < 100; ++i) {
    const Real miss = a < 0.5L ? std::erf(y) - a : (1 - a) - std::erfc(y);
    const Real d = miss / (slope * std::exp(-y * y));
    const Real step = d / (1 + y * d);
    y -= step;
    if (std::fabs(step) < 1e-19L * y) break;
  }
  return std::copysign(y, x);
}

// Digamma by its asymptotic series from 40 on, after steps of psi(x) = psi(x + 1) - 1/x; reflection below 0.
Real digamma_exact(Real x) {
  const Real pi = acosl(-1.0L);
  if (x == 0) return -1 / x;
  if (x < 0) {
    const Real d = x - std::nearbyint(x);
    return d == 0 ? NAN : digamma_exact(1 - x) - pi / std::tan(pi * d);
  }
  Real sum = 0;
  for (; x < 40; x += 1) sum -= 1 / x;
  const Real z = 1 / (x * x);
  Real series = 0;
  for (Real c : {691.0L / 32760, 1.0L / 132, 1.0L / 240, 1.0L / 252, 1.0L / 120, 1.0L / 12}) series = z * (c - series);
  return sum + std::log(x) - 0.5L / x - series;
}

// The largest term from which a reflected function below 0 is made: its error is relative to that.
Real lgamma_scale(Real x) {
  if (!(x < 0)) return 0;
  const Real pi = acosl(-1.0L);
  return std::max<Real>({1, std::lgamma(1 - x), std::log(pi / std::fabs(std::sin(pi * (x - std::nearbyint(x)))))});
}
// Beside its root at 1.46 the reference has an error of its own, of some 1e-19.
Real digamma_scale(Real x) {
  if (!(x < 0)) return 1e-3L;
  const Real pi = acosl(-1.0L);
  return std::max<Real>({1, digamma_exact(1 - x), std::fabs(pi / std::tan(pi * (x - std::nearbyint(x))))});
}
Real no_scale(Real) { return 0; }

struct Function {
  const char* name;
  Real (*exact)(Real);
  double float_bound, double_bound;  // units in the last place
  std::vector<std::pair<double, double>> ranges;
  Real (*scale)(Real) = no_scale;
};

#define EXACT(expr) [](Real x) -> Real { return expr; }

const std::vector<Function>& functions() {
  static const std::vector<Function> list = {
      {"sqrt", EXACT(std::sqrt(x)), 0.5, 0.5, {{0, 1}, {1, 1e30}}},
      {"rsqrt", EXACT(1 / std::sqrt(x)), 1.5, 1.5, {{1e-30, 1}, {1, 1e30}}},
      {"reciprocal", EXACT(1 / x), 0.5, 0.5, {{-10, 10}}},
      {"exp", EXACT(std::exp(x)), 1.5, 1.5, {{-1, 1}, {-103, 89}, {-745, 710}}},
      {"exp2", EXACT(std::exp2(x)), 1.5, 1.5, {{-1, 1}, {-149, 128}, {-1074, 1024}}},
      {"expm1", EXACT(std::expm1(x)), 2, 2, {{-1e-3, 1e-3}, {-1, 1}, {-50, 89}, {-50, 710}}},
      {"log", EXACT(std::log(x)), 1.5, 1.5, {{0.5, 2}, {0, 1}, {1, 1e38}, {0, 1e-38}}},
      {"log1p", EXACT(std::log1p(x)), 2, 2, {{-1e-3, 1e-3}, {-1, 2}, {1, 1e38}}},
      {"log2", EXACT(std::log2(x)), 1, 1, {{0.5, 2}, {0, 1}, {1, 1e38}}},
      {"log10", EXACT(std::log10(x)), 1, 1, {{0.5, 2}, {0, 1}, {1, 1e38}}},
      {"sin", EXACT(std::sin(x)), 1, 1.5, {{-4, 4}, {-1e3, 1e3}, {-1e6, 1e6}, {-1e30, 1e30}}},
      {"cos", EXACT(std::cos(x)), 1, 1.5, {{-4, 4}, {-1e3, 1e3}, {-1e6, 1e6}, {-1e30, 1e30}}},
      {"tan", EXACT(std::tan(x)), 1, 3, {{-4, 4}, {-1e3, 1e3}, {-1e6, 1e6}, {-1e30, 1e30}}},
      {"asin", EXACT(std::asin(x)), 1, 3, {{-1, 1}, {-1e-3, 1e-3}}},
      {"acos", EXACT(std::acos(x)), 1, 3, {{-1, 1}, {0.999, 1}}},
      {"atan", EXACT(std::atan(x)), 1, 2, {{-3, 3}, {-1e3, 1e3}, {-1e-3, 1e-3}}},
      {"sinh", EXACT(std::sinh(x)), 1, 3, {{-2, 2}, {-89, 89}, {-710, 710}}},
      {"cosh", EXACT(std::cosh(x)), 1, 3, {{-2, 2}, {-89, 89}, {-710, 710}}},
      {"tanh", EXACT(std::tanh(x)), 2, 2.5, {{-1e-3, 1e-3}, {-1, 1}, {-25, 25}}},
      {"asinh", EXACT(std::asinh(x)), 1, 3, {{-1, 1}, {-1e3, 1e3}, {-1e30, 1e30}}},
      {"acosh", EXACT(std::acosh(x)), 1, 3, {{1, 2}, {1, 1e3}, {1, 1e30}}},
      {"atanh", EXACT(std::atanh(x)), 1, 3, {{-1, 1}, {-1e-3, 1e-3}}},
      {"sigmoid", EXACT(1 / (1 + std::exp(-x))), 2, 2.5, {{-1, 1}, {-87, 20}, {-700, 40}}},
      {"erf", EXACT(std::erf(x)), 2, 2, {{-1e-3, 1e-3}, {-1.5, 1.5}, {-7, 7}}},
      {"erfc", EXACT(std::erfc(x)), 1, 4, {{-7, 1}, {0, 3}, {0, 10.1}, {0, 26.5}}},
      {"erfinv", erfinv_exact, 1, 4, {{-1, 1}, {0.99, 1}, {-1e-3, 1e-3}}},
      {"lgamma", EXACT(std::lgamma(x)), 1, 4, {{0, 3}, {0, 30}, {1, 1e5}, {0, 1e-5}, {-20, 0}}, lgamma_scale},
      {"digamma", digamma_exact, 1, 4, {{0, 3}, {0, 30}, {1, 1e5}, {0, 1e-5}, {-20, 0}}, digamma_scale},
  };
  return list;
}

// `count` points of a range: evenly, and denser towards its ends.
template <typename T>
std::vector<T> points(std::pair<double, double> range, int count) {
  std::vector<T> x;
  const Real low = range.first, width = static_cast<Real>(range.second) - range.first;
  for (int i = 0; i <= count; ++i) x.push_back(static_cast<T>(low + width * (i + 0.37L * (i % 3)) / (count + 1)));
  for (int i = 1; i <= count / 4; ++i) {
    const Real part = std::pow(10.0L, -12.0L * i / (count / 4));
    x.push_back(static_cast<T>(low + width * part));
    x.push_back(static_cast<T>(low + width * (1 - part)));
  }
  return x;
}

// The largest error of a function on one instruction set, and where.
struct Worst {
  double error = 0, at = 0;
};

template <typename T>
void check(const Function& f, double bound) {
  const auto isas = tile_isas();
  std::vector<Worst> worst(isas.size());
  for (const auto& range : f.ranges) {
    if (std::is_same_v<T, float> && std::max(std::fabs(range.first), std::fabs(range.second)) > 1e38) continue;
    const std::vector<T> x = points<T>(range, 40000);
    std::vector<Real> exact, scale;
    for (T value : x) exact.push_back(f.exact(value)), scale.push_back(f.scale(value));
    for (size_t k = 0; k < isas.size(); ++k) {
      const std::vector<T> y = run_tile<T>(*isas[k], f.name, dtype_of<T>(), x);
      for (size_t i = 0; i < x.size(); ++i) {
        const double error = ulps<T>(y[i], exact[i], scale[i]);
        if (error > worst[k].error) worst[k] = {error, static_cast<double>(x[i])};
      }
    }
  }
  for (size_t k = 0; k < isas.size(); ++k) {
    const char *isa = isas[k]->name, *type = name_of(dtype_of<T>());
    std::printf("%-9s %-12s %-8s %.3f ulp, at %.9g\n", isa, f.name, type, worst[k].error, worst[k].at);
    EXPECT_LE(worst[k].error, bound) << f.name << " of " << type << " on " << isa << " at " << worst[k].at;
  }
}

TEST(TileMath, UnaryFunctionsStayWithinTheirBounds) {
  for (const Function& f : functions()) {
    check<float>(f, f.float_bound);
    check<double>(f, f.double_bound);
  }
}

template <typename T>
void check2(const IsaTable& isa, const char* name, Real (*exact)(Real, Real), double bound, const std::vector<T>& x,
            const std::vector<T>& y) {
  double worst = 0;
  size_t at = 0;
  const std::vector<T> z = run_tile<T>(isa, name, dtype_of<T>(), x, y);
  for (size_t i = 0; i < x.size(); ++i) {
    const double error = ulps<T>(z[i], exact(x[i], y[i]));
    if (error > worst) worst = error, at = i;
  }
  std::printf("%-9s %-12s %-8s %.3f ulp, at %.9g, %.9g\n", isa.name, name, name_of(dtype_of<T>()), worst,
              static_cast<double>(x[at]), static_cast<double>(y[at]));
  EXPECT_LE(worst, bound) << name << " of " << name_of(dtype_of<T>()) << " on " << isa.name << " at " << x[at] << ", " << y[at];
}

// Random pairs, with exponents up to the given ones in magnitude, of either sign on demand.
template <typename T>
void pairs(int x_exponents, int y_exponents, bool signs, std::vector<T>* x, std::vector<T>* y) {
  uint64_t state = 1;
  const auto next = [&state] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 11) * 0x1p-53;
  };
  const auto draw = [&](int exponents) {
    const double magnitude = std::ldexp(1 + next(), static_cast<int>(next() * 2 * exponents) - exponents);
    return static_cast<T>(signs && next() < 0.5 ? -magnitude : magnitude);
  };
  for (int i = 0; i < 150000; ++i) {
    x->push_back(draw(x_exponents));
    y->push_back(draw(y_exponents));
  }
}

template <typename T>
void check_pairs(const IsaTable& isa) {
  constexpr int most = std::numeric_limits<T>::max_exponent - 3;
  const bool is_float = std::is_same_v<T, float>;
  std::vector<T> x, y;
  pairs<T>(1, 7, false, &x, &y);
  check2<T>(isa, "power", std::pow, is_float ? 1 : 2, x, y);
  x.clear(), y.clear();
  pairs<T>(is_float ? 100 : 900, 4, false, &x, &y);
  for (size_t i = 0; i < x.size(); i += 2) y[i] = std::nearbyint(y[i]);
  for (size_t i = 0; i < x.size(); i += 4) x[i] = -x[i];
  check2<T>(isa, "power", std::pow, is_float ? 1 : 2, x, y);
  for (int exponents : {3, 40, most}) {
    x.clear(), y.clear();
    pairs<T>(exponents, exponents, true, &x, &y);
    check2<T>(isa, "atan2", std::atan2, is_float ? 1 : 3, x, y);
    check2<T>(isa, "hypot", std::hypot, is_float ? 1 : 1.5, x, y);
  }
}

TEST(TileMath, BinaryFunctionsStayWithinTheirBounds) {
  for (const IsaTable* isa : tile_isas()) {
    check_pairs<float>(*isa);
    check_pairs<double>(*isa);
  }
}

// Values at which C's functions are exact or special. Zeros are compared with their sign.
template <typename T>
void check_specials(const IsaTable& isa) {
  constexpr T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  struct Case {
    const char* name;
    std::vector<T> x, y;
  };
  const T huge = std::numeric_limits<T>::max();
  const std::vector<Case> cases = {
      {"exp", {0, -T(0), inf, -inf, nan, huge, -huge}, {1, 1, inf, 0, nan, inf, 0}},
      {"exp2", {0, 1, -1, 10, inf, -inf, nan, huge, -huge}, {1, 2, 0.5, 1024, inf, 0, nan, inf, 0}},
      {"expm1", {0, -T(0), inf, -inf, nan, huge, -huge}, {0, -T(0), inf, -1, nan, inf, -1}},
      {"log", {0, -T(0), 1, inf, -1, -inf, nan}, {-inf, -inf, 0, inf, nan, nan, nan}},
      {"log1p", {0, -T(0), -1, inf, -2, -inf, nan}, {0, -T(0), -inf, inf, nan, nan, nan}},
      {"log2", {0, 1, 8, 1024, T(0.125), inf, -1, nan}, {-inf, 0, 3, 10, -3, inf, nan, nan}},
      {"log10", {0, 1, 10, 1000, T(1e6), T(1e10), inf, -1, nan}, {-inf, 0, 1, 3, 6, 10, inf, nan, nan}},
      {"sin", {0, -T(0), inf, -inf, nan}, {0, -T(0), nan, nan, nan}},
      {"cos", {0, -T(0), inf, -inf, nan}, {1, 1, nan, nan, nan}},
      {"tan", {0, -T(0), inf, -inf, nan}, {0, -T(0), nan, nan, nan}},
      {"asin", {0, -T(0), 2, -2, inf, nan}, {0, -T(0), nan, nan, nan, nan}},
      {"acos", {1, 2, -2, inf, nan}, {0, nan, nan, nan, nan}},
      {"atan", {0, -T(0), inf, -inf, nan}, {0, -T(0), T(M_PI_2), T(-M_PI_2), nan}},
      {"sinh", {0, -T(0), inf, -inf, nan, huge}, {0, -T(0), inf, -inf, nan, inf}},
      {"cosh", {0, -T(0), inf, -inf, nan, huge}, {1, 1, inf, inf, nan, inf}},
      {"tanh", {0, -T(0), inf, -inf, nan, 100}, {0, -T(0), 1, -1, nan, 1}},
      {"asinh", {0, -T(0), inf, -inf, nan}, {0, -T(0), inf, -inf, nan}},
      {"acosh", {1, inf, T(0.5), -1, -inf, nan}, {0, inf, nan, nan, nan, nan}},
      {"atanh", {0, -T(0), 1, -1, 2, inf, nan}, {0, -T(0), inf, -inf, nan, nan, nan}},
      {"sigmoid", {0, -T(0), inf, -inf, nan, huge, -huge}, {0.5, 0.5, 1, 0, nan, 1, 0}},
      {"erf", {0, -T(0), inf, -inf, nan, 10}, {0, -T(0), 1, -1, nan, 1}},
      {"erfc", {0, inf, -inf, nan, 40}, {1, 0, 2, nan, 0}},
      {"erfinv", {0, -T(0), 1, -1, 2, -2, inf, nan}, {0, -T(0), inf, -inf, nan, nan, nan, nan}},
      {"lgamma", {0, -T(0), 1, 2, 3, -1, -50, inf, -inf, nan}, {inf, inf, 0, 0, std::log(T(2)), inf, inf, inf, inf, nan}},
      {"digamma", {0, -T(0), -1, -50, inf, -inf, nan}, {-inf, inf, nan, nan, inf, nan, nan}},
      {"sqrt", {0, -T(0), 4, inf, -1, nan}, {0, -T(0), 2, inf, nan, nan}},
      {"rsqrt", {0, 4, inf, -1, nan}, {inf, 0.5, 0, nan, nan}},
      {"reciprocal", {0, -T(0), 4, inf, -inf, nan}, {inf, -inf, 0.25, 0, -T(0), nan}},
      {"floor", {T(1.5), T(-1.5), T(-0.25), -T(0), T(0x1p60), inf, nan}, {1, -2, -1, -T(0), T(0x1p60), inf, nan}},
      {"ceil", {T(1.5), T(-1.5), T(0.25), T(-0.25), -T(0), -T(0x1p60), nan}, {2, -1, 1, -T(0), -T(0), -T(0x1p60), nan}},
      {"trunc", {T(1.5), T(-1.5), T(0.75), T(-0.75), T(0x1p60), inf, nan}, {1, -1, 0, -T(0), T(0x1p60), inf, nan}},
      {"round", {T(0.5), T(1.5), T(2.5), T(-0.5), T(-1.5), T(0x1p60), inf, nan}, {0, 2, 2, -T(0), -2, T(0x1p60), inf, nan}},
      {"sign", {3, -3, 0, inf, -inf, nan}, {1, -1, 0, 1, -1, nan}},
      {"absolute", {3, -3, -T(0), -inf, nan}, {3, 3, 0, inf, nan}},
      {"relu", {3, -3, -T(0), inf, -inf, nan}, {3, 0, 0, inf, 0, nan}},
      {"negative", {3, -3, 0, -T(0), -inf, nan}, {-3, 3, -T(0), 0, inf, nan}},
      {"square", {3, -3, -T(0), -inf, nan}, {9, 9, 0, inf, nan}},
  };
  for (const Case& c : cases) {
    const std::vector<T> got = run_tile<T>(isa, c.name, dtype_of<T>(), c.x);
    for (size_t i = 0; i < c.x.size(); ++i) {
      const bool same = std::isnan(c.y[i]) ? std::isnan(got[i]) : bits_of(got[i]) == bits_of(c.y[i]);
      EXPECT_TRUE(same) << isa.name << ": " << c.name << "(" << c.x[i] << ") = " << got[i] << ", expected " << c.y[i];
    }
  }
}

TEST(TileMath, SpecialValues) {
  for (const IsaTable* isa : tile_isas()) {
    check_specials<float>(*isa);
    check_specials<double>(*isa);
  }
}

// Every pair of awkward values against the C function of the type.
template <typename T>
void check_special_pairs(const IsaTable& isa, const char* name, T (*exact)(T, T), double bound) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> values = {0, 1, 2, 3, T(0.5), T(1.5), T(2.5), 1e6, T(1e30), T(1e-30), Limits::max(), Limits::min(),
                           Limits::infinity(), Limits::quiet_NaN(), T(0x1p24) + 1, 7, T(0.1)};
  for (size_t i = 0, n = values.size(); i < n; ++i) values.push_back(-values[i]);
  std::vector<T> x, y;
  for (T a : values)
    for (T b : values) x.push_back(a), y.push_back(b);
  const std::vector<T> got = run_tile<T>(isa, name, dtype_of<T>(), x, y);
  for (size_t i = 0; i < x.size(); ++i) {
    const T want = exact(x[i], y[i]);
    const bool close = want == 0 ? bits_of(got[i]) == bits_of(want) : ulps<T>(got[i], want) <= bound;
    EXPECT_TRUE(close) << isa.name << ": " << name << "(" << x[i] << ", " << y[i] << ") = " << got[i] << ", expected " << want;
  }
}

// NumPy's definitions, with C's fmod.
template <typename T>
T numpy_mod(T a, T b) {
  const T r = std::fmod(a, b);
  if (b == 0 || std::isnan(r)) return std::numeric_limits<T>::quiet_NaN();
  if (r == 0) return std::copysign(T(0), b);
  return (r < 0) != (b < 0) ? r + b : r;
}
template <typename T>
T numpy_floor_divide(T a, T b) {
  if (b == 0) return a / b;
  const T r = std::fmod(a, b);
  T quotient = (a - r) / b;
  if (r != 0 && (r < 0) != (b < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(T(0), a / b);
  const T whole = std::floor(quotient);
  return quotient - whole > T(0.5) ? whole + 1 : whole;
}

template <typename T>
void check_all_special_pairs(const IsaTable& isa) {
  check_special_pairs<T>(isa, "power", std::pow, 2);
  check_special_pairs<T>(isa, "atan2", std::atan2, 3);
  check_special_pairs<T>(isa, "hypot", std::hypot, 2);
  check_special_pairs<T>(isa, "nextafter", std::nextafter, 0);
  check_special_pairs<T>(isa, "copysign", std::copysign, 0);
  check_special_pairs<T>(isa, "mod", numpy_mod<T>, 0);
  check_special_pairs<T>(isa, "floor_divide", numpy_floor_divide<T>, 0);
}

TEST(TileMath, SpecialPairs) {
  for (const IsaTable* isa : tile_isas()) {
    check_all_special_pairs<float>(*isa);
    check_all_special_pairs<double>(*isa);
  }
}

template <typename T>
void check_division(const IsaTable& isa) {
  for (int exponents : {3, 10, 30, 60}) {
    std::vector<T> x, y;
    pairs<T>(exponents, exponents, true, &x, &y);
    for (size_t i = 0; i < x.size(); i += 3) x[i] = std::nearbyint(x[i]), y[i] = y[i] < 1 ? 1 : std::nearbyint(y[i]);
    const std::vector<T> mod = run_tile<T>(isa, "mod", dtype_of<T>(), x, y);
    const std::vector<T> quotient = run_tile<T>(isa, "floor_divide", dtype_of<T>(), x, y);
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(bits_of(mod[i]), bits_of(numpy_mod(x[i], y[i]))) << isa.name << ": " << x[i] << " mod " << y[i];
      ASSERT_EQ(quotient[i], numpy_floor_divide(x[i], y[i])) << isa.name << ": " << x[i] << " // " << y[i];
    }
  }
}

TEST(TileMath, DivisionOfFloatsIsThatOfNumPy) {
  for (const IsaTable* isa : tile_isas()) {
    check_division<float>(*isa);
    check_division<double>(*isa);
  }
}

}  // namespace
}  // namespace keratin::testing
