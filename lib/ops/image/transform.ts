// Geometric transformations of images: each pixel of the result is read at another place of the image.
import type { TensorLike } from '../../core/convert.js';
import { scalarTensor, toTensor } from '../../core/convert.js';
import { castTo } from '../../core/cast.js';
import { isFloat } from '../../base/dtype.js';
import { show } from '../../base/errors.js';
import { sameShape, showShape, type Shape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { normal } from '../../random/functions.js';
import type { Seed } from '../../random/seed-generator.js';
import { partOf } from '../axes.js';
import * as p from '../primitives/index.js';
import { constant } from '../primitives/primitive.js';
import { publicOp, toFloat } from '../public.js';
import { blurred, filteredBy, gaussianWeights } from './filters.js';
import { asBatch, imagesOf, type ImageFormatOptions } from './layout.js';
import { fillModeOf, orderOf, samplePixels, type FillMode, type SampleInterpolation } from './sampling.js';

/** Options of transformations of images. */
export interface TransformOptions extends ImageFormatOptions {
  /** Default `'bilinear'`. */
  interpolation?: SampleInterpolation;
  /** What stands outside of the images. Default `'constant'`. */
  fillMode?: FillMode;
  /** The constant. Default 0. */
  fillValue?: TensorLike;
}

/** Row and column numbers that broadcast to `[batch, height, width]`. */
function grid([, height, width]: Shape, like: Tensor): { x: Tensor; y: Tensor } {
  return { y: p.reshape(p.iota(height!, like.dtype), [1, height!, 1]), x: p.reshape(p.iota(width!, like.dtype), [1, 1, width!]) };
}
/**
 * Where a projective map takes the pixels: x' = (a0 x + a1 y + a2) / k, y' = (b0 x + b1 y + b2) / k, k = c0 x + c1 y + 1. `map` has a row
 * `a0 a1 a2 b0 b1 b2 c0 c1` for each image, or one for all.
 */
function projected(map: Tensor, shape: Shape): { x: Tensor; y: Tensor } {
  const { x, y } = grid(shape, map);
  const entry = (i: number) => p.reshape(partOf(map, 1, i, 1), [map.shape[0]!, 1, 1]);
  const linear = (i: number, last: Tensor) => p.add(p.add(p.multiply(entry(i), x), p.multiply(entry(i + 1), y)), last);
  const scale = linear(6, constant(1, map));
  const all = (value: Tensor) => p.broadcastTo(p.divide(value, scale), shape.slice(0, 3));
  return { x: all(linear(0, entry(2))), y: all(linear(3, entry(5))) };
}
function checkMaps(where: string, maps: number, images: number): void {
  if (maps !== images && maps !== 1) throw new RangeError(`${where}: ${maps} transformations do not fit ${images} images`);
}

/**
 * Images, one or a batch, moved by `transform`, `[a0, a1, a2, b0, b1, b2, c0, c1]` or one such row for each image: the pixel (x, y) of the
 * result is that of the image at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) with k = c0 x + c1 y + 1. In the dtype of the images;
 * integers are rounded.
 */
export const affineTransform = publicOp(
  'affineTransform',
  (images: TensorLike, transform: TensorLike, options: TransformOptions = {}): Tensor => {
    const { interpolation = 'bilinear', fillMode = 'constant', fillValue = 0, dataFormat } = options;
    const order = orderOf('affineTransform', interpolation);
    const mode = fillModeOf('affineTransform', fillMode);
    const { batch, restore } = asBatch(imagesOf('affineTransform', images, dataFormat));
    const given = toFloat('affineTransform', transform);
    if ((given.ndim !== 1 && given.ndim !== 2) || given.shape.at(-1) !== 8)
      throw new RangeError(
        `affineTransform: expected a transform of 8 numbers, or a row of 8 for each image, received shape ${showShape(given.shape)}`,
      );
    const maps = p.reshape(given.dtype === 'float64' ? given : castTo(given, 'float32'), [given.size / 8, 8]);
    checkMaps('affineTransform', maps.shape[0]!, batch.shape[0]!);
    const { x, y } = projected(maps, batch.shape);
    return restore(samplePixels(batch, y, x, order, mode, fillValue));
  },
  ['interpolation', 'fillMode', 'fillValue', 'dataFormat'],
);

/** Three numbers for each image. */
type Triple = readonly [Tensor, Tensor, Tensor];
const cross = (a: Triple, b: Triple): Triple => {
  const minor = (i: number, j: number) => p.subtract(p.multiply(a[i]!, b[j]!), p.multiply(a[j]!, b[i]!));
  return [minor(1, 2), minor(2, 0), minor(0, 1)];
};
const dot = (a: Triple, b: Triple): Tensor => p.add(p.add(p.multiply(a[0], b[0]), p.multiply(a[1], b[1])), p.multiply(a[2], b[2]));
/**
 * The columns of the matrix that takes (1,0,0), (0,1,0), (0,0,1) and (1,1,1) to the four points `[n, 4, 2]`, in homogeneous coordinates.
 */
function frameOf(points: Tensor): [Triple, Triple, Triple] {
  const [count] = points.shape as [number];
  const coordinate = (point: number, axis: number) => p.reshape(p.slice(points, [0, point, axis], [count, 1, 1]), [count]);
  const [a, b, c, d] = [0, 1, 2, 3].map((i): Triple => {
    const x = coordinate(i, 0);
    return [x, coordinate(i, 1), p.broadcastTo(constant(1, x), x.shape)];
  }) as [Triple, Triple, Triple, Triple];
  const scaled = (factor: Tensor, column: Triple): Triple => [
    p.multiply(factor, column[0]),
    p.multiply(factor, column[1]),
    p.multiply(factor, column[2]),
  ];
  return [scaled(dot(cross(b, c), d), a), scaled(dot(cross(c, a), d), b), scaled(dot(cross(a, b), d), c)];
}
/**
 * @internal The projective maps, rows of 8 numbers, that take the four points `from` to the four points `to`, both `[n, 4, 2]`: by way of
 * the projective frame, in float64, where a system of 8 equations would lose half of the digits.
 */
export function homography(from: Tensor, to: Tensor): Tensor {
  const [s1, s2, s3] = frameOf(castTo(to, 'float64'));
  const [e1, e2, e3] = frameOf(castTo(from, 'float64'));
  const [r1, r2, r3] = [cross(e2, e3), cross(e3, e1), cross(e1, e2)];
  const entry = (i: number, j: number) => dot([s1[i]!, s2[i]!, s3[i]!], [r1[j]!, r2[j]!, r3[j]!]);
  const last = entry(2, 2);
  const cells = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => p.reshape(p.divide(entry(Math.floor(k / 3), k % 3), last), [last.size, 1]));
  return castTo(p.concatenate(cells, 1), 'float32');
}
/** Points as `[n, 4, 2]`. */
function pointsOf(option: string, value: TensorLike): Tensor {
  const points = castTo(toTensor(value, null, 'perspectiveTransform'), 'float32');
  if ((points.ndim !== 2 && points.ndim !== 3) || !sameShape(points.shape.slice(-2), [4, 2])) {
    throw new RangeError(
      `perspectiveTransform: ${option} must have shape (4, 2), or (n, 4, 2) for n images, received ${showShape(points.shape)}`,
    );
  }
  return points;
}
/** Options of `perspectiveTransform`. */
export type PerspectiveTransformOptions = Omit<TransformOptions, 'fillMode'>;
/**
 * Images, one or a batch, seen from another side: the points `startPoints` of an image (four pairs x, y, or four for each image) come to
 * lie at `endPoints`. In the dtype of the images; integers are rounded.
 */
export const perspectiveTransform = publicOp(
  'perspectiveTransform',
  (images: TensorLike, startPoints: TensorLike, endPoints: TensorLike, options: PerspectiveTransformOptions = {}): Tensor => {
    const { interpolation = 'bilinear', fillValue = 0, dataFormat } = options;
    const order = orderOf('perspectiveTransform', interpolation);
    const { batch, restore } = asBatch(imagesOf('perspectiveTransform', images, dataFormat));
    const [start, end] = [pointsOf('startPoints', startPoints), pointsOf('endPoints', endPoints)];
    if (!sameShape(start.shape, end.shape))
      throw new RangeError(
        `perspectiveTransform: startPoints of shape ${showShape(start.shape)} and endPoints of shape ${showShape(end.shape)} must ` +
          `have the same shape`,
      );
    const quads = (points: Tensor) => p.reshape(points, [points.size / 8, 4, 2]);
    const maps = homography(quads(end), quads(start));
    checkMaps('perspectiveTransform', maps.shape[0]!, batch.shape[0]!);
    const { x, y } = projected(maps, batch.shape);
    return restore(samplePixels(batch, y, x, order, 'constant', fillValue));
  },
  ['interpolation', 'fillValue', 'dataFormat'],
);

/** Options of `elasticTransform`. */
export interface ElasticTransformOptions extends TransformOptions {
  /** How far pixels are moved. Default 20. */
  alpha?: TensorLike;
  /** Standard deviation of the window that smooths the moves, in pixels; moves are as large as well. Default 5. */
  sigma?: number;
  /** What stands outside of the images. Default `'reflect'`. */
  fillMode?: FillMode;
  /** Default null: the global generator. */
  seed?: Seed;
}
/**
 * Float images, one or a batch, bent at random: each pixel is read `alpha` times a smoothed normal draw beside its place. As in Keras the
 * same draws move pixels across and down.
 */
export const elasticTransform = publicOp('elasticTransform', (images: TensorLike, options: ElasticTransformOptions = {}): Tensor => {
  const { sigma = 5 } = options;
  const where = 'elasticTransform';
  const deviation = Number(toTensor(sigma, null, where).elements[0]);
  if (!(deviation > 0)) throw new RangeError(`${where}: sigma must be above 0, received ${show(sigma)}`);
  const size = Math.trunc(6 * deviation) | 1;
  const window = (axis: number) => ({ axis, size, sigma: deviation });
  return bent(images, options, (draws) =>
    blurred(p.multiply(draws, constant(deviation, draws)), window(2), window(1), where));
}, ['alpha', 'sigma', 'interpolation', 'fillMode', 'fillValue', 'seed', 'dataFormat']);

/** @internal `elasticTransform` for a sigma, a scalar, that may be known only when the function runs, and is not above `most`. */
export function elasticTransformUpTo(
  images: TensorLike,
  { sigma, ...options }: Omit<ElasticTransformOptions, 'sigma'> & { sigma: Tensor },
  most: number,
): Tensor {
  const size = Math.trunc(6 * most) | 1;
  const deviation = p.maximum(castTo(sigma, 'float32'), scalarTensor(1e-6, 'float32'));
  const half = scalarTensor(0.5, 'float32');
  const reach = p.floor(p.multiply(p.trunc(p.multiply(deviation, scalarTensor(6, 'float32'))), half));
  const weights = gaussianWeights(size, deviation, reach);
  return bent(images, options, (draws) => {
    const moves = p.multiply(draws, castTo(deviation, draws.dtype));
    return filteredBy(filteredBy(moves, weights, 1), weights, 2);
  });
}

/** The images bent by normal draws that `smooth` makes moves of. */
function bent(images: TensorLike, options: ElasticTransformOptions, smooth: (draws: Tensor) => Tensor): Tensor {
  const { alpha = 20, interpolation = 'bilinear', fillMode = 'reflect', fillValue = 0, seed = null, dataFormat } = options;
  const where = 'elasticTransform';
  const order = orderOf(where, interpolation);
  const mode = fillModeOf(where, fillMode);
  const { batch, restore } = asBatch(imagesOf(where, images, dataFormat));
  if (!isFloat(batch.dtype)) throw new TypeError(`${where}: expected float images, received ${batch.dtype}`);
  const dtype = batch.dtype === 'float64' ? 'float64' : 'float32';
  const draws = castTo(normal(batch.shape.slice(0, 3), { seed, dtype: 'float32' }), dtype);
  const moves = p.multiply(toTensor(alpha, dtype, where), smooth(draws));
  const { x, y } = grid(batch.shape, moves);
  return restore(samplePixels(batch, p.add(y, moves), p.add(x, moves), order, mode, fillValue));
}
