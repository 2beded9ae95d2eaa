// LSTM: the recurrent layer over LSTM cells.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { InputSpec } from '../base/input-spec.js';
import type { LayerOptions } from '../base/options.js';
import { recurrentLayer, sequenceSchema, useCudnn } from './base-rnn.js';
import { LSTMCell, lstmSchema } from './lstm-cell.js';

const schema = { ...sequenceSchema, ...lstmSchema, useCudnn } as const;

/** Options of `LSTM`. */
export type LSTMOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * Long short-term memory (Hochreiter and Schmidhuber, 1997) over `(batch, time, features)`: the last output `(batch, units)`, or all
 * outputs `(batch, time, units)` with `returnSequences`; with `returnState` the call returns `[output, h, c]`. See `LSTMCell` for the step
 * and `RNN` for masks, initial states and statefulness.
 *
 * ```ts
 * const layer = new keras.layers.LSTM(4, { returnSequences: true, returnState: true });
 * const [outputs, h, c] = layer(ops.ones([32, 10, 8])); // [32, 10, 4], [32, 4], [32, 4]
 * ```
 */
export class LSTM extends recurrentLayer('LSTM', schema, ['units']) {
  static readonly samples = [
    { args: [3], inputs: [[2, 4, 3]] },
    { args: [3, { returnSequences: true, goBackwards: true, useBias: false, recurrentActivation: 'hard_sigmoid' }], inputs: [[2, 4, 3]] },
    { args: [2, { unroll: true, activation: 'relu', unitForgetBias: false }], inputs: [[2, 3, 3]] },
  ];
  override inputSpec: InputSpec | readonly InputSpec[] | null = new InputSpec({ ndim: 3 });
  override readonly cell: LSTMCell = this.makeCell(LSTMCell, 'lstm_cell', lstmSchema);

  override getConfig(): Config {
    return { activity_regularizer: null, ...super.getConfig() };
  }
}
