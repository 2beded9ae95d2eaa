// Resizing, scaling, cropping and padding of images.
import type { TensorLike } from '../../core/convert.js';
import { makeTensor } from '../../core/convert.js';
import { checkBytes } from '../../core/memory.js';
import { castTo } from '../../core/cast.js';
import { isFloat, isInteger } from '../../base/dtype.js';
import { checkChoice, show } from '../../base/errors.js';
import { integer } from '../../base/integers.js';
import { normalizeAxis, showShape, sizeOf } from '../../base/shape.js';
import { Tensor } from '../../core/tensor.js';
import { numbersOf, partOf, type Numbers } from '../axes.js';
import { saturateCast } from '../core.js';
import { round } from '../elementwise.js';
import * as p from '../primitives/index.js';
import { constant } from '../primitives/primitive.js';
import { promote, publicOp, toFloat, widened } from '../public.js';
import { pad } from '../shape.js';
import { INTERPOLATIONS, LEAST_WEIGHT, resizeMatrix } from './bands.js';
import { imagesOf, type ImageFormatOptions, type Images } from './layout.js';

const RESIZE_METHODS = ['nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5'] as const;
/** How `resize` finds values between pixels. */
export type ResizeInterpolation = (typeof RESIZE_METHODS)[number];
/** Options of `resize`. */
export interface ResizeOptions extends ImageFormatOptions {
  /** Default `'bilinear'`. */
  interpolation?: ResizeInterpolation;
  /** Whether to average over the pixels that fall into one when images become smaller. Default false. */
  antialias?: boolean;
  /** Cut the images to the aspect ratio of the new size first, around their centre. Default false. */
  cropToAspectRatio?: boolean;
  /** Pad the images to the aspect ratio of the new size first, evenly. Default false. */
  padToAspectRatio?: boolean;
  /** What the padding consists of: only `'constant'`. */
  fillMode?: 'constant';
  /** The constant. Default 0. */
  fillValue?: number;
}
const RESIZE_OPTIONS = [
  'interpolation',
  'antialias',
  'cropToAspectRatio',
  'padToAspectRatio',
  'fillMode',
  'fillValue',
  'dataFormat',
] as const;

/** The pixel that is nearest to each new one, as JAX rounds: in float32, by a factor that is made once. */
function nearestPixels(from: number, to: number): Tensor {
  const factor = Math.fround(from * Math.fround(1 / to));
  return makeTensor('int32', [to], (data) => {
    for (let i = 0; i < to; i++) data[i] = Math.min(Math.floor(Math.fround((i + 0.5) * factor)), from - 1);
  });
}
/** The images with the given axes resized; the axis that shrinks most comes first, which leaves less work to the other. */
function resizeAxes(
  x: Tensor,
  targets: readonly { axis: number; size: number }[],
  method: ResizeInterpolation,
  antialias: boolean,
): Tensor {
  const changed = targets.filter(({ axis, size }) => x.shape[axis] !== size);
  const ordered = changed.sort((a, b) => a.size / x.shape[a.axis]! - b.size / x.shape[b.axis]!);
  return ordered.reduce((result, { axis, size }) => {
    const from = result.shape[axis]!;
    if (from === 0) throw new RangeError(`resize: images of shape ${showShape(x.shape)} have no pixels`);
    checkBytes((result.spec.bytes / from) * size);
    return method === 'nearest'
      ? p.gather(result, nearestPixels(from, size), axis)
      : p.resample(result, resizeMatrix(from, size, method, antialias), axis);
  }, x);
}
/** The central part of the images that has the aspect ratio of the target. */
function croppedToRatio({ tensor, height, width }: Images, [targetHeight, targetWidth]: readonly [number, number]): Tensor {
  const [rows, columns] = [tensor.shape[height]!, tensor.shape[width]!];
  const keptRows = Math.max(Math.min(rows, Math.trunc((columns * targetHeight) / targetWidth)), 1);
  const keptColumns = Math.max(Math.min(columns, Math.trunc((rows * targetWidth) / targetHeight)), 1);
  const part = partOf(tensor, height, Math.trunc((rows - keptRows) / 2), keptRows);
  return partOf(part, width, Math.trunc((columns - keptColumns) / 2), keptColumns);
}
/** The images with a frame that brings them to the aspect ratio of the target. */
function paddedToRatio(
  { tensor, height, width }: Images,
  [targetHeight, targetWidth]: readonly [number, number],
  fillValue: number,
): Tensor {
  const [rows, columns] = [tensor.shape[height]!, tensor.shape[width]!];
  const above = Math.trunc((Math.max(rows, Math.trunc((columns * targetHeight) / targetWidth)) - rows) / 2);
  const left = Math.trunc((Math.max(columns, Math.trunc((rows * targetWidth) / targetHeight)) - columns) / 2);
  // A fraction cannot be laid into integers: they are computed as floats until the result is rounded.
  const source = isFloat(tensor.dtype) ? tensor : castTo(tensor, 'float32');
  const widths = tensor.shape.map((_, axis) => (axis === height ? [above, above] : axis === width ? [left, left] : [0, 0]));
  return pad(source, widths, { constantValues: fillValue });
}

/**
 * Images, `(height, width, channels)` or a batch of them, brought to `size`, `[height, width]`. Integer images are computed in float32,
 * rounded and cut off at the ends of their range. Pixels are areas: their centres lie at halves.
 * @throws when `size` is no pair of whole sizes, an option is unknown, or both crop and pad are asked for.
 */
export const resize = publicOp('resize', (images: TensorLike, size: Numbers, options: ResizeOptions = {}): Tensor => {
  const {
    interpolation = 'bilinear',
    antialias = false,
    cropToAspectRatio = false,
    padToAspectRatio = false,
    fillMode = 'constant',
    fillValue = 0,
  } = options;
  const method = checkChoice('resize', 'interpolation', interpolation, RESIZE_METHODS);
  checkChoice('resize', 'fillMode', fillMode, ['constant']);
  if (cropToAspectRatio && padToAspectRatio) throw new TypeError('resize: give cropToAspectRatio or padToAspectRatio, not both');
  const target = numbersOf('resize', 'size', size);
  if (target.length !== 2) throw new RangeError(`resize: size must be [height, width], received ${show(size)}`);
  for (const side of target) integer('resize', 'height and width', side, { min: 1 });
  const source = imagesOf('resize', images, options.dataFormat);
  const pair = target as [number, number];
  const { dtype } = source.tensor;
  const framed = cropToAspectRatio
    ? croppedToRatio(source, pair)
    : padToAspectRatio
      ? paddedToRatio(source, pair, fillValue)
      : source.tensor;
  const axes = [{ axis: source.height, size: pair[0] }, { axis: source.width, size: pair[1] }];
  const apply = (x: Tensor) => resizeAxes(x, axes, method, antialias);
  const resized = method === 'nearest' ? apply(framed) : widened(isFloat(framed.dtype) ? framed : castTo(framed, 'float32'), apply);
  if (resized.dtype === dtype) return resized;
  return saturateCast(isInteger(dtype) ? round(resized) : resized, dtype);
}, RESIZE_OPTIONS);

/** How `scaleAndTranslate` finds values between elements. */
export type ScaleMethod = keyof typeof INTERPOLATIONS;
/** The weights `[to, from]` with which elements of an axis that is scaled and moved are made of those it had. */
function scaleWeights(from: number, to: number, scale: Tensor, translation: Tensor, method: ScaleMethod, antialias: boolean): Tensor {
  const one = constant(1, scale);
  const step = p.divide(one, scale);
  const half = constant(0.5, scale);
  const centres = p.multiply(p.add(p.iota(to, scale.dtype), half), step);
  const places = p.reshape(p.subtract(p.subtract(centres, p.multiply(translation, step)), half), [to, 1]);
  const distance = p.absolute(p.subtract(places, p.iota(from, scale.dtype)));
  const weights = INTERPOLATIONS[method].weigh(antialias ? p.divide(distance, p.maximum(step, one)) : distance);
  const total = p.reshape(p.sum(weights, 1, 1), [to, 1]);
  const zero = constant(0, scale);
  const some = p.greater(p.absolute(total), constant(LEAST_WEIGHT, scale));
  const normal = p.select(some, p.divide(weights, p.select(some, total, one)), zero);
  const inside = p.logicalAnd(p.greaterEqual(places, constant(-0.5, scale)), p.lessEqual(places, constant(from - 0.5, scale)));
  return p.select(inside, normal, zero);
}
/** The shape of the window: whole sizes, null for those of the images. */
function outputShapeOf(where: string, outputShape: Numbers, shape: readonly number[]): number[] {
  const sizes: readonly unknown[] =
    outputShape instanceof Tensor ? Array.from(outputShape.elements, Number) : Array.isArray(outputShape) ? outputShape : [outputShape];
  return sizes.map((size, axis) => (size === null ? (shape[axis] ?? 0) : integer(where, `outputShape[${axis}]`, size, { min: 0 })));
}
/**
 * `images`, scaled by `scale` and then moved by `translation` (in elements of the result) along `spatialDims`, seen through a window of
 * `outputShape`; what lies outside of the images is 0. One number of each stands for each of the axes. Integers become `floatx`.
 * @throws when shapes and axes do not fit together or the method is unknown.
 */
export const scaleAndTranslate = publicOp(
  'scaleAndTranslate',
  (
    images: TensorLike,
    outputShape: Numbers,
    scale: TensorLike,
    translation: TensorLike,
    spatialDims: Numbers,
    method: ScaleMethod,
    { antialias = true }: { antialias?: boolean } = {},
  ): Tensor => {
    const where = 'scaleAndTranslate';
    checkChoice(where, 'method', method, Object.keys(INTERPOLATIONS));
    const tensor = toFloat(where, images);
    const shape = outputShapeOf(where, outputShape, tensor.shape);
    const axes = numbersOf(where, 'spatialDims', spatialDims).map((axis) => normalizeAxis(axis, tensor.ndim, where));
    if (shape.length !== tensor.ndim || new Set(axes).size !== axes.length)
      throw new RangeError(
        `${where}: outputShape ${show(shape)} and spatialDims ${show(axes)} do not fit images of shape ${showShape(tensor.shape)}`,
      );
    shape.forEach((size, axis) => {
      if (!axes.includes(axis) && size !== tensor.shape[axis])
        throw new RangeError(
          `${where}: axis ${axis} is not among spatialDims ${show(axes)}, so its size must stay ${tensor.shape[axis]}, received ${size}`,
        );
    });
    const [factors, moves] = promote(where, [toFloat(where, scale), toFloat(where, translation)]);
    if (factors!.size !== axes.length || moves!.size !== axes.length)
      throw new RangeError(`${where}: ${factors!.size} scales and ${moves!.size} translations do not fit ${axes.length} axes`);
    const one = (values: Tensor, i: number) => p.reshape(partOf(p.reshape(values, [values.size]), 0, i, 1), []);
    return widened(tensor, (wide) =>
      axes.reduce((result, axis, i) => {
        const [from, to] = [result.shape[axis]!, shape[axis]!];
        const weights = castTo(
          widenedScalars(one(factors!, i), one(moves!, i), (s, t) => scaleWeights(from, to, s, t, method, antialias)),
          wide.dtype,
        );
        const planes = p.reshape(result, [sizeOf(result.shape.slice(0, axis)), from, sizeOf(result.shape.slice(axis + 1))]);
        return p.reshape(
          p.matmul(weights, planes),
          result.shape.map((d, k) => (k === axis ? to : d)),
        );
      }, wide),
    );
  },
  ['antialias'],
);
const widenedScalars = (a: Tensor, b: Tensor, fn: (a: Tensor, b: Tensor) => Tensor): Tensor =>
  a.dtype === 'float64' ? fn(a, b) : fn(castTo(a, 'float32'), castTo(b, 'float32'));

/** The size of an axis and what is added or cut off at its two ends; two of the three are given. */
interface Edges {
  readonly before: number | null;
  readonly after: number | null;
  readonly target: number | null;
}
/** The two ends. `sign` is 1 where they are added to the axis and -1 where they are cut off. */
function edgesOf(
  where: string,
  size: number,
  { before, after, target }: Edges,
  names: readonly [string, string, string],
  sign: 1 | -1,
): [number, number] {
  const given = [before, after, target];
  if (given.filter((value) => value === null).length !== 1) {
    throw new TypeError(`${where}: exactly two of ${names.join(', ')} must be given, received ${given.map(show).join(', ')}`);
  }
  given.forEach((value, i) => {
    if (value !== null) integer(where, names[i]!, value, { min: 0 });
  });
  const change = target === null ? 0 : sign * (target - size);
  const ends: [number, number] = [before ?? change - after!, after ?? change - before!];
  ends.forEach((end, i) => {
    if (end < 0) throw new RangeError(`${where}: ${names[i]} would be ${end} for an axis of size ${size}, expected at least 0`);
  });
  if (sign === -1 && ends[0] + ends[1] > size)
    throw new RangeError(`${where}: ${names[0]} ${ends[0]} and ${names[1]} ${ends[1]} leave nothing of an axis of size ${size}`);
  return ends;
}

/** Options of `padImages`: of top, bottom and height two are given, of left, right and width as well. */
export interface PadImagesOptions extends ImageFormatOptions {
  /** Rows of zeros above. */
  topPadding?: number | null;
  /** Columns of zeros to the left. */
  leftPadding?: number | null;
  /** Rows of zeros below. */
  bottomPadding?: number | null;
  /** Columns of zeros to the right. */
  rightPadding?: number | null;
  /** Height of the result. */
  targetHeight?: number | null;
  /** Width of the result. */
  targetWidth?: number | null;
}
/** Images, one or a batch, with zeros around them. */
export const padImages = publicOp('padImages', (images: TensorLike, options: PadImagesOptions = {}): Tensor => {
  const {
    topPadding = null,
    leftPadding = null,
    bottomPadding = null,
    rightPadding = null,
    targetHeight = null,
    targetWidth = null,
  } = options;
  const { tensor, height, width } = imagesOf('padImages', images, options.dataFormat);
  const rows = edgesOf(
    'padImages',
    tensor.shape[height]!,
    { before: topPadding, after: bottomPadding, target: targetHeight },
    ['topPadding', 'bottomPadding', 'targetHeight'],
    1,
  );
  const columns = edgesOf(
    'padImages',
    tensor.shape[width]!,
    { before: leftPadding, after: rightPadding, target: targetWidth },
    ['leftPadding', 'rightPadding', 'targetWidth'],
    1,
  );
  return pad(tensor, tensor.shape.map((_, axis) => (axis === height ? rows : axis === width ? columns : [0, 0])));
}, ['topPadding', 'leftPadding', 'bottomPadding', 'rightPadding', 'targetHeight', 'targetWidth', 'dataFormat']);

/** Options of `cropImages`: of top, bottom and height two are given, of left, right and width as well. */
export interface CropImagesOptions extends ImageFormatOptions {
  /** Rows to cut off above. */
  topCropping?: number | null;
  /** Columns to cut off at the left. */
  leftCropping?: number | null;
  /** Rows to cut off below. */
  bottomCropping?: number | null;
  /** Columns to cut off at the right. */
  rightCropping?: number | null;
  /** Height of the result. */
  targetHeight?: number | null;
  /** Width of the result. */
  targetWidth?: number | null;
}
/** Part of images, one or a batch. */
export const cropImages = publicOp('cropImages', (images: TensorLike, options: CropImagesOptions = {}): Tensor => {
  const {
    topCropping = null,
    leftCropping = null,
    bottomCropping = null,
    rightCropping = null,
    targetHeight = null,
    targetWidth = null,
  } = options;
  const { tensor, height, width } = imagesOf('cropImages', images, options.dataFormat);
  const [rows, columns] = [tensor.shape[height]!, tensor.shape[width]!];
  const [top, bottom] = edgesOf(
    'cropImages',
    rows,
    { before: topCropping, after: bottomCropping, target: targetHeight },
    ['topCropping', 'bottomCropping', 'targetHeight'],
    -1,
  );
  const [left, right] = edgesOf(
    'cropImages',
    columns,
    { before: leftCropping, after: rightCropping, target: targetWidth },
    ['leftCropping', 'rightCropping', 'targetWidth'],
    -1,
  );
  return partOf(partOf(tensor, height, top, rows - top - bottom), width, left, columns - left - right);
}, ['topCropping', 'leftCropping', 'bottomCropping', 'rightCropping', 'targetHeight', 'targetWidth', 'dataFormat']);
