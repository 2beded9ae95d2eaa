// Training with float8: inputs, weights and gradients are rounded to float8, by scales that follow their largest values (Micikevicius et
// al., "FP8 Formats for Deep Learning", 2022).
import {
  computeFloat8AmaxHistory,
  computeFloat8Scale,
  FLOAT8_MAX,
  type Float8DType,
  quantizeAndDequantize,
} from '../../quantizers/float8.js';
import type { DType } from '../../base/dtype.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import { customGradient } from '../../ops/autodiff.js';
import * as ops from '../../ops/index.js';
import { type Contraction, type Layout, type Owner, type QuantizedCall, QuantizedWeights } from './weights.js';

/** A scale and the history of largest values that it follows. Their "gradients" are their new values. */
interface Range {
  readonly scale: Variable;
  readonly history: Variable;
}

/** The next values of a range that `x` was seen with. */
function next(x: Tensor, scale: Tensor, history: Tensor, format: Float8DType): [scale: Tensor, history: Tensor] {
  return [computeFloat8Scale(ops.max(history, { axis: 0 }), scale, FLOAT8_MAX[format]), computeFloat8AmaxHistory(x, history)];
}

/** `x` rounded to float8; gradients pass as they are. */
function rounded(x: Tensor, { scale, history }: Range, { dtype, training }: QuantizedCall): Tensor {
  return customGradient((value: Tensor, by: Tensor, seen: Tensor) => {
    const update = training === true ? next(value, by, seen, 'float8_e4m3fn') : [null, null];
    return [quantizeAndDequantize(value, by, 'float8_e4m3fn', dtype), (upstream: Tensor) => [upstream, ...update]] as const;
  })(x, scale.value, history.value);
}

/** `x` as it is; its gradient is rounded to float8. */
function withRoundedGradient(x: Tensor, { scale, history }: Range, { dtype }: QuantizedCall): Tensor {
  return customGradient((value: Tensor, by: Tensor, seen: Tensor) => [
    value, (upstream: Tensor) => [quantizeAndDequantize(upstream, by, 'float8_e5m2', dtype), ...next(upstream, by, seen, 'float8_e5m2')],
  ] as const)(x, scale.value, history.value);
}

/** The matrix stays in floats; ranges of the inputs, of the matrix, and of the product's gradient stand beside it. */
export class Float8Weights extends QuantizedWeights {
  private readonly ranges: { readonly inputs: Range; readonly matrix: Range; readonly outputs: Range };

  /** `matrix` gives the float variable, which the layer makes. */
  constructor(owner: Owner, layout: Layout, historyLength: number, private readonly matrix: () => Variable) {
    super(layout);
    const common = { dtype: 'float32', trainable: true, autocast: false, overwriteWithGradient: true } as const;
    const range = (name: string): Range => ({
      scale: owner.addWeight({ ...common, name: `${name}_scale`, initializer: 'ones' }),
      history: owner.addWeight({ ...common, name: `${name}_amax_history`, shape: [historyLength], initializer: 'zeros' }),
    });
    this.ranges = { inputs: range('inputs'), matrix: range(layout.name), outputs: range('outputs_grad') };
  }
  override get value(): Variable {
    return this.matrix();
  }
  override get details(): readonly Variable[] {
    const { inputs, matrix, outputs } = this.ranges;
    return [inputs, matrix, outputs].flatMap(({ scale, history }) => [scale, history]);
  }
  /** Nothing changes before training. */
  override quantize(): ReadonlyMap<Variable, Tensor> {
    return new Map();
  }
  override float(dtype: DType): Tensor {
    return ops.cast(this.value.value, dtype);
  }
  override times(inputs: Tensor, { product }: Contraction, call: QuantizedCall): Tensor {
    const { inputs: ofInputs, matrix, outputs } = this.ranges;
    return withRoundedGradient(product(rounded(inputs, ofInputs, call), rounded(this.value.value, matrix, call)), outputs, call);
  }
}
