// Tile ops of one input that are a few instructions: signs, rounding, roots, bits, tests of floats.
#include "simd/map.h"

namespace keratin::KR_ISA {
namespace {

using namespace simd;

// 1 with the sign of x; zeros and NaN stay. The bits tell zeros from denormal numbers, which comparisons flush to zero.
template <typename T>
KR_INLINE V<T> sign_of(V<T> x) {
  if constexpr (std::is_unsigned_v<T>) {
    return min(x, V<T>(1));
  } else if constexpr (std::is_floating_point_v<T>) {
    const auto zero = bits_of(abs(x)) == V<Unsigned<T>>(Unsigned<T>(0));
    return select(zero | is_nan(x), x, copysign(V<T>(1), x));
  } else {
    return select(x > T(0), V<T>(1), select(x < T(0), V<T>(-1), x));
  }
}

// |x|; that of the least integer is itself.
template <typename T>
KR_INLINE V<T> magnitude_of(V<T> x) {
  if constexpr (std::is_floating_point_v<T>) return abs(x);
  if constexpr (std::is_unsigned_v<T>) return x;
  return from_bits<T>(select(x < T(0), -bits_of(x), bits_of(x)));
}

// max(x, 0), where NaN stays.
template <typename T>
KR_INLINE V<T> positive_part(V<T> x) {
  return select(x <= T(0), V<T>(0), x);
}

template <typename T>
KR_INLINE V<T> one_over(V<T> x) {
  return V<T>(1) / x;
}

constexpr TileRow tiles[] = {
    KR_EACH_INTEGER(KR_MAP1_BITS, "negative", -x),
    KR_EACH_FLOAT(KR_MAP1, "negative", -x),
    KR_EACH_INTEGER(KR_MAP1, "absolute", magnitude_of(x)),
    KR_EACH_FLOAT(KR_MAP1, "absolute", magnitude_of(x)),
    KR_EACH_INTEGER(KR_MAP1, "relu", positive_part(x)),
    KR_EACH_FLOAT(KR_MAP1, "relu", positive_part(x)),
    KR_EACH_INTEGER(KR_MAP1, "sign", sign_of(x)),
    KR_EACH_FLOAT(KR_MAP1, "sign", sign_of(x)),
    KR_EACH_INTEGER(KR_MAP1_BITS, "square", x * x),
    KR_EACH_FLOAT(KR_MAP1, "square", x * x),
    KR_EACH_INTEGER(KR_MAP1_BITS, "bitwise_not", ~x),
    KR_TEST1("logical_not", Bool, uint8_t, x == 0),
    KR_EACH_FLOAT(KR_MAP1, "floor", floor(x)),
    KR_EACH_FLOAT(KR_MAP1, "ceil", ceil(x)),
    KR_EACH_FLOAT(KR_MAP1, "round", round(x)),
    KR_EACH_FLOAT(KR_MAP1, "trunc", trunc(x)),
    KR_EACH_FLOAT(KR_MAP1, "sqrt", sqrt(x)),
    KR_EACH_FLOAT(KR_MAP1, "rsqrt", one_over(sqrt(x))),
    KR_EACH_FLOAT(KR_MAP1, "reciprocal", one_over(x)),
    KR_EACH_FLOAT(KR_TEST1, "isnan", x != x),
    KR_EACH_FLOAT(KR_TEST1, "isinf", x - x != x - x && x == x),
    KR_EACH_FLOAT(KR_TEST1, "isfinite", x - x == x - x),
};

}  // namespace

KR_FAMILY(unary, {}, KR_ROWS(tiles))

}  // namespace keratin::KR_ISA
