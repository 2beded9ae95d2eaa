// Maximum: the largest of several tensors, entry by entry.
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../base/options.js';
import { type MergeFunction, mergeLayer } from './merge.js';

/** Options of `Maximum`. */
export type MaximumOptions = LayerOptions;

/**
 * The largest of the inputs at each entry; where inputs have masks, of those that count.
 *
 * @throws for inputs whose shapes do not broadcast, and for anything but an array of tensors.
 */
export class Maximum extends mergeLayer('Maximum', {}) {
  static readonly samples = [{ args: [], inputs: [[2, 3], [2, 3]] }, { args: [], inputs: [[2, 4, 3], [2, 1, 3]] }];

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return this.mergeMasked(inputs, ops.maximum);
  }
}

/** `new Maximum(options)(inputs)`. */
export const maximum = ((inputs: readonly Tensor[], options: MaximumOptions = {}) =>
  new Maximum(options)(inputs)) as MergeFunction<MaximumOptions>;
