// RecurrentCell: base of the cells with a kernel for the inputs and one for the state: their options, weights and dropout.
import { configured, type ConfigOf } from '../../config/configurable.js';
import { activation } from '../../activations/field.js';
import * as activations from '../../activations/index.js';
import { bool, type Field, field, float, int, nullable, type Schema, usedWhen, withDefault } from '../../config/fields.js';
import { constraint } from '../../constraints/field.js';
import { sameShape, type Shape } from '../../base/shape.js';
import { flatten } from '../../base/tree.js';
import { toTensor } from '../../core/convert.js';
import type { Tensor } from '../../core/tensor.js';
import { currentTrace, type Trace } from '../../core/trace.js';
import type { InitialValue, Variable } from '../../core/variable.js';
import { initializer } from '../../initializers/field.js';
import * as initializers from '../../initializers/index.js';
import * as ops from '../../ops/index.js';
import type { RecurrentWeights } from '../../ops/recurrent.js';
import * as random from '../../random/index.js';
import { regularizer } from '../../regularizers/field.js';
import { type CallOptions, Layer } from '../base/layer.js';
import type { LayerOptions, layerSchema } from '../base/options.js';
import type { DrawsMasks, InitialStateOptions, States } from './cell.js';

/** A share; what is less than 0 or more than 1 counts as 0 or 1. */
const share: Field<number, number, false> = {
  ...withDefault(float(), 0),
  parse: (value, where) => Math.min(1, Math.max(0, float().parse(value, where))),
};
/** An option that no config has. */
export const unsaved = <In, Out>(inner: Field<In, Out, false>): Field<In, Out, false> => ({ ...inner, serialize: () => undefined });

/** Options that all cells with kernels share, and the layers made of them. */
export const weightsSchema = {
  activation: activation('tanh'),
  useBias: bool(true),
  kernelInitializer: initializer('glorot_uniform'),
  recurrentInitializer: initializer('orthogonal'),
  biasInitializer: initializer('zeros'),
  kernelRegularizer: regularizer(),
  recurrentRegularizer: regularizer(),
  biasRegularizer: regularizer(),
  kernelConstraint: constraint(),
  recurrentConstraint: constraint(),
  biasConstraint: constraint(),
  /** Share of the inputs' features that are dropped in training, the same in all steps. Default 0. */
  dropout: share,
  /** Share of the state's features that are dropped in training, the same in all steps. Default 0. */
  recurrentDropout: share,
  /** Seed of the random draws; null, the default: a random one. */
  seed: usedWhen('made', nullable(int())),
} as const;
/** Options of cells over vectors. */
export const unitsSchema = {
  /** Size of the output and of each state. */
  units: int({ min: 1 }),
  ...weightsSchema,
} as const;
/** Options of cells with gates. */
export const gatesSchema = {
  recurrentActivation: activation('sigmoid'),
} as const;
/** Whether the bias of the forget gate begins at 1 (Jozefowicz et al., 2015). */
export const unitForgetBias = bool(true);
/** How Keras's cells with gates compute: 1 draws a mask of dropout for each gate, and is implied by dropout of the state. */
export const implementation = usedWhen(
  'made',
  unsaved(withDefault(field<number>('0, 1 or 2', (v) => ([0, 1, 2].includes(v as number) ? (v as number) : undefined)), 2)),
);

/** Masks of dropout: one for all gates, or one for each. */
type Masks = Tensor | readonly Tensor[];
interface Drawn {
  readonly masks: Masks;
  readonly shape: Shape;
  /** Where they may be used again: everywhere when drawn for a sequence, otherwise in the program that drew them. */
  readonly within: Trace | null | 'sequence';
}

/** Base of the cells with weights. */
export abstract class RecurrentCell extends Layer implements DrawsMasks {
  declare readonly config: ConfigOf<typeof weightsSchema> & {
    readonly implementation?: number;
    readonly recurrentActivation?: activations.Activation;
  };
  /** Weights of the inputs, the gates one after the other in the last axis. */
  declare kernel: Variable;
  /** Weights of the state, the gates one after the other in the last axis. */
  declare recurrentKernel: Variable;
  /** Bias of the gates, unless `useBias` is false. */
  declare bias: Variable | null;
  /** State of the random draws. */
  abstract readonly seedGenerator: random.SeedGenerator;
  #drawn: { inputs: Drawn | null; states: Drawn | null } = { inputs: null, states: null };

  /** Number of gates, whose weights stand one after the other. */
  protected abstract readonly gates: number;

  /** Adds the weights of these shapes. */
  protected addWeights(kernel: Shape, recurrentKernel: Shape, bias: Shape, biasInitializer?: InitialValue): void {
    const { config } = this;
    this.kernel = this.addWeight({
      name: 'kernel',
      shape: kernel,
      initializer: config.kernelInitializer,
      regularizer: config.kernelRegularizer,
      constraint: config.kernelConstraint,
    });
    this.recurrentKernel = this.addWeight({
      name: 'recurrent_kernel',
      shape: recurrentKernel,
      initializer: config.recurrentInitializer,
      regularizer: config.recurrentRegularizer,
      constraint: config.recurrentConstraint,
    });
    this.bias = config.useBias
      ? this.addWeight({
          name: 'bias',
          shape: bias,
          initializer: biasInitializer ?? config.biasInitializer,
          regularizer: config.biasRegularizer,
          constraint: config.biasConstraint,
        })
      : null;
  }

  // ---- dropout -----------------------------------------------------------------------------------------------------

  /** How Keras's cells with gates compute; see `dropoutMaskCount`. Dropout of the state makes it 1. */
  get implementation(): number | undefined {
    const { implementation: given, recurrentDropout } = this.config;
    return given !== undefined && recurrentDropout !== 0 ? 1 : given;
  }
  /** Number of masks of dropout, where each gate has one of its own: with `implementation` 1. */
  get dropoutMaskCount(): number | undefined {
    return this.implementation === 1 ? this.gates : undefined;
  }
  private draw(shape: Shape, rate: number, within: Drawn['within']): Drawn {
    const mask = (): Tensor => random.dropout(ops.ones(shape, { dtype: this.computeDtype }), rate, { seed: this.seedGenerator });
    const count = this.dropoutMaskCount;
    return { masks: count === undefined ? mask() : Array.from({ length: count }, mask), shape, within };
  }
  private masksFor(kind: 'inputs' | 'states', { shape }: { readonly shape: Shape }, rate: number): Masks | null {
    if (rate === 0) return null;
    const known = this.#drawn[kind];
    const usable = known !== null && sameShape(known.shape, shape) && (known.within === 'sequence' || known.within === currentTrace());
    return (usable ? known : (this.#drawn[kind] = this.draw(shape, rate, currentTrace()))).masks;
  }

  /**
   * The mask of dropout for inputs of a step: the same in all steps, until `resetDropoutMask`; an array with one for each gate where the
   * cell has them. Null without dropout.
   */
  getDropoutMask(stepInput: { readonly shape: Shape }): Masks | null {
    return this.masksFor('inputs', stepInput, this.config.dropout);
  }
  /** As `getDropoutMask`, for the state of a step. */
  getRecurrentDropoutMask(state: { readonly shape: Shape }): Masks | null {
    return this.masksFor('states', state, this.config.recurrentDropout);
  }
  /** Forgets the masks for inputs: the next step draws others. */
  resetDropoutMask(): void {
    this.#drawn.inputs = null;
  }
  /** Forgets the masks for states: the next step draws others. */
  resetRecurrentDropoutMask(): void {
    this.#drawn.states = null;
  }

  /** @internal */
  drawMasks(inputShape: Shape, states: States): void {
    const { dropout, recurrentDropout } = this.config;
    const [state] = flatten<Tensor>(states).leaves as [Tensor];
    this.#drawn = {
      inputs: this.drops(dropout) ? this.draw(inputShape, dropout, 'sequence') : null,
      states: this.drops(recurrentDropout) ? this.draw(state.shape, recurrentDropout, 'sequence') : null,
    };
  }
  /** @internal */
  resetMasks(): void {
    this.resetDropoutMask();
    this.resetRecurrentDropoutMask();
  }
  /** Whether a share drops anything. As in Keras, cells with gates take the share 1 for none. */
  private drops(rate: number): boolean {
    return rate > 0 && (rate < 1 || this.gates === 1);
  }
  /** The masks of a step; null where nothing is dropped. */
  protected stepMasks(
    inputs: { readonly shape: Shape }, state: Tensor, { training }: CallOptions,
  ): { inputs: Masks | null; states: Masks | null } {
    const { dropout, recurrentDropout } = this.config;
    return {
      inputs: training === true && this.drops(dropout) ? this.getDropoutMask(inputs) : null,
      states: training === true && this.drops(recurrentDropout) ? this.getRecurrentDropoutMask(state) : null,
    };
  }

  /**
   * The weights, and `sequences` with their dropout, where a kernel computes whole sequences as this cell does: in its compute dtype, with
   * the activations that it knows, without dropout of the state or of each gate's inputs. Otherwise null.
   */
  protected wholeRun(
    sequences: Tensor, [h]: readonly Tensor[], options: CallOptions,
  ): { inputs: Tensor; weights: RecurrentWeights } | null {
    const { activation: output, recurrentActivation } = this.config;
    const [batch, , features] = sequences.shape as readonly [number, number, number];
    const { computeDtype, kernel, recurrentKernel, bias } = this;
    const plain = output === activations.tanh && recurrentActivation === activations.sigmoid && this.activityRegularizer === null;
    const one = [sequences, h!, kernel, recurrentKernel].every(({ dtype }) => dtype === computeDtype);
    if (!plain || !one || sequences.ndim !== 3 || (computeDtype !== 'float32' && computeDtype !== 'float64')) return null;
    const masks = this.stepMasks({ shape: [batch, features] }, h!, options);
    if (masks.states !== null || Array.isArray(masks.inputs)) return null;
    const mask = masks.inputs as Tensor | null;
    return {
      inputs: mask === null ? sequences : ops.multiply(sequences, ops.expandDims(mask, 1)),
      weights: { kernel: toTensor(kernel), recurrentKernel: toTensor(recurrentKernel), bias: bias === null ? null : toTensor(bias) },
    };
  }
}

/**
 * `x · kernel`, where each gate's part of the kernel may see another mask of `x`. The product may be a convolution, whose gates are along
 * `axis`.
 */
export function project(
  x: Tensor,
  kernel: Variable | Tensor,
  masks: Masks | null,
  product: (x: Tensor, kernel: Variable | Tensor) => Tensor = ops.matmul,
  axis = -1,
): Tensor {
  if (masks === null) return product(x, kernel);
  if (!Array.isArray(masks)) return product(ops.multiply(x, masks as Tensor), kernel);
  const parts = ops.split(kernel, masks.length, { axis: -1 });
  return ops.concatenate(
    (masks as readonly Tensor[]).map((mask, i) => product(ops.multiply(x, mask), parts[i]!)),
    { axis },
  );
}

/** An initializer for the bias of four gates that begins with 1 for the second, the forget gate (Jozefowicz et al., 2015). */
export const forgetBias =
  (initial: InitialValue, size: number): InitialValue =>
  (_, options) =>
    ops.concatenate([initial([size], options), initializers.get('ones')([size], options), initial([2 * size], options)]);

/** Zeros of `(batch, …size)` for each of `count` states. @throws without a number of samples. */
export function zerosFor(cell: Layer, count: number, size: Shape, options: InitialStateOptions | number): Tensor[] {
  const batchSize = typeof options === 'number' ? options : options.batchSize;
  if (batchSize === undefined || batchSize === null)
    throw new TypeError(`${cell.constructor.name} "${cell.name}": getInitialState needs the number of samples, as in { batchSize: 32 }`);
  return Array.from({ length: count }, () => ops.zeros([batchSize, ...size], { dtype: cell.computeDtype }));
}

// `configured` makes instances, so it wants a class that can be made; subclasses supply `call`.
const CellBase = RecurrentCell as unknown as (new (options: LayerOptions) => RecurrentCell) & {
  readonly baseSchema: typeof layerSchema;
  readonly module: string | null;
  readonly builtWhenMade: boolean;
};
/** The base of a cell with these options; see `configured`. */
export function recurrentCell<const S extends Schema, const P extends readonly (keyof S & string)[] = []>(
  className: string,
  schema: S,
  positional?: P,
) {
  return configured<typeof CellBase, S, P>(CellBase, className, schema, positional);
}
