// Concatenate: several tensors one after the other.
import type { OptionsOf } from '../../config/configurable.js';
import { int, withDefault } from '../../config/fields.js';
import { normalizeAxis, showShape, type SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../base/options.js';
import { type MergeFunction, mergeLayer } from './merge.js';

const schema = {
  /** The axis along which the inputs stand one after the other. */
  axis: withDefault(int(), -1),
} as const;

/** Options of `Concatenate`. */
export type ConcatenateOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * The inputs one after the other along `axis`; their other axes must agree.
 *
 * @throws for shapes that differ elsewhere, and for anything but an array of tensors.
 */
export class Concatenate extends mergeLayer('Concatenate', schema) {
  static readonly samples = [{ args: [], inputs: [[2, 3], [2, 4]] }, { args: [{ axis: 1 }], inputs: [[2, 4, 3], [2, 1, 3]] }];

  override computeOutputShape(inputShape: unknown): SymbolicShape {
    const shapes = this.shapesOf(inputShape);
    const [first] = shapes as readonly [SymbolicShape];
    const axis = normalizeAxis(this.config.axis, first.length, this.where);
    const wrong = () =>
      new RangeError(
        `${this.where}: the inputs must have the same shape except for axis ${this.config.axis}, received ` +
          `[${shapes.map(showShape).join(', ')}]`,
      );
    return first.map((_, i): number | null => {
      if (shapes.some((shape) => shape.length !== first.length)) throw wrong();
      const sizes = shapes.map((shape) => shape[i] as number | null);
      if (i === axis) return sizes.includes(null) ? null : (sizes as number[]).reduce((a, b) => a + b, 0);
      if (new Set(sizes.filter((size) => size !== null)).size > 1) throw wrong();
      return sizes[0]!;
    });
  }

  override call(inputs: unknown): Tensor {
    if (!Array.isArray(inputs)) throw new TypeError(`${this.where}: is called on an array of tensors`);
    return this.merge(inputs as Tensor[]);
  }
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return ops.concatenate(inputs, { axis: this.config.axis });
  }

  override computeMask(inputs: unknown, previousMask: unknown): unknown {
    const masks = this.masksFor(inputs, previousMask);
    if (masks === null || masks.every((mask) => mask === null)) return null;
    const wide = (inputs as Tensor[]).map((x, i) => {
      const mask = masks[i]!;
      if (mask === null) return ops.onesLike(x, { dtype: 'bool' });
      return mask.ndim < x.ndim ? ops.logicalOr(ops.expandDims(mask, -1), ops.zerosLike(x, { dtype: 'bool' })) : mask;
    });
    return ops.any(ops.concatenate(wide, { axis: this.config.axis }), { axis: -1, keepdims: false });
  }
}

/** `new Concatenate(options)(inputs)`. */
export const concatenate = ((inputs: readonly Tensor[], options: ConcatenateOptions = {}) =>
  new Concatenate(options)(inputs)) as MergeFunction<ConcatenateOptions>;
