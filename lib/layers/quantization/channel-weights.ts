// Integers with a scale for each channel: int8, and int4 two to a byte.
import type { Quantizer } from '../../quantizers/quantizer.js';
import { absMaxQuantize } from '../../quantizers/abs-max.js';
import { packInt4, unpackInt4 } from '../../quantizers/packing.js';
import type { QuantizationConfig } from '../../quantizers/quantization-config.js';
import type { DType } from '../../base/dtype.js';
import { normalizeAxis, type Shape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import { customGradient } from '../../ops/autodiff.js';
import * as ops from '../../ops/index.js';
import { rowsAt } from '../../ops/indices.js';
import { type Contraction, type Layout, type Owner, type QuantizedCall, QuantizedWeights } from './weights.js';

/** Bits of a weight. */
export type Bits = 4 | 8;
const RANGES = { 4: [-8, 7], 8: [-127, 127] } as const;

/** The shape that integers are kept in. */
export function packedShape({ shape, packedAxis = -1 }: Layout, bits: Bits): Shape {
  const axis = normalizeAxis(packedAxis, shape.length, 'packing');
  return bits === 8 ? shape : shape.map((size, i) => (i === axis ? Math.ceil(size / 2) : size));
}
/** Integers as they are kept, and back. */
export const packed = (integers: Tensor, { packedAxis = -1 }: Layout, bits: Bits): Tensor =>
  bits === 8 ? integers : packInt4(integers, { axis: packedAxis })[0];
export const unpacked = (kept: Tensor, { shape, packedAxis = -1 }: Layout, bits: Bits): Tensor =>
  bits === 8 ? kept : unpackInt4(kept, shape.at(packedAxis)!, { axis: packedAxis });

/** Symmetric integers: `weight = integer / scale`. */
export class ChannelWeights extends QuantizedWeights {
  override readonly value: Variable;
  readonly scale: Variable;

  /** `inputsQuantizer` brings inputs to integers too; null: products are of floats. */
  constructor(
    owner: Owner,
    layout: Layout,
    readonly bits: Bits,
    private readonly inputsQuantizer: Quantizer | null,
  ) {
    super(layout);
    const { name, shape, axes } = layout;
    const scale = this.keep(ops.ones(shape.map((size, i) => (axes.includes(i) ? 1 : size))));
    this.value = owner.addWeight({ name, shape: packedShape(layout, bits), initializer: 'zeros', dtype: 'int8', trainable: false });
    this.scale = owner.addWeight({ name: `${name}_scale`, shape: scale.shape, initializer: 'ones', trainable: false });
  }
  override get details(): readonly Variable[] {
    return [this.scale];
  }

  private keep(scale: Tensor): Tensor {
    return this.layout.keep?.(scale) ?? ops.squeeze(scale, { axis: [...this.layout.axes] });
  }
  private spread(kept: Tensor): Tensor {
    return this.layout.spread?.(kept) ?? ops.expandDims(kept, [...this.layout.axes]);
  }

  override quantize(matrix: Tensor, config: QuantizationConfig | null): ReadonlyMap<Variable, Tensor> {
    const quantizer = config?.weightQuantizer ?? null;
    const [integers, scale] =
      quantizer === null
        ? absMaxQuantize(matrix, this.layout.axes, { valueRange: RANGES[this.bits], toNumpy: true })
        : (quantizer(matrix, { toNumpy: true }) as [Tensor, Tensor]);
    return new Map([
      [this.value, packed(integers, this.layout, this.bits)],
      [this.scale, this.keep(scale)],
    ]);
  }

  private integers(): Tensor {
    return unpacked(this.value.value, this.layout, this.bits);
  }
  override numbers(): Variable | Tensor {
    return this.bits === 8 ? this.value : this.integers();
  }
  private descaled(integers: Tensor, scale: Tensor, dtype: DType): Tensor {
    return ops.divide(ops.cast(integers, dtype), this.spread(scale));
  }
  override float(dtype: DType): Tensor {
    return this.descaled(this.integers(), this.scale.value, dtype);
  }

  override times(
    inputs: Tensor,
    { product, transposed, axes = -1, align = (scale) => scale }: Contraction,
    { dtype }: QuantizedCall,
  ): Tensor {
    const multiply = customGradient((x: Tensor, kept: Tensor, scale: Tensor) => {
      const integers = unpacked(kept, this.layout, this.bits);
      const gradient = (upstream: Tensor): (Tensor | null)[] => [transposed(upstream, this.descaled(integers, scale, dtype)), null, null];
      if (this.inputsQuantizer === null) return [ops.divide(ops.cast(product(x, integers), dtype), scale), gradient] as const;
      const [quantized, inputsScale] = this.inputsQuantizer(x, { axis: axes }) as [Tensor, Tensor];
      return [ops.divide(ops.cast(product(quantized, integers), dtype), ops.multiply(scale, align(inputsScale))), gradient] as const;
    });
    return multiply(inputs, this.value.value, this.scale.value);
  }

  override rows(indices: Tensor, dtype: DType): Tensor {
    const picked = rowsAt('Embedding', this.integers(), indices);
    return ops.divide(ops.cast(picked, dtype), ops.expandDims(rowsAt('Embedding', this.scale.value, indices), -1));
  }
}
