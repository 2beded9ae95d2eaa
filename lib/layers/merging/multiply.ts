// Multiply: the product of several tensors, entry by entry.
import type { Tensor } from '../../core/tensor.js';
import type { LayerOptions } from '../base/options.js';
import { type MergeFunction, mergeLayer } from './merge.js';

/** Options of `Multiply`. */
export type MultiplyOptions = LayerOptions;

/**
 * The product of the inputs, entry by entry; entries that do not count are left out of it.
 *
 * @throws for inputs whose shapes do not broadcast, and for anything but an array of tensors.
 */
export class Multiply extends mergeLayer('Multiply', {}) {
  static readonly samples = [{ args: [], inputs: [[2, 3], [2, 3]] }, { args: [], inputs: [[2, 4, 3], [2, 1, 3]] }];

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return this.mergeProduct(inputs);
  }
}

/** `new Multiply(options)(inputs)`. */
export const multiply = ((inputs: readonly Tensor[], options: MultiplyOptions = {}) =>
  new Multiply(options)(inputs)) as MergeFunction<MultiplyOptions>;
