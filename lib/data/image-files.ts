// Files of images: `loadImg` and `saveImg`.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkChoice, checkOptions, show } from '../base/errors.js';
import type { TensorLike } from '../core/convert.js';
import type { DataFormat } from '../ops/spatial.js';
import { arrayToImg, type Picture } from './picture.js';
import { COLOR_MODES, type ColorMode, pictureOf } from './picture-modes.js';
import { type Extent, PICTURE_INTERPOLATIONS, type PictureInterpolation, resizedPicture } from './picture-resize.js';
import { decodeImage, loadSharp } from './sharp.js';

/** Options of `loadImg`. */
export interface LoadImgOptions {
  /** Default `'rgb'`. */
  colorMode?: ColorMode;
  /** Height and width. Default null: those of the file. */
  targetSize?: readonly [height: number, width: number] | null;
  /** How the image is brought to `targetSize`. Default `'nearest'`. */
  interpolation?: PictureInterpolation;
  /** Whether the image is cut to the aspect ratio of `targetSize` first. Default false. */
  keepAspectRatio?: boolean;
}

/**
 * The image of a file, or of its bytes, in any format that the package sharp reads.
 *
 * ```ts
 * const x = keras.utils.imgToArray(await keras.utils.loadImg('cat.jpg', { targetSize: [224, 224] })); // [224, 224, 3]
 * ```
 * @throws when the package is absent, and for what is no image, with the name of the file.
 */
export async function loadImg(file: string | URL | Uint8Array, options: LoadImgOptions = {}): Promise<Picture> {
  const where = 'loadImg';
  checkOptions(where, options, ['colorMode', 'targetSize', 'interpolation', 'keepAspectRatio']);
  const { colorMode = 'rgb', targetSize = null, interpolation = 'nearest', keepAspectRatio = false } = options;
  checkChoice(where, 'colorMode', colorMode, COLOR_MODES);
  checkChoice(where, 'interpolation', interpolation, PICTURE_INTERPOLATIONS);
  const isSize = Array.isArray(targetSize) && targetSize.length === 2 && targetSize.every((n) => Number.isInteger(n) && n > 0);
  if (targetSize !== null && !isSize)
    throw new TypeError(`${where}: targetSize must be [height, width], received ${show(targetSize)}`);
  const inMemory = file instanceof Uint8Array;
  const { data, info } = await decodeImage(where, inMemory ? null : String(file), inMemory ? file : await readFile(file));
  const picture = pictureOf(data, info.width, info.height, info.channels, colorMode);
  if (targetSize === null || (targetSize[1] === picture.width && targetSize[0] === picture.height)) return picture;
  const [height, width] = targetSize;
  const middle = (size: number, part: number): Extent => {
    const start = Math.floor((size - part) / 2);
    return { start, end: start + part };
  };
  const cut = (size: number, other: number, own: number, others: number) =>
    middle(size, keepAspectRatio ? Math.min(size, Math.floor((other * own) / others)) : size);
  const across = cut(picture.width, picture.height, width, height);
  return resizedPicture(picture, width, height, interpolation, across, cut(picture.height, picture.width, height, width));
}

/** Options of `saveImg`; others, such as `quality`, are those of sharp for the format. */
export interface SaveImgOptions {
  /** Where the channel axis stands. Default null: `keras.config.imageDataFormat()`. */
  dataFormat?: DataFormat | null;
  /** Default null: by the ending of the path. */
  fileFormat?: string | null;
  /** Whether values are stretched so that the least becomes 0 and the greatest 255. Default true. */
  scale?: boolean;
  [option: string]: unknown;
}

/**
 * Writes an array of one image, of 1, 3 or 4 channels, to a file.
 *
 * ```ts
 * await keras.utils.saveImg('digit.png', x, { scale: false });
 * ```
 * @throws when the package sharp is absent, or does not write the format.
 */
export async function saveImg(file: string, x: TensorLike, options: SaveImgOptions = {}): Promise<void> {
  const where = 'saveImg';
  const { dataFormat = null, fileFormat = null, scale = true, ...own } = options;
  const ending = (fileFormat ?? path.extname(file).slice(1)).toLowerCase();
  const format = ending === 'jpg' ? 'jpeg' : ending;
  const { data, width, height, channels, mode } = arrayToImg(x, { dataFormat, scale });
  if (mode === 'I') throw new RangeError(`${where}: the values go beyond 255; scale: true brings them to bytes`);
  const sharp = await loadSharp(where);
  const plain = channels === 4 && format === 'jpeg' ? pictureOf(data as Uint8Array, width, height, 4, 'rgb') : null;
  if (plain !== null) process.emitWarning('saveImg: JPEG has no opacity, so the image is written as red, green and blue');
  const raw = { width, height, channels: plain?.channels ?? channels };
  let bytes: Uint8Array;
  try {
    const image = sharp((plain?.data ?? data) as Uint8Array, { raw });
    bytes = await (raw.channels === 1 ? image.toColourspace('b-w') : image).toFormat(format, own).toBuffer();
  } catch (error) {
    throw new Error(`${where}: cannot write ${show(file)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  await writeFile(file, bytes);
}
