// Reshape: samples in another shape.
import { field } from '../../config/fields.js';
import { showShape, sizeOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /** Shape of a sample, without the batch; one size may be -1, which stands for what is left over. */
  targetShape: field<readonly number[]>('an array of integers >= 0, at most one of them -1', (v) => {
    const fits = Array.isArray(v) && v.every((d) => typeof d === 'number' && Number.isInteger(d) && d >= -1);
    return fits && v.filter((d) => d === -1).length <= 1 ? (v as number[]) : undefined;
  }),
} as const;

/** Options of `Reshape`. */
export type ReshapeOptions = LayerOptions;

/**
 * Gives each sample the shape `targetShape`: `(batch, …)` becomes `(batch, ...targetShape)`.
 *
 * ```ts
 * new keras.layers.Reshape([3, -1])(ops.ones([2, 12])).shape; // [2, 3, 4]
 * ```
 * @throws when the number of elements does not fit.
 */
export class Reshape extends layer('Reshape', schema, ['targetShape']) {
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [[3, 4]], inputs: [[2, 12]] }, { args: [[-1, 2]], inputs: [[2, 3, 4]] }];

  override call(x: Tensor): Tensor {
    const input = ops.convertToTensor(x);
    const [batch = 1, ...sample] = input.shape;
    return ops.reshape(input, [batch, ...this.completed(sample)]);
  }

  /** The target shape with -1 replaced. */
  private completed(sample: readonly number[]): number[] {
    const { targetShape } = this.config;
    const size = sizeOf(sample);
    const known = sizeOf(targetShape.filter((d) => d !== -1));
    const rest = known === 0 ? 0 : size / known;
    const fits = targetShape.includes(-1) ? Number.isInteger(rest) && known * rest === size : known === size;
    if (!fits)
      throw new RangeError(
        `Reshape "${this.name}": samples of shape ${showShape(sample)} have ${size} elements, which do not fit targetShape ` +
          `[${targetShape.join(', ')}]`,
      );
    return targetShape.map((d) => (d === -1 ? rest : d));
  }
}
