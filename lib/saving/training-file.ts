// A training in a file: the weights and the state of the optimizer as in `.weights.h5`, which Keras reads too, and beside them where the
// training was. One file, so that its parts always belong together.
import { makeTensor, tensorFromBytes } from '../core/convert.js';
import { Tensor } from '../core/tensor.js';
import type { DType } from '../base/dtype.js';
import { isPlainObject } from '../base/tree.js';
import type { TrainingState } from '../callbacks/training-state.js';
import type { Model } from '../models/model.js';
import { writeAtomically } from './atomic.js';
import { H5StateReader, H5StateWriter } from './codecs/weights-h5.js';
import { allOrNothing } from './models.js';
import { loadState, saveState } from './state.js';

/** The group of the training. */
const PLACE = '_training';

/** A value as JSON holds it; tensors, whose bytes go to `tensors`, and numbers that JSON has not are objects with one key. */
function encode(value: unknown, tensors: Tensor[]): unknown {
  if (value instanceof Tensor) return { $tensor: tensors.push(value) - 1, dtype: value.dtype, shape: value.shape };
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return { $number: Object.is(value, -0) ? '-0' : String(value) };
  if (Array.isArray(value)) return value.map((item) => encode(item, tensors));
  if (isPlainObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item, tensors)]));
  return value;
}
function decode(value: unknown, tensors: readonly Tensor[]): unknown {
  if (Array.isArray(value)) return value.map((item) => decode(item, tensors));
  if (!isPlainObject(value)) return value;
  if ('$number' in value) return Number(value.$number);
  if ('$tensor' in value) {
    const { $tensor, dtype, shape } = value as unknown as { $tensor: number; dtype: DType; shape: number[] };
    return tensorFromBytes(dtype, shape, bytesOf(tensors[$tensor]!));
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item, tensors)]));
}

const bytesOf = (tensor: Tensor): Uint8Array => tensor.memory!;
const asTensor = (bytes: Uint8Array): Tensor => makeTensor('uint8', [bytes.length], (data) => (data as Uint8Array).set(bytes));

/** Writes the model's state and where its training is. The file is there whole or not at all. */
export async function saveTraining(model: Model, target: string, state: TrainingState): Promise<void> {
  const tensors: Tensor[] = [];
  const text = asTensor(new TextEncoder().encode(JSON.stringify(encode(state, tensors))));
  await writeAtomically(target, async (fresh) => {
    const writer = await H5StateWriter.create(fresh);
    try {
      await saveState(model, writer);
      for (const [i, part] of [text, ...tensors.map((tensor) => asTensor(bytesOf(tensor)))].entries()) await writer.write(PLACE, `${i}`, part);
    } finally {
      await writer.close();
    }
  });
}

/**
 * Loads what `saveTraining` wrote into the model, and returns where the training was; null for weights that were written without it.
 * @throws (rejects) for a damaged file, and for one of another model, which then is as before.
 */
export async function loadTraining(model: Model, file: string): Promise<TrainingState | null> {
  const reader = new H5StateReader(file, { path: file });
  try {
    const state = await readPlace(reader);
    await allOrNothing(model, () => loadState(model, reader, { file }));
    return state;
  } finally {
    await reader.close();
  }
}

async function readPlace(reader: H5StateReader): Promise<TrainingState | null> {
  const stored = await reader.describe(PLACE);
  if (stored === null) return null;
  const parts: Tensor[] = [];
  for (let i = 0; String(i) in stored; i++) parts.push(await reader.read(PLACE, String(i)));
  const [text, ...tensors] = parts;
  return decode(JSON.parse(new TextDecoder().decode(bytesOf(text!))), tensors) as TrainingState;
}
