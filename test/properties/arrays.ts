// Arrays in plain JavaScript, the model that properties compare with, and arbitrary ones.
import { ops, type Tensor } from 'keratin';
import fc from 'fast-check';

/** A row-major array. */
export interface Model {
  shape: readonly number[];
  data: readonly number[];
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** All places of a shape, in row-major order. */
export function* places(shape: readonly number[]): Iterable<number[]> {
  for (let flat = 0; flat < sizeOf(shape); flat++) {
    const place: number[] = [];
    let rest = flat;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place.unshift(rest % shape[axis]);
      rest = Math.floor(rest / shape[axis]);
    }
    yield place;
  }
}

/** The array of a shape whose elements a function of the place gives. */
export const build = (shape: readonly number[], at: (place: number[]) => number): Model => ({ shape, data: [...places(shape)].map(at) });
/** The element at a place; axes of size 1 broadcast, and missing axes too. */
export function read({ shape, data }: Model, place: readonly number[]): number {
  const own = place.slice(place.length - shape.length);
  return data[shape.reduce((flat, size, axis) => flat * size + (size === 1 ? 0 : own[axis]), 0)];
}
/** The model as a float32 tensor. */
export const tensor = ({ shape, data }: Model): Tensor => ops.reshape(ops.convertToTensor(Float32Array.from(data)), shape);
/** A tensor as a model. */
export const model = (value: Tensor): Model => ({ shape: value.shape, data: Array.from(value.data, Number) });

/** Shapes of up to four axes, with sizes from `smallest`. */
export const shapes = (smallest = 0, rank: { minLength?: number; maxLength?: number } = { maxLength: 4 }): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: smallest, max: 4 }), rank);
/** Arrays of whole numbers of a shape. */
export const arrays = (shape: readonly number[]): fc.Arbitrary<Model> =>
  fc.array(fc.integer({ min: -9, max: 9 }), { minLength: sizeOf(shape), maxLength: sizeOf(shape) }).map((data) => ({ shape, data }));
/** Arrays of any shape. */
export const anyArray = (smallest?: number, rank?: { minLength?: number; maxLength?: number }): fc.Arbitrary<Model> =>
  shapes(smallest, rank).chain(arrays);
/** An axis of a shape, counted from either end. */
export const axisOf = (shape: readonly number[]): fc.Arbitrary<number> => fc.integer({ min: -shape.length, max: shape.length - 1 });
