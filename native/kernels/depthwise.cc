// Depthwise convolutions: conv.cc with as many groups as channels, and one filter a group.
//
// depthwise, depthwise_input, depthwise_kernel have the operands and integers of conv, conv_input and conv_kernel.
// depthwise takes an epilogue, depthwise_input only with unit strides.
#include "kernels/conv/depthwise.h"
#include "kernels/conv/depthwise_kernel.h"

namespace keratin::KR_ISA {

static constexpr KernelRow kernels[] = {
    {"depthwise", DType::F32, depthwise<float, false>, plan_depthwise<float, false>},
    {"depthwise", DType::F64, depthwise<double, false>, plan_depthwise<double, false>},
    {"depthwise_input", DType::F32, depthwise<float, true>, plan_depthwise<float, true>},
    {"depthwise_input", DType::F64, depthwise<double, true>, plan_depthwise<double, true>},
    {"depthwise_kernel", DType::F32, depthwise_kernel<float>, plan_depthwise_kernel<float>},
    {"depthwise_kernel", DType::F64, depthwise_kernel<double>, plan_depthwise_kernel<double>},
};
KR_FAMILY(depthwise, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
