// Attention by scaled dot products, a block of scores at a time (T. Dao and others, "FlashAttention", 2022): a unit takes some targets over
// all sources and keeps the largest score and the sum of exponentials so far, so that the scores are never stored as a whole.
#include "kernels/attention/backward.h"
#include "kernels/attention/forward.h"
#include "kernels/rows.h"

namespace keratin::KR_ISA {
namespace {

constexpr KernelRow kernels[] = {
    KR_ROWS_FLOAT("attention", attention, plan_attention, attention_contract),
    KR_ROWS_FLOAT("attention_gradient", attention_gradient, plan_attention_gradient, attention_gradient_contract),
};

}  // namespace

KR_FAMILY(attention, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
