// SimpleRNN: the recurrent layer without gates.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { InputSpec } from '../base/input-spec.js';
import type { LayerOptions } from '../base/options.js';
import { recurrentLayer, sequenceSchema } from './base-rnn.js';
import { unitsSchema, unsaved } from './recurrent-cell.js';
import { SimpleRNNCell } from './simple-rnn-cell.js';

const schema = { ...sequenceSchema, ...unitsSchema, seed: unsaved(unitsSchema.seed) } as const;

/** Options of `SimpleRNN`. */
export type SimpleRNNOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * A simple recurrent network over `(batch, time, features)`, whose output is its state: the last one, `(batch, units)`, or all, `(batch,
 * time, units)`, with `returnSequences`; with `returnState` the call returns `[output, h]`. See `SimpleRNNCell` for the step and `RNN` for
 * masks, initial states and statefulness. As in Keras the seed is not saved.
 */
export class SimpleRNN extends recurrentLayer('SimpleRNN', schema, ['units']) {
  static readonly samples = [
    { args: [3], inputs: [[2, 4, 3]] },
    { args: [3, { returnSequences: true, goBackwards: true, useBias: false, activation: 'sigmoid' }], inputs: [[2, 4, 3]] },
    { args: [2, { unroll: true }], inputs: [[2, 3, 3]] },
  ];
  override inputSpec: InputSpec | readonly InputSpec[] | null = new InputSpec({ ndim: 3 });
  override readonly cell: SimpleRNNCell = this.makeCell(SimpleRNNCell, 'simple_rnn_cell', unitsSchema);

  override getConfig(): Config {
    return { activity_regularizer: null, ...super.getConfig() };
  }
}
