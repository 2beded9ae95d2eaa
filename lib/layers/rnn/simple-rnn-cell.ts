// SimpleRNNCell: one step of a recurrent network without gates.
import type { OptionsOf } from '../../config/configurable.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { SeedGenerator } from '../../random/index.js';
import type { CallOptions } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import type { InitialStateOptions } from './cell.js';
import { project, recurrentCell, unitsSchema, zerosFor } from './recurrent-cell.js';

/** Options of `SimpleRNNCell`. */
export type SimpleRNNCellOptions = OptionsOf<typeof unitsSchema> & LayerOptions;

/**
 * One step of a simple recurrent network: called on inputs `(batch, features)` and the state `[h]`, `(batch, units)`, it returns
 * `[output, [output]]` with `output = activation(inputs · kernel + bias + h · recurrentKernel)`.
 */
export class SimpleRNNCell extends recurrentCell('SimpleRNNCell', unitsSchema, ['units']) {
  static readonly callDefaults = { training: false };
  static readonly samples = [];
  override readonly seedGenerator = new SeedGenerator(this.config.seed);
  protected override readonly gates = 1;

  /** Size of the state. */
  get stateSize(): number {
    return this.units;
  }
  /** Size of the output. */
  get outputSize(): number {
    return this.units;
  }

  override build(inputShape: SymbolicShape): void {
    const { units } = this.config;
    const features = this.knownShape([inputShape.at(-1) ?? null], 'kernel')[0]!;
    this.addWeights([features, units], [units, units], [units]);
  }

  override call(
    inputs: Tensor,
    states: Tensor | readonly Tensor[],
    options: CallOptions = {},
  ): [output: Tensor, states: Tensor | Tensor[]] {
    const h = (Array.isArray(states) ? states[0] : states) as Tensor;
    const masks = this.stepMasks(inputs, h, options);
    const x = project(inputs, this.kernel, masks.inputs);
    const biased = this.bias === null ? x : ops.add(x, this.bias);
    const output = this.config.activation(ops.add(biased, project(h, this.recurrentKernel, masks.states)));
    return [output, Array.isArray(states) ? [output] : output];
  }

  /** Zeros for `batchSize` samples. */
  getInitialState(options: InitialStateOptions | number = {}): Tensor[] {
    return zerosFor(this, 1, [this.units], options);
  }
}
