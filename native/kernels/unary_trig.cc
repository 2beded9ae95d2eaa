// Tile ops: trigonometric functions and their inverses.
#include "simd/map.h"
#include "simd/math.h"

namespace keratin::KR_ISA {
namespace {

constexpr TileRow tiles[] = {
    KR_EACH_FLOAT(KR_MAP1, "sin", sin(x)),
    KR_EACH_FLOAT(KR_MAP1, "cos", cos(x)),
    KR_EACH_FLOAT(KR_MAP1, "tan", tan(x)),
    KR_EACH_FLOAT(KR_MAP1, "asin", asin(x)),
    KR_EACH_FLOAT(KR_MAP1, "acos", acos(x)),
    KR_EACH_FLOAT(KR_MAP1, "atan", atan(x)),
};

}  // namespace

KR_FAMILY(unary_trig, {}, KR_ROWS(tiles))

}  // namespace keratin::KR_ISA
