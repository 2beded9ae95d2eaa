// Tile ops of two inputs of one element type: arithmetic, extremes, bits, truth values. Integers wrap.
#include "simd/map.h"

namespace keratin::KR_ISA {
namespace {

using namespace simd;

// The quotient of integers rounded down, and its remainder, which has the sign of the divisor. Both are 0 for y = 0; the one
// quotient that overflows wraps.
template <typename T>
KR_INLINE T divide_down(T x, T y) {
  if (y == 0) return 0;
  if constexpr (std::is_signed_v<T>) {
    if (y == -1) return static_cast<T>(Unsigned<T>(0) - static_cast<Unsigned<T>>(x));
    const T q = static_cast<T>(x / y);
    return static_cast<T>(q - ((x % y != 0) & ((x < 0) != (y < 0))));
  }
  return static_cast<T>(x / y);
}
template <typename T>
KR_INLINE T modulo_down(T x, T y) {
  if (y == 0) return 0;
  if constexpr (std::is_signed_v<T>) {
    if (y == -1) return 0;
    const T r = static_cast<T>(x % y);
    return static_cast<T>(r + (r != 0 && (r < 0) != (y < 0) ? y : 0));
  }
  return static_cast<T>(x % y);
}

// x^y by squaring. A negative exponent gives 0 but for x = 1 and x = -1.
template <typename T>
KR_INLINE V<T> integer_power(V<T> x, V<T> y) {
  using U = Unsigned<T>;
  V<U> base = bits_of(x), exponent = bits_of(y), r = U(1);
  while (any(exponent != U(0))) {
    r = select((exponent & U(1)) != U(0), r * base, r);
    base *= base;
    exponent = exponent >> 1;
  }
  if constexpr (std::is_signed_v<T>) {
    // An odd exponent of two's complement is odd as unsigned too, which is all that matters to a base of 1 or -1.
    const auto unit = (x == T(1)) | (x == T(-1));
    return select((y < T(0)) & !unit, V<T>(0), from_bits<T>(r));
  }
  return from_bits<T>(r);
}

// Shifts by any count: from the width of T on nothing, or the sign, is left. A negative count is a large one.
template <typename T>
KR_INLINE T shift_left(T x, T count) {
  using U = Unsigned<T>;
  const U c = static_cast<U>(count);
  return c < 8 * sizeof(T) ? static_cast<T>(static_cast<uint64_t>(static_cast<U>(x)) << (c & (8 * sizeof(T) - 1))) : T(0);
}
template <typename T>
KR_INLINE T shift_right(T x, T count) {
  constexpr Unsigned<T> last = 8 * sizeof(T) - 1;
  const auto c = static_cast<Unsigned<T>>(count);
  if constexpr (std::is_signed_v<T>) return static_cast<T>(x >> (c < last ? c : last));
  return c <= last ? static_cast<T>(x >> (c & last)) : T(0);
}

// The greatest common divisor of the magnitudes (Stein, 1967); that of 0 and x is |x|. -2^(bits - 1) has no magnitude and stays.
template <typename T>
KR_INLINE T common_divisor(T x, T y) {
  using U = uint64_t;
  U a = x < T(0) ? U(0) - static_cast<U>(x) : static_cast<U>(x), b = y < T(0) ? U(0) - static_cast<U>(y) : static_cast<U>(y);
  if (a == 0 || b == 0) return static_cast<T>(a | b);
  const int shift = __builtin_ctzll(a | b);
  a >>= __builtin_ctzll(a);
  while (b != 0) {
    b >>= __builtin_ctzll(b);
    const U low = a < b ? a : b;
    b = a < b ? b - a : a - b;
    a = low;
  }
  return static_cast<T>(a << shift);
}

constexpr TileRow tiles[] = {
    KR_EACH_INTEGER(KR_MAP2_BITS, "add", x + y),
    KR_EACH_FLOAT(KR_MAP2, "add", x + y),
    KR_EACH_INTEGER(KR_MAP2_BITS, "subtract", x - y),
    KR_EACH_FLOAT(KR_MAP2, "subtract", x - y),
    KR_EACH_INTEGER(KR_MAP2_BITS, "multiply", x * y),
    KR_EACH_FLOAT(KR_MAP2, "multiply", x * y),
    KR_EACH_FLOAT(KR_MAP2, "divide", x / y),
    KR_EACH_INTEGER(KR_LOOP2, "floor_divide", divide_down(x, y)),
    KR_EACH_INTEGER(KR_LOOP2, "mod", modulo_down(x, y)),
    KR_EACH_INTEGER(KR_LOOP2, "gcd", common_divisor(x, y)),
    KR_EACH_INTEGER(KR_MAP2, "power", integer_power(x, y)),
    KR_EACH_WHOLE(KR_MAP2, "maximum", maximum(x, y)),
    KR_EACH_FLOAT(KR_MAP2, "maximum", maximum(x, y)),
    KR_EACH_WHOLE(KR_MAP2, "minimum", minimum(x, y)),
    KR_EACH_FLOAT(KR_MAP2, "minimum", minimum(x, y)),
    KR_EACH_INTEGER(KR_MAP2_BITS, "bitwise_and", x & y),
    KR_EACH_INTEGER(KR_MAP2_BITS, "bitwise_or", x | y),
    KR_EACH_INTEGER(KR_MAP2_BITS, "bitwise_xor", x ^ y),
    KR_EACH_INTEGER(KR_LOOP2, "left_shift", shift_left(x, y)),
    KR_EACH_INTEGER(KR_LOOP2, "right_shift", shift_right(x, y)),
    KR_MAP2("logical_and", Bool, uint8_t, x & y),
    KR_MAP2("logical_or", Bool, uint8_t, x | y),
    KR_MAP2("logical_xor", Bool, uint8_t, x ^ y),
};

}  // namespace

KR_FAMILY(binary, {}, KR_ROWS(tiles))

}  // namespace keratin::KR_ISA
