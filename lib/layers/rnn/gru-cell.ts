// GRUCell: one step of a GRU.
import type { OptionsOf } from '../../config/configurable.js';
import { bool } from '../../config/fields.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { gruSequence, type RecurrentOptions, type RecurrentResult } from '../../ops/recurrent.js';
import { SeedGenerator } from '../../random/index.js';
import type { CallOptions } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import type { InitialStateOptions } from './cell.js';
import { gatesSchema, implementation, project, recurrentCell, unitsSchema, zerosFor } from './recurrent-cell.js';

/** @internal Options of the cell and of the layer made of it. */
export const gruSchema = {
  ...unitsSchema,
  ...gatesSchema,
  /** Whether the reset gate comes after the product with the state's weights (Keras's default, cuDNN's form) or before it. */
  resetAfter: bool(true),
  implementation,
} as const;

/** Options of `GRUCell`. */
export type GRUCellOptions = OptionsOf<typeof gruSchema> & LayerOptions;

/**
 * One step of a GRU (Cho et al., 2014): called on inputs `(batch, features)` and the state `[h]`, `(batch, units)`, it returns `[h, [h]]`
 * with the new one. The weights of the gates z and r and of the candidate g stand in this order: `h = σ(z) h + (1 - σ(z)) tanh(g)`, where
 * the part of g that comes from the state is `σ(r) (h · recurrentKernel + recurrentBias)` with `resetAfter` and `(σ(r) h) ·
 * recurrentKernel` without. With `resetAfter` the bias is `(2, 3 units)`, that of the inputs and that of the state, otherwise `(3 units)`.
 */
export class GRUCell extends recurrentCell('GRUCell', gruSchema, ['units']) {
  static readonly callDefaults = { training: false };
  static readonly samples = [];
  override readonly seedGenerator = new SeedGenerator(this.config.seed);
  protected override readonly gates = 3;

  /** Size of the state. */
  get stateSize(): number {
    return this.units;
  }
  /** Size of the output. */
  get outputSize(): number {
    return this.units;
  }

  override build(inputShape: SymbolicShape): void {
    const { units, resetAfter } = this.config;
    const features = this.knownShape([inputShape.at(-1) ?? null], 'kernel')[0]!;
    this.addWeights([features, 3 * units], [units, 3 * units], resetAfter ? [2, 3 * units] : [3 * units]);
  }

  override call(
    inputs: Tensor,
    states: Tensor | readonly Tensor[],
    options: CallOptions = {},
  ): [output: Tensor, states: Tensor | Tensor[]] {
    const { activation, recurrentActivation } = this.config;
    const h = (Array.isArray(states) ? states[0] : states) as Tensor;
    const masks = this.stepMasks(inputs, h, options);
    const [xz, xr, xg] = this.gatesOf(this.biased(project(inputs, this.kernel, masks.inputs), 0));
    const [hz, hr, hg] = this.ofState(h, masks.states);
    const z = recurrentActivation(ops.add(xz, hz));
    const candidate = activation(ops.add(xg, hg(recurrentActivation(ops.add(xr, hr)))));
    const output = ops.add(ops.multiply(z, h), ops.multiply(ops.subtract(1, z), candidate));
    return [output, Array.isArray(states) ? [output] : output];
  }

  /** What the state adds to the gates, and a function from the reset gate to what it adds to the candidate. */
  private ofState(h: Tensor, masks: Tensor | readonly Tensor[] | null): [z: Tensor, r: Tensor, g: (reset: Tensor) => Tensor] {
    const { units, resetAfter } = this.config;
    if (resetAfter) {
      const [z, r, g] = this.gatesOf(this.biased(project(h, this.recurrentKernel, masks), 1));
      return [z, r, (reset) => ops.multiply(reset, g)];
    }
    const [gates, candidate] = ops.split(this.recurrentKernel, [2 * units], { axis: -1 }) as [Tensor, Tensor];
    const [first, last] = Array.isArray(masks) ? [masks.slice(0, 2) as Tensor[], [masks[2] as Tensor]] : [masks, masks];
    const [z, r] = ops.split(project(h, gates, first), 2, { axis: -1 }) as [Tensor, Tensor];
    return [z, r, (reset) => project(ops.multiply(reset, h), candidate, last)];
  }
  private biased(sum: Tensor, part: 0 | 1): Tensor {
    if (this.bias === null) return sum;
    return ops.add(sum, this.config.resetAfter ? ops.getItem(this.bias, part) : this.bias);
  }
  private gatesOf(sum: Tensor): [Tensor, Tensor, Tensor] {
    return ops.split(sum, 3, { axis: -1 }) as [Tensor, Tensor, Tensor];
  }

  /** @internal */
  runWhole(sequences: Tensor, states: readonly Tensor[], run: RecurrentOptions, options: CallOptions): RecurrentResult | null {
    const whole = this.call === GRUCell.prototype.call ? this.wholeRun(sequences, states, options) : null;
    return whole && gruSequence(whole.inputs, whole.weights, states, this.config.resetAfter, run);
  }

  /** Zeros for `batchSize` samples. */
  getInitialState(options: InitialStateOptions | number = {}): Tensor[] {
    return zerosFor(this, 1, [this.units], options);
  }
}
