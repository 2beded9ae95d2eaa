// RepeatVector: each sample several times.
import { int } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { InputSpec } from '../base/input-spec.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /** How often. */
  n: int({ min: 1 }),
} as const;

/** Options of `RepeatVector`. */
export type RepeatVectorOptions = LayerOptions;

/**
 * Repeats each sample `n` times: `(batch, features)` becomes `(batch, n, features)`.
 *
 * @throws for an input that has not two axes.
 */
export class RepeatVector extends layer('RepeatVector', schema, ['n']) {
  static readonly samples = [{ args: [3], inputs: [[2, 4]] }];
  override inputSpec = new InputSpec({ ndim: 2 });

  override call(x: Tensor): Tensor {
    const [batch, features] = x.shape as [number, number];
    return ops.broadcastTo(ops.expandDims(x, 1), [batch, this.config.n, features]);
  }
}
