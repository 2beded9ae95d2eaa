// Shapes and specs: size, broadcasting, axes. A spec (dtype and shape) is interned, so that specs compare by identity.
import type { DType } from './dtype.js';
import { dtypeBytes } from './dtype.js';
import { show } from './errors.js';
import { integers } from './integers.js';

/** Sizes of a tensor's axes. */
export type Shape = readonly number[];
/** A shape whose `null` entries are not known until data comes (the batch size of a functional model). */
export type SymbolicShape = readonly (number | null)[];

/** True for a shape, as against a structure of shapes. */
export const isShape = (value: unknown): boolean => Array.isArray(value) && value.every((d) => d === null || typeof d === 'number');
/** Number of elements. */
export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
/** `(2, 3)`, as NumPy and Keras write shapes; unknown sizes are `None`. */
export const showShape = (shape: SymbolicShape): string =>
  `(${shape.map((d) => d ?? 'None').join(', ')}${shape.length === 1 ? ',' : ''})`;
/** True when both shapes have the same sizes. */
export const sameShape = (a: SymbolicShape, b: SymbolicShape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** What is known of a tensor before its values: an interned pair of dtype and shape. */
export interface Spec {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Number of elements. */
  readonly size: number;
  /** Bytes of the elements. */
  readonly bytes: number;
  /** Small number, unique among live specs, for cache keys. */
  readonly id: number;
}

const specs = new Map<string, WeakRef<Spec>>();
const forget = new FinalizationRegistry<string>((key) => {
  if (specs.get(key)?.deref() === undefined) specs.delete(key);
});
let nextId = 1;

/** Throws unless every entry is null or a whole number of at least zero. */
export function checkSymbolicShape(shape: readonly unknown[], where: string): asserts shape is SymbolicShape {
  if (!Array.isArray(shape)) throw new TypeError(`${where}: a shape is an array of whole sizes and nulls, received ${show(shape)}`);
  checkShape(Array.from(shape as unknown[], (d) => d ?? (d === null ? 0 : NaN)), where);
}

const notASize = (shape: readonly unknown[], where = 'tensor'): RangeError =>
  new RangeError(`${where}: a shape has whole sizes of at least 0 and below 2^53, received ${show(Array.from(shape))}`);

/** The most axes that a tensor can have. */
export const MOST_AXES = 32;
/**
 * The spec of a dtype and a shape. Throws on sizes that are not whole or negative. The same object for the same arguments while anyone
 * holds it.
 */
export function specOf(dtype: DType, shape: Shape): Spec {
  const key = dtype + shape.join();
  const known = specs.get(key)?.deref();
  if (known !== undefined) return known;
  const sizes = Array.from(shape, (d) => d + 0); // read once: a getter may give another size each time
  if (!sizes.every((d) => Number.isSafeInteger(d) && d >= 0)) throw notASize(sizes);
  if (sizes.length > MOST_AXES)
    throw new RangeError(`a tensor has at most ${MOST_AXES} axes, received a shape of ${sizes.length}: ${show(sizes)}`);
  const size = sizeOf(sizes);
  const spec: Spec = Object.freeze({
    dtype,
    shape: Object.freeze(sizes),
    size,
    bytes: size * dtypeBytes(dtype),
    id: nextId++,
  });
  const own = dtype + sizes.join();
  specs.set(own, new WeakRef(spec));
  forget.register(spec, own);
  return spec;
}

/** The shape that both broadcast to, by NumPy's rules. Throws when they do not fit. */
export function broadcastShapes(a: Shape, b: Shape, where = 'broadcast'): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = a[a.length - i] ?? 1;
    const y = b[b.length - i] ?? 1;
    if (x !== y && x !== 1 && y !== 1)
      throw new RangeError(`${where}: shapes ${showShape(a)} and ${showShape(b)} do not broadcast together`);
    out[rank - i] = x === 1 ? y : x;
  }
  return out;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let i = shape.length - 1, step = 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i]!;
  }
  return strides;
}

/** Strides that read `shape` as if broadcast to `target`: 0 where an axis is repeated. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = stridesOf(shape);
  const lead = target.length - shape.length;
  return target.map((_, i) => (i < lead || shape[i - lead] === 1 ? 0 : own[i - lead]!));
}

/** An axis counted from the front. Throws when it is not an axis of a tensor of this rank. */
export function normalizeAxis(axis: number, rank: number, where: string): number {
  if (!Number.isInteger(axis)) throw new TypeError(`${where}: axis must be an integer, received ${show(axis)}`);
  if (axis < -rank || axis >= rank) throw new RangeError(`${where}: axis ${show(axis)} is out of bounds for a tensor of rank ${rank}`);
  return axis < 0 ? axis + rank : axis + 0;
}

/** Axes from the front, in ascending order. `null` and `undefined` mean all of them. Throws on repetition. */
export function normalizeAxes(axis: number | readonly number[] | null | undefined, rank: number, where: string): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  const axes = integers(where, 'axis', axis).map((a) => normalizeAxis(a, rank, where)).sort((a, b) => a - b);
  if (axes.some((a, i) => a === axes[i - 1])) throw new RangeError(`${where}: axis ${show(axis)} names an axis twice`);
  return axes;
}

/** Throws unless every entry is a whole number of at least zero. */
export function checkShape(shape: readonly unknown[], where: string): asserts shape is Shape {
  if (!Array.isArray(shape)) throw new TypeError(`${where}: a shape is an array of whole sizes, received ${show(shape)}`);
  for (let i = 0; i < shape.length; i++) if (!Number.isSafeInteger(shape[i]) || (shape[i] as number) < 0) throw notASize(shape, where);
}
