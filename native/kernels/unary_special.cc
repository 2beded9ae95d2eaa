// Tile ops: error functions, gamma functions, Bessel functions.
#include "simd/map.h"
#include "simd/math.h"
#include "simd/math_bessel.h"

namespace keratin::KR_ISA {
namespace {

constexpr TileRow tiles[] = {
    KR_EACH_FLOAT(KR_MAP1, "erf", erf(x)),
    KR_EACH_FLOAT(KR_MAP1, "erfc", erfc(x)),
    KR_EACH_FLOAT(KR_MAP1, "erfinv", erfinv(x)),
    KR_EACH_FLOAT(KR_MAP1, "lgamma", lgamma(x)),
    KR_EACH_FLOAT(KR_MAP1, "digamma", digamma(x)),
    KR_EACH_FLOAT(KR_MAP1, "i0", i0(x)),
    KR_EACH_FLOAT(KR_MAP1, "i1", i1(x)),
};

}  // namespace

KR_FAMILY(unary_special, {}, KR_ROWS(tiles))

}  // namespace keratin::KR_ISA
