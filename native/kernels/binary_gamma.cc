// Tile ops: the incomplete gamma function, its derivatives, and the density of the gamma distribution.
#include "simd/map.h"
#include "simd/math_gammainc.h"

namespace keratin::KR_ISA {
namespace {

constexpr TileRow tiles[] = {
    KR_EACH_FLOAT(KR_MAP2, "gammainc", gammainc(x, y)),
    KR_EACH_FLOAT(KR_MAP2, "gammainc_da", gammainc_da(x, y)),
    KR_EACH_FLOAT(KR_MAP2, "gammainc_daa", gammainc_daa(x, y)),
    KR_EACH_FLOAT(KR_MAP2, "gamma_density", gamma_density(x, y)),
};

}  // namespace

KR_FAMILY(binary_gamma, {}, KR_ROWS(tiles))

}  // namespace keratin::KR_ISA
