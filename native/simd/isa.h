// The instruction set this compilation is for.
#pragma once
#include "simd/raw.h"
#if defined(KR_SCALAR)
#include "simd/baseline.h"
#elif defined(__AVX512F__)
#include "simd/avx512.h"
#elif defined(__AVX2__)
#include "simd/avx2.h"
#elif defined(__aarch64__)
#include "simd/neon.h"
#else
#include "simd/baseline.h"
#endif
