// StackedRNNCells: several cells as one.
import { field } from '../../config/fields.js';
import { isSerialized, type SerializedObject } from '../../config/registration.js';
import { deserializeKerasObject, serializeKerasObject } from '../../config/serialization.js';
import { show } from '../../base/errors.js';
import type { Shape, SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { type CallOptions, Layer, layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import {
  callCell,
  type CellCallOptions,
  checkCell,
  drawsMasks,
  dtypeOfCell,
  initialStatesOf,
  type InitialStateOptions,
  outputSizeOf,
  type RNNCell,
  type States,
  type StateSize,
} from './cell.js';

/** @internal A cell, or the config of one. */
export function readCell(value: unknown, where: string): RNNCell {
  const cell = isSerialized(value) ? deserializeKerasObject(value) : value;
  checkCell(where, cell);
  return cell;
}
const cells = field<readonly (RNNCell | SerializedObject)[], readonly RNNCell[]>(
  'an array of at least one cell',
  (value, where) =>
    (Array.isArray(value) && value.length > 0 ? value.map((cell, i) => readCell(cell, `${where}[${i}]`)) : undefined),
  { serialize: serializeKerasObject },
);

/** Options of `StackedRNNCells`. */
export type StackedRNNCellsOptions = LayerOptions;

/**
 * Cells one after the other as one cell: the inputs of each are the outputs of the one before it. The states are an array with the states
 * of each cell. `new RNN([a, b])` makes such a stack of its cells.
 *
 * ```ts
 * const cells = [128, 64].map((units) => new keras.layers.LSTMCell(units));
 * const layer = new keras.layers.RNN(new keras.layers.StackedRNNCells(cells));
 * ```
 * @throws for what is no cell, or has no `stateSize`.
 */
export class StackedRNNCells extends layer('StackedRNNCells', { cells }, ['cells']) {
  static readonly callDefaults = { training: false };
  static readonly samples = [];
  /** The cells, in the order in which they are called. */
  readonly cells: readonly RNNCell[] = this.config.cells;

  /** Sizes of the states of each cell; of the only one. */
  get stateSize(): StateSize {
    return this.cells.map(({ stateSize }) => stateSize);
  }
  /** Size of the output of the last cell. */
  get outputSize(): number | null {
    return outputSizeOf(this.cells.at(-1)!);
  }

  override build(inputShape: SymbolicShape): void {
    let shape = inputShape;
    for (const cell of this.cells) {
      if (cell instanceof Layer) cell.buildFrom(shape);
      shape = this.outputShape(cell, shape);
    }
  }
  private outputShape<S extends SymbolicShape>(cell: RNNCell, [batch]: S): S {
    const size = outputSizeOf(cell);
    if (size === null)
      throw new TypeError(`${this.label}: a cell in a stack must have an integer as outputSize or as its first stateSize, received ${show(cell)}`);
    return [batch, size] as unknown as S;
  }

  /** `[output, states]` of the last cell and of all; with one cell its states alone, as in Keras. */
  override call(inputs: Tensor, states: readonly States[], options: CallOptions = {}): [output: Tensor, states: States] {
    let output = inputs;
    const next = this.cells.map((cell, i): States => {
      const own = states[i]!;
      const [result, made] = callCell(cell, output, Array.isArray(own) ? own : [own], options as CellCallOptions);
      output = result;
      return !Array.isArray(own) && Array.isArray(made) && made.length === 1 ? (made[0] as States) : made;
    });
    return [output, next.length === 1 ? next[0]! : next];
  }

  /** The states of each cell before the first step, for `batchSize` samples. */
  getInitialState({ batchSize }: InitialStateOptions = {}): States {
    return this.cells.map((cell) => initialStatesOf(cell, batchSize as number, dtypeOfCell(cell, this.computeDtype)));
  }

  /** @internal */
  drawMasks(inputShape: Shape, states: States): void {
    let shape = inputShape;
    (states as readonly States[]).forEach((own, i) => {
      const cell = this.cells[i]!;
      if (drawsMasks(cell)) cell.drawMasks(shape, own);
      shape = this.outputShape(cell, shape);
    });
  }
  /** @internal */
  resetMasks(): void {
    for (const cell of this.cells) if (drawsMasks(cell)) cell.resetMasks();
  }

  override takesSamplesApart(training: boolean): boolean {
    return this.cells.every((cell) => cell instanceof Layer && cell.takesSamplesApart(training));
  }
}
