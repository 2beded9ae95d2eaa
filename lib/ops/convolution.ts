// Convolutions of `keras.ops`.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import type { DType } from '../base/dtype.js';
import { isFloat, isHalf } from '../base/dtype.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';
import { publicOp } from './public.js';
import {
  type DataFormat,
  fitWindows,
  type Padding,
  perAxis,
  type PerAxis,
  readDataFormat,
  readPadding,
  withChannelsLast,
} from './spatial.js';

/** Options of the convolutions. */
export interface ConvOptions {
  /** Distance between neighbouring windows, one number or one for each spatial axis. Default 1. */
  strides?: PerAxis;
  /** `'valid'`: windows stay inside; `'same'`: zeros at both ends, so that there is an output for every step. Default `'valid'`. */
  padding?: Padding;
  /** Where the channels stand. Default null: `config.imageDataFormat()`. */
  dataFormat?: DataFormat | null;
  /** Distance between neighbouring elements of a window, one number or one for each spatial axis. Default 1. */
  dilationRate?: PerAxis;
}
/** Options of `convTranspose`. */
export interface ConvTransposeOptions extends ConvOptions {
  /** Elements added to the end of each spatial axis of the output. Default null: as many as `padding` asks for. */
  outputPadding?: PerAxis | null;
}
const OPTIONS = ['strides', 'padding', 'dataFormat', 'dilationRate'] as const;

/** The dtype that a kernel computes in. */
function computed(dtype: DType): DType {
  if (isFloat(dtype)) return isHalf(dtype) ? 'float32' : dtype;
  return dtype === 'int64' || dtype === 'uint64' ? 'int64' : 'int32';
}
/** Throws unless `x` has a batch axis, one to three spatial axes and channels. */
function checkImages(where: string, x: Tensor): void {
  if (x.ndim < 3 || x.ndim > 5)
    throw new RangeError(
      `${where}: expected inputs with 1 to 3 spatial axes between batch and channels, received shape ${showShape(x.shape)}`,
    );
}
/** Calls `fn` on both in a dtype that has a kernel, the inputs in that of the kernel. */
function inKernelDType(where: string, inputs: TensorLike, kernel: TensorLike, fn: (x: Tensor, kernel: Tensor) => Tensor): Tensor {
  const weights = toTensor(kernel, null, where);
  const x = castTo(toTensor(inputs, null, where), weights.dtype);
  checkImages(where, x);
  if (weights.ndim !== x.ndim) {
    throw new RangeError(
      `${where}: a kernel for inputs of shape ${showShape(x.shape)} has ${x.ndim} axes, received shape ${showShape(weights.shape)}`,
    );
  }
  const dtype = computed(x.dtype);
  return castTo(fn(castTo(x, dtype), castTo(weights, dtype)), weights.dtype);
}

/** The convolution with options that are resolved; all checks are done but that of the output's size. */
function convolve(
  where: string,
  x: Tensor,
  kernel: Tensor,
  groups: number,
  { strides = 1, padding = 'valid', dilationRate = 1 }: ConvOptions,
): Tensor {
  const rank = x.ndim - 2;
  const [steps, dilation] = [perAxis(where, 'strides', strides, rank), perAxis(where, 'dilationRate', dilationRate, rank)];
  const mode = readPadding(where, padding);
  const fits = x.shape.slice(1, -1).map((length, d) => fitWindows(length, kernel.shape[d]!, steps[d]!, mode, dilation[d]));
  const [low, size] = [fits.map((fit) => fit.before), fits.map((fit) => Math.max(0, fit.count))];
  const multiplier = kernel.shape.at(-1)! / groups;
  if (groups === 1 || kernel.shape.at(-2) !== 1 || multiplier <= 1)
    return p.conv(x, kernel, { strides: steps, dilation, low, groups }, size);
  // With several filters a channel, each gets a copy of the channel: depthwise kernels have one filter for each.
  const each = p.broadcastTo(p.reshape(x, [...x.shape, 1]), [...x.shape, multiplier]);
  const copies = p.reshape(each, [...x.shape.slice(0, -1), kernel.shape.at(-1)!]);
  return p.conv(copies, kernel, { strides: steps, dilation, low, groups: groups * multiplier }, size);
}
/** Channels of the inputs, which must be those of the kernel. */
function checkChannels(where: string, x: Tensor, kernel: Tensor, axis: -1 | -2): void {
  if (x.shape.at(-1) === kernel.shape.at(axis)) return;
  throw new RangeError(
    `${where}: the inputs have ${x.shape.at(-1)} channels, but the kernel of shape ${showShape(kernel.shape)} takes ` +
      `${kernel.shape.at(axis)}`,
  );
}
function checkNotEmpty(where: string, x: Tensor, y: Tensor, kernel: Tensor): Tensor {
  if (y.size > 0 || x.size === 0) return y;
  throw new RangeError(
    `${where}: inputs of shape ${showShape(x.shape)} (channels last) are too small for a kernel of shape ${showShape(kernel.shape)}: ` +
      `the output would be empty`,
  );
}

/**
 * The convolution (without flipping) over 1 to 3 spatial axes. `inputs`: `(batch, spatial.., channels)`, or `(batch, channels, spatial..)`
 * with `dataFormat: 'channels_first'`. `kernel`: `(spatial.., channels / groups, filters)`: with fewer channels than the inputs have, the
 * channels and the filters are divided into groups. The inputs take the kernel's dtype. Throws when the output would be empty.
 */
export const conv = publicOp('conv', (inputs: TensorLike, kernel: TensorLike, options: ConvOptions = {}): Tensor => {
  const format = readDataFormat('conv', options.dataFormat);
  return inKernelDType('conv', inputs, kernel, (given, weights) => withChannelsLast(given, format, (x) => {
    const [channels, each, filters] = [x.shape.at(-1)!, weights.shape.at(-2)!, weights.shape.at(-1)!];
    if (each === 0 || channels % each !== 0) {
      throw new RangeError(
        `conv: the ${channels} channels of the inputs must be a multiple of the ${each} that the kernel of shape ` +
          `${showShape(weights.shape)} takes`,
      );
    }
    const groups = channels / each;
    if (filters % groups !== 0)
      throw new RangeError(`conv: ${filters} filters cannot be divided into ${groups} groups of ${each} channels`);
    return checkNotEmpty('conv', x, convolve('conv', x, weights, Math.max(groups, 1), options), weights);
  }));
}, OPTIONS);

/**
 * The convolution of every channel with kernels of its own. `inputs` as of `conv`; `kernel`: `(spatial.., channels, multiplier)`. The
 * output has `channels * multiplier` channels, those of the first input channel first. Throws when it would be empty.
 */
export const depthwiseConv = publicOp('depthwiseConv', (inputs: TensorLike, kernel: TensorLike, options: ConvOptions = {}): Tensor => {
  const format = readDataFormat('depthwiseConv', options.dataFormat);
  return inKernelDType('depthwiseConv', inputs, kernel, (given, weights) =>
    withChannelsLast(given, format, (x) => convolveDepthwise('depthwiseConv', x, weights, options)));
}, OPTIONS);
function convolveDepthwise(where: string, x: Tensor, kernel: Tensor, options: ConvOptions): Tensor {
  checkChannels(where, x, kernel, -2);
  const [channels, multiplier] = kernel.shape.slice(-2) as [number, number];
  const y = convolve(where, x, p.reshape(kernel, [...kernel.shape.slice(0, -2), 1, channels * multiplier]), Math.max(channels, 1), options);
  return checkNotEmpty(where, x, y, kernel);
}

/**
 * `depthwiseConv` with `depthwiseKernel` `(spatial.., channels, multiplier)`, then `conv` with `pointwiseKernel` `(1.., channels *
 * multiplier, filters)`. Strides and padding are those of the former; the rate of dilation is of both.
 */
export const separableConv = publicOp(
  'separableConv',
  (inputs: TensorLike, depthwiseKernel: TensorLike, pointwiseKernel: TensorLike, options: ConvOptions = {}): Tensor => {
    const where = 'separableConv';
    const format = readDataFormat(where, options.dataFormat);
    return inKernelDType(where, inputs, depthwiseKernel, (given, depthwise) =>
      withChannelsLast(given, format, (x) => {
        const middle = convolveDepthwise(where, x, depthwise, options);
        const pointwise = castTo(toTensor(pointwiseKernel, null, where), middle.dtype);
        if (pointwise.ndim !== middle.ndim)
          throw new RangeError(`${where}: pointwiseKernel must have ${middle.ndim} axes, received shape ${showShape(pointwise.shape)}`);
        checkChannels(where, middle, pointwise, -2);
        return checkNotEmpty(where, middle, convolve(where, middle, pointwise, 1, { dilationRate: options.dilationRate ?? 1 }), pointwise);
      }),
    );
  },
  OPTIONS,
);

/** Where the output of a transposed convolution begins in the full one, and its size, along one axis. */
function transposedAxis(
  size: number,
  reach: number,
  stride: number,
  padding: Padding,
  extra: number | null,
): { low: number; size: number } {
  if (padding === 'valid') return { low: 0, size: (size - 1) * stride + reach + (extra ?? Math.max(stride - reach, 0)) };
  // Elements by which the output is longer than that of windows that stay inside, which has size * stride - stride - reach + 2.
  const zeros = extra === null ? stride + reach - 2 : reach + (reach % 2) - 2 + extra;
  return { low: reach - 1 - Math.min(Math.ceil(zeros / 2), reach - 1), size: (size - 1) * stride + 2 - reach + zeros };
}
/**
 * The transposed convolution over 1 to 3 spatial axes: the gradient of `conv` with respect to its inputs. `inputs` as of `conv`; `kernel`:
 * `(spatial.., filters, channels)`. Along an axis of size n, with a kernel that reaches over k elements, the output has `(n - 1) * stride +
 * max(k, stride)` elements, with `padding: 'same'` `n * stride`; with `outputPadding`, which then must be at least 0, `(n - 1) * stride + k
 * + outputPadding`, with `'same'` `(n - 1) * stride + k % 2 + outputPadding`.
 */
export const convTranspose = publicOp(
  'convTranspose',
  (inputs: TensorLike, kernel: TensorLike, options: ConvTransposeOptions = {}): Tensor => {
    const where = 'convTranspose';
    const { strides = 1, padding = 'valid', dilationRate = 1, outputPadding = null } = options;
    const format = readDataFormat(where, options.dataFormat);
    const mode = readPadding(where, padding);
    return inKernelDType(where, inputs, kernel, (given, weights) =>
      withChannelsLast(given, format, (x) => {
        checkChannels(where, x, weights, -1);
        const rank = x.ndim - 2;
        const [steps, dilation] = [perAxis(where, 'strides', strides, rank), perAxis(where, 'dilationRate', dilationRate, rank)];
        const extra = outputPadding === null ? null : perAxis(where, 'outputPadding', outputPadding, rank, 0);
        const axes = x.shape
          .slice(1, -1)
          .map((size, d) => transposedAxis(size, (weights.shape[d]! - 1) * dilation[d]! + 1, steps[d]!, mode, extra?.[d] ?? null));
        const window = { strides: steps, dilation, low: axes.map((axis) => axis.low), groups: 1 };
        return p.convInput(
          x,
          weights,
          window,
          axes.map((axis) => Math.max(axis.size, 0)),
        );
      }),
    );
  },
  [...OPTIONS, 'outputPadding'],
);
