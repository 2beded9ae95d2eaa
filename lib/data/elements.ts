// Elements of data sets: structures of tensors, numbers and strings; how they are stacked into batches and taken apart again.
import { toTensor, type TensorLike } from '../core/convert.js';
import { HostArray } from '../core/host-array.js';
import { show } from '../base/errors.js';
import { settings } from '../base/settings.js';
import { showShape } from '../base/shape.js';
import { flatten, type Flat, isNumberArray } from '../base/tree.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { isTuple } from '../utils/batches.js';

/** A batch of elements: tensors and numbers become a tensor, strings an array, tuples and objects those of their parts. */
export type Batched<T> =
  T extends Tensor | number | boolean | bigint | ArrayBufferView ? Tensor
  : T extends string ? string[]
  : T extends readonly number[] ? Tensor
  : T extends readonly unknown[] | object ? { -readonly [K in keyof T]: Batched<T[K]> }
  : T;
/** What a row of data is: the same without the first axis. */
export type Row<T> =
  T extends Tensor | ArrayBufferView | readonly number[] | readonly (readonly number[])[] ? Tensor
  : T extends readonly string[] ? string
  : T extends readonly unknown[] | object ? { -readonly [K in keyof T]: Row<T[K]> }
  : T;

/** True for what holds texts: a text, a host array, or arrays of them as deep as you like. */
const isText = (value: unknown): boolean =>
  typeof value === 'string' || value instanceof HostArray
  || (Array.isArray(value) && value.length > 0 && isText(value[0]) && !hasNumbers(value));
const hasNumbers = (value: readonly unknown[]): boolean => value.some((item) => !isText(item));

/** The parts of elements of several data sets: never one row, even if they are all numbers. */
export class Tuple extends Array<unknown> {}

/** The tensors, numbers and texts of an element. */
export const leavesOf = (value: unknown): Flat<unknown> =>
  flatten(value, (part) => !(part instanceof Tuple) && (isNumberArray(part) || isText(part)));

/** Elements of a function's arguments: a tuple as several. */
export const argumentsOf = (value: unknown): readonly unknown[] =>
  (value instanceof Tuple || (isTuple(value) && !isText(value)) ? value : [value]);

/** A leaf as a tensor. Plain numbers are floats, so that their type does not depend on which numbers a batch holds. */
export function tensorOf(leaf: unknown): Tensor {
  const plain = typeof leaf === 'number' || (Array.isArray(leaf) && isNumberArray(leaf));
  return toTensor(leaf as TensorLike, plain ? settings.floatx : null, 'Dataset');
}

/** How several leaves of the same place become one. */
export type Join = (leaves: readonly unknown[], leaf: number) => unknown;
const stack: Join = (leaves) => {
  if (isText(leaves[0])) return leaves;
  const tensors = leaves.map(tensorOf);
  const [first] = tensors as [Tensor];
  const other = tensors.find(({ spec }) => spec !== first.spec);
  if (other !== undefined) {
    throw new RangeError(`Dataset.batch: elements of one batch must have the same shape and dtype, found ${first.dtype} `
      + `${showShape(first.shape)} and ${other.dtype} ${showShape(other.shape)}; paddedBatch fills them up`);
  }
  return ops.stack(tensors);
};

/** Several elements as one. @throws when their structures differ, or what `join` throws. */
export function joinElements(elements: readonly unknown[], join: Join = stack): unknown {
  const flats = elements.map(leavesOf);
  const [first] = flats as [Flat<unknown>];
  const other = flats.findIndex(({ key }) => key !== first.key);
  if (other >= 0)
    throw new TypeError(
      `Dataset.batch: elements of one batch must have the same structure, found ${show(elements[0])} and ${show(elements[other])}`,
    );
  return first.pack(first.leaves.map((_, i) => join(flats.map(({ leaves }) => leaves[i]), i)));
}

/** The first axis of a leaf of data. */
function rowsOfLeaf(leaf: unknown): { length: number; at: (i: number) => unknown; take: (rows: Int32Array) => unknown } {
  if (isText(leaf) && typeof leaf !== 'string') {
    const texts = (leaf instanceof HostArray ? leaf.tolist() : leaf) as readonly unknown[];
    return { length: texts.length, at: (i) => texts[i], take: (rows) => Array.from(rows, (i) => texts[i]) };
  }
  const tensor = toTensor(leaf as TensorLike, null, 'Dataset.fromTensorSlices');
  if (tensor.ndim === 0) throw new RangeError('Dataset: expected data with a first axis to take rows from, received a single number');
  return {
    length: tensor.shape[0]!,
    at: (i) => ops.getItem(tensor, i),
    take: (rows) => ops.take(tensor, toTensor(rows, 'int32'), { axis: 0 }),
  };
}

/** Data by rows. */
export interface Rows {
  readonly length: number;
  at(i: number): unknown;
  /** A batch of the rows of these numbers. */
  take(rows: Int32Array): unknown;
}

/** The rows of a structure. @throws when its parts have different numbers of them. */
export function rowsOf(where: string, data: unknown): Rows {
  const flat = leavesOf(data);
  const parts = flat.leaves.map(rowsOfLeaf);
  if (parts.length === 0) throw new TypeError(`${where}: expected tensors or arrays, received ${show(data)}`);
  const lengths = new Set(parts.map(({ length }) => length));
  if (lengths.size > 1) throw new RangeError(`${where}: all parts must have the same number of rows, received ${[...lengths].join(' and ')}`);
  return {
    length: parts[0]!.length,
    at: (i) => flat.pack(parts.map((part) => part.at(i))),
    take: (rows) => flat.pack(parts.map((part) => part.take(rows))),
  };
}
