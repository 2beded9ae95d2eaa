// smartResize: images of another size, without changing the shape of what they show.
import { toTensor, type TensorLike } from '../core/convert.js';
import { checkOptions, show } from '../base/errors.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { readDataFormat, type DataFormat } from '../ops/spatial.js';

/** Options of `smartResize`. */
export interface SmartResizeOptions {
  /** How values between pixels are found. Default `'bilinear'`. */
  interpolation?: ops.image.ResizeInterpolation;
  /** Where the channel axis stands. Default `'channels_last'`. */
  dataFormat?: DataFormat;
}

/**
 * The middle part of images, one or a batch, of the aspect ratio of `size`, resized to it: nothing is stretched.
 *
 * ```ts
 * keras.preprocessing.image.smartResize(x, [224, 224]);
 * ```
 * @throws for a size that is not two whole numbers, and for arrays that are no images.
 */
export function smartResize(x: TensorLike, size: readonly number[], options: SmartResizeOptions = {}): Tensor {
  const where = 'smartResize';
  checkOptions(where, options, ['interpolation', 'dataFormat']);
  const { interpolation = 'bilinear', dataFormat = 'channels_last' } = options;
  if (!Array.isArray(size) || size.length !== 2 || !size.every((n) => Number.isInteger(n) && n > 0))
    throw new TypeError(`${where}: size must be [height, width], received ${show(size)}`);
  const images = toTensor(x, null, where);
  if (images.ndim !== 3 && images.ndim !== 4)
    throw new RangeError(`${where}: expected an image (3 axes) or a batch of images (4 axes), received shape ${showShape(images.shape)}`);
  const last = readDataFormat(where, dataFormat) === 'channels_last';
  const [down, across] = last ? [images.ndim - 3, images.ndim - 2] : [images.ndim - 2, images.ndim - 1];
  const [height, width] = [images.shape[down]!, images.shape[across]!];
  const [wantedHeight, wantedWidth] = size as [number, number];
  const part = (own: number, wanted: number) => Math.max(Math.min(own, Math.trunc(wanted)), 1);
  const cut = { [down]: part(height, (width * wantedHeight) / wantedWidth), [across]: part(width, (height * wantedWidth) / wantedHeight) };
  const sizes = images.shape.map((n, axis) => cut[axis] ?? n);
  const starts = images.shape.map((n, axis) => Math.trunc((n - sizes[axis]!) / 2));
  return ops.image.resize(ops.slice(images, starts, sizes), [wantedHeight, wantedWidth], { interpolation, dataFormat });
}
