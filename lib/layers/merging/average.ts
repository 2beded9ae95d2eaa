// Average: the mean of several tensors.
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../base/options.js';
import { type MergeFunction, mergeLayer } from './merge.js';

/** Options of `Average`. */
export type AverageOptions = LayerOptions;

/**
 * The mean of the inputs.
 *
 * @throws for inputs whose shapes do not broadcast, and for anything but an array of tensors.
 */
export class Average extends mergeLayer('Average', {}) {
  static readonly samples = [{ args: [], inputs: [[2, 3], [2, 3]] }, { args: [], inputs: [[2, 4, 3], [2, 1, 3]] }];

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return ops.divide(inputs.reduce((a, b) => ops.add(a, b)), inputs.length);
  }
}

/** `new Average(options)(inputs)`. */
export const average = ((inputs: readonly Tensor[], options: AverageOptions = {}) =>
  new Average(options)(inputs)) as MergeFunction<AverageOptions>;
