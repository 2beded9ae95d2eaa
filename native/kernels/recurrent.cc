// Recurrent layers over whole sequences, and their gradients. The recurrent weights are packed once, then every unit of work takes some
// samples through all steps: the product of a step stays in the first-level cache, where the gates are computed from it.
#include "kernels/recurrent/gru.h"
#include "kernels/recurrent/lstm.h"
#include "kernels/rows.h"

namespace keratin::KR_ISA {
namespace {

constexpr KernelRow kernels[] = {
    KR_ROWS_FLOAT("lstm", lstm, plan_lstm, lstm_contract),
    KR_ROWS_FLOAT("lstm_gradient", lstm_gradient, plan_lstm_gradient, lstm_gradient_contract),
    KR_ROWS_FLOAT("gru", gru, plan_gru, gru_contract),
    KR_ROWS_FLOAT("gru_gradient", gru_gradient, plan_gru_gradient, gru_gradient_contract),
};

}  // namespace

KR_FAMILY(recurrent, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
