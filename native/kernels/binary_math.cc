// Tile ops of two floats that take more than an instruction: powers, angles, Python's division.
#include "simd/map.h"
#include "simd/math.h"

namespace keratin::KR_ISA {
namespace {

constexpr TileRow tiles[] = {
    KR_EACH_FLOAT(KR_MAP2, "floor_divide", floor_divide(x, y)),
    KR_EACH_FLOAT(KR_MAP2, "mod", floor_mod(x, y)),
    KR_EACH_FLOAT(KR_MAP2, "power", pow(x, y)),
    KR_EACH_FLOAT(KR_MAP2, "atan2", atan2(x, y)),
    KR_EACH_FLOAT(KR_MAP2, "hypot", hypot(x, y)),
    KR_EACH_FLOAT(KR_MAP2, "nextafter", nextafter(x, y)),
    KR_EACH_FLOAT(KR_MAP2, "copysign", copysign(x, y)),
};

}  // namespace

KR_FAMILY(binary_math, {}, KR_ROWS(tiles))

}  // namespace keratin::KR_ISA
