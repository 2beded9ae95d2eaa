// BaseRNN: what all recurrent layers are: a cell over a sequence, with states between its steps and, if wanted, between calls.
import { configured, type Config, type ConfigOf } from '../../config/configurable.js';
import { bool, type Field, field, type Schema, withDefault } from '../../config/fields.js';
import { show } from '../../base/errors.js';
import { showShape, type Shape, type SymbolicShape } from '../../base/shape.js';
import { flatten, isNumberArray, mapStructure, type Nested } from '../../base/tree.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import { castTo } from '../../core/cast.js';
import type { Tensor } from '../../core/tensor.js';
import { isStandIn } from '../../core/trace.js';
import { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import type { KerasTensor } from '../../symbolic/keras-tensor.js';
import { settle } from '../../symbolic/unknown-sizes.js';
import { type CallOptions, Layer } from '../base/layer.js';
import type { LayerOptions, layerSchema } from '../base/options.js';
import { callCell, type CellCallOptions, drawsMasks, dtypeOfCell, type InitialStateOptions, initialStatesOf, type RNNCell, runsWhole, type States } from './cell.js';
import { unsaved } from './recurrent-cell.js';
import { runSequence, type SequenceResult, stepsOf } from './sequence.js';

/** Options of all recurrent layers. */
export const sequenceSchema = {
  /** Whether the outputs of all steps are returned, (batch, time, …), instead of the last. */
  returnSequences: bool(false),
  /** Whether the last states are returned too, as `[output, …states]`. */
  returnState: bool(false),
  /** Whether to begin with the last step; the outputs come in the order in which they were made. */
  goBackwards: bool(false),
  /** Whether a call begins with the states that the call before it ended with, sample by sample; see `resetState`. */
  stateful: bool(false),
  /** Whether steps are repeated in the program in place of a loop: for few steps. */
  unroll: bool(false),
  /** Whether outputs of masked steps are 0, instead of the output before them. */
  zeroOutputForMask: bool(false),
} as const;

/** Accepted for code and files that have it; there is no cuDNN here, so that true is refused when the layer is called. */
export const useCudnn: Field<'auto' | boolean, 'auto' | boolean, false> = unsaved(
  withDefault(
    field<'auto' | boolean>("'auto', true or false", (v) => (v === 'auto' || typeof v === 'boolean' ? v : undefined)),
    'auto',
  ),
);

/** Options of the call of a recurrent layer. */
export interface RNNCallOptions extends CallOptions {
  /** The states to begin with, nested as those of the cell; by default zeros, or what a stateful layer has kept. */
  initialState?: Nested<TensorLike | KerasTensor> | null;
  /** Tensors that the cell gets in each step, in its option `constants`. */
  constants?: readonly (TensorLike | KerasTensor)[] | null;
}

/** Base of the recurrent layers; `RNN` is the one over any cell. */
export abstract class BaseRNN extends Layer {
  static readonly callDefaults = { training: false, mask: null };
  static readonly callOptions: readonly string[] = ['initialState', 'constants'];
  declare readonly config: ConfigOf<typeof sequenceSchema>;
  override supportsMasking = true;
  /** What computes a step. */
  abstract readonly cell: RNNCell;
  #states: States[] | null = null;
  #initialStateShape: unknown = null;

  /** Sizes of the states, one for each. */
  get stateSize(): readonly unknown[] {
    const { stateSize } = this.cell;
    return Array.isArray(stateSize) ? (stateSize as readonly unknown[]) : [stateSize];
  }
  /** Whether the cell has one state, not in an array. */
  get singleState(): boolean {
    return !Array.isArray(this.cell.stateSize);
  }
  /** The variables with the states that a stateful layer keeps; null while it has none. */
  get states(): readonly Nested<Variable>[] | null {
    return this.#states as readonly Nested<Variable>[] | null;
  }

  override build(sequencesShape: SymbolicShape, initialStateShape?: unknown): void {
    const shape: unknown = sequencesShape;
    if (!Array.isArray(shape) || shape.length < 3 || shape.some((d) => Array.isArray(d)))
      throw new RangeError(
        `${this.label}: expected sequences of at least 3 axes, (batch, time, …), received ${
          Array.isArray(shape) && !shape.some((d) => Array.isArray(d)) ? `shape ${showShape(sequencesShape)}` : 'several inputs'
        }`,
      );
    this.#initialStateShape ??= initialStateShape ?? null;
    const [batch, , ...rest] = sequencesShape;
    if (this.cell instanceof Layer) this.cell.buildFrom([batch!, ...rest]);
    if (!this.config.stateful) return;
    if (batch === null)
      throw new RangeError(
        `${this.label}: a stateful layer needs a known number of samples in a batch, as with Input({ batchShape: [32, ${show(
          sequencesShape[1],
        )}, …] }), received shape ${showShape(sequencesShape)}`,
      );
    this.#states = mapStructure(
      (value: Tensor) => new Variable(value, { trainable: false, dtype: this.variableDtype, name: 'rnn_state' }),
      this.getInitialState(batch!),
    ) as States[];
  }

  /** The states before the first step, an array, for so many samples: those of the cell, or zeros. */
  getInitialState(batchSize: number | InitialStateOptions): States[] {
    const count = (typeof batchSize === 'number' ? batchSize : batchSize.batchSize) as number;
    const states = initialStatesOf(this.cell, count, this.cellDType);
    return Array.isArray(states) ? [...(states as readonly States[])] : [states];
  }
  private get cellDType(): ReturnType<typeof dtypeOfCell> {
    return dtypeOfCell(this.cell, this.computeDtype);
  }

  /** Sets the states that a stateful layer keeps to zeros. */
  resetState(): void {
    if (this.#states === null) return;
    for (const variable of flatten<Variable>(this.#states).leaves) variable.assign(ops.zerosLike(variable));
  }
  /** As `resetState`. */
  resetStates(): void {
    this.resetState();
  }

  /**
   * Runs the cell over the whole sequence; layers with a faster way of their own override it.
   * @param sequences (batch, time, …)
   * @param initialState the states before the first step, of the cell's compute dtype
   * @param mask which steps count, (batch, time), or null
   */
  protected innerLoop(
    sequences: Tensor,
    initialState: readonly States[],
    mask: Tensor | null,
    options: CellCallOptions = {},
  ): SequenceResult {
    const { goBackwards, unroll, zeroOutputForMask, returnSequences } = this.config;
    if ((this as { readonly useCudnn?: unknown }).useCudnn === true)
      throw new Error(`${this.label}: there is no cuDNN here, so that useCudnn must be 'auto' or false`);
    const whole = unroll || sequences.shape[1] === 0 ? null : this.runWhole(sequences, initialState, mask, options);
    if (whole !== null) return whole;
    return runSequence(this.label, (inputs, states) => callCell(this.cell, inputs, states, options), sequences, initialState, {
      goBackwards,
      mask,
      unroll,
      zeroOutputForMask,
      returnAllOutputs: returnSequences,
    });
  }

  /** The whole sequence in one go, where the cell can; else null. */
  private runWhole(sequences: Tensor, initial: readonly States[], mask: Tensor | null, options: CellCallOptions): SequenceResult | null {
    const { cell } = this;
    if (!runsWhole(cell) || options.constants !== undefined) return null;
    const { goBackwards, zeroOutputForMask } = this.config;
    const steps = mask === null ? null : stepsOf(mask, sequences.shape, this.label);
    return cell.runWhole(sequences, flatten<Tensor>(initial).leaves, { goBackwards, zeroOutputForMask, mask: steps }, options);
  }

  /** The output, or `[output, …states]` with `returnState`. */
  override call(sequences: Tensor, options: RNNCallOptions = {}): Tensor | (Tensor | States)[] {
    const { returnSequences, returnState, stateful } = this.config;
    const training = options.training === true;
    this.checkSequences(sequences);
    const initial = this.initialStates(sequences.shape[0]!, options.initialState ?? null);
    const constants = options.constants?.map((value) => toTensor(value as TensorLike, null, `${this.label}: constants`));
    const drawn = training && drawsMasks(this.cell) ? this.cell : null;
    drawn?.drawMasks([sequences.shape[0]!, ...sequences.shape.slice(2)], initial);
    let result: SequenceResult;
    try {
      const [mask = null] = flatten<Tensor | null>(options.mask ?? null).leaves;
      result = this.innerLoop(sequences, initial, mask, { training, ...(constants === undefined ? {} : { constants }) });
    } finally {
      drawn?.resetMasks();
    }
    const own = (x: Tensor): Tensor => castTo(x, this.computeDtype);
    const states = mapStructure(own, result.states) as States[];
    if (stateful) {
      const kept = flatten<Variable>(this.#states).leaves;
      flatten<Tensor>(states).leaves.forEach((state, i) => kept[i]!.assign(state));
    }
    const output = own(returnSequences ? result.outputs! : result.lastOutput);
    return returnState ? [output, ...states] : output;
  }

  private checkSequences({ shape }: { readonly shape: Shape }): void {
    if (this.config.unroll && isStandIn(shape[1]!))
      throw settle(
        new RangeError(
          `${this.label}: cannot unroll sequences whose time is not known, received shape (…, None, …); give it in Input({ shape: ` +
            `[time, …] }), or leave unroll out`,
        ),
      );
    if (this.#states === null) return;
    const [expected] = flatten<Variable>(this.#states).leaves.map((state) => state.shape[0]!);
    if (expected !== undefined && expected !== shape[0] && !isStandIn(shape[0]!))
      throw new RangeError(
        `${this.label}: the batches of a stateful layer must have one size, that of its states; expected ${expected} samples, received ` +
          `${shape[0]}`,
      );
  }

  /** The states to begin with. */
  private initialStates(batch: number, given: RNNCallOptions['initialState']): States[] {
    const where = `${this.label}: initialState`;
    if (given === null || given === undefined) {
      const states = this.#states === null ? this.getInitialState(batch) : this.#states;
      return mapStructure((state: Tensor | Variable) => castTo(toTensor(state), this.cellDType), states) as States[];
    }
    const list = Array.isArray(given) && !isNumberArray(given) ? (given as unknown[]) : [given];
    const { stateSize } = this;
    if (list.length !== stateSize.length && stateSize[0] !== -1)
      throw new RangeError(`${where} must have ${stateSize.length} state${stateSize.length === 1 ? '' : 's'}, received ${list.length}`);
    const states = mapStructure((state: TensorLike) => toTensor(state, this.cellDType, where), list, isNumberArray) as States[];
    for (const { shape } of flatten<Tensor>(states).leaves)
      if (shape[0] !== batch && !isStandIn(batch))
        throw new RangeError(`${where} must be for the ${batch} samples of the sequences, received shape ${showShape(shape)}`);
    return states;
  }

  override computeMask(_inputs: unknown, previousMask: unknown): unknown {
    const [mask = null] = flatten(previousMask).leaves;
    const own = this.config.returnSequences ? mask : null;
    return this.config.returnState ? [own, ...this.stateSize.map(() => null)] : own;
  }

  override takesSamplesApart(training: boolean): boolean {
    return (
      super.takesSamplesApart(training) && !this.config.stateful && this.cell instanceof Layer && this.cell.takesSamplesApart(training)
    );
  }

  /** @internal Notes the shapes of initial states, which Keras saves with those of the inputs. */
  override invoke(...args: unknown[]): unknown {
    const { initialState } = (this.splitArguments(args).options ?? {}) as RNNCallOptions;
    if (!this.built && initialState !== null && initialState !== undefined)
      this.#initialStateShape = mapStructure(
        (state: Tensor | KerasTensor) => (Array.isArray(state) || typeof state === 'number' ? toTensor(state).shape : state.shape),
        initialState,
        isNumberArray,
      );
    return super.invoke(...args);
  }
  override getBuildConfig(): Config | null {
    const built = super.getBuildConfig();
    return built === null || this.#initialStateShape === null
      ? built
      : { shapes_dict: { sequences_shape: built.input_shape, initial_state_shape: this.#initialStateShape } };
  }

  /**
   * A cell with the options of this layer, which it shares from then on: they are read from the cell, and set there.
   * @internal
   */
  protected makeCell<C extends Layer>(Cell: new (options: never) => C, name: string, schema: Schema): C {
    const config = this.config as unknown as Record<string, unknown>;
    const own = Object.keys(schema);
    const { dtypePolicy: dtype, trainable } = this;
    const options = { ...Object.fromEntries(own.map((key) => [key, config[key]])), name, dtype, trainable };
    const cell = new Cell(options as never);
    const shared = cell as unknown as Record<string, unknown>;
    for (const key of own)
      Object.defineProperty(config, key, {
        enumerable: true,
        configurable: true,
        get: () => shared[key],
        set: (value: unknown) => {
          shared[key] = value;
        },
      });
    return cell;
  }
}

// `configured` makes instances, so it wants a class that can be made; subclasses supply the cell.
const Base = BaseRNN as unknown as (new (options: LayerOptions) => BaseRNN) & {
  readonly baseSchema: typeof layerSchema;
  readonly module: string | null;
  readonly builtWhenMade: boolean;
};
/** The base of a recurrent layer with these options; see `configured`. */
export function recurrentLayer<const S extends Schema, const P extends readonly (keyof S & string)[] = []>(
  className: string,
  schema: S,
  positional?: P,
) {
  return configured<typeof Base, S, P>(Base, className, schema, positional);
}
