// Minimum: the smallest of several tensors, entry by entry.
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../base/options.js';
import { type MergeFunction, mergeLayer } from './merge.js';

/** Options of `Minimum`. */
export type MinimumOptions = LayerOptions;

/**
 * The smallest of the inputs at each entry; where inputs have masks, of those that count.
 *
 * @throws for inputs whose shapes do not broadcast, and for anything but an array of tensors.
 */
export class Minimum extends mergeLayer('Minimum', {}) {
  static readonly samples = [{ args: [], inputs: [[2, 3], [2, 3]] }, { args: [], inputs: [[2, 4, 3], [2, 1, 3]] }];

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return this.mergeMasked(inputs, ops.minimum);
  }
}

/** `new Minimum(options)(inputs)`. */
export const minimum = ((inputs: readonly Tensor[], options: MinimumOptions = {}) =>
  new Minimum(options)(inputs)) as MergeFunction<MinimumOptions>;
