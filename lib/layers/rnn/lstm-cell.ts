// LSTMCell: one step of an LSTM.
import type { Activation } from '../../activations/lookup.js';
import type { OptionsOf } from '../../config/configurable.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { lstmSequence, type RecurrentOptions, type RecurrentResult } from '../../ops/recurrent.js';
import { SeedGenerator } from '../../random/index.js';
import type { CallOptions } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import type { InitialStateOptions } from './cell.js';
import { forgetBias, gatesSchema, implementation, project, recurrentCell, unitForgetBias, unitsSchema, zerosFor } from './recurrent-cell.js';

/** @internal Options of the cell and of the layer made of it. */
export const lstmSchema = {
  ...unitsSchema,
  ...gatesSchema,
  unitForgetBias,
  implementation,
} as const;

/** `[h, [h, c]]` of a step from the sums of its gates, along `axis`, and the carry before it. */
export function lstmGates(
  sums: Tensor,
  before: Tensor,
  { activation, recurrentActivation }: { readonly activation: Activation; readonly recurrentActivation: Activation },
  axis = -1,
): [output: Tensor, states: Tensor[]] {
  const [i, f, g, o] = ops.split(sums, 4, { axis }) as [Tensor, Tensor, Tensor, Tensor];
  const carry = ops.add(ops.multiply(recurrentActivation(f), before), ops.multiply(recurrentActivation(i), activation(g)));
  const output = ops.multiply(recurrentActivation(o), activation(carry));
  return [output, [output, carry]];
}

/** Options of `LSTMCell`. */
export type LSTMCellOptions = OptionsOf<typeof lstmSchema> & LayerOptions;

/**
 * One step of an LSTM (Hochreiter and Schmidhuber, 1997): called on inputs `(batch, features)` and the states `[h, c]`, each `(batch,
 * units)`, it returns `[h, [h, c]]` with the new ones. With the gates i, f, g and o, parts of `inputs · kernel + h · recurrentKernel +
 * bias` in this order: `c = σ(f) c + σ(i) tanh(g)` and `h = σ(o) tanh(c)`, where σ is `recurrentActivation` and tanh is `activation`.
 *
 * ```ts
 * const layer = new keras.layers.RNN(new keras.layers.LSTMCell(4), { returnSequences: true });
 * layer(ops.ones([32, 10, 8])).shape; // [32, 10, 4]
 * ```
 */
export class LSTMCell extends recurrentCell('LSTMCell', lstmSchema, ['units']) {
  static readonly callDefaults = { training: false };
  static readonly samples = [];
  override readonly seedGenerator = new SeedGenerator(this.config.seed);
  protected override readonly gates = 4;

  /** Sizes of the states `h` and `c`. */
  get stateSize(): readonly [number, number] {
    return [this.units, this.units];
  }
  /** Size of the output. */
  get outputSize(): number {
    return this.units;
  }

  override build(inputShape: SymbolicShape): void {
    const { units, unitForgetBias, biasInitializer } = this.config;
    const features = this.knownShape([inputShape.at(-1) ?? null], 'kernel')[0]!;
    this.addWeights(
      [features, 4 * units],
      [units, 4 * units],
      [4 * units],
      unitForgetBias ? forgetBias(biasInitializer, units) : biasInitializer,
    );
  }

  override call(inputs: Tensor, states: readonly Tensor[], options: CallOptions = {}): [output: Tensor, states: Tensor[]] {
    const [h, c] = states as readonly [Tensor, Tensor];
    const masks = this.stepMasks(inputs, h, options);
    const sum = ops.add(project(inputs, this.kernel, masks.inputs), project(h, this.recurrentKernel, masks.states));
    return lstmGates(this.bias === null ? sum : ops.add(sum, this.bias), c, this.config);
  }

  /** @internal */
  runWhole(sequences: Tensor, states: readonly Tensor[], run: RecurrentOptions, options: CallOptions): RecurrentResult | null {
    const whole = this.call === LSTMCell.prototype.call ? this.wholeRun(sequences, states, options) : null;
    return whole && lstmSequence(whole.inputs, whole.weights, states, run);
  }

  /** Zeros for `batchSize` samples. */
  getInitialState(options: InitialStateOptions | number = {}): Tensor[] {
    return zerosFor(this, 2, [this.units], options);
  }
}
