// ConvLSTM1D, ConvLSTM2D and ConvLSTM3D.
import { configured, type Config, type ConfigOf, type OptionsOf } from '../../config/configurable.js';
import { type Schema, withDefault } from '../../config/fields.js';
import { show } from '../../base/errors.js';
import { InputSpec } from '../base/input-spec.js';
import type { LayerOptions, layerSchema } from '../base/options.js';
import { sizes } from '../base/spatial-fields.js';
import { BaseRNN, sequenceSchema } from './base-rnn.js';
import { ConvLSTMCell, convLstmSchema } from './conv-lstm-cell.js';

const cellSchema = (rank: number) => ({
  ...convLstmSchema,
  /** Size of a window: one number for all spatial axes, or one for each. */
  kernelSize: sizes(rank),
  /** How far windows of the inputs are apart, as `kernelSize`. Default 1. */
  strides: withDefault(sizes(rank), 1),
  /** How far the elements of a window of the inputs are apart, as `kernelSize`. Default 1. */
  dilationRate: withDefault(sizes(rank), 1),
});
const schema = (rank: number) => ({ ...sequenceSchema, ...cellSchema(rank) });

/** Options of `ConvLSTM1D`, `ConvLSTM2D` and `ConvLSTM3D`. */
export type ConvLSTMOptions = OptionsOf<ReturnType<typeof schema>> & LayerOptions;

/** Base of the convolutional LSTM layers. */
export abstract class BaseConvLSTM extends BaseRNN {
  declare readonly config: ConfigOf<ReturnType<typeof schema>>;

  /** @internal The cell with the layer's options. */
  protected makeConvCell(): ConvLSTMCell {
    const { strides, dilationRate, kernelSize } = this.config;
    if (Math.max(...strides) > 1 && Math.max(...dilationRate) > 1)
      throw new RangeError(
        `${this.constructor.name}: strides > 1 and dilationRate > 1 do not go together, received strides ${show(strides)} and ` +
          `dilationRate ${show(dilationRate)}`,
      );
    this.inputSpec = new InputSpec({ ndim: kernelSize.length + 3 });
    return this.makeCell(ConvLSTMCell, 'conv_lstm_cell', cellSchema(kernelSize.length));
  }

  override getConfig(): Config {
    return { activity_regularizer: null, ...super.getConfig() };
  }
}
// `configured` makes instances, so it wants a class that can be made; subclasses supply the cell.
const Base = BaseConvLSTM as unknown as (new (options: LayerOptions) => BaseConvLSTM) & {
  readonly baseSchema: typeof layerSchema;
  readonly module: string | null;
  readonly builtWhenMade: boolean;
};
const convLstmLayer = <const S extends Schema>(name: string, fields: S & { filters: S[string]; kernelSize: S[string] }) =>
  configured<typeof Base, S, readonly ['filters', 'kernelSize']>(Base, name, fields, ['filters', 'kernelSize']);

/**
 * Convolutional LSTM (Shi et al., 2015) over `(batch, time, steps, channels)`: the products of an `LSTM` are convolutions along `steps`,
 * and states and outputs are `(batch, newSteps, filters)`; all outputs with `returnSequences`, `[output, h, c]` with `returnState`. With
 * `dataFormat: 'channels_first'` the channels come before the steps. See `RNN` for masks, initial states and statefulness.
 *
 * ```ts
 * new keras.layers.ConvLSTM1D(8, 3, { padding: 'same' })(ops.ones([2, 5, 10, 4])).shape; // [2, 10, 8]
 * ```
 * @throws for inputs that have not four axes, whose steps or channels are not known, or that no window fits, and for strides with dilation.
 */
export class ConvLSTM1D extends convLstmLayer('ConvLSTM1D', schema(1)) {
  static readonly samples = [
    { args: [2, 2], inputs: [[2, 3, 5, 2]] },
    { args: [2, 3, { strides: 2, padding: 'same', dataFormat: 'channels_first', returnSequences: true }], inputs: [[2, 3, 2, 5]] },
  ];
  override readonly cell: ConvLSTMCell = this.makeConvCell();
}

/**
 * As `ConvLSTM1D`, for `(batch, time, rows, columns, channels)`: outputs are `(batch, newRows, newColumns, filters)`.
 *
 * ```ts
 * const layer = new keras.layers.ConvLSTM2D(8, [3, 3], { padding: 'same', returnSequences: true });
 * layer(ops.ones([1, 5, 16, 16, 1])).shape; // [1, 5, 16, 16, 8]
 * ```
 * @throws for inputs that have not five axes, and as `ConvLSTM1D`.
 */
export class ConvLSTM2D extends convLstmLayer('ConvLSTM2D', schema(2)) {
  static readonly samples = [
    { args: [2, 2], inputs: [[2, 3, 4, 3, 2]] },
    { args: [2, [2, 3], { dilationRate: [2, 1], useBias: false, goBackwards: true, activation: 'softsign' }], inputs: [[2, 2, 4, 4, 2]] },
  ];
  override readonly cell: ConvLSTMCell = this.makeConvCell();
}

/** As `ConvLSTM1D`, for `(batch, time, depth, rows, columns, channels)`. @throws for inputs that have not six axes, and as `ConvLSTM1D`. */
export class ConvLSTM3D extends convLstmLayer('ConvLSTM3D', schema(3)) {
  static readonly samples = [{ args: [2, 2], inputs: [[2, 2, 3, 3, 2, 2]] }];
  override readonly cell: ConvLSTMCell = this.makeConvCell();
}
