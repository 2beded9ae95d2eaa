// LoRA (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021): weights stay as they are, and the product of two small matrices is learned.
import type { Config } from '../config/configurable.js';
import { float, int, nullable } from '../config/fields.js';
import { checkOptions, show } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import type { InitializerLike } from '../initializers/index.js';
import * as ops from '../ops/index.js';
import type { AddWeightOptions } from './layer-state.js';

/** @internal The options of layers that can learn so. */
export const loraSchema = {
  /** Rank of the product that is learned beside the weights, which stay as they are; null: the weights are learned. */
  loraRank: nullable(int({ min: 1 })),
  /** The product counts `loraAlpha / loraRank` times; null: once. */
  loraAlpha: nullable(float()),
} as const;

/** Options of `enableLora`. */
export interface EnableLoraOptions {
  /** The product counts `loraAlpha / rank` times. Default null: once. */
  loraAlpha?: number | null;
  /** Default `'he_uniform'`. */
  aInitializer?: InitializerLike;
  /** Default `'zeros'`: the layer computes what it did. */
  bInitializer?: InitializerLike;
}

/** @internal What a layer learns beside a matrix of weights. */
export interface Lora {
  readonly rank: number;
  readonly alpha: number;
  readonly a: Variable;
  readonly b: Variable;
}

/** What `enableLora` needs of a layer. */
interface Adapted {
  readonly name: string;
  readonly built: boolean;
  readonly lora: Lora | null;
  addWeight(options: AddWeightOptions): Variable;
}

/** @internal Makes the two matrices beside `weight`, which is not learned any more. `what` is its name. @throws before the build, twice, and with a constraint. */
export function addLora(layer: Adapted, what: string, weight: () => Variable, rank: number, options: EnableLoraOptions): Lora {
  const where = `${layer.name}.enableLora`;
  checkOptions(where, options, ['loraAlpha', 'aInitializer', 'bInitializer']);
  if (!Number.isInteger(rank) || rank < 1) throw new RangeError(`${where}: the rank must be an integer >= 1, received ${show(rank)}`);
  if (!layer.built) throw new Error(`${where}: the layer is not built yet; call it on data, or call build(inputShape) first`);
  if (layer.lora !== null) throw new Error(`${where}: it was called before; a layer has one adaptation`);
  const variable = weight();
  if (variable.constraint !== null) throw new Error(`${where}: the ${what} has a constraint, which would not hold for the sum; leave the constraint out`);
  const { regularizer } = variable;
  const [rows, columns] = variable.shape as [number, number];
  const common = { dtype: 'float32', regularizer } as const;
  const a = layer.addWeight({ ...common, name: `lora_${what}_a`, shape: [rows, rank], initializer: options.aInitializer ?? 'he_uniform' });
  const b = layer.addWeight({ ...common, name: `lora_${what}_b`, shape: [rank, columns], initializer: options.bInitializer ?? 'zeros' });
  variable.trainable = false;
  return { rank, alpha: options.loraAlpha ?? rank, a, b };
}

/** @internal The weights with what was learned beside them. */
export const merged = (weight: Variable, { rank, alpha, a, b }: Lora): Tensor => ops.add(weight, ops.multiply(alpha / rank, ops.matmul(a, b)));

/** A layer whose options can ask for LoRA. */
interface Adaptable {
  readonly config: { readonly loraRank: number | null; readonly loraAlpha: number | null };
  readonly lora: Lora | null;
  built: boolean;
  enableLora(rank: number, options: EnableLoraOptions): void;
}
/** @internal At the end of the build: does what the options `loraRank` and `loraAlpha` ask for. */
export function adaptByOptions(layer: Adaptable): void {
  const { loraRank, loraAlpha } = layer.config;
  if (loraRank === null) return;
  layer.built = true;
  layer.enableLora(loraRank, { loraAlpha });
}
/** @internal Rank and alpha as a config has them; nothing without LoRA. */
export function loraConfig({ lora, config }: Adaptable): Config {
  const rank = lora?.rank ?? config.loraRank;
  return rank === null ? {} : { lora_rank: rank, lora_alpha: lora?.alpha ?? config.loraAlpha ?? rank };
}
