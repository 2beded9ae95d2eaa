// Convolution over the axes between the first (batch) and the last (channels), and its two gradients. The three are bilinear: each one's
// gradients are the other two.
import { isFloat } from '../../base/dtype.js';
import { defineOp, type Op } from '../../core/op.js';
import type { Instruction } from '../../core/program.js';
import { input, output } from '../../core/program.js';
import type { Shape, Spec } from '../../base/shape.js';
import { showShape, sizeOf, specOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { primitive } from './primitive.js';

/** How the window moves: one entry for each spatial axis. */
export interface Window {
  readonly strides: readonly number[];
  /** Distance between neighbouring taps of the kernel. */
  readonly dilation: readonly number[];
  /** Zeros before the first element; those behind the last follow from the size of the result. */
  readonly low: readonly number[];
  /** The channels are divided among so many kernels. */
  readonly groups: number;
}
type ConvolutionAttrs = Window & {
  readonly [key: string]: number | readonly number[];
  /** Spatial sizes that the inputs do not tell: of the output, of the input (`conv_input`), of the kernel (`conv_kernel`). */
  readonly size: readonly number[];
};

const spatial = (shape: Shape): Shape => shape.slice(1, -1);

function check(where: string, fits: boolean, ...specs: readonly Spec[]): void {
  if (fits) return;
  throw new RangeError(`${where}: shapes ${specs.map((spec) => showShape(spec.shape)).join(' and ')} do not fit`);
}

/** The three operands of a convolution, whichever of them is the result. */
interface Operands {
  readonly x: Spec;
  readonly kernel: Spec;
  readonly y: Spec;
}

const MOST_AXES = 3;
/** The integers that the kernels of conv.cc and depthwise.cc expect. Axes of one element stand for those that are missing. */
function geometry({ x, kernel, y }: Operands, { strides, dilation, low, groups }: Window): number[] {
  const [inner, taps, outer] = [spatial(x.shape), kernel.shape.slice(0, -2), spatial(y.shape)];
  const absent = Array.from({ length: MOST_AXES - inner.length }, () => [1, 1, 1, 1, 1, 0]);
  const axes = inner.map((size, d) => [size, outer[d]!, taps[d]!, strides[d]!, dilation[d]!, low[d]!]);
  return [x.shape[0]!, groups, x.shape.at(-1)!, y.shape.at(-1)!, ...absent.flat(), ...axes.flat()];
}

/** Whether every output is made of the input at the same place alone. */
const pointwise = ({ x, kernel, y }: Operands, { strides, low, groups }: Window): boolean =>
  groups === 1 && kernel.shape.slice(0, -2).every((k) => k === 1) && strides.every((s) => s === 1) && low.every((p) => p === 0) &&
  spatial(x.shape).every((size, d) => size === spatial(y.shape)[d]);
/** Whether every channel has a kernel of its own. */
const depthwise = ({ x, kernel, y }: Operands, { groups }: Window): boolean =>
  groups > 1 && kernel.shape.at(-2) === 1 && y.shape.at(-1) === groups && isFloat(x.dtype);

/** The rows of a product: the positions of all samples. */
const positions = (shape: Shape): number => sizeOf(shape.slice(0, -1));

function instruction(name: string, operands: Operands, attrs: Window): Instruction[] {
  const kernel = depthwise(operands, attrs) ? name.replace('conv', 'depthwise') : name;
  return [{ kernel, dtype: operands.x.dtype, operands: [input(0), input(1), output(0)], ints: geometry(operands, attrs) }];
}
const product = (dtype: Spec['dtype'], ints: readonly number[]): Instruction[] =>
  [{ kernel: 'matmul', dtype, operands: [input(0), input(1), output(0)], ints: [...ints, 0] }];

const cost = ({ kernel, y }: Operands): number => positions(y.shape) * sizeOf(kernel.shape);

const forwardOp: Op<ConvolutionAttrs> = defineOp('conv', {
  infer: ([x, kernel], { groups, size }: ConvolutionAttrs) => {
    check(
      'conv',
      x!.shape.length === kernel!.shape.length && x!.shape.at(-1) === kernel!.shape.at(-2)! * groups && x!.dtype === kernel!.dtype,
      x!,
      kernel!,
    );
    return [specOf(x!.dtype, [x!.shape[0]!, ...size, kernel!.shape.at(-1)!])];
  },
  vjp: ([dy], { inputs: [x, kernel], attrs }) => [
    convInput(dy!, kernel!, attrs, spatial(x!.shape)),
    convKernel(x!, dy!, attrs, kernel!.shape.slice(0, -2)),
  ],
  lower: ({ inputs: [x, kernel], outputs: [y], attrs }) => {
    const operands = { x: x!, kernel: kernel!, y: y! };
    if (!pointwise(operands, attrs)) return instruction('conv', operands, attrs);
    const [m, n, k] = [positions(x!.shape), y!.shape.at(-1)!, x!.shape.at(-1)!];
    return product(x!.dtype, [m, n, k, k, 1, n, 1]);
  },
  cost: ({ inputs: [x, kernel], outputs: [y] }) => cost({ x: x!, kernel: kernel!, y: y! }),
  takesEpilogue: true,
});

/** The op that gives the input's gradient. With steps its result is made in parts, which take no epilogue. */
const inputOp = (name: string, takesEpilogue: boolean): Op<ConvolutionAttrs> => defineOp(name, {
  infer: ([dy, kernel], { groups, size }: ConvolutionAttrs) => {
    check(
      'conv_input',
      dy!.shape.length === kernel!.shape.length && dy!.shape.at(-1) === kernel!.shape.at(-1) && dy!.dtype === kernel!.dtype,
      dy!,
      kernel!,
    );
    return [specOf(dy!.dtype, [dy!.shape[0]!, ...size, kernel!.shape.at(-2)! * groups])];
  },
  vjp: ([dx], { inputs: [dy, kernel], attrs }) => [
    conv(dx!, kernel!, attrs, spatial(dy!.shape)),
    convKernel(dx!, dy!, attrs, kernel!.shape.slice(0, -2)),
  ],
  lower: ({ inputs: [y, kernel], outputs: [x], attrs }) => {
    const operands = { x: x!, kernel: kernel!, y: y! };
    if (!pointwise(operands, attrs)) return instruction('conv_input', operands, attrs);
    const [m, n, k] = [positions(y!.shape), x!.shape.at(-1)!, y!.shape.at(-1)!];
    return product(x!.dtype, [m, n, k, k, 1, 1, k]);
  },
  cost: ({ inputs: [y, kernel], outputs: [x] }) => cost({ x: x!, kernel: kernel!, y: y! }),
  takesEpilogue,
});
const denseInputOp = inputOp('conv_input', true);
const steppedInputOp = inputOp('conv_input_stepped', false);

const kernelOp: Op<ConvolutionAttrs> = defineOp('conv_kernel', {
  infer: ([x, dy], { groups, size }: ConvolutionAttrs) => {
    check('conv_kernel', x!.shape.length === dy!.shape.length && x!.shape[0] === dy!.shape[0] && x!.dtype === dy!.dtype, x!, dy!);
    return [specOf(x!.dtype, [...size, x!.shape.at(-1)! / groups, dy!.shape.at(-1)!])];
  },
  vjp: ([dk], { inputs: [x, dy], attrs }) => [
    convInput(dy!, dk!, attrs, spatial(x!.shape)),
    conv(x!, dk!, attrs, spatial(dy!.shape)),
  ],
  lower: ({ inputs: [x, y], outputs: [kernel], attrs }) => instruction('conv_kernel', { x: x!, kernel: kernel!, y: y! }, attrs),
  cost: ({ inputs: [x, y], outputs: [kernel] }) => cost({ x: x!, kernel: kernel!, y: y! }),
});

const attrsOf = ({ strides, dilation, low, groups }: Window, size: readonly number[]): ConvolutionAttrs => ({
  strides,
  dilation,
  low,
  groups,
  size,
});

const plane: Window = { strides: [2, 1], dilation: [1, 2], low: [1, -1], groups: 2 };
const line: Window = { strides: [1], dilation: [1], low: [1], groups: 1 };
const single: Window = { strides: [1], dilation: [1], low: [0], groups: 1 };
const volume: Window = { strides: [1, 2, 3], dilation: [1, 3, 2], low: [0, 2, 1], groups: 1 };
const channels: Window = { strides: [2, 1], dilation: [1, 1], low: [0, 1], groups: 3 };
const separate: Window = { strides: [1, 1], dilation: [1, 2], low: [1, 1], groups: 3 };

/**
 * The convolution of `x` `[batch, spatial.., channels]` with `kernel` `[spatial.., channels / groups, filters]`, with an output of spatial
 * size `size`.
 */
export const conv = primitive(forwardOp, [
  { inputs: [{ shape: [2, 5, 6, 4] }, { shape: [3, 2, 2, 6] }], attrs: attrsOf(plane, [3, 4]) },
  { inputs: [{ shape: [2, 7, 3] }, { shape: [3, 3, 2] }], attrs: attrsOf(line, [7]) },
  { inputs: [{ shape: [2, 5, 3] }, { shape: [1, 3, 2] }], attrs: attrsOf(single, [5]) },
  { inputs: [{ shape: [1, 3, 5, 7, 2] }, { shape: [2, 3, 2, 2, 3] }], attrs: attrsOf(volume, [2, 2, 3]) },
  { inputs: [{ shape: [2, 4, 5, 3] }, { shape: [2, 3, 1, 6] }], attrs: attrsOf(channels, [2, 5]) },
  { inputs: [{ shape: [2, 4, 5, 3] }, { shape: [2, 3, 1, 3] }], attrs: attrsOf(separate, [4, 3]) },
], (run) => (x: Tensor, kernel: Tensor, window: Window, size: readonly number[]): Tensor => run([x, kernel], attrsOf(window, size)));

const caseOf = (window: Window, dy: Shape, kernel: Shape, size: readonly number[]) => ({
  inputs: [{ shape: dy }, { shape: kernel }],
  attrs: attrsOf(window, size),
});
/** The gradient of the input of `conv` with unit strides. */
export const convInputDense = primitive(denseInputOp, [
  caseOf(line, [2, 7, 2], [3, 3, 2], [7]),
  caseOf(single, [2, 5, 2], [1, 3, 2], [5]),
  caseOf(separate, [2, 4, 3, 3], [2, 3, 1, 3], [4, 5]),
], (run) => (dy: Tensor, kernel: Tensor, attrs: ConvolutionAttrs): Tensor => run([dy, kernel], attrs));
/** The gradient of the input of `conv` with any strides. */
export const convInputStepped = primitive(steppedInputOp, [
  caseOf(plane, [2, 3, 4, 6], [3, 2, 2, 6], [5, 6]),
  caseOf(volume, [1, 2, 2, 3, 3], [2, 3, 2, 2, 3], [3, 5, 7]),
  caseOf(channels, [2, 2, 5, 6], [2, 3, 1, 6], [4, 5]),
  caseOf(channels, [2, 2, 5, 3], [2, 3, 1, 3], [4, 5]),
], (run) => (dy: Tensor, kernel: Tensor, attrs: ConvolutionAttrs): Tensor => run([dy, kernel], attrs));
/**
 * The gradient of the input of `conv` for `dy`, that of its output, where the input's spatial size is `size`: the transposed convolution,
 * which adds `dy` times the kernel into every window.
 */
export const convInput = (dy: Tensor, kernel: Tensor, window: Window, size: readonly number[]): Tensor =>
  (window.strides.every((stride) => stride === 1) ? convInputDense : convInputStepped)(dy, kernel, attrsOf(window, size));

/** The gradient of the kernel of `conv` for `dy`, that of its output, where the kernel's spatial size is `size`. */
export const convKernel = primitive(kernelOp, [
  caseOf(plane, [2, 5, 6, 4], [2, 3, 4, 6], [3, 2]),
  caseOf(line, [2, 7, 3], [2, 7, 2], [3]),
  caseOf(single, [2, 5, 3], [2, 5, 2], [1]),
  caseOf(volume, [1, 3, 5, 7, 2], [1, 2, 2, 3, 3], [2, 3, 2]),
  caseOf(channels, [2, 4, 5, 3], [2, 2, 5, 6], [2, 3]),
  caseOf(channels, [2, 4, 5, 3], [2, 2, 5, 3], [2, 3]),
], (run) => (x: Tensor, dy: Tensor, window: Window, size: readonly number[]): Tensor => run([x, dy], attrsOf(window, size)));
