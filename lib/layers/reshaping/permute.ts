// Permute: the axes of a sample in another order.
import { field, usedWhen } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { InputSpec } from '../base/input-spec.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /** The new order of the axes, which are counted from 1; the batch stays first. */
  dims: usedWhen('made', field<readonly number[]>('an array with each of 1, 2, … once', (v) =>
    Array.isArray(v) && v.toSorted((a, b) => a - b).every((d, i) => d === i + 1) ? (v as number[]) : undefined)),
} as const;

/** Options of `Permute`. */
export type PermuteOptions = LayerOptions;

/**
 * Puts the axes of a sample in the order `dims`: with `[2, 1]`, `(batch, a, b)` becomes `(batch, b, a)`.
 *
 * @throws for an input with another number of axes.
 */
export class Permute extends layer('Permute', schema, ['dims']) {
  static readonly samples = [{ args: [[2, 1]], inputs: [[2, 3, 4]] }, { args: [[3, 1, 2]], inputs: [[2, 3, 4, 5]] }];
  override inputSpec = new InputSpec({ ndim: this.config.dims.length + 1 });

  override call(x: Tensor): Tensor {
    return ops.transpose(x, [0, ...this.config.dims]);
  }
}
