// Tile ops: comparisons. The output is Bool.
#include "simd/map.h"

namespace keratin::KR_ISA {
namespace {

constexpr TileRow tiles[] = {
    KR_EACH_WHOLE(KR_TEST2, "equal", x == y),
    KR_EACH_FLOAT(KR_TEST2, "equal", x == y),
    KR_EACH_WHOLE(KR_TEST2, "not_equal", x != y),
    KR_EACH_FLOAT(KR_TEST2, "not_equal", x != y),
    KR_EACH_WHOLE(KR_TEST2, "less", x < y),
    KR_EACH_FLOAT(KR_TEST2, "less", x < y),
    KR_EACH_WHOLE(KR_TEST2, "less_equal", x <= y),
    KR_EACH_FLOAT(KR_TEST2, "less_equal", x <= y),
    KR_EACH_WHOLE(KR_TEST2, "greater", x > y),
    KR_EACH_FLOAT(KR_TEST2, "greater", x > y),
    KR_EACH_WHOLE(KR_TEST2, "greater_equal", x >= y),
    KR_EACH_FLOAT(KR_TEST2, "greater_equal", x >= y),
};

}  // namespace

KR_FAMILY(compare, {}, KR_ROWS(tiles))

}  // namespace keratin::KR_ISA
