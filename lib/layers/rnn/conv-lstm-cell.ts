// ConvLSTMCell: one step of a convolutional LSTM.
import { intList, int, withDefault } from '../../config/fields.js';
import { show } from '../../base/errors.js';
import { showShape, type Shape, type SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import { fitWindows } from '../../ops/spatial.js';
import { SeedGenerator } from '../../random/index.js';
import { dataFormat } from '../base/data-format.js';
import { InputSpec } from '../base/input-spec.js';
import type { CallOptions } from '../base/layer.js';
import { convPadding } from '../convolutional/convolution.js';
import type { InitialStateOptions } from './cell.js';
import { lstmGates } from './lstm-cell.js';
import { forgetBias, gatesSchema, project, recurrentCell, unitForgetBias, weightsSchema, zerosFor } from './recurrent-cell.js';

/** Options of the cell and of the layers made of it, besides those with a value for each axis. */
export const convLstmSchema = {
  /** Number of output channels, and of each state's. */
  filters: int({ min: 1 }),
  padding: convPadding('valid', 'same'),
  dataFormat: dataFormat(),
  ...weightsSchema,
  ...gatesSchema,
  unitForgetBias,
} as const;
const schema = {
  ...convLstmSchema,
  kernelSize: intList({ min: 1 }),
  strides: intList({ min: 1 }),
  dilationRate: withDefault(intList({ min: 1 }), [1]),
} as const;

/**
 * One step of a convolutional LSTM (Shi et al., 2015): an `LSTMCell` whose products are convolutions, that of the inputs with `padding`,
 * `strides` and `dilationRate`, that of the state with padding `'same'`. States have the shape of the output.
 */
export class ConvLSTMCell extends recurrentCell('ConvLSTMCell', schema, ['filters', 'kernelSize']) {
  static readonly callDefaults = { training: false };
  override readonly seedGenerator = new SeedGenerator(this.config.seed);
  protected override readonly gates = 4;
  /** The sizes of states are known when the cell is built: -1, as in Keras. */
  readonly stateSize = -1;
  /** Shape of the states without the batch. */
  #stateShape: Shape = [];

  /** Each gate has its own masks of dropout. */
  override get dropoutMaskCount(): number {
    return 4;
  }

  private get channelAxis(): 1 | -1 {
    return this.config.dataFormat === 'channels_first' ? 1 : -1;
  }

  override build(inputShape: SymbolicShape): void {
    const { filters, kernelSize, strides, dilationRate, padding, dataFormat: format, biasInitializer } = this.config;
    const spatial = format === 'channels_first' ? inputShape.slice(2) : inputShape.slice(1, -1);
    const channels = inputShape.at(this.channelAxis) ?? null;
    if (channels === null || spatial.includes(null))
      throw new RangeError(
        `${this.label}: the spatial axes and the channels (axis ${this.channelAxis} with dataFormat '${format}') must be known, received ` +
          `the shape ${showShape(inputShape)} of a step`,
      );
    const sizes = (spatial as Shape).map((size, i) => fitWindows(size, kernelSize[i]!, strides[i]!, padding, dilationRate[i]).count);
    if (Math.min(...sizes) <= 0)
      throw new RangeError(
        `${this.label}: steps of shape ${showShape(inputShape)} are too small for a kernel of size ${show(kernelSize)}: the output would ` +
          `be empty`,
      );
    this.#stateShape = format === 'channels_first' ? [filters, ...sizes] : [...sizes, filters];
    this.inputSpec = new InputSpec({ shape: [null, ...inputShape.slice(1)] });
    this.addWeights(
      [...kernelSize, channels, 4 * filters],
      [...kernelSize, filters, 4 * filters],
      [4 * filters],
      this.config.unitForgetBias ? forgetBias(biasInitializer, filters) : biasInitializer,
    );
  }

  override call(inputs: Tensor, states: readonly Tensor[], options: CallOptions = {}): [output: Tensor, states: Tensor[]] {
    const { strides, padding, dilationRate, dataFormat: format } = this.config;
    const [h, c] = states as readonly [Tensor, Tensor];
    const masks = this.stepMasks(inputs, h, options);
    const axis = this.channelAxis;
    const ofInputs = (x: Tensor, kernel: Tensor | Variable): Tensor =>
      ops.conv(x, kernel, { strides, padding, dilationRate, dataFormat: format });
    const ofState = (x: Tensor, kernel: Tensor | Variable): Tensor => ops.conv(x, kernel, { padding: 'same', dataFormat: format });
    const x = project(inputs, this.kernel, masks.inputs, ofInputs, axis);
    const bias = axis === 1 && this.bias !== null ? ops.reshape(this.bias, [-1, ...this.config.kernelSize.map(() => 1)]) : this.bias;
    const sums = ops.add(bias === null ? x : ops.add(x, bias), project(h, this.recurrentKernel, masks.states, ofState, axis));
    return lstmGates(sums, c, this.config, axis);
  }

  /** Zeros for `batchSize` samples. @throws while the cell is not built. */
  getInitialState(options: InitialStateOptions | number = {}): Tensor[] {
    if (!this.built) throw new Error(`${this.label}: the shape of the states is known when the cell is built`);
    return zerosFor(this, 2, this.#stateShape, options);
  }
}
