// RNN: a recurrent layer over any cell.
import type { OptionsOf } from '../../config/configurable.js';
import { field } from '../../config/fields.js';
import type { SerializedObject } from '../../config/registration.js';
import { serializeKerasObject } from '../../config/serialization.js';
import type { LayerOptions } from '../base/options.js';
import { BaseRNN, recurrentLayer, sequenceSchema } from './base-rnn.js';
import type { RNNCell } from './cell.js';
import { readCell, StackedRNNCells } from './stacked-rnn-cells.js';

const cell = field<RNNCell | SerializedObject | readonly (RNNCell | SerializedObject)[], RNNCell>(
  'a cell or an array of cells',
  (value, where) => (Array.isArray(value) ? new StackedRNNCells(value as RNNCell[]) : readCell(value, where)),
  { serialize: serializeKerasObject },
);
const schema = { cell, ...sequenceSchema } as const;

/** Options of `RNN`. */
export type RNNOptions = OptionsOf<typeof schema> & LayerOptions;

const Base = recurrentLayer('RNN', schema, ['cell']);

/**
 * Calls a cell on each step of `(batch, time, …)`, with the states that the step before it returned. Several cells in an array are stacked.
 * The output is that of the last step, or `(batch, time, …)` with those of all steps (`returnSequences`); with `returnState` the call
 * returns `[output, …states]`. Steps that a mask `(batch, time)` leaves out change no state.
 *
 * ```ts
 * const layer = new keras.layers.RNN(new keras.layers.LSTMCell(4), { returnSequences: true });
 * layer(ops.ones([32, 10, 8])).shape; // [32, 10, 4]
 * layer(x, { initialState: [h, c] });
 * ```
 *
 * The loop runs natively: the cell is called once, to be traced. See `RNNCell` for cells of your own.
 * @throws for what is no cell, inputs of less than three axes, sequences of no steps or, with `unroll`, of an unknown number of them,
 * initial states that do not fit, and, with `stateful`, an unknown or another batch size.
 */
export class RNN extends Base {
  static readonly samples: readonly object[] = [
    { args: [{ module: 'keras.layers', class_name: 'GRUCell', config: { units: 3 }, registered_name: null }, {}], inputs: [[2, 4, 3]] },
  ];
  override readonly cell: RNNCell = this.config.cell;

  constructor(...args: ConstructorParameters<typeof Base>) {
    const [first] = args as readonly unknown[];
    // A cell that is a plain object would be taken for the options.
    super(...(args.length === 1 && typeof (first as { call?: unknown } | null | undefined)?.call === 'function' ? [first as RNNCell, {}] : args));
  }

  /** All recurrent layers are instances of `RNN`, as in Keras. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return this === RNN ? value instanceof BaseRNN : Function.prototype[Symbol.hasInstance].call(this, value);
  }
}
