// Draws that decide for each image whether something happens to it.
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import type { Range } from './fields.js';

/** True for each of `count` images with a probability that is drawn between the two numbers of `factor`, `[count]`. */
export function drawChances(count: number, [minval, maxval]: Range, seed: random.Seed): Tensor {
  const probability = random.uniform([count], { minval, maxval, seed });
  return ops.less(random.uniform([count], { seed }), probability);
}
/** The entries of `[batch]` beside `[batch, height, width, channels]`. */
export const beside = (entries: TensorLike): Tensor => ops.reshape(entries, [-1, 1, 1, 1]);
