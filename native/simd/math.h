// All mathematical functions of vectors: of V<float> with an error of at most 2 units in the last place for the common ones
// (exp, log, tanh, sigmoid, erf, expm1, log1p, pow) and 4 for the others; of V<double> at most 4.
#pragma once
#include "simd/math_erf.h"
#include "simd/math_exp.h"
#include "simd/math_gamma.h"
#include "simd/math_log.h"
#include "simd/math_pow.h"
#include "simd/math_trig.h"
