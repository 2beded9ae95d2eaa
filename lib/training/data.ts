// Data for training: arrays in memory, which are gathered natively, and streams of batches.
import type { TensorLike } from '../core/convert.js';
import { makeTensor, toTensor } from '../core/convert.js';
import { isFloat } from '../base/dtype.js';
import { castTo } from '../core/cast.js';
import { show } from '../base/errors.js';
import type { HostArray, NestedStrings } from '../core/host-array.js';
import { settings } from '../base/settings.js';
import { showShape } from '../base/shape.js';
import { Tensor } from '../core/tensor.js';
import { flatten, type Flat, isNumberArray, isPlainObject, type Nested } from '../base/tree.js';
import { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { isTuple } from '../utils/batches.js';

/** Strings for inputs of layers that run on the host. */
type Strings = HostArray | NestedStrings;
/** One input or target, or an array or object of them. */
export type Data =
  Nested<TensorLike> | Strings | readonly (Nested<TensorLike> | Strings)[] | { readonly [name: string]: Nested<TensorLike> | Strings };
/** A batch of a stream: inputs; inputs and targets; or with sample weights. */
export type Batch = readonly [x: Data, y?: Data | null | undefined, sampleWeight?: Data | null | undefined];
/** Batches that can be iterated anew each epoch, or a generator, which every call reads on from where the last one stopped. */
export type BatchStream = (Iterable<Batch | Data> | AsyncIterable<Batch | Data>) & NoArray;
/** What arrays and tensors are not. */
interface NoArray {
  readonly concat?: never;
  readonly BYTES_PER_ELEMENT?: never;
  readonly dtype?: never;
}

const isIterable = (value: object): boolean => Symbol.iterator in value || Symbol.asyncIterator in value;
const isArrayData = (value: object): boolean =>
  value instanceof Tensor || value instanceof Variable || ArrayBuffer.isView(value) || Array.isArray(value)
  || (isPlainObject(value) && !isIterable(value));

/** True for an iterable of batches rather than data in memory. */
export function isStream(x: unknown): x is BatchStream {
  return x !== null && typeof x === 'object' && !isArrayData(x) && isIterable(x);
}

/** Tensors of one argument: leaves in order, and how to rebuild its structure. */
export type Columns = Flat<Tensor>;

/** Reads one of x, y, sampleWeight: floats are brought to `floatx`, other types stay. Throws when something is no array of numbers. */
export function readColumns(value: Data, what: string): Columns {
  const flat = flatten<TensorLike>(value, isNumberArray);
  const leaves = flat.leaves.map((leaf) => {
    if (typeof leaf === 'string' || leaf === null || leaf === undefined || typeof leaf === 'function') {
      throw new TypeError(`${what}: expected arrays of numbers, received ${show(leaf)}`);
    }
    const tensor = toTensor(leaf, null, what);
    return isFloat(tensor.dtype) ? castTo(tensor, settings.floatx) : tensor;
  });
  return { leaves, pack: flat.pack, key: flat.key };
}

/** Weights of the classes, by number. Classes without a weight count 1. */
export type ClassWeight = Readonly<Record<string, number>>;

/** Weights by class as sample weights: one-hot targets count by their largest entry. */
function weightsByClass(where: string, y: Columns, weights: ClassWeight): Tensor {
  if (!isPlainObject(weights) && !Array.isArray(weights)) {
    throw new TypeError(`${where}: classWeight: expected an object with a number for each class, such as { 0: 1, 1: 5 }, `
      + `received ${show(weights)}`);
  }
  if (y.leaves.length !== 1) {
    throw new Error(`${where}: classWeight: only for models with one output, received targets of ${y.leaves.length}`);
  }
  const [target] = y.leaves as [Tensor];
  if (target.ndim > 2) {
    throw new RangeError(`${where}: classWeight: expected one class for each sample, in y of shape (samples,), (samples, 1) or `
      + `(samples, classes), received y of shape ${showShape(target.shape)}; give sampleWeight instead`);
  }
  const oneHot = target.ndim > 1 && target.shape.at(-1)! !== 1;
  const classes = oneHot ? ops.argmax(target, { axis: -1 }) : ops.cast(ops.round(ops.reshape(target, [-1])), 'int32');
  const table = new Map(Object.entries(weights).map(([name, weight]) => [Number(name), Number(weight)]));
  for (const [name, weight] of table) {
    if (Number.isInteger(name) && name >= 0 && Number.isFinite(weight)) continue;
    throw new TypeError(`${where}: classWeight: expected whole classes with numbers as weights, received ${show(weights)}`);
  }
  return toTensor(Float32Array.from(classes.elements as Int32Array, (c) => table.get(c) ?? 1), settings.floatx);
}

/** Arrays in memory with the same number of rows. */
export class ArrayData {
  readonly columns: readonly Tensor[];

  constructor(readonly x: Columns, readonly y: Columns | null, readonly sampleWeight: Columns | null, private readonly of = '') {
    this.columns = [...x.leaves, ...(y?.leaves ?? []), ...(sampleWeight?.leaves ?? [])];
    this.check();
  }

  /** Reads the arguments of `fit`, `evaluate` and `predict`; `of` stands before their names in errors. */
  static read(x: Data, y: Data | null | undefined, sampleWeight: Data | null | undefined, of = ''): ArrayData {
    const columns = (value: Data | null | undefined, what: string): Columns | null =>
      (value === null || value === undefined ? null : readColumns(value, of + what));
    return new ArrayData(readColumns(x, `${of}x`), columns(y, 'y'), columns(sampleWeight, 'sampleWeight'), of);
  }

  /** The data with weights by class for its samples. @throws where there are weights already, or no targets of one class each. */
  weighted(where: string, classWeight: ClassWeight | null | undefined): ArrayData {
    if (classWeight === null || classWeight === undefined) return this;
    if (this.sampleWeight !== null) throw new Error(`${where}: give classWeight or sampleWeight, not both`);
    if (this.y === null) throw new Error(`${where}: classWeight needs y`);
    return new ArrayData(this.x, this.y, flatten<Tensor>(weightsByClass(where, this.y, classWeight)), this.of);
  }

  private check(): void {
    const { of } = this;
    const ends = [this.x.leaves.length, this.x.leaves.length + (this.y?.leaves.length ?? 0)] as const;
    const name = (i: number): string => (i < ends[0] ? 'x' : i < ends[1] ? 'y' : 'sampleWeight');
    this.columns.forEach((column, i) => {
      if (column.ndim > 0) return;
      throw new RangeError(`${of}${name(i)}: expected an array with a row for each sample, received a single number`);
    });
    if (this.columns.length === 0 || this.length === 0) throw new RangeError(`${of}the data is empty: x has no rows`);
    this.columns.forEach((column, i) => {
      if (column.shape[0] !== this.length) {
        throw new RangeError(`${of}x and ${name(i)} must have the same number of rows, received ${this.length} in x `
          + `and ${column.shape[0]} in ${name(i)} (shapes ${showShape(this.columns[0]!.shape)} and ${showShape(column.shape)})`);
      }
    });
  }

  /** Number of rows. */
  get length(): number {
    return this.columns[0]?.shape[0] ?? 0;
  }

  /** x, y and sampleWeight in their structures, made of the given tensors. */
  assemble(tensors: readonly Tensor[]): [unknown, unknown, unknown] {
    const nx = this.x.leaves.length;
    const ny = this.y?.leaves.length ?? 0;
    return [
      this.x.pack(tensors.slice(0, nx)),
      this.y === null ? null : this.y.pack(tensors.slice(nx, nx + ny)),
      this.sampleWeight === null ? null : this.sampleWeight.pack(tensors.slice(nx + ny)),
    ];
  }

  private map(fn: (column: Tensor) => Tensor): ArrayData {
    const each = (columns: Columns | null): Columns | null => columns && { ...columns, leaves: columns.leaves.map(fn) };
    return new ArrayData(each(this.x)!, each(this.y), each(this.sampleWeight));
  }

  /** The rows from `start` to `stop`. */
  rows(start: number, stop: number): ArrayData {
    return this.map((t) => ops.slice(t, [start, ...t.shape.slice(1).map(() => 0)], [stop - start, ...t.shape.slice(1)]));
  }

  /** The rows of these numbers (int32). */
  take(rows: Tensor): ArrayData {
    return this.map((t) => ops.take(t, rows, { axis: 0 }));
  }

  /** Arrays for `count` batches like this one, one after the other. Their memory is not set. */
  withRoom(count: number): ArrayData {
    return this.map(({ dtype, shape }) => makeTensor(dtype, [count * this.length, ...shape.slice(1)], () => undefined));
  }
  /** Copies a batch to place `at` of arrays that `withRoom` made for batches like it. */
  copyIn(batch: ArrayData, at: number): void {
    batch.columns.forEach(({ memory, spec: { bytes } }, i) => this.columns[i]!.memory!.set(memory!.subarray(0, bytes), at * bytes));
  }

  /** Distinguishes data of other structure, shapes or dtypes. The number of rows counts too. */
  get key(): string {
    return `${this.x.key}|${this.y?.key ?? '-'}|${this.sampleWeight?.key ?? '-'}|${this.columns.map((t) => t.spec.id).join()}`;
  }
}

/** Splits the last `fraction` of the rows off, for validation. */
export function splitValidation(data: ArrayData, fraction: number): [ArrayData, ArrayData] {
  if (!(fraction > 0 && fraction < 1)) throw new RangeError(`fit: validationSplit must be > 0 and < 1, received ${show(fraction)}`);
  const at = Math.floor(data.length * (1 - fraction));
  if (at === 0 || at === data.length) {
    const use = at === 0 ? 'train' : 'validate';
    throw new RangeError(`fit: validationSplit ${fraction} leaves no rows to ${use} on: there are ${data.length}`);
  }
  return [data.rows(0, at), data.rows(at, data.length)];
}

/** Reads one item of a stream: `x`, `[x]`, `[x, y]` or `[x, y, sampleWeight]`. */
export function readBatch(
  item: Batch | Data, where: string, classWeight?: ClassWeight | null, onHost: (x: unknown) => unknown = (x) => x,
): ArrayData {
  const parts = isTuple(item) ? item : [item];
  if (parts.length > 3) {
    throw new TypeError(`${where}: a batch is [x], [x, y] or [x, y, sampleWeight], received an array of ${parts.length} entries; `
      + 'write [x] for inputs alone');
  }
  const [x, y, sampleWeight] = parts as [Data, Data?, Data?];
  return ArrayData.read(onHost(x) as Data, y, sampleWeight).weighted(where, classWeight);
}
