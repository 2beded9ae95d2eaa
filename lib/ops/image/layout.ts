// Images as tensors: which axes are height, width and channels.
import type { TensorLike } from '../../core/convert.js';
import { toTensor } from '../../core/convert.js';
import { showShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as p from '../primitives/index.js';
import { type DataFormat, readDataFormat } from '../spatial.js';

/** Where the channel axis stands; null is `keras.config.imageDataFormat()`. */
export type ImageFormat = DataFormat | null;
/** The option that all functions of images have. */
export interface ImageFormatOptions {
  /** `'channels_last'` or `'channels_first'`. Default null: `keras.config.imageDataFormat()`. */
  dataFormat?: ImageFormat;
}

/** True for channels last. */
export const channelsLast = (where: string, format: ImageFormat | undefined): boolean => readDataFormat(where, format) === 'channels_last';

/** An image or a batch of images with the numbers of its axes. */
export interface Images {
  readonly tensor: Tensor;
  readonly batched: boolean;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}
/** Reads an image (3 axes) or a batch of images (4 axes). */
export function imagesOf(where: string, images: TensorLike, format: ImageFormat | undefined): Images {
  const tensor = toTensor(images, null, where);
  const last = channelsLast(where, format);
  if (tensor.ndim !== 3 && tensor.ndim !== 4) {
    throw new RangeError(`${where}: expected an image (3 axes) or a batch of images (4 axes), received shape ${showShape(tensor.shape)}`);
  }
  const first = tensor.ndim - 3;
  return { tensor, batched: first === 1, height: first + (last ? 0 : 1), width: first + (last ? 1 : 2), channels: first + (last ? 2 : 0) };
}
/** The images as a batch with channels last, and the way back. */
export function asBatch({ tensor, batched, channels }: Images): { batch: Tensor; restore: (result: Tensor) => Tensor } {
  const four = batched ? tensor : p.reshape(tensor, [1, ...tensor.shape]);
  const first = channels === tensor.ndim - 3;
  return {
    batch: first ? p.transpose(four, [0, 2, 3, 1]) : four,
    restore: (result) => {
      const back = first ? p.transpose(result, [0, 3, 1, 2]) : result;
      return batched ? back : p.reshape(back, back.shape.slice(1));
    },
  };
}
