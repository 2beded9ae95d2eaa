// What a recurrent layer asks of its cell, and how it asks: sizes of states, initial states, one step.
import type { DType } from '../../base/dtype.js';
import { show } from '../../base/errors.js';
import type { Shape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { type Nested } from '../../base/tree.js';
import * as ops from '../../ops/index.js';
import type { RecurrentOptions, RecurrentResult } from '../../ops/recurrent.js';
import { Layer } from '../base/layer.js';

/** The size of a state without the batch, or the sizes of several, nested as the states are. */
export type StateSize = number | readonly StateSize[];
/** A state, or arrays of states. */
export type States = Nested<Tensor>;

/** Options of `getInitialState`. */
export interface InitialStateOptions {
  /** Number of samples in a batch. */
  batchSize?: number | null;
}
/** Options that a recurrent layer calls its cell with. */
export interface CellCallOptions {
  training?: boolean;
  /** Tensors that are the same in all steps, where the layer was called with such. */
  constants?: readonly Tensor[];
}

/**
 * What computes one step of a recurrent layer: mostly a layer whose `call(inputs, states)` returns `[output, newStates]`, with the sizes of
 * its states in `stateSize`.
 *
 * ```ts
 * class MinimalCell extends keras.layers.Layer {
 *   constructor(units) { super(); this.units = units; this.stateSize = units; }
 *   build([, features]) {
 *     this.kernel = this.addWeight({ shape: [features, this.units], name: 'kernel' });
 *     this.recurrentKernel = this.addWeight({ shape: [this.units, this.units], name: 'recurrent_kernel' });
 *   }
 *   call(inputs, [previous]) {
 *     const output = ops.matmul(inputs, this.kernel).add(ops.matmul(previous, this.recurrentKernel));
 *     return [output, [output]];
 *   }
 * }
 * const layer = new keras.layers.RNN(new MinimalCell(32));
 * ```
 */
export interface RNNCell {
  /** Size of the state without the batch, or sizes of several. */
  readonly stateSize: StateSize;
  /** Size of the output without the batch; by default that of the first state. */
  readonly outputSize?: number | null;
  /** `[output, states]` of a step. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each cell says what it takes
  call(inputs: any, states: any, options?: any): readonly unknown[];
  /** The states before the first step; zeros of `(batch, size)` by default. */
  getInitialState?(options: InitialStateOptions): States;
}

const isStateSize = (value: unknown): boolean => typeof value === 'number' || (Array.isArray(value) && value.every(isStateSize));

/** @throws a TypeError for what is no cell. */
export function checkCell(where: string, value: unknown): asserts value is RNNCell {
  const cell = value as Partial<RNNCell> | null | undefined;
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  if (!isObject || typeof cell?.call !== 'function')
    throw new TypeError(`${where}: a cell must have a method call(inputs, states), received ${show(value)}`);
  if (!isStateSize(cell.stateSize))
    throw new TypeError(
      `${where}: a cell must have the size of its states in stateSize, an integer or an array of them, received ` +
        `${show(cell.stateSize)} in ${show(value)}`,
    );
}

/** Size of a cell's output: `outputSize`, or else the size of its first state; null for one that has none. */
export function outputSizeOf({ outputSize, stateSize }: RNNCell): number | null {
  if (outputSize !== undefined && outputSize !== null) return outputSize;
  const first: StateSize | undefined = Array.isArray(stateSize) ? (stateSize as readonly StateSize[])[0] : stateSize;
  return typeof first === 'number' ? first : null;
}

/** Zeros of `(batch, size)` for each size. */
function zeroStates(size: StateSize, batch: number, dtype: DType): States {
  return typeof size === 'number' ? ops.zeros([batch, size], { dtype }) : size.map((item) => zeroStates(item, batch, dtype));
}
/** The states of a cell before the first step, as the cell makes them, or zeros. */
export const initialStatesOf = (cell: RNNCell, batchSize: number, dtype: DType): States =>
  (typeof cell.getInitialState === 'function' ? cell.getInitialState({ batchSize }) : zeroStates(cell.stateSize, batchSize, dtype));

/** The dtype that a cell computes in: a layer says it, another has that of the layer around it. */
export const dtypeOfCell = (cell: RNNCell, otherwise: DType): DType => (cell instanceof Layer ? (cell.computeDtype) : otherwise);

/** One step of a cell. */
export function callCell(
  cell: RNNCell,
  inputs: Tensor,
  states: States,
  options: CellCallOptions,
): readonly [output: Tensor, states: States] {
  const result: unknown =
    cell instanceof Layer
      ? (cell as unknown as (...args: unknown[]) => unknown)(inputs, states, options)
      : cell.call(inputs, states, options);
  if (!Array.isArray(result) || result.length !== 2)
    throw new TypeError(`${nameOf(cell)}: the call of a cell must return [output, states], received ${show(result)}`);
  return result as unknown as readonly [Tensor, States];
}
const nameOf = (cell: RNNCell): string => (cell instanceof Layer ? `${cell.constructor.name} "${cell.name}"` : cell.constructor.name);

/** A cell that can run whole sequences. */
export interface RunsWhole {
  /**
   * @internal All steps of sequences (batch, time, features) by one kernel, where it computes what the cell does; otherwise null, and the
   * cell is called for each step.
   */
  runWhole(sequences: Tensor, states: readonly Tensor[], run: RecurrentOptions, options: CellCallOptions): RecurrentResult | null;
}
export const runsWhole = (cell: unknown): cell is RunsWhole => typeof (cell as Partial<RunsWhole>).runWhole === 'function';

/** A cell with masks of dropout, which are drawn once for all steps of a sequence. */
export interface DrawsMasks {
  /** @internal Draws the masks for inputs and states of these shapes, which hold until they are reset. */
  drawMasks(inputShape: Shape, states: States): void;
  /** @internal Forgets the masks. */
  resetMasks(): void;
}
export const drawsMasks = (cell: unknown): cell is DrawsMasks => typeof (cell as Partial<DrawsMasks>).drawMasks === 'function';
