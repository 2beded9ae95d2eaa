// Filters of images: blur, edges, and the similarity of structures.
import { scalarTensor, type TensorLike } from '../../core/convert.js';
import { castTo } from '../../core/cast.js';
import { isFloat, isInteger } from '../../base/dtype.js';
import { show } from '../../base/errors.js';
import { listLength } from '../../base/integers.js';
import { broadcastShapes, showShape, sizeOf } from '../../base/shape.js';
import { Tensor } from '../../core/tensor.js';
import { meanOf, type Numbers } from '../axes.js';
import * as p from '../primitives/index.js';
import { constant } from '../primitives/primitive.js';
import { depthwiseConv } from '../convolution.js';
import { publicOp, toFloat, widened } from '../public.js';
import { filtered } from './bands.js';
import { imagesOf, type ImageFormatOptions, type Images } from './layout.js';

/** Weights of a Gaussian window, which add up to 1. */
function gaussian(where: string, size: number, sigma: number): number[] {
  listLength(where, 'the size of a window', size, 1);
  if (!(sigma > 0)) throw new RangeError(`${where}: sigma must be above 0, received ${show(sigma)}`);
  const weights = Array.from({ length: size }, (_, i) => Math.exp(-0.5 * ((i - (size - 1) / 2) / sigma) ** 2));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}
/**
 * @internal The weights for a `sigma`, a scalar, that may be known only when the function runs: those of a window of `size`, of which all
 * further than `reach` from the middle are 0.
 */
export function gaussianWeights(size: number, sigma: Tensor, reach: Tensor | null = null): Tensor {
  const place = p.subtract(p.iota(size, 'float32'), scalarTensor((size - 1) / 2, 'float32'));
  const bell = p.exp(p.multiply(scalarTensor(-0.5, 'float32'), p.square(p.divide(place, sigma))));
  const weights = reach === null ? bell : p.select(p.lessEqual(p.absolute(place), reach), bell, scalarTensor(0, 'float32'));
  return p.divide(weights, p.sum(weights, 0));
}
/** @internal `x` correlated with weights that may be known only when the function runs, along an axis, zeros lying around it. */
export function filteredBy(x: Tensor, weights: Tensor, axis: number): Tensor {
  const sizes = [x.shape.slice(0, axis), x.shape.slice(axis + 1)].map(sizeOf) as [number, number];
  const kernel = p.broadcastTo(p.reshape(castTo(weights, x.dtype), [weights.size, 1, 1]), [weights.size, sizes[1], 1]);
  const lines = p.reshape(x, [sizes[0], x.shape[axis]!, sizes[1]]);
  return p.reshape(depthwiseConv(lines, kernel, { padding: 'same', dataFormat: 'channels_last' }), x.shape);
}
const pairOf = (where: string, option: string, value: Numbers): [number, number] => {
  const list: readonly unknown[] = value instanceof Tensor ? Array.from(value.elements, Number) : Array.isArray(value) ? value : [];
  if (list.length !== 2 || !list.every((entry) => typeof entry === 'number'))
    throw new RangeError(`${where}: ${option} must have two numbers, received ${show(value)}`);
  return list as [number, number];
};

/** @internal `x` blurred along two axes, zeros lying around it. */
export function blurred(
  x: Tensor,
  horizontal: { axis: number; size: number; sigma: number },
  vertical: { axis: number; size: number; sigma: number },
  where: string,
): Tensor {
  return widened(x, (wide) =>
    [vertical, horizontal].reduce((result, { axis, size, sigma }) => filtered(result, gaussian(where, size, sigma), axis, 'same'), wide),
  );
}

/** Options of `gaussianBlur`. */
export interface GaussianBlurOptions extends ImageFormatOptions {
  /** Pixels of the window, across and down. Default [3, 3]. */
  kernelSize?: Numbers;
  /** Standard deviations in pixels, across and down. Default [1, 1]. */
  sigma?: Numbers;
}
/** Float images, one or a batch, blurred by a Gaussian window; outside of the images there are zeros. */
export const gaussianBlur = publicOp(
  'gaussianBlur',
  (images: TensorLike, { kernelSize = [3, 3], sigma = [1, 1], dataFormat }: GaussianBlurOptions = {}): Tensor => {
    const { tensor, height, width } = imagesOf('gaussianBlur', images, dataFormat);
    if (!isFloat(tensor.dtype)) throw new TypeError(`gaussianBlur: expected float images, received ${tensor.dtype}`);
    const sizes = pairOf('gaussianBlur', 'kernelSize', kernelSize);
    if (sigma instanceof Tensor && sigma.memory === null) {
      // In a function that is being compiled sigma has no numbers yet.
      const each = p.reshape(castTo(sigma, 'float32'), [2]);
      const along = (x: Tensor, axis: number, i: 0 | 1) => filteredBy(x, gaussianWeights(sizes[i], p.slice(each, [i], [1])), axis);
      return widened(tensor, (wide) => along(along(wide, height, 1), width, 0));
    }
    const sigmas = pairOf('gaussianBlur', 'sigma', sigma);
    return blurred(
      tensor,
      { axis: width, size: sizes[0], sigma: sigmas[0] },
      { axis: height, size: sizes[1], sigma: sigmas[1] },
      'gaussianBlur',
    );
  },
  ['kernelSize', 'sigma', 'dataFormat'],
);

/**
 * The slopes of a batch of images by Sobel's filter: down in `[..., 0]`, across in `[..., 1]` of a new last axis. Outside of the images
 * there are zeros. Floats and signed integers.
 */
export const sobelEdges = publicOp('sobelEdges', (images: TensorLike, { dataFormat }: ImageFormatOptions = {}): Tensor => {
  const { tensor, batched, height, width } = imagesOf('sobelEdges', images, dataFormat);
  if (!batched) throw new RangeError(`sobelEdges: expected a batch of images (4 axes), received shape ${showShape(tensor.shape)}`);
  const { dtype } = tensor;
  if (!isFloat(dtype) && (!isInteger(dtype) || dtype.startsWith('u')))
    throw new TypeError(`sobelEdges: slopes may be negative: expected floats or signed integers, received ${dtype}`);
  const slopes = (x: Tensor) => {
    const edge = (across: number, along: number) => filtered(filtered(x, [-1, 0, 1], along, 'same'), [1, 2, 1], across, 'same');
    const pair = [edge(width, height), edge(height, width)].map((slope) => p.reshape(slope, [...slope.shape, 1]));
    return p.concatenate(pair, 4);
  };
  // Sums of 8 numbers of up to 32 bits are exact in float64.
  return isFloat(dtype) ? widened(tensor, slopes) : castTo(castTo(slopes(castTo(tensor, 'float64')), 'int64'), dtype);
}, ['dataFormat']);

/** Options of `ssim`. */
export interface SsimOptions extends ImageFormatOptions {
  /** The largest possible value of a pixel. Default 1. */
  maxVal?: number;
  /** Pixels of the Gaussian window. Default 11. */
  filterSize?: number;
  /** Standard deviation of the window. Default 1.5. */
  filterSigma?: number;
  /** Keeps quotients of means finite, as a share of `maxVal`. Default 0.01. */
  k1?: number;
  /** Keeps quotients of variances finite, as a share of `maxVal`. Default 0.03. */
  k2?: number;
}
/** The similarity at every place where the window fits. */
function similarity(a: Tensor, b: Tensor, window: (x: Tensor) => Tensor, c1: Tensor, c2: Tensor): Tensor {
  const [meanA, meanB] = [window(a), window(b)];
  const [squareA, squareB, product] = [p.square(meanA), p.square(meanB), p.multiply(meanA, meanB)];
  const varianceA = p.subtract(window(p.square(a)), squareA);
  const varianceB = p.subtract(window(p.square(b)), squareB);
  const covariance = p.subtract(window(p.multiply(a, b)), product);
  const twice = (x: Tensor) => p.multiply(constant(2, x), x);
  const numerator = p.multiply(p.add(twice(product), c1), p.add(twice(covariance), c2));
  return p.divide(numerator, p.multiply(p.add(p.add(squareA, squareB), c1), p.add(p.add(varianceA, varianceB), c2)));
}
/**
 * The structural similarity of two images, or of each pair of two batches: 1 for equal images (Z. Wang et al., 2004). The means of windows
 * that lie inside of the images. In the dtype of the first images.
 * @throws when the shapes differ or the images are smaller than the window.
 */
export const ssim = publicOp('ssim', (image1: TensorLike, image2: TensorLike, options: SsimOptions = {}): Tensor => {
  const { maxVal = 1, filterSize = 11, filterSigma = 1.5, k1 = 0.01, k2 = 0.03, dataFormat } = options;
  const source = imagesOf('ssim', image1, dataFormat);
  const { height, width, batched } = source;
  const other = imagesOf('ssim', image2, dataFormat);
  if (other.batched !== batched)
    throw new RangeError(
      `ssim: images of shapes ${showShape(source.tensor.shape)} and ${showShape(other.tensor.shape)} differ in their number of axes`,
    );
  const shape = broadcastShapes(source.tensor.shape, other.tensor.shape, 'ssim');
  if (shape[height]! < filterSize || shape[width]! < filterSize)
    throw new RangeError(`ssim: images of shape ${showShape(shape)} are smaller than a window of ${filterSize} × ${filterSize}`);
  const taps = gaussian('ssim', filterSize, filterSigma);
  const wide = (x: Images) => {
    const float = toFloat('ssim', x.tensor);
    return p.broadcastTo(float.dtype === 'float64' ? float : castTo(float, 'float32'), shape);
  };
  const a = wide(source);
  const b = castTo(wide(other), a.dtype);
  const window = (x: Tensor) => filtered(filtered(x, taps, height, 'valid'), taps, width, 'valid');
  const map = similarity(a, b, window, constant((k1 * maxVal) ** 2, a), constant((k2 * maxVal) ** 2, a));
  return castTo(meanOf(map, Array.from({ length: 3 }, (_, i) => i + (batched ? 1 : 0))), source.tensor.dtype);
}, ['maxVal', 'filterSize', 'filterSigma', 'k1', 'k2', 'dataFormat']);
