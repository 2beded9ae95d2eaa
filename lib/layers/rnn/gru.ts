// GRU: the recurrent layer over GRU cells.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { InputSpec } from '../base/input-spec.js';
import type { LayerOptions } from '../base/options.js';
import { recurrentLayer, sequenceSchema, useCudnn } from './base-rnn.js';
import { GRUCell, gruSchema } from './gru-cell.js';

const schema = { ...sequenceSchema, ...gruSchema, useCudnn } as const;

/** Options of `GRU`. */
export type GRUOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * Gated recurrent units (Cho et al., 2014) over `(batch, time, features)`: the last output `(batch, units)`, or all outputs `(batch, time,
 * units)` with `returnSequences`; with `returnState` the call returns `[output, h]`. See `GRUCell` for the step and `RNN` for masks,
 * initial states and statefulness.
 */
export class GRU extends recurrentLayer('GRU', schema, ['units']) {
  static readonly samples = [
    { args: [3], inputs: [[2, 4, 3]] },
    { args: [3, { returnSequences: true, goBackwards: true, resetAfter: false }], inputs: [[2, 4, 3]] },
    { args: [2, { unroll: true, useBias: false, activation: 'selu' }], inputs: [[2, 3, 3]] },
  ];
  override inputSpec: InputSpec | readonly InputSpec[] | null = new InputSpec({ ndim: 3 });
  override readonly cell: GRUCell = this.makeCell(GRUCell, 'gru_cell', gruSchema);

  override getConfig(): Config {
    return { activity_regularizer: null, ...super.getConfig() };
  }
}
