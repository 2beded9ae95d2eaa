// Working along axes: shapes, parts, and reductions over any set of axes.
import { show } from '../base/errors.js';
import { integers } from '../base/integers.js';
import { checkShape, normalizeAxis, sizeOf, type Shape } from '../base/shape.js';
import { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { widened } from './public.js';

/** Whole numbers, one or several; a tensor of them must have values. */
export type Numbers = number | readonly number[] | Tensor;
/** The numbers as a plain list. Throws on what is no whole number. */
export const numbersOf = (where: string, name: string, values: Numbers): readonly number[] =>
  integers(where, name, values instanceof Tensor ? Array.from(values.elements, Number) : values);

/** A shape, or the size of a single axis. */
export type ShapeLike = Numbers;
/** A shape given as sizes or as the size of a single axis. Throws on sizes that are not whole and at least 0. */
export function toShape(shape: ShapeLike, where: string): Shape {
  const sizes: unknown = typeof shape === 'number' ? [shape] : shape instanceof Tensor ? Array.from(shape.elements, Number) : shape;
  if (!Array.isArray(sizes)) throw new TypeError(`${where}: a shape is an array of whole sizes, received ${show(shape)}`);
  checkShape(sizes, where);
  return Array.from(sizes);
}

/** Axes to reduce: one, several, or null for all. Negative ones count from the end. */
export type Axis = number | readonly number[] | null;

/** A primitive over `count` neighbouring axes. */
export type Kernel = (x: Tensor, axis: number, count: number) => Tensor;

/** The shape with size 1 on the given axes. */
export const keptShape = (shape: Shape, axes: readonly number[]): Shape => shape.map((d, i) => (axes.includes(i) ? 1 : d));

/** Applies a reduction to ascending axes, one run of neighbours after another from the last. */
export function reduceAxes(kernel: Kernel, x: Tensor, axes: readonly number[]): Tensor {
  let result = x;
  for (let end = axes.length; end > 0; ) {
    let start = end - 1;
    while (start > 0 && axes[start - 1] === axes[start]! - 1) start--;
    result = kernel(result, axes[start]!, end - start);
    end = start;
  }
  return result;
}

/** Elements in one reduced group. */
export const countOf = (x: Tensor, axes: readonly number[]): number => sizeOf(axes.map((axis) => x.shape[axis]!));

/** The mean of a float tensor, computed in float32 at least. */
export function meanOf(x: Tensor, axes: readonly number[]): Tensor {
  return widened(x, (wide) => p.divide(reduceAxes(p.sum, wide, axes), constant(countOf(x, axes), wide)));
}
/** The mean squared distance of a float tensor from its mean, computed in float32 at least. */
export function varianceOf(x: Tensor, axes: readonly number[]): Tensor {
  return widened(x, (wide) => {
    const mean = p.reshape(meanOf(wide, axes), keptShape(x.shape, axes));
    return meanOf(p.square(p.subtract(wide, mean)), axes);
  });
}
/** The order of axes that moves some of them to new places, the others keeping their order. */
export function movedAxes(
  rank: number,
  source: number | readonly number[],
  destination: number | readonly number[],
  where: string,
): number[] {
  const list = (axes: number | readonly number[]) => integers(where, 'axes', axes).map((axis) => normalizeAxis(axis, rank, where));
  const [from, to] = [list(source), list(destination)];
  if (from.length !== to.length || new Set(from).size !== from.length || new Set(to).size !== to.length) {
    throw new RangeError(
      `${where}: source ${show(source)} and destination ${show(destination)} must name the same number of axes, each once`,
    );
  }
  const others = Array.from({ length: rank }, (_, i) => i).filter((axis) => !from.includes(axis));
  return Array.from({ length: rank }, (_, i) => (to.includes(i) ? from[to.indexOf(i)]! : others.shift()!));
}
/** One part of a tensor along an axis. */
export const partOf = (x: Tensor, axis: number, start: number, size: number): Tensor =>
  p.slice(x, x.shape.map((_, i) => (i === axis ? start : 0)), x.shape.map((d, i) => (i === axis ? size : d)));

