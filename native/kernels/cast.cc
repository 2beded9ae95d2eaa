// Tile ops `cast_<target>`: every element type to every other. Float to integer truncates towards 0, saturates and makes NaN 0;
// integer to integer wraps; anything to bool is x != 0; the 16-bit floats are rounded once, to nearest even.
#include <limits>
#include "simd/map.h"

namespace keratin::KR_ISA {
namespace {

using namespace simd;

// Element types by C++ type; Boolean differs from uint8_t in what a cast to it means.
struct Boolean { uint8_t byte; };

template <typename T>
inline constexpr bool is_half = std::is_same_v<T, f16> || std::is_same_v<T, bf16>;

template <typename To, typename From>
KR_INLINE To float_to_integer(From x) {
  using Limits = std::numeric_limits<To>;
  // The bounds of To as From; the upper one, a power of two, is just out of range. `below` is the float before it, if To's
  // largest value is not a float itself.
  constexpr From low = static_cast<From>(Limits::min());
  constexpr From bound = static_cast<From>(Limits::max() / 2 + 1) * 2;
  constexpr From below = Limits::digits > std::numeric_limits<From>::digits
                             ? bound - bound / static_cast<From>(uint64_t{1} << std::numeric_limits<From>::digits)
                             : bound - 1;
  From clamped = x > low ? x : low;
  clamped = clamped < below ? clamped : below;
  To r = static_cast<To>(clamped);
  r = x >= bound ? Limits::max() : r;
  return x != x ? To(0) : r;
}

// A float between x and its neighbour towards 0 with the last bit set unless x is a float already: rounding that once more,
// to fewer bits, is rounding x.
KR_INLINE float round_to_odd(double x) {
  const float nearest = static_cast<float>(x);
  const double back = static_cast<double>(nearest);
  const uint32_t outside = __builtin_fabs(back) > __builtin_fabs(x), inexact = (back < x) | (back > x);
  return std::bit_cast<float>((std::bit_cast<uint32_t>(nearest) - outside) | inexact);
}

// An integer as a double, to odd where it has more than 53 bits.
template <typename T>
KR_INLINE double integer_to_odd(T x) {
  if constexpr (sizeof(T) == 8) {
    constexpr T low_bits = 2047;
    bool wide = x >= T(1) << 53;
    if constexpr (std::is_signed_v<T>) wide = wide || x <= -(T(1) << 53);
    const T sticky = static_cast<T>((x & ~low_bits) | ((x & low_bits) != 0 ? low_bits + 1 : 0));
    return static_cast<double>(wide ? sticky : x);
  } else {
    return static_cast<double>(x);
  }
}

KR_INLINE bf16 to_bf16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return {static_cast<uint16_t>(x != x ? (bits >> 16) | 0x40u : rounded)};
}
KR_INLINE float from_bf16(bf16 x) { return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16); }

void halves_to_floats(float* out, const f16* in, int64_t n) {
  constexpr int64_t lanes = V<float>::lanes;
  for (int64_t i = 0; i < n; i += lanes) {
    Half<uint16_t> bits = {};
    if (n - i >= lanes) {
      std::memcpy(&bits, in + i, sizeof(bits));
      V<float>(from_f16(bits)).store(out + i);
    } else {
      std::memcpy(&bits, in + i, static_cast<size_t>(n - i) * sizeof(f16));
      V<float>(from_f16(bits)).store_n(out + i, n - i);
    }
  }
}
void floats_to_halves(f16* out, const float* in, int64_t n) {
  constexpr int64_t lanes = V<float>::lanes;
  for (int64_t i = 0; i < n; i += lanes) {
    const int64_t left = n - i;
    const V<float> x = left >= lanes ? V<float>::load(in + i) : V<float>::load_n(in + i, left);
    const Half<uint16_t> bits = to_f16(x.raw);
    std::memcpy(out + i, &bits, static_cast<size_t>(left >= lanes ? lanes : left) * sizeof(f16));
  }
}

// One element, for types other than f16.
template <typename To, typename From>
KR_INLINE To cast_element(From x) {
  if constexpr (std::is_same_v<From, Boolean>) {
    return cast_element<To>(x.byte);
  } else if constexpr (std::is_same_v<From, bf16>) {
    return cast_element<To>(from_bf16(x));
  } else if constexpr (std::is_same_v<To, Boolean>) {
    return {static_cast<uint8_t>(x != 0)};
  } else if constexpr (std::is_same_v<To, bf16>) {
    if constexpr (std::is_same_v<From, double>) return to_bf16(round_to_odd(x));
    else if constexpr (std::is_same_v<From, float> || sizeof(From) <= 2) return to_bf16(static_cast<float>(x));
    else return to_bf16(round_to_odd(integer_to_odd(x)));
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    return float_to_integer<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

// A float that rounds to f16 as x does.
template <typename From>
KR_INLINE float ready_for_f16(From x) {
  if constexpr (std::is_same_v<From, double>) return round_to_odd(x);
  return cast_element<float>(x);  // integers of more than 24 bits are out of range
}

template <typename To, typename From>
void cast_row(void* out, const void* in, const void*, const void*, int64_t n) {
  To* to = static_cast<To*>(out);
  const From* from = static_cast<const From*>(in);
  if constexpr (std::is_same_v<From, To>) {
    std::memmove(out, in, static_cast<size_t>(n) * sizeof(To));
  } else if constexpr (std::is_same_v<From, f16>) {
    float buffer[kTile];
    halves_to_floats(std::is_same_v<To, float> ? static_cast<float*>(out) : buffer, from, n);
    if constexpr (!std::is_same_v<To, float>) cast_row<To, float>(out, buffer, nullptr, nullptr, n);
  } else if constexpr (std::is_same_v<To, f16>) {
    float buffer[kTile];
    if constexpr (!std::is_same_v<From, float>)
      for (int64_t i = 0; i < n; ++i) buffer[i] = ready_for_f16(from[i]);
    floats_to_halves(to, std::is_same_v<From, float> ? static_cast<const float*>(in) : buffer, n);
  } else {
    KR_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) to[i] = cast_element<To>(from[i]);
  }
}

#define KR_CAST(name, From, To, dtype) {name, DType::dtype, cast_row<To, From>, {sizeof(To), sizeof(From)}}
#define KR_CASTS_FROM(From, dtype)                                                                                             \
  KR_CAST("cast_bool", From, Boolean, dtype), KR_CAST("cast_uint8", From, uint8_t, dtype),                                      \
      KR_CAST("cast_uint16", From, uint16_t, dtype), KR_CAST("cast_uint32", From, uint32_t, dtype),                             \
      KR_CAST("cast_uint64", From, uint64_t, dtype), KR_CAST("cast_int8", From, int8_t, dtype),                                 \
      KR_CAST("cast_int16", From, int16_t, dtype), KR_CAST("cast_int32", From, int32_t, dtype),                                 \
      KR_CAST("cast_int64", From, int64_t, dtype), KR_CAST("cast_float16", From, f16, dtype),                                   \
      KR_CAST("cast_bfloat16", From, bf16, dtype), KR_CAST("cast_float32", From, float, dtype),                                 \
      KR_CAST("cast_float64", From, double, dtype)

constexpr TileRow tiles[] = {
    KR_CASTS_FROM(Boolean, Bool), KR_CASTS_FROM(uint8_t, U8), KR_CASTS_FROM(uint16_t, U16), KR_CASTS_FROM(uint32_t, U32),
    KR_CASTS_FROM(uint64_t, U64), KR_CASTS_FROM(int8_t, I8),  KR_CASTS_FROM(int16_t, I16),  KR_CASTS_FROM(int32_t, I32),
    KR_CASTS_FROM(int64_t, I64),  KR_CASTS_FROM(f16, F16),    KR_CASTS_FROM(bf16, BF16),    KR_CASTS_FROM(float, F32),
    KR_CASTS_FROM(double, F64),
};

}  // namespace

KR_FAMILY(cast, {}, KR_ROWS(tiles))

}  // namespace keratin::KR_ISA
