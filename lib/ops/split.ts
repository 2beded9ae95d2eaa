// Functions of `keras.ops` that cut tensors into parts.
import type { TensorLike } from '../core/convert.js';
import { filled, toTensor } from '../core/convert.js';
import { integer, listLength } from '../base/integers.js';
import { normalizeAxis, showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { isStandIn, isTracedForShapes } from '../core/trace.js';
import { settle } from '../symbolic/unknown-sizes.js';
import { numbersOf, partOf, type Numbers } from './axes.js';
import * as p from './primitives/index.js';
import { publicOp } from './public.js';
import type { FirstAxisOptions } from './shape.js';

/** Number of equal parts, or the places at which to cut. */
export type Sections = Numbers;

/** The parts between the given places; a place outside is moved to the end, as in NumPy. */
function cutAt(x: Tensor, places: readonly number[], axis: number): Tensor[] {
  const size = x.shape[axis]!;
  const bounds = [0, ...places.map((place) => Math.min(Math.max(place < 0 ? place + size : place, 0), size)), size];
  return bounds.slice(1).map((stop, i) => {
    const count = Math.max(0, stop - bounds[i]!);
    return count === 0 ? filled(x.shape.map((d, j) => (j === axis ? 0 : d)), 0, x.dtype) : partOf(x, axis, bounds[i]!, count);
  });
}
/** The places that cut `size` elements into parts, the first ones larger by one where it does not divide. */
function evenPlaces(where: string, size: number, parts: number, exact: boolean): number[] {
  listLength(where, 'the number of parts', parts, 1);
  if (exact && size % parts !== 0) throw new RangeError(`${where}: an axis of size ${size} does not divide into ${parts} equal parts`);
  const [least, larger] = [Math.floor(size / parts), size % parts];
  return Array.from({ length: parts - 1 }, (_, i) => (i + 1) * least + Math.min(i + 1, larger));
}
function parts(where: string, x: TensorLike, sections: Sections, axis: number, exact = true): Tensor[] {
  const tensor = toTensor(x, null, where);
  const along = normalizeAxis(axis, tensor.ndim, where);
  const size = tensor.shape[along]!;
  const places = typeof sections === 'number' ? evenPlaces(where, size, sections, exact) : numbersOf(where, 'indicesOrSections', sections);
  // In a model parts are whole, as in Keras.
  if (isTracedForShapes() && places.some((place) => place > size))
    throw new RangeError(`${where}: an axis of size ${size} cannot be cut at ${places.join(', ')}`);
  return cutAt(tensor, places, along);
}
/** Parts along an axis: a number of equal ones, or those between the given places. */
export const split = publicOp(
  'split',
  (x: TensorLike, indicesOrSections: Sections, { axis = 0 }: FirstAxisOptions = {}): Tensor[] => parts('split', x, indicesOrSections, axis),
  ['axis'],
);
/** Parts along an axis; where a number of them does not divide, the first ones are larger by one. */
export const arraySplit = publicOp(
  'arraySplit',
  (x: TensorLike, indicesOrSections: Sections, { axis = 0 }: FirstAxisOptions = {}): Tensor[] =>
    parts('arraySplit', x, indicesOrSections, axis, false),
  ['axis'],
);

/** A split along a fixed axis of tensors that have at least `rank` axes. */
const splitter = (name: string, axisOf: (rank: number) => number, rank: number) =>
  publicOp(name, (x: TensorLike, indicesOrSections: Sections): Tensor[] => {
    const tensor = toTensor(x, null, name);
    if (tensor.ndim < rank) throw new RangeError(`${name}: expected at least ${rank} axes, received shape ${showShape(tensor.shape)}`);
    return parts(name, tensor, indicesOrSections, axisOf(tensor.ndim));
  });
/** Parts side by side: along axis 1, or axis 0 of a vector. */
export const hsplit = splitter('hsplit', (rank) => (rank === 1 ? 0 : 1), 1);
/** Parts one below the other: along axis 0. */
export const vsplit = splitter('vsplit', () => 0, 2);
/** Parts one behind the other: along axis 2. */
export const dsplit = splitter('dsplit', () => 2, 3);

/** Options of `unstack`. */
export interface UnstackOptions {
  /** The size of the axis, as a check. Default null: not checked. */
  num?: number | null;
  /** Default 0. */
  axis?: number;
}
/** The slices along an axis, without that axis. */
export const unstack = publicOp('unstack', (x: TensorLike, { num = null, axis = 0 }: UnstackOptions = {}): Tensor[] => {
  const tensor = toTensor(x, null, 'unstack');
  const along = normalizeAxis(axis, tensor.ndim, 'unstack');
  const size = tensor.shape[along]!;
  if (num !== null) integer('unstack', 'num', num, { min: 0 });
  else if (isStandIn(size)) throw settle(new RangeError(`unstack: the size of axis ${axis} is not known; the option num tells it`));
  if (num !== null && num !== size)
    throw new RangeError(`unstack: axis ${axis} of shape ${showShape(tensor.shape)} has ${size} slices, expected ${num}`);
  const shape = tensor.shape.filter((_, i) => i !== along);
  return Array.from({ length: listLength('unstack', 'the number of slices', size) }, (_, i) =>
    p.reshape(partOf(tensor, along, i, 1), shape),
  );
}, ['num', 'axis']);
