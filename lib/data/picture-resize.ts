// Pictures of another size, as Pillow resizes them: along one axis, rounded to bytes, then along the other.
import { tensorFromBytes } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import type { Tensor } from '../core/tensor.js';
import { banded } from '../ops/image/bands.js';
import * as ops from '../ops/index.js';
import * as p from '../ops/primitives/index.js';
import { Picture } from './picture.js';

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
/** Keys's cubic convolution with a = -1/2 (R. G. Keys, 1981). */
const cubic = (x: number): number => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0);
/** Weights by the distance, and the distance from which on they are 0. */
const FILTERS = {
  box: { reach: 0.5, weigh: (x: number) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { reach: 1, weigh: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { reach: 1, weigh: (x: number) => (Math.abs(x) >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x))) },
  bicubic: { reach: 2, weigh: (x: number) => cubic(Math.abs(x)) },
  lanczos: { reach: 3, weigh: (x: number) => (Math.abs(x) >= 3 ? 0 : sinc(x) * sinc(x / 3)) },
} as const;
/** How values between pixels are found. */
export type PictureInterpolation = 'nearest' | keyof typeof FILTERS;
/** Names for `interpolation`. */
export const PICTURE_INTERPOLATIONS = ['nearest', 'bilinear', 'bicubic', 'hamming', 'box', 'lanczos'] as const;

/** A part of an axis. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}
/** The matrix that brings the part of an axis of `size` to `count` pixels. */
function matrixOf(size: number, { start, end }: Extent, count: number, filter: keyof typeof FILTERS): p.BandMatrix {
  const { reach, weigh } = FILTERS[filter];
  const scale = (end - start) / count;
  const stretch = Math.max(scale, 1);
  const rows = Array.from({ length: count }, (_, i) => {
    const center = start + (i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(center - reach * stretch + 0.5));
    const to = Math.min(size, Math.trunc(center + reach * stretch + 0.5));
    const weights = Array.from({ length: to - from }, (_, k) => weigh((from + k - center + 0.5) / stretch));
    const total = weights.reduce((a, b) => a + b, 0);
    // To 22 bits after the point, as Pillow has them.
    return { start: from, weights: weights.map((weight) => Math.round((weight / (total === 0 ? 1 : total)) * 2 ** 22) / 2 ** 22) };
  });
  return banded(`picture ${size} ${start} ${end} ${count} ${filter}`, size, rows);
}
const rounded = (x: Tensor): Tensor => ops.clip(ops.floor(ops.add(x, 0.5)), 0, 255);

/** The part of a picture of bytes as one of another size. */
export function resizedPicture(
  picture: Picture,
  width: number,
  height: number,
  interpolation: PictureInterpolation,
  across: Extent,
  down: Extent,
): Picture {
  const { mode, channels } = picture;
  const bytes = tensorFromBytes('uint8', [picture.height, picture.width, channels], picture.data as Uint8Array);
  if (interpolation === 'nearest') {
    const places = ({ start, end }: Extent, count: number, size: number) =>
      Array.from({ length: count }, (_, i) => Math.min(Math.trunc(start + (i + 0.5) * ((end - start) / count)), size - 1));
    const rows = ops.take(bytes, places(down, height, picture.height), { axis: 0 });
    return new Picture(ops.take(rows, places(across, width, picture.width), { axis: 1 }).data as Uint8Array, width, height, mode);
  }
  // Colours of pixels that are not opaque count less.
  const wide = ops.cast(bytes, 'float64');
  const opaque = mode === 'RGBA' ? ops.slice(wide, [0, 0, 3], [picture.height, picture.width, 1]) : null;
  const colours = (x: Tensor) => ops.slice(x, [0, 0, 0], [x.shape[0]!, x.shape[1]!, 3]);
  const blended = (alpha: Tensor) => rounded(ops.divide(ops.multiply(colours(wide), alpha), 255));
  const source = opaque === null ? wide : ops.concatenate([blended(opaque), opaque], { axis: 2 });
  const kept = (extent: Extent, size: number, count: number) => extent.start === 0 && extent.end === size && size === count;
  const along = (x: Tensor, axis: 0 | 1, extent: Extent, count: number) =>
    kept(extent, x.shape[axis]!, count) ? x : rounded(p.resample(x, matrixOf(x.shape[axis]!, extent, count, interpolation), axis));
  const lines = (x: Tensor) => along(x, 1, across, width);
  const columns = (x: Tensor) => along(x, 0, down, height);
  // The width first, unless it grows while the height shrinks.
  const growsAndShrinks = width > across.end - across.start && height < down.end - down.start;
  const result = growsAndShrinks ? lines(columns(source)) : columns(lines(source));
  return new Picture(castTo(opaque === null ? result : unblended(result, colours), 'uint8').data as Uint8Array, width, height, mode);
}
function unblended(x: Tensor, colours: (x: Tensor) => Tensor): Tensor {
  const opaque = ops.slice(x, [0, 0, 3], [x.shape[0]!, x.shape[1]!, 1]);
  const full = ops.clip(ops.floor(ops.divide(ops.multiply(colours(x), 255), ops.maximum(opaque, 1))), 0, 255);
  return ops.concatenate([ops.where(ops.equal(opaque, 0), colours(x), full), opaque], { axis: 2 });
}
