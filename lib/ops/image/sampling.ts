// Reading images (or any tensor) at places between their elements, which transformations are made of.
import type { TensorLike } from '../../core/convert.js';
import { scalarTensor, toTensor } from '../../core/convert.js';
import { castTo } from '../../core/cast.js';
import { type DType, isFloat, isInteger, resultType } from '../../base/dtype.js';
import { checkChoice, show } from '../../base/errors.js';
import { showShape, sizeOf, stridesOf, type Shape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as p from '../primitives/index.js';
import { constant } from '../primitives/primitive.js';
import { publicOp } from '../public.js';

const FILL_MODES = ['constant', 'nearest', 'wrap', 'mirror', 'reflect'] as const;
/**
 * What stands outside of the elements `a b c d`: `'constant'` a number; `'nearest'` `a a|a b c d|d d`; `'wrap'` `c d|a b c d|a b`;
 * `'mirror'` `c b|a b c d|c b`; `'reflect'` `b a|a b c d|d c`.
 */
export type FillMode = (typeof FILL_MODES)[number];
/** How values between elements are found. */
export type SampleInterpolation = 'nearest' | 'bilinear';
/** 0 takes the nearest element, 1 weighs the two neighbours along each axis. */
export type SampleOrder = 0 | 1;
/** @internal The mode, checked. */
export const fillModeOf = (where: string, mode: unknown): FillMode => checkChoice(where, 'fillMode', mode, FILL_MODES);
/** @internal The order of an interpolation. */
export const orderOf = (where: string, interpolation: unknown): SampleOrder =>
  checkChoice(where, 'interpolation', interpolation, ['nearest', 'bilinear']) === 'bilinear' ? 1 : 0;

/** Places further out than this count as there, so that arithmetic on them stays within int32. */
const FARTHEST = 2 ** 28;

const mirrored = (index: Tensor, size: number): Tensor => {
  const half = constant(size - 1, index);
  return p.absolute(p.subtract(p.mod(p.add(index, half), constant(2 * (size - 1), index)), half));
};
/** The element that stands at a place, for each mode. */
const PLACES: Record<FillMode, (index: Tensor, size: number) => Tensor> = {
  constant: (index, size) => p.clip(index, constant(0, index), constant(size - 1, index)),
  nearest: (index, size) => p.clip(index, constant(0, index), constant(size - 1, index)),
  wrap: (index, size) => p.mod(index, constant(size, index)),
  mirror: (index, size) => (size === 1 ? p.multiply(index, constant(0, index)) : mirrored(index, size)),
  reflect: (index, size) => {
    const [one, two] = [constant(1, index), constant(2, index)];
    return p.floorDivide(p.subtract(mirrored(p.add(p.multiply(two, index), one), 2 * size + 1), one), two);
  },
};

/** To the nearest whole number, halves away from 0. */
function roundHalvesAway(x: Tensor): Tensor {
  const whole = p.trunc(x);
  const rest = p.absolute(p.subtract(x, whole));
  return p.add(whole, p.select(p.greaterEqual(rest, constant(0.5, x)), p.sign(x), constant(0, x)));
}

/** An element of one axis that takes part in a value. */
interface Neighbour {
  /** Its index, inside of the axis. */
  readonly index: Tensor;
  /** Whether it is an element and not a constant; null: always. */
  readonly exists: Tensor | null;
  /** null: 1. */
  readonly weight: Tensor | null;
}
function neighbours(coordinate: Tensor, size: number, order: SampleOrder, mode: FillMode): Neighbour[] {
  const bound = (n: number) => constant(n, coordinate);
  const indexOf = (place: Tensor) => castTo(p.clip(place, bound(-FARTHEST), bound(FARTHEST)), 'int32');
  const neighbour = (index: Tensor, weight: Tensor | null): Neighbour => ({
    index: PLACES[mode](index, size),
    exists: mode === 'constant' ? p.logicalAnd(p.greaterEqual(index, constant(0, index)), p.less(index, constant(size, index))) : null,
    weight,
  });
  if (order === 0) return [neighbour(indexOf(roundHalvesAway(coordinate)), null)];
  const lower = p.floor(coordinate);
  const above = p.subtract(coordinate, lower);
  const index = indexOf(lower);
  return [neighbour(index, p.subtract(bound(1), above)), neighbour(p.add(index, constant(1, index)), above)];
}
const product = (a: Tensor | null, b: Tensor | null, times: (a: Tensor, b: Tensor) => Tensor): Tensor | null =>
  a === null ? b : b === null ? a : times(a, b);

/** What `sample` reads. */
export interface Source {
  /** `[elements, ...cell]`: the elements of all axes in row-major order, each a cell of values that lie side by side. */
  readonly cells: Tensor;
  /** Sizes of the axes. */
  readonly sizes: Shape;
  /** The element at which the axes begin, for each place; null: 0. */
  readonly offset: Tensor | null;
}
/**
 * @internal The cells at `coordinates` (a float tensor for each axis, all of one shape), as `[...places, ...cell]` of the source's dtype.
 * Integers are rounded, halves away from 0.
 */
export function sample(
  { cells, sizes, offset }: Source,
  coordinates: readonly Tensor[],
  order: SampleOrder,
  mode: FillMode,
  fillValue: TensorLike,
): Tensor {
  const { dtype } = cells;
  const places = coordinates[0]!.shape;
  const cell = cells.shape.slice(1);
  const spread = (x: Tensor) => p.reshape(x, [...places, ...cell.map(() => 1)]);
  const fill = p.reshape(toTensor(fillValue, dtype, 'sample'), []);
  const wide: DType = resultType(isFloat(dtype) ? dtype : 'float32', coordinates[0]!.dtype);
  const strides = stridesOf(sizes);
  if (sizeOf(sizes) === 0) throw new RangeError(`sample: a tensor of shape ${showShape(sizes)} has no elements`);
  type Corner = { index: Tensor | null; exists: Tensor | null; weight: Tensor | null };
  let corners: Corner[] = [{ index: offset, exists: null, weight: null }];
  coordinates.forEach((coordinate, axis) => {
    const along = neighbours(coordinate, sizes[axis]!, order, mode);
    corners = corners.flatMap((corner) =>
      along.map(({ index, exists, weight }): Corner => ({
        index: product(corner.index, p.multiply(index, constant(strides[axis]!, index)), p.add),
        exists: product(corner.exists, exists, p.logicalAnd),
        weight: product(corner.weight, weight, p.multiply),
      })),
    );
  });
  const parts = corners.map(({ index, exists, weight }) => {
    const found = p.gather(cells, index!, 0);
    const value = castTo(exists === null ? found : p.select(spread(exists), found, fill), wide);
    return weight === null ? value : p.multiply(spread(castTo(weight, wide)), value);
  });
  const sum = parts.reduce((a, b) => p.add(a, b));
  if (order === 0) return castTo(sum, dtype);
  return castTo(isInteger(dtype) ? roundHalvesAway(sum) : sum, dtype);
}

/** Options of `mapCoordinates`. */
export interface MapCoordinatesOptions {
  /** What stands outside. Default `'constant'`. */
  fillMode?: FillMode;
  /** The constant. Default 0. */
  fillValue?: TensorLike;
}
/**
 * The values of `inputs` at `coordinates`, whose first axis has one number for each axis of the inputs; the other axes become those of the
 * result. `order` 0 takes the nearest element (halves away from 0), 1 weighs the neighbours. In the dtype of the inputs; integers are
 * rounded.
 * @throws when the coordinates do not fit the inputs, or the order is neither 0 nor 1.
 */
export const mapCoordinates = publicOp(
  'mapCoordinates',
  (
    inputs: TensorLike,
    coordinates: TensorLike,
    order: SampleOrder,
    { fillMode = 'constant', fillValue = 0 }: MapCoordinatesOptions = {},
  ): Tensor => {
    const tensor = toTensor(inputs, null, 'mapCoordinates');
    const places = toTensor(coordinates, null, 'mapCoordinates');
    if (places.ndim < 2)
      throw new RangeError(`mapCoordinates: coordinates must have at least 2 axes, received shape ${showShape(places.shape)}`);
    if (places.shape[0] !== tensor.ndim)
      throw new RangeError(
        `mapCoordinates: coordinates of shape ${showShape(places.shape)} must have ${tensor.ndim} in their first axis, one number for ` +
          `each axis of the inputs`,
      );
    if ((order as unknown) !== 0 && (order as unknown) !== 1)
      throw new RangeError(`mapCoordinates: order must be 0 or 1, received ${show(order)}`);
    const mode = fillModeOf('mapCoordinates', fillMode);
    const float = castTo(places, places.dtype === 'float64' ? 'float64' : 'float32');
    const shape = float.shape.slice(1);
    const along = tensor.shape.map((_, axis) => p.reshape(p.slice(float, [axis, ...shape.map(() => 0)], [1, ...shape]), shape));
    return sample({ cells: p.reshape(tensor, [tensor.size]), sizes: tensor.shape, offset: null }, along, order, mode, fillValue);
  },
  ['fillMode', 'fillValue'],
);

/** @internal The pixels of a batch with channels last at places that differ from image to image, `[batch, rows, columns]` each. */
export function samplePixels(batch: Tensor, y: Tensor, x: Tensor, order: SampleOrder, mode: FillMode, fillValue: TensorLike): Tensor {
  const [count, height, width, channels] = batch.shape as [number, number, number, number];
  const rows = p.multiply(p.reshape(p.iota(count, 'int32'), [count, 1, 1]), scalarTensor(height * width, 'int32'));
  const source = { cells: p.reshape(batch, [count * height * width, channels]), sizes: [height, width], offset: rows };
  return sample(source, [y, x], order, mode, fillValue);
}
