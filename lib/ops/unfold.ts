// Functions of `keras.ops` that lay out windows of images and sequences, or trade space for channels.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { show } from '../base/errors.js';
import { integer } from '../base/integers.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';
import { joinWindows, type WindowAxis } from './primitives/windows.js';
import { publicOp } from './public.js';
import { fitWindows, perAxis, readDataFormat, type DataFormat } from './spatial.js';

/** A number for both axes of images, or one for each. */
type Pair = number | readonly number[];
/** Options of `unfold` and `fold`, each one number or one for height and width. */
export interface UnfoldOptions {
  /** How far elements of a window are apart. Default 1. */
  dilation?: Pair;
  /** Zeros around the image. Default 0. */
  padding?: Pair;
  /** How far windows are apart. Default 1. */
  stride?: Pair;
}

/** The windows over images of this size, and the zeros around these. */
function imageWindows(
  where: string,
  imageSize: readonly number[],
  kernelSize: Pair,
  { dilation = 1, padding = 0, stride = 1 }: UnfoldOptions,
): { axes: WindowAxis[]; pads: number[]; padded: number[] } {
  const sizes = perAxis(where, 'kernelSize', kernelSize, 2);
  const dilations = perAxis(where, 'dilation', dilation, 2);
  const pads = perAxis(where, 'padding', padding, 2, 0);
  const strides = perAxis(where, 'stride', stride, 2);
  const padded = imageSize.map((length, i) => length + 2 * pads[i]!);
  const axes = padded.map((length, i): WindowAxis => {
    const { count } = fitWindows(length, sizes[i]!, strides[i]!, 'valid', dilations[i]);
    return [Math.max(count, 0), sizes[i]!, strides[i]!, dilations[i]!];
  });
  return { axes, pads, padded };
}

/**
 * The windows of images `(batch, channels, height, width)` as columns: `(batch, channels * window elements, windows)`, as PyTorch's
 * `unfold` ("im2col"). `kernelSize` is one number or (height, width).
 */
export const unfold = publicOp('unfold', (x: TensorLike, kernelSize: Pair, options: UnfoldOptions = {}): Tensor => {
  const tensor = toTensor(x, null, 'unfold');
  if (tensor.ndim !== 4)
    throw new RangeError(`unfold: Input must be a 4D tensor (batch, channels, height, width), received shape ${showShape(tensor.shape)}`);
  const [batch, channels, ...image] = tensor.shape as [number, number, number, number];
  const { axes, pads, padded } = imageWindows('unfold', image, kernelSize, options);
  const framed = pads.every((n) => n === 0) ? tensor : p.embed(tensor, [batch, channels, ...padded], [0, 0, ...pads], [1, 1, 1, 1], 0);
  const columns = p.windows(framed, 2, axes, [0, 1, 4, 5, 2, 3]);
  return p.reshape(columns, [batch, channels * axes[0]![1] * axes[1]![1], axes[0]![0] * axes[1]![0]]);
}, ['dilation', 'padding', 'stride']);

/**
 * Images `(batch, channels, height, width)` of the size `outputSize`, from windows as `unfold` lays them out; where windows overlap they
 * are added. `outputSize` and `kernelSize` are one number or (height, width).
 *
 * @throws a RangeError when the input has not as many rows and columns as such windows have.
 */
export const fold = publicOp('fold', (x: TensorLike, outputSize: Pair, kernelSize: Pair, options: UnfoldOptions = {}): Tensor => {
  const tensor = toTensor(x, null, 'fold');
  if (tensor.ndim !== 3)
    throw new RangeError(
      `fold: Input must be a 3D tensor (batch, channels * window elements, windows), received shape ${showShape(tensor.shape)}`,
    );
  const image = perAxis('fold', 'outputSize', outputSize, 2);
  const { axes, pads, padded } = imageWindows('fold', image, kernelSize, options);
  const [batch, rows, count] = tensor.shape as [number, number, number];
  const [[countY, sizeY], [countX, sizeX]] = axes as [WindowAxis, WindowAxis];
  if (rows % (sizeY * sizeX) !== 0)
    throw new RangeError(
      `fold: The second dimension of the input (${rows}) must be divisible by the elements of a window, ${sizeY} * ${sizeX}`,
    );
  if (count !== countY * countX)
    throw new RangeError(
      `fold: images of size ${show(image)} have ${countY} * ${countX} windows, but the last axis of the input of shape ` +
        `${showShape(tensor.shape)} has ${count}`,
    );
  const channels = rows / (sizeY * sizeX);
  const parts = p.transpose(p.reshape(tensor, [batch, channels, sizeY, sizeX, countY, countX]), [0, 1, 4, 5, 2, 3]);
  const framed = joinWindows(parts, [batch, channels, ...padded], 2, axes);
  return p.slice(framed, [0, 0, ...pads], [batch, channels, ...image]);
}, ['dilation', 'padding', 'stride']);

/** The windows of `sequenceLength` elements of the last axis, `sequenceStride` apart: shape `(…, windows, sequenceLength)`. */
export const extractSequences = publicOp('extractSequences', (x: TensorLike, sequenceLength: number, sequenceStride: number): Tensor => {
  const tensor = toTensor(x, null, 'extractSequences');
  if (tensor.ndim < 1) throw new RangeError('extractSequences: Input should have rank >= 1, received a scalar');
  const [size] = perAxis('extractSequences', 'sequenceLength', sequenceLength, 1);
  const [stride] = perAxis('extractSequences', 'sequenceStride', sequenceStride, 1);
  const last = tensor.ndim - 1;
  const { count } = fitWindows(tensor.shape[last]!, size!, stride!, 'valid');
  return p.windows(tensor, last, [[Math.max(count, 0), size!, stride!, 1]], Array.from({ length: last + 2 }, (_, i) => i));
});

/** Options of `depthToSpace` and `spaceToDepth`. */
export interface DepthSpaceOptions {
  /** Where the channels are. Default `'channels_last'`. */
  dataFormat?: DataFormat | null;
}
/**
 * What both functions check: four axes and a block of at least 2. Returns (batch, height, width, channels) and whether channels come last.
 */
function imageOf(
  where: string,
  x: TensorLike,
  blockSize: number,
  { dataFormat = 'channels_last' }: DepthSpaceOptions,
): { tensor: Tensor; sizes: [number, number, number, number]; last: boolean } {
  const last = readDataFormat(where, dataFormat) === 'channels_last';
  const tensor = toTensor(x, null, where);
  integer(where, 'blockSize', blockSize, { min: 2 });
  if (tensor.ndim !== 4) throw new RangeError(`${where}: requires a 4D input tensor, received shape ${showShape(tensor.shape)}`);
  const [n, a, b, c] = tensor.shape as [number, number, number, number];
  return { tensor, sizes: last ? [n, a, b, c] : [n, b, c, a], last };
}

/**
 * Channels moved into blocks of `blockSize * blockSize` pixels: of `(batch, height, width, channels)` becomes
 * `(batch, height * blockSize, width * blockSize, channels / blockSize²)`.
 *
 * @throws a RangeError when the channels do not divide.
 */
export const depthToSpace = publicOp('depthToSpace', (x: TensorLike, blockSize: number, options: DepthSpaceOptions = {}): Tensor => {
  const { tensor, sizes: [n, h, w, c], last } = imageOf('depthToSpace', x, blockSize, options);
  const block = blockSize;
  if (c % block ** 2 !== 0)
    throw new RangeError(`depthToSpace: The number of channels (${c}) must be divisible by blockSize**2 (${block ** 2})`);
  const channels = c / block ** 2;
  const [split, order, shape] = last
    ? [[n, h, w, block, block, channels], [0, 1, 3, 2, 4, 5], [n, h * block, w * block, channels]]
    : [[n, channels, block, block, h, w], [0, 1, 4, 2, 5, 3], [n, channels, h * block, w * block]];
  return p.reshape(p.transpose(p.reshape(tensor, split), order), shape);
}, ['dataFormat']);

/**
 * Blocks of `blockSize * blockSize` pixels moved into channels: of `(batch, height, width, channels)` becomes
 * `(batch, height / blockSize, width / blockSize, channels * blockSize²)`.
 *
 * @throws a RangeError when height or width do not divide.
 */
export const spaceToDepth = publicOp('spaceToDepth', (x: TensorLike, blockSize: number, options: DepthSpaceOptions = {}): Tensor => {
  const { tensor, sizes: [n, h, w, c], last } = imageOf('spaceToDepth', x, blockSize, options);
  const block = blockSize;
  if (h % block !== 0) throw new RangeError(`spaceToDepth: Height (${h}) must be divisible by blockSize (${block})`);
  if (w % block !== 0) throw new RangeError(`spaceToDepth: Width (${w}) must be divisible by blockSize (${block})`);
  const [height, width] = [h / block, w / block];
  const [split, order, shape] = last
    ? [[n, height, block, width, block, c], [0, 1, 3, 2, 4, 5], [n, height, width, c * block ** 2]]
    : [[n, c, height, block, width, block], [0, 1, 3, 5, 2, 4], [n, c * block ** 2, height, width]];
  return p.reshape(p.transpose(p.reshape(tensor, split), order), shape);
}, ['dataFormat']);
