// Batches of elements of unlike shapes: filled up at the end of each axis.
import { show } from '../base/errors.js';
import { showShape } from '../base/shape.js';
import { flatten } from '../base/tree.js';
import { isStrings } from '../core/host-array.js';
import * as ops from '../ops/index.js';
import { type Join, tensorOf } from './elements.js';

/** A shape to fill up to; null: the largest of the batch. A structure of them for elements of several parts. */
export type PaddedShapes = readonly (number | null)[] | readonly PaddedShapes[] | { readonly [name: string]: PaddedShapes };
/** What is filled in. A structure of them for elements of several parts. */
export type PaddingValues = number | string | readonly PaddingValues[] | { readonly [name: string]: PaddingValues };

const isShape = (value: unknown): boolean => Array.isArray(value) && value.every((size) => size === null || typeof size === 'number');

/** Joins leaves as `paddedBatch` does. `paddedShapes` and `paddingValues` say it for each leaf in turn, or once for all. */
export function padding(paddedShapes: PaddedShapes | null, paddingValues: PaddingValues | null): Join {
  const shapes = paddedShapes === null ? [] : flatten<readonly (number | null)[]>(paddedShapes, isShape).leaves;
  const values = paddingValues === null ? [] : flatten<number | string>(paddingValues).leaves;
  return (leaves, leaf) => {
    const [shape, value] = [shapes[shapes.length === 1 ? 0 : leaf] ?? null, values[values.length === 1 ? 0 : leaf]];
    return leaves.some(isStrings) ? padTexts(leaves, shape, value ?? '') : padTensors(leaves, shape, value ?? 0);
  };
}

function padTensors(leaves: readonly unknown[], wanted: readonly (number | null)[] | null, value: number | string): unknown {
  if (typeof value !== 'number') throw new TypeError(`Dataset.paddedBatch: numbers are filled up with a number, received ${show(value)}`);
  const tensors = leaves.map(tensorOf);
  const { ndim } = tensors[0]!;
  const other = tensors.find((tensor) => tensor.ndim !== ndim);
  if (other !== undefined || (wanted !== null && wanted.length !== ndim)) {
    throw new RangeError(`Dataset.paddedBatch: expected elements of ${wanted?.length ?? ndim} axes, found one of shape `
      + showShape((other ?? tensors[0]!).shape));
  }
  const shape = Array.from({ length: ndim }, (_, axis) => wanted?.[axis] ?? Math.max(...tensors.map((tensor) => tensor.shape[axis]!)));
  return ops.stack(tensors.map((tensor) => {
    const missing = tensor.shape.map((size, axis) => shape[axis]! - size);
    if (missing.some((count) => count < 0))
      throw new RangeError(`Dataset.paddedBatch: an element of shape ${showShape(tensor.shape)} does not fit into ${showShape(shape)}`);
    return missing.every((count) => count === 0) ? tensor
      : ops.pad(tensor, missing.map((count) => [0, count] as const), { constantValues: value });
  }));
}

function padTexts(leaves: readonly unknown[], wanted: readonly (number | null)[] | null, value: number | string): unknown {
  if (leaves.every((leaf) => typeof leaf === 'string')) return leaves;
  const length = wanted?.[0] ?? Math.max(...leaves.map((leaf) => (leaf as readonly string[]).length));
  return leaves.map((leaf) => {
    const texts = leaf as readonly string[];
    if (texts.length > length) throw new RangeError(`Dataset.paddedBatch: ${texts.length} texts do not fit into ${length}`);
    return [...texts, ...Array.from({ length: length - texts.length }, () => String(value))];
  });
}
