// Patches of images and volumes: cut out, and put together again.
import type { TensorLike } from '../../core/convert.js';
import { toTensor } from '../../core/convert.js';
import { show } from '../../base/errors.js';
import { showShape, sizeOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as p from '../primitives/index.js';
import type { WindowAxis } from '../primitives/windows.js';
import { publicOp } from '../public.js';
import { type DataFormat, fitWindows, type Padding, perAxis, readDataFormat, readPadding } from '../spatial.js';

/** Options of `extractPatches` and `extractPatches3d`. */
export interface ExtractPatchesOptions {
  /** How far patches are apart, one number or one for each axis. null, the default: the patch's size. */
  strides?: number | readonly number[] | null;
  /** How far elements of a patch are apart. Default 1. */
  dilationRate?: number | readonly number[];
  /** `'valid'`, the default: patches lie within the image. `'same'`: there is one for every stride, with zeros outside of the image. */
  padding?: Padding;
  /** Where the channels are; null, the default, is `keras.config.imageDataFormat()`. */
  dataFormat?: DataFormat | null;
}

/** 0, 1, …, count - 1, from `start` on. */
const range = (count: number, start = 0): number[] => Array.from({ length: count }, (_, i) => start + i);

/** Patches of an image or a volume with a batch axis. */
function batchPatches(
  where: string,
  x: Tensor,
  size: readonly number[],
  last: boolean,
  { strides, dilationRate = 1, padding = 'valid' }: ExtractPatchesOptions,
): Tensor {
  const rank = size.length;
  const steps = strides === null || strides === undefined ? size : perAxis(where, 'strides', strides, rank);
  const rates = perAxis(where, 'dilationRate', dilationRate, rank);
  const mode = readPadding(where, padding);
  const first = last ? 1 : 2;
  const fits = size.map((n, i) => fitWindows(x.shape[first + i]!, n, steps[i]!, mode, rates[i]));
  if (fits.some(({ count }) => count < 1))
    throw new RangeError(
      `${where}: Computed output size would be zero or negative: patches of size ${show(size)} do not fit inputs of shape ` +
        `${showShape(x.shape)}`,
    );
  const frame = x.shape.map((d, axis) => ({ d, ...(fits[axis - first] ?? { before: 0, after: 0 }) }));
  const framed = frame.every(({ before, after }) => before + after === 0)
    ? x
    : p.embed(
        x,
        frame.map(({ d, before, after }) => d + before + after),
        frame.map(({ before }) => before),
        frame.map(() => 1),
        0,
      );
  const axes = size.map((n, i): WindowAxis => [fits[i]!.count, n, steps[i]!, rates[i]!]);
  // Of a patch, the channels of an element are neighbours in both formats.
  const perm = last ? range(2 * rank + 2) : [0, ...range(rank, 2 + rank), 1, ...range(rank, 2)];
  const counts = fits.map(({ count }) => count);
  const depth = sizeOf(size) * (last ? x.shape.at(-1)! : x.shape[1]!);
  return p.reshape(p.windows(framed, first, axes, perm), last ? [x.shape[0]!, ...counts, depth] : [x.shape[0]!, depth, ...counts]);
}

/** Calls `fn` with a batch of one where `x` has no batch axis, and takes it off again. */
function batched(where: string, x: Tensor, rank: number, fn: (batch: Tensor) => Tensor): Tensor {
  if (x.ndim === rank + 2) return fn(x);
  if (x.ndim !== rank + 1)
    throw new RangeError(`${where}: expected ${rank + 1} axes, or ${rank + 2} with a batch axis, received shape ${showShape(x.shape)}`);
  const result = fn(p.reshape(x, [1, ...x.shape]));
  return p.reshape(result, result.shape.slice(1));
}

function patchesOf(where: string, x: TensorLike, size: readonly number[], options: ExtractPatchesOptions): Tensor {
  const last = readDataFormat(where, options.dataFormat) === 'channels_last';
  return batched(where, toTensor(x, null, where), size.length, (batch) => batchPatches(where, batch, size, last, options));
}

/** The size of a patch: one number for the two axes of an image, or one for each of two or three axes. */
function patchSize(where: string, size: number | readonly number[]): number[] {
  if (typeof size !== 'number' && !Array.isArray(size))
    throw new TypeError(`${where}: Invalid \`size\` argument. Expected an integer or an array of integers, received ${show(size)}`);
  const rank = typeof size === 'number' ? 2 : size.length;
  if (rank !== 2 && rank !== 3)
    throw new RangeError(`${where}: Invalid \`size\` argument. Expected an array of length 2 or 3, received ${show(size)}`);
  return perAxis(where, 'size', size, rank);
}

const OPTIONS = ['strides', 'dilationRate', 'padding', 'dataFormat'];
/**
 * Patches of images `(batch, height, width, channels)` or of one image without a batch axis: `(batch, rows, columns, size * size *
 * channels)`. `size` is one number or (height, width); with three numbers it is volumes that are cut, as by `extractPatches3d`.
 *
 * @throws a RangeError when no patch fits.
 */
export const extractPatches = publicOp(
  'extractPatches',
  (images: TensorLike, size: number | readonly number[], options: ExtractPatchesOptions = {}): Tensor =>
    patchesOf('extractPatches', images, patchSize('extractPatches', size), options),
  OPTIONS,
);
/**
 * Patches of volumes `(batch, depth, height, width, channels)` or of one volume without a batch axis:
 * `(batch, layers, rows, columns, elements of a patch * channels)`. `size` is one number or (depth, height, width).
 *
 * @throws a RangeError when no patch fits.
 */
export const extractPatches3d = publicOp(
  'extractPatches3d',
  (volumes: TensorLike, size: number | readonly number[], options: ExtractPatchesOptions = {}): Tensor =>
    patchesOf('extractPatches3d', volumes, perAxis('extractPatches3d', 'size', size, 3), options),
  OPTIONS,
);

/** Options of `reconstructPatches`. */
export interface ReconstructPatchesOptions {
  /** The patch's size, which is the default, null: patches that overlap or leave gaps cannot be put together. */
  strides?: number | readonly number[] | null;
  /** How the patches were cut. With `'same'`, what lay outside of the image is cut off. Default `'valid'`. */
  padding?: Padding;
  /** Where the channels are; null, the default, is `keras.config.imageDataFormat()`. */
  dataFormat?: DataFormat | null;
}

const AXES = ['depth', 'height', 'width'];
/** How much of the grid of patches lies before the image on each axis. Throws when the image's size does not fit the grid. */
function borders(grid: readonly number[], size: readonly number[], outputSize: readonly number[], padding: Padding): number[] {
  return grid.map((count, i) => {
    const whole = count * size[i]!;
    const wanted = outputSize[i]!;
    const axis = AXES.slice(-grid.length)[i]!;
    if (padding === 'valid' && whole !== wanted) {
      throw new RangeError(
        `reconstructPatches: padding='valid' requires outputSize to equal size * grid, but ${axis} ${wanted} is not ${size[i]!} * ${count}`,
      );
    }
    if (padding === 'same' && (wanted <= whole - size[i]! || wanted > whole)) {
      throw new RangeError(
        `reconstructPatches: For padding='same', the ${axis} of outputSize must be above ${whole - size[i]!} and at most ${whole}, ` +
          `received ${wanted}`,
      );
    }
    return Math.floor((whole - wanted) / 2);
  });
}

function reconstructed(x: Tensor, size: readonly number[], outputSize: readonly number[], last: boolean, padding: Padding): Tensor {
  const rank = size.length;
  const batch = x.shape[0]!;
  const grid = last ? x.shape.slice(1, -1) : x.shape.slice(2);
  const depth = last ? x.shape.at(-1)! : x.shape[1]!;
  const elements = sizeOf(size);
  if (depth % elements !== 0)
    throw new RangeError(`reconstructPatches: the channels of the patches (${depth}) are not divisible by prod(size) (${elements})`);
  const before = borders(grid, size, outputSize, padding);
  const channels = depth / elements;
  // Each count of the grid beside its size.
  const [split, pairs] = last
    ? [[batch, ...grid, ...size, channels], [0, ...grid.flatMap((_, i) => [1 + i, 1 + rank + i]), 1 + 2 * rank]]
    : [[batch, ...size, channels, ...grid], [0, 1 + rank, ...grid.flatMap((_, i) => [2 + rank + i, 1 + i])]];
  const joined = p.transpose(p.reshape(x, split), pairs);
  const whole = grid.map((count, i) => count * size[i]!);
  const shape = (sizes: readonly number[]) => (last ? [batch, ...sizes, channels] : [batch, channels, ...sizes]);
  const starts = last ? [0, ...before, 0] : [0, 0, ...before];
  return p.slice(p.reshape(joined, shape(whole)), starts, shape(outputSize));
}

/**
 * Images (or volumes) of the size `outputSize` from the patches that `extractPatches` cut with strides that equal `size`: the inverse of
 * it. `size` is one number or (height, width), or (depth, height, width) for volumes.
 *
 * @throws a RangeError for strides other than `size`, and when the patches do not fit `outputSize`.
 */
export const reconstructPatches = publicOp(
  'reconstructPatches',
  (
    patches: TensorLike,
    size: number | readonly number[],
    outputSize: readonly number[],
    options: ReconstructPatchesOptions = {},
  ): Tensor => {
    const where = 'reconstructPatches';
    const { strides = null, padding = 'valid', dataFormat = null } = options;
    const sizes = patchSize(where, size);
    if (!Array.isArray(outputSize))
      throw new TypeError(`${where}: Invalid \`outputSize\` argument. Expected an array, received ${show(outputSize)}`);
    const target = perAxis(where, 'outputSize', outputSize, sizes.length);
    const steps = strides === null ? sizes : perAxis(where, 'strides', strides, sizes.length);
    if (steps.some((n, i) => n !== sizes[i]))
      throw new RangeError(
        `${where}: only patches that lie side by side are put together, so strides must equal size ${show(sizes)}, received ${show(steps)}`,
      );
    const mode = readPadding(where, padding);
    const last = readDataFormat(where, dataFormat) === 'channels_last';
    return batched(where, toTensor(patches, null, where), sizes.length, (batch) => reconstructed(batch, sizes, target, last, mode));
  },
  ['strides', 'padding', 'dataFormat'],
);
