// Images of a folder.
import { readFile } from 'node:fs/promises';
import { checkChoice, show } from '../base/errors.js';
import { castTo } from '../core/cast.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { readDataFormat, type DataFormat } from '../ops/spatial.js';
import { checkReaderOptions, type DirectoryDataset, type DirectoryOptions, readDirectory } from './directory.js';
import { tensorOfPicture } from './picture.js';
import { COLOR_MODES, type ColorMode, pictureOf } from './picture-modes.js';
import { decodeImage, loadSharp } from './sharp.js';
import { smartResize } from './smart-resize.js';

const INTERPOLATIONS = ['bilinear', 'nearest', 'bicubic', 'lanczos3', 'lanczos5'] as const;
/** Options of `imageDatasetFromDirectory`. */
export interface ImageDirectoryOptions extends DirectoryOptions {
  /** Default `'rgb'`. */
  colorMode?: ColorMode;
  /** Height and width of the images, or both. Default [256, 256]. */
  imageSize?: number | readonly [height: number, width: number];
  /** How images are brought to `imageSize`. Default `'bilinear'`. */
  interpolation?: (typeof INTERPOLATIONS)[number];
  /** Whether images are cut to the aspect ratio of `imageSize` first. Default false. */
  cropToAspectRatio?: boolean;
  /** Whether images are filled up with zeros to the aspect ratio of `imageSize`. Default false. */
  padToAspectRatio?: boolean;
  /** Where the channel axis stands. Default null: `keras.config.imageDataFormat()`. */
  dataFormat?: DataFormat | null;
}
const WHERE = 'imageDatasetFromDirectory';
const OWN = ['colorMode', 'imageSize', 'interpolation', 'cropToAspectRatio', 'padToAspectRatio', 'dataFormat'];

function sizeOf(given: unknown): [number, number] {
  const size: unknown = typeof given === 'number' ? [given, given] : given;
  const isWhole = (n: unknown): boolean => typeof n === 'number' && Number.isInteger(n) && n > 0;
  if (Array.isArray(size) && size.length === 2 && size.every(isWhole)) return size as [number, number];
  throw new TypeError(`${WHERE}: imageSize must be a whole number or [height, width], received ${show(given)}`);
}
/** The whole image in the middle of one of the size, zeros around it. */
function fitted(image: Tensor, [height, width]: readonly [number, number], interpolation: ImageDirectoryOptions['interpolation']): Tensor {
  const [rows, columns, channels] = image.shape as [number, number, number];
  const ratio = Math.max(columns / width, rows / height);
  const [inner, across] = [Math.floor(rows / ratio), Math.floor(columns / ratio)];
  const [top, left] = [rows / ratio, columns / ratio].map((part, i) => Math.max(0, Math.floor(([height, width][i]! - part) / 2)));
  const resized = ops.image.resize(image, [inner, across], { interpolation: interpolation!, dataFormat: 'channels_last' });
  const below = [height - inner - top!, width - across - left!] as const;
  return channels === 0 ? resized : ops.pad(resized, [[top!, below[0]], [left!, below[1]], [0, 0]]);
}

/**
 * The images of a folder (PNG, JPEG, GIF) as a data set of float32 batches with labels, as `fit` and `adapt` take them; two with `subset:
 * 'both'`. Files are read as batches are needed.
 *
 * ```ts
 * const train = await keras.utils.imageDatasetFromDirectory('flowers', { imageSize: [180, 180], batchSize: 32, seed: 1 });
 * train.classNames; // ['daisy', 'rose', …]
 * ```
 * @throws when the package sharp is absent, when there is no such folder or no image in it, and for options that do not fit. What cannot
 *   be decoded is an error when its turn comes, with the name of the file.
 */
export function imageDatasetFromDirectory(
  directory: string,
  options: ImageDirectoryOptions & { subset: 'both' },
): Promise<[DirectoryDataset, DirectoryDataset]>;
export function imageDatasetFromDirectory(directory: string, options?: ImageDirectoryOptions): Promise<DirectoryDataset>;
export async function imageDatasetFromDirectory(
  directory: string,
  options: ImageDirectoryOptions = {},
): Promise<DirectoryDataset | [DirectoryDataset, DirectoryDataset]> {
  checkReaderOptions(WHERE, directory, options, OWN);
  const { colorMode = 'rgb', imageSize = [256, 256], interpolation = 'bilinear' } = options;
  const { cropToAspectRatio = false, padToAspectRatio = false, dataFormat = null } = options;
  checkChoice(WHERE, 'colorMode', colorMode, COLOR_MODES);
  checkChoice(WHERE, 'interpolation', interpolation, INTERPOLATIONS);
  const size = sizeOf(imageSize);
  if (cropToAspectRatio && padToAspectRatio) throw new TypeError(`${WHERE}: cropToAspectRatio and padToAspectRatio exclude each other`);
  const first = readDataFormat(WHERE, dataFormat) === 'channels_first';
  await loadSharp(WHERE);
  const read = async (file: string): Promise<Tensor> => {
    const { data, info } = await decodeImage(WHERE, file, await readFile(file));
    const bytes = tensorOfPicture(pictureOf(data, info.width, info.height, info.channels, colorMode));
    const image = interpolation === 'nearest' ? bytes : castTo(bytes, 'float32');
    const resized = padToAspectRatio ? fitted(image, size, interpolation)
      : cropToAspectRatio ? smartResize(image, size, { interpolation, dataFormat: 'channels_last' })
      : ops.image.resize(image, size, { interpolation, dataFormat: 'channels_last' });
    return first ? ops.transpose(resized, [2, 0, 1]) : resized;
  };
  const endings = ['.bmp', '.gif', '.jpeg', '.jpg', '.png'];
  return readDirectory({ where: WHERE, kind: 'images', endings, read, batch: (rows, count) => rows.batch(count) }, directory, options);
}
