// What TensorBoard shows of weights: histograms and images.
import { sizeOf } from '../../base/shape.js';
import { isFloat } from '../../base/dtype.js';
import { settings } from '../../base/settings.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import { loadSharp } from '../../data/sharp.js';
import * as ops from '../../ops/index.js';

const BUCKETS = 30;

/** 30 buckets of one width from the least to the greatest value: rows of left edge, right edge, count. */
export function histogramOf(weight: Variable): Float64Array {
  const values = ops.cast(weight.value, 'float64').data as Float64Array;
  const rows = new Float64Array(BUCKETS * 3);
  if (values.length === 0) return rows;
  let [least, greatest] = [values[0]!, values[0]!];
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  const width = (greatest - least) / BUCKETS;
  for (let i = 0; i < BUCKETS; i++) {
    rows[3 * i] = least + i * width;
    rows[3 * i + 1] = i === BUCKETS - 1 ? greatest : least + (i + 1) * width;
  }
  for (const value of values) {
    // All values alike are in the last bucket; those that are no numbers in none.
    const bucket = width === 0 ? BUCKETS - 1 : Math.min(BUCKETS - 1, Math.floor((value - least) / width));
    if (bucket >= 0) rows[3 * bucket + 2]! += 1;
  }
  return rows;
}

/** Images of one size, `[count, height, width, channels]`. */
function asImages(weight: Tensor): Tensor | null {
  let x = ops.squeeze(weight);
  const [a = 0, b = 0, c = 0] = x.shape;
  if (x.ndim === 1) x = ops.reshape(x, [1, a, 1, 1]);
  else if (x.ndim === 2) x = ops.reshape(a > b ? ops.transpose(x) : x, [1, Math.min(a, b), Math.max(a, b), 1]);
  else if (x.ndim === 3) {
    const byKernel = settings.imageDataFormat === 'channels_last';
    x = ops.reshape(byKernel ? ops.transpose(x, [2, 0, 1]) : x, byKernel ? [c, a, b, 1] : [a, b, c, 1]);
  }
  return x.ndim === 4 && [1, 3, 4].includes(x.shape[3]!) && sizeOf(x.shape) > 0 ? x : null;
}

/** Bytes of pixels: floats are meant from 0 to 1, and are cut off there. */
function pixelsOf(images: Tensor): Uint8Array {
  const scale = isFloat(images.dtype) ? 255.5 : images.dtype === 'int8' ? 2 : 1;
  return Uint8Array.from(ops.cast(images, 'float32').data as Float32Array, (value) =>
    Math.max(0, Math.min(255, Math.trunc(Math.fround(value * scale)))));
}

/** PNG files with the first three images of a weight. */
export interface WeightImages {
  readonly width: number;
  readonly height: number;
  readonly files: readonly Uint8Array[];
}
/** A weight as images: a vector, a matrix, each kernel of a convolution. Null for what has no such form. */
export async function imagesOf(where: string, weight: Variable): Promise<WeightImages | null> {
  const images = asImages(weight.value);
  if (images === null) return null;
  const sharp = await loadSharp(where);
  const [count, height, width, channels] = images.shape as [number, number, number, number];
  const pixels = pixelsOf(images);
  const size = height * width * channels;
  const files: Uint8Array[] = [];
  for (let i = 0; i < Math.min(count, 3); i++) {
    const image = sharp(pixels.subarray(i * size, (i + 1) * size), { raw: { width, height, channels } });
    files.push(await (channels === 1 ? image.toColourspace('b-w') : image).toFormat('png').toBuffer());
  }
  return { width, height, files };
}
