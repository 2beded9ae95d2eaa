// Subtract: the difference of two tensors.
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../base/options.js';
import { type MergeFunction, mergeLayer } from './merge.js';

/** Options of `Subtract`. */
export type SubtractOptions = LayerOptions;

/**
 * The first of two inputs less the second.
 *
 * @throws for another number of inputs, and for shapes that do not broadcast.
 */
export class Subtract extends mergeLayer('Subtract', {}) {
  static readonly samples = [{ args: [], inputs: [[2, 3], [2, 3]] }, { args: [], inputs: [[2, 4, 3], [2, 1, 3]] }];

  override build(inputShape: unknown): void {
    super.build(inputShape);
    const { length } = this.shapesOf(inputShape);
    if (length !== 2) throw new RangeError(`${this.where}: is called on exactly 2 inputs, received ${length}`);
  }

  protected override merge(inputs: readonly Tensor[]): Tensor {
    if (inputs.length !== 2) throw new RangeError(`${this.where}: is called on exactly 2 inputs, received ${inputs.length}`);
    return ops.subtract(inputs[0]!, inputs[1]!);
  }
}

/** `new Subtract(options)(inputs)`. */
export const subtract = ((inputs: readonly Tensor[], options: SubtractOptions = {}) =>
  new Subtract(options)(inputs)) as MergeFunction<SubtractOptions>;
