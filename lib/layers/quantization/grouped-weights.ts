// Int4 in groups: so many weights of a channel have a scale and a zero point of their own.
import { absMaxQuantizeGroupedWithZeroPoint } from '../../quantizers/abs-max.js';
import type { DType } from '../../base/dtype.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import { rowsAt } from '../../ops/indices.js';
import type { Quantizer } from '../../quantizers/quantizer.js';
import { packed, packedShape, unpacked } from './channel-weights.js';
import { type Contraction, type Layout, type Owner, productOfFloats, type QuantizedCall, QuantizedWeights } from './weights.js';

/**
 * Integers with zero points: `weight = (integer - zero) * scale`. The matrix has two axes, and groups run along the one that is summed
 * over.
 */
export class GroupedWeights extends QuantizedWeights {
  override readonly value: Variable;
  readonly scale: Variable;
  readonly zero: Variable;
  /** The group of each entry of the axis, which Keras keeps as floats. */
  readonly groups: Variable;
  private readonly ownsGroups: boolean;
  private readonly inputsQuantizer: Quantizer | null;
  private readonly axis: number;

  /**
   * `groups` are those of another matrix with as long an axis. `inputsQuantizer` brings inputs of products to integers; null: they stay as
   * they are.
   */
  constructor(
    owner: Owner,
    layout: Layout,
    private readonly blockSize: number,
    { groups = null, inputsQuantizer = null }: { groups?: Variable | null; inputsQuantizer?: Quantizer | null } = {},
  ) {
    super(layout);
    this.inputsQuantizer = inputsQuantizer;
    this.ownsGroups = groups === null;
    const { name, shape, zeroDtype = 'int8' } = layout;
    this.axis = layout.axes[0]!;
    const length = shape[this.axis]!;
    const perGroup = shape.map((size, i) => (i === this.axis ? Math.ceil(length / blockSize) : size));
    const common = { trainable: false } as const;
    this.value = owner.addWeight({ ...common, name, shape: packedShape(layout, 4), initializer: 'zeros', dtype: 'int8' });
    this.scale = owner.addWeight({ ...common, name: `${name}_scale`, shape: perGroup, initializer: 'ones' });
    this.zero = owner.addWeight({ ...common, name: `${name}_zero`, shape: perGroup, initializer: 'zeros', dtype: zeroDtype });
    // Not in the compute dtype: bfloat16 cannot count beyond 256.
    this.groups =
      groups ?? owner.addWeight({ ...common, name: 'g_idx', shape: [length], initializer: 'zeros', dtype: 'float32', autocast: false });
    if (this.ownsGroups) this.groups.assign(ops.floorDivide(ops.arange(length, { dtype: 'float32' }), blockSize));
  }

  override get details(): readonly Variable[] {
    return [this.scale, this.zero, ...(this.ownsGroups ? [this.groups] : [])];
  }

  override quantize(matrix: Tensor): ReadonlyMap<Variable, Tensor> {
    const turn = (x: Tensor): Tensor => (this.axis === 0 ? x : ops.transpose(x));
    const [integers, scale, zero] = absMaxQuantizeGroupedWithZeroPoint(turn(matrix), this.blockSize, { toNumpy: true }).map(turn) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    return new Map([
      [this.value, packed(integers, this.layout, 4)],
      [this.scale, scale],
      [this.zero, zero],
    ]);
  }

  override numbers(): Tensor {
    return unpacked(this.value.value, this.layout, 4);
  }
  private descaled(integers: Tensor, scale: Tensor, zero: Tensor, axis: number): Tensor {
    const groups = ops.cast(this.groups.value, 'int32');
    const [scales, zeros] = [ops.take(scale, groups, { axis }), ops.take(zero, groups, { axis })];
    return ops.multiply(ops.subtract(integers, ops.cast(zeros, scales.dtype)), scales);
  }
  override float(dtype: DType): Tensor {
    return ops.cast(this.descaled(this.numbers(), this.scale.value, this.zero.value, this.axis), dtype);
  }

  override times(inputs: Tensor, contraction: Contraction, { dtype }: QuantizedCall): Tensor {
    return productOfFloats(inputs, this.float(dtype), contraction, this.inputsQuantizer, dtype);
  }

  override rows(indices: Tensor, dtype: DType): Tensor {
    const [integers, scale, zero] = [this.numbers(), this.scale.value, this.zero.value].map((x) => rowsAt('Embedding', x, indices)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    return this.descaled(ops.cast(integers, dtype), scale, zero, -1);
  }
}
