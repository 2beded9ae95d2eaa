// Weights that are -1, 0 or 1 times a scale, five to a byte (Ma et al., "The Era of 1-bit LLMs: All Large Language Models are in 1.58
// Bits", 2024).
import { packTernary, unpackTernary } from '../../quantizers/packing.js';
import type { DType } from '../../base/dtype.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as initializers from '../../initializers/index.js';
import * as ops from '../../ops/index.js';
import { type Contraction, type Layout, type Owner, type QuantizedCall, QuantizedWeights } from './weights.js';

/** The byte of five zeros: 1 + 3 + 9 + 27 + 81. */
const ZEROS = 121;

/** -1, 0 or 1 for each weight: 0 where it is at most `threshold`, by default half the mean of all absolute values. */
export function ternary(matrix: Tensor, threshold: number | null): Tensor {
  const size = ops.abs(matrix);
  return ops.multiply(ops.sign(matrix), ops.cast(ops.greater(size, threshold ?? ops.multiply(0.5, ops.mean(size))), matrix.dtype));
}

/** One scale for all weights. */
export class TernaryWeights extends QuantizedWeights {
  override readonly value: Variable;
  readonly scale: Variable;

  /** With a `threshold` the scale is 1, otherwise the mean of the absolute values. */
  constructor(owner: Owner, layout: Layout, private readonly threshold: number | null = null) {
    super(layout);
    const { name, shape: [rows, columns] } = layout as Layout & { shape: readonly [number, number] };
    this.value = owner.addWeight({
      name,
      shape: [Math.ceil(rows / 5), columns],
      initializer: new initializers.Constant(ZEROS),
      dtype: 'uint8',
      trainable: false,
    });
    this.scale = owner.addWeight({ name: `${name}_scale`, initializer: 'ones', trainable: false });
  }
  override get details(): readonly Variable[] {
    return [this.scale];
  }

  override quantize(matrix: Tensor): ReadonlyMap<Variable, Tensor> {
    const scale = this.threshold === null ? ops.mean(ops.abs(matrix)) : ops.ones([]);
    return new Map([[this.value, packTernary(ternary(matrix, this.threshold))[0]], [this.scale, scale]]);
  }

  override numbers(): Tensor {
    return unpackTernary(this.value.value, this.layout.shape[0]!);
  }
  override float(dtype: DType): Tensor {
    return ops.multiply(ops.cast(this.numbers(), dtype), ops.cast(this.scale.value, dtype));
  }
  override times(inputs: Tensor, { product }: Pick<Contraction, 'product'>, { dtype }: QuantizedCall): Tensor {
    return ops.multiply(product(inputs, ops.cast(this.numbers(), dtype)), ops.cast(this.scale.value, dtype));
  }
}
