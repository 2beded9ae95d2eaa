// Bidirectional: a recurrent layer in both directions.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { type Field, field, nullable, oneOf, usedWhen } from '../../config/fields.js';
import { customObjectScope, scopedObjects, type SerializedObject } from '../../config/registration.js';
import { deserializeKerasObject, serializeKerasObject } from '../../config/serialization.js';
import { show } from '../../base/errors.js';
import type { SymbolicShape } from '../../base/shape.js';
import { flatten, isNumberArray, type Nested } from '../../base/tree.js';
import { castTo } from '../../core/cast.js';
import type { TensorLike } from '../../core/convert.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import { layerField } from '../core/wrapper.js';
import { type CallOptions, type Layer, layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import type { RNNCallOptions } from './base-rnn.js';
import type { States } from './cell.js';
import { unsaved } from './recurrent-cell.js';

const weights: Field<readonly TensorLike[] | null, readonly TensorLike[] | null, false> = unsaved(
  nullable(field<readonly TensorLike[]>('an array of weights', (v) => (Array.isArray(v) ? (v as TensorLike[]) : undefined))),
);
const schema = {
  /** A recurrent layer, or one of your own with `goBackwards`, `returnSequences` and `returnState`. */
  layer: usedWhen('made', layerField),
  /** How the outputs of both directions are put together; null: not at all, they are returned one after the other. */
  mergeMode: nullable(oneOf('sum', 'mul', 'ave', 'concat'), 'concat'),
  /** Values that the weights begin with: those of the forward layer, then those of the backward layer. */
  weights: usedWhen('made', weights),
  /** The layer that goes backwards; null: one like `layer`. */
  backwardLayer: usedWhen('made', nullable(layerField)),
} as const;

/** Options of `Bidirectional`. */
export type BidirectionalOptions = OptionsOf<typeof schema> & LayerOptions;

/** What a layer in both directions must have. */
interface Directed {
  goBackwards: boolean;
  stateful: boolean;
  returnSequences: boolean;
  returnState: boolean;
  zeroOutputForMask?: boolean;
  useCudnn?: unknown;
  readonly states?: readonly Nested<Variable>[] | null;
  resetState?(): void;
}
type DirectedLayer = Layer & Directed;
const DIRECTED = ['goBackwards', 'stateful', 'returnSequences', 'returnState'] as const;

/** Classes of a layer and of what it holds, under their names: the user's own need no registration for a copy. */
function classesIn(held: Layer): Record<string, unknown> {
  return Object.assign({ [held.constructor.name]: held.constructor }, ...held.sublayers.map(classesIn)) as Record<string, unknown>;
}
/** A layer with the config of another, but for these entries. */
function copyOf(original: Layer, changes: Config): DirectedLayer {
  const form = serializeKerasObject(original) as Omit<SerializedObject, 'config'> & { readonly config: Config };
  const changed = { ...form, config: { ...form.config, ...changes } };
  return customObjectScope({ ...classesIn(original), ...scopedObjects() }).run(() => deserializeKerasObject(changed)) as DirectedLayer;
}
const withPrefix = (prefix: string, name: string): string => (name.startsWith(prefix) ? name : `${prefix}${name}`);

/**
 * Runs a recurrent layer over the sequence in both directions: copies of it named `forward_…` and `backward_…`, with weights of their own,
 * or a backward layer that is given. Their outputs are put together along the last axis (`'concat'`), added, multiplied, averaged, or
 * returned as two. With `returnState` the call returns `[output, …forwardStates, …backwardStates]`, and `initialState` has the states of
 * both in this order. Outputs of all steps are 0 where a mask leaves a step out.
 *
 * ```ts
 * const layer = new keras.layers.Bidirectional(new keras.layers.LSTM(10, { returnSequences: true }));
 * layer(ops.ones([2, 5, 4])).shape; // [2, 5, 20]
 * ```
 * @throws for what is no layer or is not recurrent, when both go in the same direction, and when they differ in `stateful`,
 * `returnSequences` or `returnState`.
 */
export class Bidirectional extends layer('Bidirectional', schema, ['layer']) {
  static readonly callDefaults = { mask: null };
  static readonly callOptions: readonly string[] = ['initialState'];
  static readonly samples: readonly object[] = (
    [
      ['LSTM', { units: 2, return_sequences: true }, { mergeMode: 'mul' }, 3],
      ['GRU', { units: 2 }, {}, 4],
    ] as const
  ).map(([name, config, options, time]) => ({
    args: [{ module: 'keras.layers', class_name: name, config, registered_name: null }, options],
    inputs: [[2, time, 3]],
  }));
  override supportsMasking = true;
  /** Goes through the sequence in the direction of the layer that was given. */
  readonly forwardLayer: DirectedLayer = this.makeForward();
  /** Goes the other way. */
  override readonly backwardLayer: DirectedLayer = this.makeBackward();
  override inputSpec = this.config.layer.inputSpec;

  private makeForward(): DirectedLayer {
    const { layer: given } = this.config;
    this.checkDirected(given);
    return copyOf(given, { name: withPrefix('forward_', given.name) });
  }
  private makeBackward(): DirectedLayer {
    const { layer: given, backwardLayer } = this.config;
    const backward =
      (backwardLayer as DirectedLayer | null) ??
      copyOf(given, { go_backwards: true, name: withPrefix('backward_', given.name) });
    const { useCudnn } = given as DirectedLayer;
    for (const one of [this.forwardLayer, backward]) {
      if (useCudnn !== undefined) one.useCudnn = useCudnn;
      if (one.zeroOutputForMask !== undefined) one.zeroOutputForMask = one.returnSequences;
    }
    this.checkDirected(backward);
    this.checkDirections(backward);
    Object.assign(this.config, { layer: this.forwardLayer, backwardLayer: backward });
    return backward;
  }

  private checkDirected(given: Layer): void {
    const missing = DIRECTED.find((name) => typeof (given as DirectedLayer)[name] !== 'boolean');
    if (missing !== undefined)
      throw new TypeError(
        `${this.constructor.name}: expected recurrent layers, which have a property ${missing}, received ${given.constructor.name} ` +
          `"${given.name}"`,
      );
  }
  private checkDirections(backward: DirectedLayer): void {
    const forward = this.forwardLayer;
    const where = `${this.constructor.name}: the forward and the backward layer`;
    for (const name of DIRECTED) {
      if (name === 'goBackwards' && forward[name] === backward[name])
        throw new RangeError(`${where} must go in different directions, received goBackwards ${String(forward[name])} for both`);
      if (name !== 'goBackwards' && forward[name] !== backward[name])
        throw new RangeError(
          `${where} must have the same ${name}, received ${String(forward[name])} for the forward and ${String(backward[name])} for ` +
            `the backward layer`,
        );
    }
  }

  /** Whether calls begin with the states that the last ended with. */
  get stateful(): boolean {
    return this.forwardLayer.stateful;
  }
  /** Whether the outputs of all steps are returned. */
  get returnSequences(): boolean {
    return this.forwardLayer.returnSequences;
  }
  /** Whether the last states are returned too. */
  get returnState(): boolean {
    return this.forwardLayer.returnState;
  }
  /** The variables with the states that a stateful layer keeps, those of the forward layer first; null while there are none. */
  get states(): readonly Nested<Variable>[] | null {
    const [forward, backward] = [this.forwardLayer.states, this.backwardLayer.states];
    return (forward ?? null) === null || (backward ?? null) === null ? null : [...forward!, ...backward!];
  }
  /** Sets the states that a stateful layer keeps to zeros. @throws for a layer that is not stateful. */
  resetState(): void {
    if (!this.stateful) throw new TypeError(`${this.label}: resetState is for stateful layers`);
    this.forwardLayer.resetState?.();
    this.backwardLayer.resetState?.();
  }
  /** As `resetState`. */
  resetStates(): void {
    this.resetState();
  }

  override build(sequencesShape: SymbolicShape): void {
    this.forwardLayer.buildFrom(sequencesShape);
    this.backwardLayer.buildFrom(sequencesShape);
    const { weights: given } = this.config;
    if (given !== null) this.setWeights(given);
  }

  /** The outputs, put together, or an array with both; with `returnState` an array with the states at its end. */
  override call(sequences: Tensor, options: RNNCallOptions = {}): Tensor | (Tensor | States)[] {
    const { initialState = null, training, mask } = options;
    const run = (one: DirectedLayer, state: unknown): [output: Tensor, states: States[]] => {
      const own: CallOptions = { training, ...(mask === undefined ? {} : { mask }), ...(state === null ? {} : { initialState: state }) };
      const result = (one as (sequences: Tensor, options: CallOptions) => Tensor | [Tensor, ...States[]])(sequences, own);
      const [output, ...states] = Array.isArray(result) ? result : [result];
      return [castTo(output, this.computeDtype), states];
    };
    const [forwardState, backwardState] = this.halves(initialState);
    const [forward, states] = run(this.forwardLayer, forwardState);
    const [reversed, backwardStates] = run(this.backwardLayer, backwardState);
    const backward = this.returnSequences ? ops.flip(reversed, { axis: 1 }) : reversed;
    const output = this.merged(forward, backward);
    return this.returnState || output.length > 1 ? [...output, ...states, ...backwardStates] : output[0]!;
  }

  private halves(initialState: RNNCallOptions['initialState']): [unknown, unknown] {
    if (initialState === null || initialState === undefined) return [null, null];
    if (!Array.isArray(initialState) || isNumberArray(initialState) || initialState.length % 2 !== 0)
      throw new TypeError(
        `${this.label}: initialState must be an array with the states of the forward layer, then those of the backward layer, received ` +
          show(initialState),
      );
    const half = initialState.length / 2;
    return [initialState.slice(0, half), initialState.slice(half)];
  }
  private merged(forward: Tensor, backward: Tensor): Tensor[] {
    switch (this.mergeMode) {
      case 'concat':
        return [ops.concatenate([forward, backward], { axis: -1 })];
      case 'sum':
        return [ops.add(forward, backward)];
      case 'ave':
        return [ops.divide(ops.add(forward, backward), 2)];
      case 'mul':
        return [ops.multiply(forward, backward)];
      case null:
        return [forward, backward];
    }
  }

  override computeMask(_inputs: unknown, previousMask: unknown): unknown {
    const [mask = null] = flatten(previousMask).leaves;
    const own = this.returnSequences ? mask : null;
    return this.mergeMode === null ? [own, own] : [own];
  }

  override takesSamplesApart(training: boolean): boolean {
    return (
      super.takesSamplesApart(training) && this.forwardLayer.takesSamplesApart(training) && this.backwardLayer.takesSamplesApart(training)
    );
  }
}
