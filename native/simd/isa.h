// The instruction set this compilation is for: simd/<KR_ISA>.h.
#pragma once

#define KR_QUOTED(text) #text
#define KR_FILE_OF_(isa) KR_QUOTED(simd/isa.h)
#define KR_FILE_OF(isa) KR_FILE_OF_(isa)
#include KR_FILE_OF(KR_ISA)
