// Kernels with any number of axes that are quantized as matrices.
import type { DType } from '../../base/dtype.js';
import type { Shape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import type { Quantizer } from '../../quantizers/quantizer.js';
import { type Contraction, productOfFloats, type QuantizedCall, QuantizedWeights } from './weights.js';

/** A kernel whose elements, in their order, are those of the quantized `matrix`. Products are of the kernel in floats. */
export class FlatWeights extends QuantizedWeights {
  /** `inputsQuantizer` brings inputs to integers; null: they stay as they are. */
  constructor(private readonly matrix: QuantizedWeights, shape: Shape, private readonly inputsQuantizer: Quantizer | null) {
    super({ name: matrix.layout.name, shape, axes: [] });
  }
  override get value(): Variable {
    return this.matrix.value;
  }
  override get details(): readonly Variable[] {
    return this.matrix.details;
  }

  /** With the mode's quantizer whatever the config says, as in Keras. */
  override quantize(kernel: Tensor): ReadonlyMap<Variable, Tensor> {
    return this.matrix.quantize(ops.reshape(kernel, this.matrix.layout.shape), null);
  }
  override numbers(): Tensor {
    return ops.reshape(this.matrix.numbers(), this.layout.shape);
  }
  override float(dtype: DType): Tensor {
    return ops.reshape(this.matrix.float(dtype), this.layout.shape);
  }
  override times(inputs: Tensor, contraction: Contraction, { dtype }: QuantizedCall): Tensor {
    return productOfFloats(inputs, this.float(dtype), contraction, this.inputsQuantizer, dtype);
  }
}
