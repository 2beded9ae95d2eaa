// Batches as tuples of inputs, targets and weights.
import { checkOptions } from '../base/errors.js';

/** Options of `packXYSampleWeight`. */
export interface PackOptions {
  /** Targets. Default null: none. */
  y?: unknown;
  /** A weight for each sample. Default null: none; it is left out without `y`, as in Keras. */
  sampleWeight?: unknown;
}

/** True for an array of arrays or tensors. A list is a tuple for Keras too, also where it could be read as one array of numbers. */
export const isTuple = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && value.length > 0 && !['number', 'boolean', 'bigint'].includes(typeof value[0]);

/**
 * What `fit` takes for a batch: `x` alone, `[x]` where x is an array of inputs itself, `[x, y]` or `[x, y, sampleWeight]`.
 *
 * ```ts
 * const batch = keras.utils.packXYSampleWeight(x, { y }); // [x, y]
 * ```
 */
export function packXYSampleWeight(x: unknown, options: PackOptions = {}): unknown {
  checkOptions('packXYSampleWeight', options, ['y', 'sampleWeight']);
  const { y = null, sampleWeight = null } = options;
  if (y === null) return isTuple(x) ? [x] : x;
  return sampleWeight === null ? [x, y] : [x, y, sampleWeight];
}

/**
 * The inputs, targets and sample weights of a batch, null for what it lacks: the inverse of `packXYSampleWeight`, for custom `trainStep`s.
 *
 * ```ts
 * const [x, y, sampleWeight] = keras.utils.unpackXYSampleWeight(data);
 * ```
 * @throws for arrays without entries or of more than three.
 */
export function unpackXYSampleWeight(data: unknown): [x: unknown, y: unknown, sampleWeight: unknown] {
  if (!isTuple(data)) return [data, null, null];
  if (data.length < 1 || data.length > 3)
    throw new RangeError(`unpackXYSampleWeight: a batch is x, [x], [x, y] or [x, y, sampleWeight], received ${data.length} entries`);
  return [data[0], data[1] ?? null, data[2] ?? null];
}
