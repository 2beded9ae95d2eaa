// Matrices of weights that layers keep in few bits: which variables stand for one, how it becomes them, and how it is computed with.
import type { QuantizationConfig } from '../../quantizers/quantization-config.js';
import type { Quantizer } from '../../quantizers/quantizer.js';
import type { DType } from '../../base/dtype.js';
import type { Shape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import { customGradient } from '../../ops/autodiff.js';
import * as ops from '../../ops/index.js';
import { rowsAt } from '../../ops/indices.js';
import type { AddWeightOptions } from '../base/layer-state.js';

/** A matrix that can be quantized. */
export interface Layout {
  /** Name of its variable, with which the names of the scales and so on begin. */
  readonly name: string;
  readonly shape: Shape;
  /** The axes along which weights share a scale: those that products sum over. */
  readonly axes: readonly number[];
  /** The axis along which small numbers share bytes. Default: the last. */
  readonly packedAxis?: number;
  /** A scale whose `axes` have size 1 as it is kept, and back. Default: without these axes. */
  readonly keep?: (scale: Tensor) => Tensor;
  readonly spread?: (kept: Tensor) => Tensor;
  /** Dtype of zero points. Default `'int8'`; null: the layer's variable dtype. */
  readonly zeroDtype?: DType | null;
}

/** The product of inputs and weights, for layers that multiply. */
export interface Contraction {
  product(this: void, inputs: Tensor, weights: Tensor): Tensor;
  /** The gradient of `inputs`, from that of the product. */
  transposed(this: void, upstream: Tensor, weights: Tensor): Tensor;
  /** The axes of the inputs that are summed over. Default: the last; null: those of the quantizer. */
  readonly axes?: number | readonly number[] | null;
  /** A scale of inputs, with `axes` of size 1, brought to the axes of the product. Default: as it is. */
  readonly align?: (this: void, scale: Tensor) => Tensor;
}

/** What calls of a quantized layer are told. */
export interface QuantizedCall {
  /** The layer's compute dtype. */
  readonly dtype: DType;
  readonly training?: boolean | null | undefined;
}

/** The layer that holds the variables. */
export interface Owner {
  readonly name: string;
  addWeight(options: AddWeightOptions): Variable;
}

/**
 * The product of inputs, which `quantizer` rounds where there is one, with weights in floats; the gradient of the inputs is that of a
 * product of floats.
 */
export function productOfFloats(
  inputs: Tensor,
  weights: Tensor,
  { product, transposed, axes = -1, align = (scale) => scale }: Contraction,
  quantizer: Quantizer | null,
  dtype: DType,
): Tensor {
  const multiply = customGradient((x: Tensor, w: Tensor) => {
    const gradient = (upstream: Tensor): (Tensor | null)[] => [transposed(upstream, w), null];
    if (quantizer === null) return [product(x, w), gradient] as const;
    const [rounded, scale] = quantizer(x, { axis: axes }) as [Tensor, Tensor];
    return [ops.divide(ops.cast(product(rounded, w), dtype), align(scale)), gradient] as const;
  });
  return multiply(inputs, weights);
}

/** A quantized matrix. */
export abstract class QuantizedWeights {
  /** The numbers themselves. */
  abstract readonly value: Variable;
  /** Scales and what else belongs to them, in Keras's order. */
  abstract readonly details: readonly Variable[];

  constructor(readonly layout: Layout) {}

  /** What a float matrix becomes, by variable, with the config's quantizer or else the mode's. */
  abstract quantize(matrix: Tensor, config: QuantizationConfig | null): ReadonlyMap<Variable, Tensor>;
  /** The matrix as it was rounded: integers without their scales. */
  numbers(): Variable | Tensor {
    return this.value;
  }
  /** The matrix in floats. */
  abstract float(dtype: DType): Tensor;
  /** The product of inputs with the matrix; gradients reach the inputs. */
  abstract times(inputs: Tensor, contraction: Contraction, call: QuantizedCall): Tensor;
  /** Rows of the matrix in floats. */
  rows(indices: Tensor, dtype: DType): Tensor {
    return rowsAt('Embedding', this.float(dtype), indices);
  }

  /** Quantizes a float matrix into the variables. */
  assign(matrix: Tensor, config: QuantizationConfig | null): void {
    for (const [variable, value] of this.quantize(matrix, config)) variable.assign(value);
  }
}
