// Dot: the product of two tensors along an axis of each, sample by sample.
import type { OptionsOf } from '../../config/configurable.js';
import { bool, field } from '../../config/fields.js';
import { showShape, sizeOf, type SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../base/options.js';
import { type MergeFunction, mergeLayer } from './merge.js';

const isWhole = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value);
type Axes = number | readonly [number, number];

const schema = {
  /** The axis of both inputs to sum over, or one for each. Not 0, the batch. */
  axes: field<Axes>('an axis or an array of two axes', (v) =>
    isWhole(v) || (Array.isArray(v) && v.length === 2 && v.every(isWhole)) ? (v as Axes) : undefined,
  ),
  /** Whether the samples are brought to length 1 along the axes first: the result is the cosine of the angle between them. */
  normalize: bool(false),
} as const;

/** Options of `Dot`. */
export type DotOptions = Omit<OptionsOf<typeof schema>, 'axes'> & LayerOptions;

/** `x` of shape (batch, …, k, …) with axis `axis` last, or `y` with it second, the others flat: rank 3, and the sizes of the others. */
function flatWith(x: Tensor, axis: number, place: 'last' | 'second'): { matrix: Tensor; others: number[] } {
  const rest = x.shape.map((_, i) => i).filter((i) => i !== 0 && i !== axis);
  const order = place === 'last' ? [0, ...rest, axis] : [0, axis, ...rest];
  const others = rest.map((i) => x.shape[i]!);
  const [batch, k] = [x.shape[0]!, x.shape[axis]!];
  const sizes = place === 'last' ? [batch, sizeOf(others), k] : [batch, k, sizeOf(others)];
  return { matrix: ops.reshape(ops.transpose(x, order), sizes), others };
}

/**
 * The sum of products of two inputs along one axis of each, sample by sample: of shapes `(batch, 5, 3)` and `(batch, 4, 3)` with
 * `axes: 2` comes `(batch, 5, 4)`. Two inputs of two axes give `(batch, 1)`.
 *
 * @throws for another number of inputs, axes of different size, and the axis 0.
 */
export class Dot extends mergeLayer('Dot', schema, ['axes']) {
  static readonly samples = [
    {
      args: [1],
      inputs: [
        [2, 3],
        [2, 3],
      ],
    },
    {
      args: [[1, 2], { normalize: true }],
      inputs: [
        [2, 3, 4],
        [2, 5, 3],
      ],
    },
  ];

  /** The axes from the front. */
  private axesOf(shapes: readonly SymbolicShape[]): [number, number] {
    if (shapes.length !== 2) throw new RangeError(`${this.where}: is called on exactly 2 inputs, received ${shapes.length}`);
    const { axes } = this.config;
    const [a, b] = typeof axes === 'number' ? [axes, axes] : axes;
    const [x, y] = shapes as [SymbolicShape, SymbolicShape];
    const [i, j] = [a < 0 ? a + x.length : a, b < 0 ? b + y.length : b];
    const both = `inputs of shape ${showShape(x)} and ${showShape(y)}`;
    if (i <= 0 || j <= 0 || i >= x.length || j >= y.length)
      throw new RangeError(`${this.where}: axes must be axes of the inputs other than 0, received ${JSON.stringify(axes)} for ${both}`);
    if (x[i] !== y[j] && x[i] !== null && y[j] !== null)
      throw new RangeError(
        `${this.where}: the axes to sum over have different sizes, ${x[i]} (axis ${i}) and ${y[j]} (axis ${j}) of ${both}`,
      );
    return [i, j];
  }

  override computeOutputShape(inputShape: unknown): SymbolicShape {
    const shapes = this.shapesOf(inputShape);
    const [i, j] = this.axesOf(shapes);
    const [x, y] = shapes as [SymbolicShape, SymbolicShape];
    const out = [...x.filter((_, axis) => axis !== i), ...y.filter((_, axis) => axis !== j && axis !== 0)];
    return out.length === 1 ? [...out, 1] : out;
  }

  override call(inputs: unknown): Tensor {
    if (!Array.isArray(inputs)) throw new TypeError(`${this.where}: is called on an array of 2 tensors`);
    return this.merge(inputs as Tensor[]);
  }
  protected override merge(inputs: readonly Tensor[]): Tensor {
    const [i, j] = this.axesOf(inputs.map(({ shape }) => shape));
    const unit = (x: Tensor, axis: number): Tensor => (this.config.normalize ? ops.normalize(x, { axis }) : x);
    const [first, second] = inputs as readonly [Tensor, Tensor];
    const x = flatWith(unit(first, i), i, 'last');
    const y = flatWith(unit(second, j), j, 'second');
    const sizes = [first.shape[0]!, ...x.others, ...y.others];
    return ops.reshape(ops.matmul(x.matrix, y.matrix), sizes.length === 1 ? [...sizes, 1] : sizes);
  }

  /** The products of masked entries count. */
  override computeMask(): null {
    return null;
  }
}

/** `new Dot(axes, options)(inputs)`; `axes` defaults to -1. */
export const dot = ((inputs: readonly Tensor[], { axes = -1, ...options }: DotOptions & { axes?: Axes } = {}) =>
  new Dot(axes, options)(inputs)) as MergeFunction<DotOptions & { axes?: Axes }>;
