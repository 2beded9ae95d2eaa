// What FeatureSpace.adapt reads: batches of one feature, out of columns in memory or of a stream of samples and batches.
import { show } from '../base/errors.js';
import { isPlainObject } from '../base/tree.js';
import { isFloat } from '../base/dtype.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import { HostArray, isStrings } from '../core/host-array.js';
import { Tensor } from '../core/tensor.js';
import { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import type { Feature } from './features.js';

/** A value of a feature: of one sample, or of several. */
export type FeatureValue = HostArray | Tensor;
/** Samples that come one by one are put together by so many, as in Keras. */
const BATCH = 32;

/** What was given for a feature. Plain numbers of a float feature are floats, whole or not. */
export function featureValue(where: string, given: unknown, { dtype }: Feature): FeatureValue {
  if (isStrings(given)) {
    if (dtype !== 'string') throw new TypeError(`${where}: expected numbers, received strings: ${show(given)}`);
    return HostArray.from(given, where);
  }
  if (dtype === 'string') {
    if (Array.isArray(given) && given.length === 0) return new HostArray([0], []);
    throw new TypeError(`${where}: expected strings, received ${show(given)}`);
  }
  const typed = given instanceof Tensor || given instanceof Variable || ArrayBuffer.isView(given);
  return toTensor(given as TensorLike, !typed && isFloat(dtype) ? dtype : null, where);
}
/** The same values in another shape. */
export const reshaped = (value: FeatureValue, shape: readonly number[]): FeatureValue =>
  (value instanceof HostArray ? value.reshape(shape) : ops.reshape(value, [...shape]));

function rows(value: FeatureValue, start: number, end: number): FeatureValue {
  const [, ...rest] = value.shape;
  if (value instanceof Tensor) return ops.slice(value, [start, ...rest.map(() => 0)], [end - start, ...rest]);
  const size = value.data.length / value.shape[0]!;
  return new HostArray([end - start, ...rest], value.data.slice(start * size, end * size));
}
/** Values of one sample each, as a batch of one column. */
function column(values: readonly FeatureValue[]): FeatureValue {
  if (values.every((value) => value instanceof HostArray)) return new HostArray([values.length, 1], values.flatMap(({ data }) => data));
  return reshaped(ops.stack(values as Tensor[]), [values.length, 1]);
}

/** The features of an element of a stream: of `[x, y]` those of x. @throws for others. */
function featuresOf(where: string, element: unknown): Record<string, unknown> {
  const found: unknown = Array.isArray(element) ? element[0] : element;
  if (isPlainObject(found)) return found;
  throw new TypeError(`${where}: expected elements that are objects of features, received ${show(element)}`);
}

/** Data for `adapt`, of which each feature is read by itself. */
export interface FeatureSource {
  /** @throws for data without elements, and without one of these features. */
  check(names: readonly string[]): Promise<void>;
  batches(name: string, feature: Feature): AsyncIterable<FeatureValue>;
}

function checkNames(where: string, found: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const missing = names.filter((name) => !Object.hasOwn(found, name));
  if (missing.length > 0)
    throw new TypeError(`${where}: the data has no ${missing.map(show).join(', ')}; it has ${Object.keys(found).map(show).join(', ')}`);
}
const refuseEmpty = (where: string): never => {
  throw new RangeError(`${where}: the data is empty: there is nothing to adapt to`);
};

function columnsSource(where: string, columns: Readonly<Record<string, unknown>>): FeatureSource {
  return {
    check: async (names) => checkNames(where, columns, names),
    async *batches(name, feature) {
      const value = featureValue(`${where}: ${name}`, columns[name], feature);
      if (value.ndim === 0) throw new TypeError(`${where}: ${name}: expected an array with a value for each sample, received ${show(columns[name])}`);
      if (value.shape.includes(0)) refuseEmpty(where);
      const lined = value.ndim < 3 ? reshaped(value, [value.shape.reduce((a, b) => a * b, 1), 1]) : value;
      const step = value.ndim < 3 ? BATCH : 1;
      const count = lined.shape[0]!;
      for (let start = 0; start < count; start += step) {
        const batch = rows(lined, start, Math.min(start + step, count));
        yield value.ndim < 3 ? batch : reshaped(batch, batch.shape.slice(1));
      }
    },
  };
}

function streamSource(where: string, stream: Iterable<unknown> | AsyncIterable<unknown>): FeatureSource {
  return {
    async check(names) {
      for await (const element of stream as AsyncIterable<unknown>) {
        checkNames(where, featuresOf(where, element), names);
        return;
      }
      refuseEmpty(where);
    },
    async *batches(name, feature) {
      let singles: FeatureValue[] = [];
      for await (const element of stream as AsyncIterable<unknown>) {
        const found = featuresOf(where, element);
        checkNames(where, found, [name]);
        const value = featureValue(`${where}: ${name}`, found[name], feature);
        if (value.ndim > 0) yield value.ndim === 1 ? reshaped(value, [...value.shape, 1]) : value;
        else if (singles.push(value) === BATCH) {
          yield column(singles);
          singles = [];
        }
      }
      if (singles.length > 0) yield column(singles);
    },
  };
}

/**
 * The data of `adapt`: an object of arrays, or a data set or array of objects of features (samples or batches) that can be read again and
 * again.
 * @throws for others.
 */
export function featureSource(where: string, data: unknown): FeatureSource {
  if (isPlainObject(data) && !(Symbol.iterator in data) && !(Symbol.asyncIterator in data)) return columnsSource(where, data);
  const stream = data as (Iterable<unknown> & AsyncIterable<unknown>) | null;
  if (typeof stream !== 'object' || stream === null || !(Symbol.iterator in stream || Symbol.asyncIterator in stream))
    throw new TypeError(`${where}: expected a data set, or an object of arrays, received ${show(data)}`);
  if ('next' in stream)
    throw new TypeError(`${where}: each feature is read by itself, so the data must be readable again and again; give a data set, such as Dataset.fromGenerator`);
  return streamSource(where, stream);
}
