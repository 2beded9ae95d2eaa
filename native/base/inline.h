// Functions that kernel files share are inlined wherever they are called: see base/kernel.h.
#pragma once

#define KR_INLINE inline __attribute__((always_inline))
