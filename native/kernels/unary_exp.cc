// Tile ops: exponentials, hyperbolic functions, logarithms.
#include "simd/map.h"
#include "simd/math.h"

namespace keratin::KR_ISA {
namespace {

constexpr TileRow tiles[] = {
    KR_EACH_FLOAT(KR_MAP1, "exp", exp(x)),
    KR_EACH_FLOAT(KR_MAP1, "exp2", exp2(x)),
    KR_EACH_FLOAT(KR_MAP1, "expm1", expm1(x)),
    KR_EACH_FLOAT(KR_MAP1, "sigmoid", sigmoid(x)),
    KR_EACH_FLOAT(KR_MAP1, "sinh", sinh(x)),
    KR_EACH_FLOAT(KR_MAP1, "cosh", cosh(x)),
    KR_EACH_FLOAT(KR_MAP1, "tanh", tanh(x)),
    KR_EACH_FLOAT(KR_MAP1, "log", log(x)),
    KR_EACH_FLOAT(KR_MAP1, "log1p", log1p(x)),
    KR_EACH_FLOAT(KR_MAP1, "log2", log2(x)),
    KR_EACH_FLOAT(KR_MAP1, "log10", log10(x)),
    KR_EACH_FLOAT(KR_MAP1, "asinh", asinh(x)),
    KR_EACH_FLOAT(KR_MAP1, "acosh", acosh(x)),
    KR_EACH_FLOAT(KR_MAP1, "atanh", atanh(x)),
};

}  // namespace

KR_FAMILY(unary_exp, {}, KR_ROWS(tiles))

}  // namespace keratin::KR_ISA
