// What CIFAR-10 and CIFAR-100 share: archives of pickled batches.
import { readFile } from 'node:fs/promises';
import { toTensor } from '../core/convert.js';
import { settings } from '../base/settings.js';
import { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { unpickle } from './pickle.js';

/** Images (uint8, with 3 colours) and labels (uint8, a column) for training, and for testing. */
export type LabelledImages = [[xTrain: Tensor, yTrain: Tensor], [xTest: Tensor, yTest: Tensor]];
/** Images of 3 × 32 × 32 values, and their labels in a column. */
export type CifarBatch = readonly [images: Tensor, labels: Tensor];

/**
 * Reads a file of a batch: a pickled dict with `data`, a uint8 row for each image, and lists of labels.
 * @throws (rejects) when there is no such dict in it.
 */
export async function readCifarBatch(file: string, labelKey: string): Promise<CifarBatch> {
  const content = unpickle(await readFile(file), file);
  const [data, labels] = content instanceof Map ? [content.get('data'), content.get(labelKey)] : [];
  if (!(data instanceof Tensor) || data.dtype !== 'uint8' || data.ndim !== 2 || data.shape[1] !== 3072)
    throw new Error(`${file}: expected 'data' to be rows of 3072 bytes`);
  if (!Array.isArray(labels) || labels.length !== data.shape[0])
    throw new Error(`${file}: expected '${labelKey}' to be a list of ${data.shape[0]} labels`);
  return [data.reshape([data.shape[0], 3, 32, 32]), toTensor(Uint8Array.from(labels as number[]), 'uint8').reshape([labels.length, 1])];
}

/** Batches one after the other, with the channels where `config.imageDataFormat()` has them. */
export function joinCifarBatches(batches: readonly CifarBatch[]): [images: Tensor, labels: Tensor] {
  const join = (parts: readonly Tensor[]): Tensor => (parts.length === 1 ? parts[0]! : ops.concatenate([...parts], { axis: 0 }));
  const images = join(batches.map(([data]) => data));
  return [
    settings.imageDataFormat === 'channels_last' ? ops.transpose(images, [0, 2, 3, 1]) : images,
    join(batches.map(([, labels]) => labels)),
  ];
}
