// Picture: an image of bytes, which files of images are read to.
import { makeTensor, tensorFromBytes, toTensor, type TensorLike } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { standardizeDType, type DTypeLike } from '../base/dtype.js';
import { checkOptions } from '../base/errors.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { readDataFormat, type DataFormat } from '../ops/spatial.js';

/** Grey, red green blue, or these with how opaque a pixel is; `'I'` is grey in whole numbers of 32 bits. */
export type PictureMode = 'L' | 'RGB' | 'RGBA' | 'I';
const CHANNELS: Readonly<Record<PictureMode, number>> = { L: 1, RGB: 3, RGBA: 4, I: 1 };

/** An image as Pillow has it, of which `imgToArray` makes a tensor. */
export class Picture {
  /** @internal */
  constructor(
    /** Pixels, row by row. */
    readonly data: Uint8Array | Int32Array,
    readonly width: number,
    readonly height: number,
    readonly mode: PictureMode,
  ) {}
  /** Width and height. */
  get size(): [width: number, height: number] {
    return [this.width, this.height];
  }
  /** Numbers of a pixel. */
  get channels(): number {
    return CHANNELS[this.mode];
  }
}

/** Options of `arrayToImg` and `imgToArray`. */
export interface PictureArrayOptions {
  /** Where the channel axis of the array stands. Default null: `keras.config.imageDataFormat()`. */
  dataFormat?: DataFormat | null;
  /** Element type of the array; `arrayToImg` computes in it. Default null: `floatx`. */
  dtype?: DTypeLike | null;
}
/** Options of `arrayToImg`. */
export interface ArrayToImgOptions extends PictureArrayOptions {
  /** Whether values are stretched so that the least becomes 0 and the greatest 255; otherwise they are cut to whole bytes. Default true. */
  scale?: boolean;
}

/**
 * An array of one image, of 1, 3 or 4 channels, as an image of bytes.
 * @throws for other numbers of axes and channels.
 */
export function arrayToImg(x: TensorLike, options: ArrayToImgOptions = {}): Picture {
  const where = 'arrayToImg';
  checkOptions(where, options, ['dataFormat', 'scale', 'dtype']);
  const { dataFormat = null, scale = true, dtype = null } = options;
  const given = castTo(toTensor(x, null, where), standardizeDType(dtype));
  if (given.ndim !== 3) throw new RangeError(`${where}: expected one image, an array of 3 axes, received shape ${showShape(given.shape)}`);
  const image = readDataFormat(where, dataFormat) === 'channels_first' ? ops.transpose(given, [1, 2, 0]) : given;
  const [height, width, channels] = image.shape as [number, number, number];
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new RangeError(`${where}: images have 1, 3 or 4 channels, received shape ${showShape(given.shape)}`);
  const values = scale && image.size > 0 ? stretched(image) : image;
  const deep = channels === 1 && values.size > 0 && ops.max(values).item() > 255;
  const pixels = castTo(values, deep ? 'int32' : 'uint8').data as Uint8Array | Int32Array;
  return new Picture(pixels, width, height, deep ? 'I' : channels === 1 ? 'L' : channels === 3 ? 'RGB' : 'RGBA');
}
function stretched(image: Tensor): Tensor {
  const lifted = ops.subtract(image, ops.min(image));
  const most = ops.max(lifted);
  return ops.multiply(most.item() === 0 ? lifted : ops.divide(lifted, most), 255);
}

/**
 * The image of a file, or an array of 2 or 3 axes, as an array of 3 axes.
 * @throws for other numbers of axes.
 */
export function imgToArray(img: Picture | TensorLike, options: PictureArrayOptions = {}): Tensor {
  const where = 'imgToArray';
  checkOptions(where, options, ['dataFormat', 'dtype']);
  const { dataFormat = null, dtype = null } = options;
  const given = img instanceof Picture ? tensorOfPicture(img) : toTensor(img, null, where);
  if (given.ndim !== 2 && given.ndim !== 3)
    throw new RangeError(`${where}: expected an image of 2 or 3 axes, received shape ${showShape(given.shape)}`);
  const image = castTo(given.ndim === 2 ? ops.expandDims(given, -1) : given, standardizeDType(dtype));
  return readDataFormat(where, dataFormat) === 'channels_first' ? ops.transpose(image, [2, 0, 1]) : image;
}

/** @internal The pixels of an image, `[height, width, channels]`. */
export function tensorOfPicture({ data, height, width, channels }: Picture): Tensor {
  const shape = [height, width, channels];
  return data instanceof Int32Array ? makeTensor('int32', shape, (to) => to.set(data as never)) : tensorFromBytes('uint8', shape, data);
}
