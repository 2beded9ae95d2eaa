// Add: the sum of several tensors.
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../base/options.js';
import { type MergeFunction, mergeLayer } from './merge.js';

/** Options of `Add`. */
export type AddOptions = LayerOptions;

/**
 * The sum of the inputs.
 *
 * @throws for inputs whose shapes do not broadcast, and for anything but an array of tensors.
 */
export class Add extends mergeLayer('Add', {}) {
  static readonly samples = [{ args: [], inputs: [[2, 3], [2, 3]] }, { args: [], inputs: [[2, 4, 3], [2, 1, 3]] }];

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((a, b) => ops.add(a, b));
  }
}

/** `new Add(options)(inputs)`. */
export const add = ((inputs: readonly Tensor[], options: AddOptions = {}) => new Add(options)(inputs)) as MergeFunction<AddOptions>;
