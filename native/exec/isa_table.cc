// Collects the kernel families of one instruction set. Compiled once per ISA, like the kernels themselves.
// KR_FAMILIES is made by the build from the names of the files in native/kernels: F(elementwise) F(matmul) ...
#include "base/kernel.h"

#define KR_STRING_(x) #x
#define KR_STRING(x) KR_STRING_(x)

namespace keratin::KR_ISA {
#define F(family) extern const Family family_##family;
KR_FAMILIES
#undef F
#define F(family) &family_##family,
static constexpr const Family* families[] = {KR_FAMILIES};
#undef F
extern const IsaTable table;
constinit const IsaTable table = {KR_STRING(KR_ISA), families, sizeof(families) / sizeof(families[0])};
}  // namespace keratin::KR_ISA
