// Tile ops that choose or keep elements: select, clip, copy.
#include "simd/map.h"

namespace keratin::KR_ISA {
namespace {

using namespace simd;

// out[i] = condition[i] ? b[i] : c[i], for elements of the size of T; the first operand is Bool.
template <typename T>
void select_elements(void* out, const void* condition, const void* b, const void* c, int64_t n) {
  T* to = static_cast<T*>(out);
  const uint8_t* m = static_cast<const uint8_t*>(condition);
  const T *x = static_cast<const T*>(b), *y = static_cast<const T*>(c);
  KR_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) {
    const T yes = x[i], no = y[i];
    to[i] = m[i] != 0 ? yes : no;
  }
}

template <typename T>
void copy_elements(void* out, const void* in, const void*, const void*, int64_t n) {
  std::memmove(out, in, static_cast<size_t>(n) * sizeof(T));
}

#define KR_SELECT(name, dtype, T, ...) {name, DType::dtype, select_elements<Unsigned<T>>, {sizeof(T), 1, sizeof(T), sizeof(T)}}
#define KR_COPY(name, dtype, T, ...) {name, DType::dtype, copy_elements<T>, {sizeof(T), sizeof(T)}}

// The row of `select` is found by the type of the elements, not by that of the condition.
constexpr TileRow tiles[] = {
    KR_EACH_WHOLE(KR_SELECT, "select"),
    KR_EACH_FLOAT(KR_SELECT, "select"),
    KR_SELECT("select", F16, uint16_t),
    KR_SELECT("select", BF16, uint16_t),
    KR_EACH_INTEGER(KR_MAP3, "clip", minimum(maximum(x, y), z)),
    KR_EACH_FLOAT(KR_MAP3, "clip", minimum(maximum(x, y), z)),
    KR_EACH_WHOLE(KR_COPY, "copy"),
    KR_EACH_FLOAT(KR_COPY, "copy"),
    KR_COPY("copy", F16, uint16_t),
    KR_COPY("copy", BF16, uint16_t),
};

}  // namespace

KR_FAMILY(select, {}, KR_ROWS(tiles))

}  // namespace keratin::KR_ISA
