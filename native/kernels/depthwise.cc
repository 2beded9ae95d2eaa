// Depthwise convolutions: conv.cc with as many groups as channels, and one filter a group.
//
// depthwise, depthwise_input, depthwise_kernel have the operands and integers of conv, conv_input and conv_kernel.
// depthwise takes an epilogue, depthwise_input only with unit strides.
#include "kernels/conv/depthwise.h"
#include "kernels/conv/depthwise_kernel.h"

namespace keratin::KR_ISA {
namespace {

void depthwise_contract(Contract& c) { convolution_contract(c, Made::Output, true); }
void depthwise_input_contract(Contract& c) { convolution_contract(c, Made::Input, true); }
void depthwise_kernel_contract(Contract& c) { convolution_contract(c, Made::Kernel, true); }

constexpr KernelRow kernels[] = {
    {"depthwise", DType::F32, depthwise<float, false>, plan_depthwise<float, false>, depthwise_contract},
    {"depthwise", DType::F64, depthwise<double, false>, plan_depthwise<double, false>, depthwise_contract},
    {"depthwise_input", DType::F32, depthwise<float, true>, plan_depthwise<float, true>, depthwise_input_contract},
    {"depthwise_input", DType::F64, depthwise<double, true>, plan_depthwise<double, true>, depthwise_input_contract},
    {"depthwise_kernel", DType::F32, depthwise_kernel<float>, plan_depthwise_kernel<float>, depthwise_kernel_contract},
    {"depthwise_kernel", DType::F64, depthwise_kernel<double>, plan_depthwise_kernel<double>, depthwise_kernel_contract},
};

}  // namespace

KR_FAMILY(depthwise, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
