// Convolutions over up to three spatial axes, channels last. The build compiles this file once per ISA, as keratin::KR_ISA.
//
// conv:        y[n, o, co] = sum over taps k and channels ci of x[n, o * stride + k * dilation - low, ci] * w[k, ci, co]
// conv_input:  the gradient of x from that of y, which is the transposed convolution
// conv_kernel: the gradient of w from that of y
// Positions outside of x are zeros. Operands: conv x, w, y; conv_input dy, w, dx; conv_kernel x, dy, dw; all contiguous:
// x [batch, in.., cin], w [kernel.., cin / groups, cout], y [batch, out.., cout].
// ints, the same for all three: batch, groups, cin, cout, and for each of the three axes: in, out, kernel, stride, dilation, low.
// Output channels are divided among the groups in order; those of a group read the input channels of the group.
// conv takes an epilogue, conv_input only with unit strides. The epilogue's rows are the positions, counted through all axes.
#include "kernels/conv/integers.h"
#include "kernels/conv/kernel_gradient.h"
#include "kernels/conv/line_product.h"

namespace keratin::KR_ISA {
namespace {

template <typename T>
void conv(const Args& args, Range r) {
  convolve<T>(args, r, false);
}
template <typename T>
Work plan_conv(const int64_t* ints, bool epilogue) {
  return plan_convolve<T>(ints, epilogue, false);
}
template <typename T>
void conv_input(const Args& args, Range r) {
  convolve<T>(args, r, true);
}
template <typename T>
Work plan_conv_input(const int64_t* ints, bool epilogue) {
  return plan_convolve<T>(ints, epilogue, true);
}

void conv_contract(Contract& c) { convolution_contract(c, Made::Output, false); }
void conv_input_contract(Contract& c) { convolution_contract(c, Made::Input, false); }
void conv_kernel_contract(Contract& c) { convolution_contract(c, Made::Kernel, false); }

constexpr KernelRow kernels[] = {
    {"conv", DType::F32, conv<float>, plan_conv<float>, conv_contract},
    {"conv", DType::F64, conv<double>, plan_conv<double>, conv_contract},
    {"conv", DType::I32, convolve_integers<uint32_t, false>, plan_integer_convolution<uint32_t, false>, conv_contract},
    {"conv", DType::I64, convolve_integers<uint64_t, false>, plan_integer_convolution<uint64_t, false>, conv_contract},
    {"conv_input", DType::F32, conv_input<float>, plan_conv_input<float>, conv_input_contract},
    {"conv_input", DType::F64, conv_input<double>, plan_conv_input<double>, conv_input_contract},
    {"conv_input", DType::I32, convolve_integers<uint32_t, true>, plan_integer_convolution<uint32_t, true>, conv_input_contract},
    {"conv_input", DType::I64, convolve_integers<uint64_t, true>, plan_integer_convolution<uint64_t, true>, conv_input_contract},
    {"conv_kernel", DType::F32, kernel_gradient<float>, plan_kernel_gradient<float>, conv_kernel_contract},
    {"conv_kernel", DType::F64, kernel_gradient<double>, plan_kernel_gradient<double>, conv_kernel_contract},
};

}  // namespace

KR_FAMILY(conv, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
