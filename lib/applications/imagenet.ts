// Images as networks for ImageNet take them, and the names of its classes.
import { readFile } from 'node:fs/promises';
import { toTensor, type TensorLike } from '../core/convert.js';
import { isFloat } from '../base/dtype.js';
import { checkOptions, didYouMean, show } from '../base/errors.js';
import { KerasTensor } from '../symbolic/keras-tensor.js';
import { settings } from '../base/settings.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import type { DataFormat } from '../layers/index.js';
import * as ops from '../ops/index.js';
import { type ModelFile, modelFile } from './model-files.js';

/** Options of a network's `preprocessInput`. */
export interface PreprocessOptions {
  /** Where the channels of the images stand. Default null: `keras.config.imageDataFormat()`. */
  dataFormat?: DataFormat | null | undefined;
}
/**
 * `'caffe'`: RGB becomes BGR, less the mean of ImageNet; `'tf'`: to -1 to 1; `'torch'`: to 0 to 1, then less the mean and over the
 * deviation of ImageNet.
 */
export type PreprocessMode = 'caffe' | 'tf' | 'torch';
/** Options of `imagenetUtils.preprocessInput`. */
export interface ImagenetPreprocessOptions extends PreprocessOptions {
  /** Default `'caffe'`. */
  mode?: PreprocessMode | undefined;
}

const MODES: readonly PreprocessMode[] = ['caffe', 'tf', 'torch'];
const FORMATS: readonly DataFormat[] = ['channels_last', 'channels_first'];

function oneOf<T extends string>(option: string, value: T, known: readonly T[]): T {
  if (known.includes(value)) return value;
  throw new TypeError(
    `preprocessInput: ${option} must be ${known.map(show).join(' or ')}, received ${show(value)}${didYouMean(value, known)}`,
  );
}
/** Numbers for red, green and blue, along the channels of the images. */
function perChannel(values: readonly number[], x: Tensor | KerasTensor, format: DataFormat): Tensor {
  const tensor = toTensor(values, x.dtype);
  return format === 'channels_last' ? tensor : ops.reshape(tensor, [3, 1, 1]);
}

/**
 * Images of numbers from 0 to 255, red, green and blue, as networks for ImageNet take them: one `(rows, columns, 3)` or a batch, channels
 * last or first. Integers become `floatx`. The images stay as they are; the result is a new tensor.
 *
 * @throws for another mode or data format, and for images that have not three channels.
 */
export function preprocessInput(x: KerasTensor, options?: ImagenetPreprocessOptions): KerasTensor;
export function preprocessInput(x: TensorLike, options?: ImagenetPreprocessOptions): Tensor;
export function preprocessInput(x: TensorLike | KerasTensor, options: ImagenetPreprocessOptions = {}): Tensor | KerasTensor {
  checkOptions('preprocessInput', options, ['dataFormat', 'mode']);
  const mode = oneOf('mode', options.mode ?? 'caffe', MODES);
  const format = oneOf('dataFormat', options.dataFormat ?? settings.imageDataFormat, FORMATS);
  const given = x instanceof KerasTensor ? x : toTensor(x, null, 'preprocessInput');
  // Symbols and tensors take the same way: every op works on both.
  const images = (isFloat(given.dtype) ? given : ops.cast(given as Tensor, settings.floatx)) as Tensor;
  if (mode === 'tf') return ops.subtract(ops.divide(images, 127.5), 1);
  const axis = format === 'channels_last' ? images.ndim - 1 : images.ndim - 3;
  if (images.ndim < 3 || images.shape[axis] !== 3) {
    throw new RangeError(
      `preprocessInput: images must have 3 channels (${format === 'channels_last' ? 'the last axis' : 'the third axis from the end'} ` +
        `with dataFormat '${format}'), received shape ${showShape(images.shape)}`,
    );
  }
  if (mode === 'caffe') return ops.subtract(ops.flip(images, { axis }), perChannel([103.939, 116.779, 123.68], images, format));
  const centred = ops.subtract(ops.divide(images, 255), perChannel([0.485, 0.456, 0.406], images, format));
  return ops.divide(centred, perChannel([0.229, 0.224, 0.225], images, format));
}

/** The `preprocessInput` of a network. */
export interface Preprocess {
  (x: KerasTensor, options?: PreprocessOptions): KerasTensor;
  (x: TensorLike, options?: PreprocessOptions): Tensor;
}
/** `preprocessInput` in one mode; null: the network takes the images as they are. */
export const preprocessAs = (mode: PreprocessMode | null) => ((x: TensorLike | KerasTensor, options: PreprocessOptions = {}) => {
  checkOptions('preprocessInput', options, ['dataFormat']);
  if (mode !== null) return preprocessInput(x as TensorLike, { ...options, mode });
  return x instanceof KerasTensor ? x : toTensor(x, null, 'preprocessInput');
}) as Preprocess;

/** Options of `decodePredictions`. */
export interface DecodeOptions {
  /** How many classes of each image to give. Default 5. */
  top?: number | undefined;
}
/** A class of ImageNet: its WordNet number, its name, and its score. */
export type Prediction = [id: string, name: string, score: number];

const CLASSES: ModelFile = {
  fname: 'imagenet_class_index.json',
  origin: 'https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json',
  fileHash: 'c2c37ea517e94d9795004a39431a14cb',
};
type ClassIndex = Readonly<Record<string, readonly [id: string, name: string]>>;
let classIndex: ClassIndex | null = null;
const readClassIndex = async (): Promise<ClassIndex> =>
  JSON.parse(await readFile(await modelFile('decodePredictions', CLASSES), 'utf8')) as ClassIndex;

/**
 * The classes of ImageNet with the highest scores for each image of a batch, the highest first. `preds` has shape (images, 1000). The names
 * are fetched once, into Keras's cache.
 *
 * @throws (rejects) for another shape, and when the names can neither be found nor fetched.
 */
export async function decodePredictions(preds: TensorLike, options: DecodeOptions = {}): Promise<Prediction[][]> {
  checkOptions('decodePredictions', options, ['top']);
  const { top = 5 } = options;
  if (!Number.isInteger(top) || top < 1) throw new TypeError(`decodePredictions: top must be an integer >= 1, received ${show(top)}`);
  const tensor = toTensor(preds, null, 'decodePredictions');
  if (tensor.ndim !== 2 || tensor.shape[1] !== 1000)
    throw new RangeError(`decodePredictions: expected predictions of shape (images, 1000), received shape ${showShape(tensor.shape)}`);
  return topClasses(tensor.tolist() as number[][], (classIndex ??= await readClassIndex()), top);
}
/** The classes with the highest scores of each row; of equal scores the later class comes first, as in Keras. */
export const topClasses = (rows: readonly (readonly number[])[], index: ClassIndex, top: number): Prediction[][] => rows.map((scores) => {
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || b - a);
  return order.slice(0, top).map((i): Prediction => [...index[i]!, scores[i]!]);
});
