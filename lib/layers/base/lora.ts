// LoRA (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021): weights stay as they are, and the product of two small
// matrices is learned.
import type { Config } from '../../config/configurable.js';
import { type Field, float, int, nullable } from '../../config/fields.js';
import type { TensorLike } from '../../core/convert.js';
import { checkOptions, show } from '../../base/errors.js';
import type { Shape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import type { InitializerLike } from '../../initializers/index.js';
import * as ops from '../../ops/index.js';
import type { AddWeightOptions, Layer } from './layer.js';
import type { SavedVariables, VariableStore } from './layer-state.js';

// Not in configs but where LoRA is enabled: `getConfig` adds them.
const unsaved = <In, Out, R extends boolean>(inner: Field<In, Out, R>): Field<In, Out, R> => ({ ...inner, serialize: () => undefined });

/** @internal The options of layers that can learn so. */
export const loraSchema = {
  /** Rank of the product that is learned beside the weights, which stay as they are; null: the weights are learned. See `enableLora`. */
  loraRank: unsaved(nullable(int({ min: 1 }))),
  /**
   * The product counts `loraAlpha / loraRank` times; null: once. As in Keras, `Dense` and `Embedding` that are built with LoRA count it
   * once in any case: for them give `loraAlpha` to `enableLora`.
   */
  loraAlpha: unsaved(nullable(float())),
} as const;

/** Options of `enableLora`. */
export interface EnableLoraOptions {
  /** The product counts `loraAlpha / rank` times. Default null: once. */
  loraAlpha?: number | null;
  /** Initializer of the first factor. Default `'he_uniform'`. */
  aInitializer?: InitializerLike;
  /** Initializer of the second factor. Default `'zeros'`: the layer computes what it did. */
  bInitializer?: InitializerLike;
}

/** @internal What a layer learns beside its weights. */
export interface Lora {
  readonly rank: number;
  readonly alpha: number;
  /** The first factor: the shape of the weights, with the rank in place of the last axis. */
  readonly a: Variable;
  /** The second factor, of shape (rank, last axis of the weights). */
  readonly b: Variable;
}

/** @internal What a class says of its weights that can be adapted. */
export interface AdaptedWeights {
  /** What they are called, in variables and in options: the layer has `<name>Regularizer` and `<name>Constraint`. */
  readonly name: 'kernel' | 'embeddings';
  /** Names of the layer's other variables. */
  readonly others: readonly string[];
  /** Whether the option `loraAlpha` has no effect on a layer that is built with LoRA, as in Keras. */
  readonly ignoresAlpha: boolean;
}
/** The options of a layer that say how its weights are adapted. */
type AdaptableConfig = { readonly loraRank: number | null; readonly loraAlpha: number | null } & Readonly<Record<string, unknown>>;

/** What layers have whose weights can be adapted. */
export interface Adaptable {
  /** @internal The variable with the weights that can be adapted; null before the build. */
  weight: Variable | null;
  /** @internal What is learned beside it; null without LoRA. */
  lora: Lora | null;
  /** Whether something is learned beside the weights. */
  readonly loraEnabled: boolean;
  /** Rank of what is learned beside the weights; null without LoRA. */
  readonly loraRank: number | null;
  /** What is learned counts this number over the rank; null without LoRA. */
  readonly loraAlpha: number | null;
  /**
   * Keeps the weights as they are from now on, and learns the product of two matrices of this rank beside them (LoRA), in float32: the
   * first has the shape of the weights with `rank` as its last axis, the second the shape (rank, last axis of the weights).
   * @throws before the layer is built, when it was called before, and for weights with a constraint.
   */
  enableLora(rank: number, options?: EnableLoraOptions): void;
  /** @internal Adds the weight that can be adapted. */
  addAdaptable(options: Omit<AddWeightOptions, 'name'>): Variable;
  /** @internal Enables LoRA if the options ask for it; the last that `build` does. */
  adaptByOptions(): void;
  /** @internal The weights, with what was learned beside them. @throws while the layer is not built. */
  adaptedWeight(): Variable | Tensor;
  /** @internal Shape of the weights that the correction is added to. */
  adaptedShape(): Shape;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- mixin base
type LayerClass = abstract new (...args: any[]) => Layer;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- mixin
type AdaptableClass = abstract new (...args: any[]) => Adaptable;
/** @internal What such classes have. */
export interface AdaptableStatics {
  /** @internal What the class says of its weights. */
  readonly adapted: AdaptedWeights;
}

/**
 * @internal The base of layers with one weight that can be adapted, a kernel unless the class says otherwise in `adapted`. The layer's
 * `build` makes it with `addAdaptable`, and ends with `adaptByOptions`.
 */
export function adaptable<B extends LayerClass>(Base: B): B & AdaptableClass & AdaptableStatics {
  abstract class AdaptableLayer extends Base implements Adaptable {
    static readonly adapted: AdaptedWeights = { name: 'kernel', others: ['bias'], ignoresAlpha: false };
    weight: Variable | null = null;
    lora: Lora | null = null;

    addAdaptable(options: Omit<AddWeightOptions, 'name'>): Variable {
      return (this.weight = this.addWeight({ ...options, name: adaptedOf(this).name }));
    }
    adaptedWeight(): Variable | Tensor {
      const { weight, lora } = this;
      if (weight === null) throw notBuilt(this.label, adaptedOf(this).name);
      return lora === null ? weight : ops.cast(ops.add(weight, correction(lora)), this.computeDtype);
    }
    adaptedShape(): Shape {
      return this.weight!.shape;
    }

    get loraEnabled(): boolean {
      return this.lora !== null;
    }
    get loraRank(): number | null {
      return this.lora?.rank ?? configOf(this).loraRank;
    }
    get loraAlpha(): number | null {
      return this.lora?.alpha ?? configOf(this).loraAlpha ?? configOf(this).loraRank;
    }
    enableLora(rank: number, options: EnableLoraOptions = {}): void {
      addFactors(this, rank, options, `${this.label}: enableLora`);
    }
    adaptByOptions(): void {
      const { loraRank, loraAlpha } = configOf(this);
      if (loraRank !== null) this.enableLora(loraRank, adaptedOf(this).ignoresAlpha ? {} : { loraAlpha });
    }
  }
  return savedWithLora(AdaptableLayer);
}

/** A layer as it is saved: what was learned beside the weights is added to them, and the config has the options of LoRA. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- mixin base
function savedWithLora<B extends abstract new (...args: any[]) => Layer & Adaptable>(Base: B): B {
   
  abstract class Saved extends Base {
    /** @internal Without what is learned beside the weights: it is added to what is saved of them. */
    override savedVariables(): SavedVariables {
      const { lora, weight } = this;
      const saved = super.savedVariables();
      if (lora === null) return saved;
      return saved
        .filter(([variable]) => variable !== lora.a && variable !== lora.b)
        .map(([variable, value]) => [variable, variable === weight ? this.adaptedWeight() : value]);
    }
    /** What was learned beside the weights is in those that were saved, and begins anew. */
    override loadOwnVariables(store: VariableStore<TensorLike>): void {
      super.loadOwnVariables(store);
      if (this.lora !== null)
        for (const factor of [this.lora.a, this.lora.b]) factor.assign(ops.zeros(factor.shape, { dtype: factor.dtype }));
    }
    override getConfig(): Config {
      const { loraRank, loraAlpha } = this;
      return { ...super.getConfig(), ...(loraRank === null ? {} : { lora_rank: loraRank, lora_alpha: loraAlpha }) };
    }
  }
  return Saved;
}

/** Does what `enableLora` says. */
function addFactors(layer: Layer & Adaptable, rank: number, options: EnableLoraOptions, where: string): void {
  checkOptions(where, options, ['loraAlpha', 'aInitializer', 'bInitializer']);
  const { loraAlpha = null, aInitializer = 'he_uniform', bInitializer = 'zeros' } = options;
  if (!Number.isInteger(rank) || rank < 1) throw new RangeError(`${where}: rank must be an integer >= 1, received ${show(rank)}`);
  const config = configOf(layer);
  const { name } = adaptedOf(layer);
  if (layer.weight === null) throw new Error(`${where} needs a built layer; call it on data, or call build(inputShape) first`);
  if (config[`${name}Constraint`] !== null)
    throw new Error(`${where}: the ${name} would leave its constraint with what is learned beside it; leave out ${name}Constraint`);
  if (layer.lora !== null) throw new Error(`${where}: LoRA is enabled already, which can be done once`);
  const shape = layer.adaptedShape();
  const rules = { dtype: 'float32', regularizer: config[`${name}Regularizer`] as AddWeightOptions['regularizer'] } as const;
  const a = layer.addWeight({ ...rules, name: `lora_${name}_a`, shape: [...shape.slice(0, -1), rank], initializer: aInitializer });
  const b = layer.addWeight({ ...rules, name: `lora_${name}_b`, shape: [rank, shape.at(-1)!], initializer: bInitializer });
  layer.weight.trainable = false;
  layer.lora = { rank, alpha: loraAlpha ?? rank, a, b };
  Object.assign(layer, name === 'kernel' ? { loraKernelA: a, loraKernelB: b } : { loraEmbeddingsA: a, loraEmbeddingsB: b });
}

const notBuilt = (label: string, name: string): Error =>
  new Error(
    `${label}: it has ${name === 'kernel' ? 'a kernel' : name} after it was built; call it on data, or call build(inputShape) first`,
  );
/** @internal What the class of a layer says of its weights. */
export const adaptedOf = (layer: object): AdaptedWeights => (layer.constructor as unknown as { adapted: AdaptedWeights }).adapted;
const configOf = (layer: object): AdaptableConfig => (layer as { config: AdaptableConfig }).config;

/** @internal What is added to adapted weights. */
export const correction = ({ a, b, alpha, rank }: Lora): Tensor => ops.multiply(ops.matmul(a, b), alpha / rank);
