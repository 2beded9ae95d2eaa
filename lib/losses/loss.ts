// The base of losses.
import { MOST_AXES } from '../base/shape.js';
import { Configurable, type ConfigOf, defineAttributes, resolve, type Config, type OptionsOf } from '../config/configurable.js';
import { computeDtype, nullable, oneOf, string, usedWhen } from '../config/fields.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import type { DType } from '../base/dtype.js';
import { checkOptions } from '../base/errors.js';
import { autoName, toSnakeCase } from '../base/names.js';
import { withScope } from '../core/scope.js';
import { Tensor } from '../core/tensor.js';
import { mapStructure, type Nested } from '../base/tree.js';
import * as ops from '../ops/index.js';
import { byPosition } from '../base/keywords.js';
import { getMask } from './mask.js';
import { reduceWeighted, REDUCTIONS, type Reduction } from './reduction.js';

const lossSchema = {
  /** Default: the class's name in snake_case. */
  name: nullable(string()),
  /** Default `'sum_over_batch_size'`. */
  reduction: nullable(oneOf(...REDUCTIONS), 'sum_over_batch_size'),
  /** In which dtype it computes. Default `floatx`. */
  dtype: usedWhen('made', computeDtype),
} as const;

/** Options that every loss has. */
export type LossOptions = OptionsOf<typeof lossSchema>;
/** Options of a loss's call. */
export interface LossCallOptions {
  /** A weight for each sample, or for each entry of the loss; null: all count the same. */
  sampleWeight?: TensorLike | null | undefined;
}

/** Targets or predictions: a tensor, or a nested structure of them for a loss that takes one. */
export type LossInput = Nested<TensorLike>;
/** Arrays of numbers are one tensor, arrays of tensors are structure. */
const isTensorLike = (value: unknown, depth = 0): boolean =>
  Array.isArray(value) && depth <= MOST_AXES &&
  value.every((item) => typeof item === 'number' || typeof item === 'boolean' || ArrayBuffer.isView(item) || isTensorLike(item, depth + 1));

/** A loss is called with targets and predictions: `loss(yTrue, yPred, { sampleWeight })`. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export interface Loss {
  (yTrue: LossInput, yPred: LossInput, sampleWeight?: TensorLike | LossCallOptions | null): Tensor;
  (named: { yTrue: LossInput; yPred: LossInput } & LossCallOptions): Tensor;
  name: string;
  /** How the losses of a batch become one number. */
  reduction: Reduction;
  /** In which dtype it computes. */
  readonly dtype: DType;
}

/**
 * Base of all losses. One of your own extends it, or is a plain function of `yTrue` and `yPred`:
 *
 * ```ts
 * class Cubic extends keras.losses.Loss {
 *   call(yTrue, yPred) { return ops.mean(ops.power(ops.abs(ops.subtract(yTrue, yPred)), 3), { axis: -1 }); }
 * }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export class Loss extends Configurable {
  static override readonly baseSchema = lossSchema;
  /** The name of instances that are made without one, where it does not follow from the class's. */
  static readonly defaultName: string | null = null;

  /** @internal The options of all losses. */
  protected readonly base: ConfigOf<typeof lossSchema>;

  static {
    defineAttributes(this.prototype, lossSchema, 'base');
  }

  constructor(options: LossOptions = {}) {
    super();
    const target = new.target as typeof Loss & { className?: string };
    checkOptions(target.name, options, Object.keys(lossSchema));
    const given = resolve(target.name, lossSchema, options);
    this.base = {
      ...given,
      name: given.name ?? target.defaultName ?? (target.className === undefined ? autoName(target.name) : toSnakeCase(target.className)),
    };
  }

  /** @internal */
  override invoke(...args: unknown[]): Tensor {
    const [yTrue, yPred, options] = byPosition(this.name, args, ['yTrue', 'yPred'], 'sampleWeight') as [
      LossInput,
      LossInput,
      LossCallOptions,
    ];
    checkOptions(this.name, options, ['sampleWeight']);
    const convert = (value: LossInput) => mapStructure((leaf: TensorLike) => toTensor(leaf, this.dtype, this.name), value, isTensorLike);
    return withScope(this.name, () => {
      const outputMask = yPred instanceof Tensor ? getMask(yPred) : null;
      const losses = this.call(convert(yTrue), convert(yPred));
      const lossMask = getMask(losses);
      const mask = outputMask !== null && lossMask !== null ? ops.logicalAnd(outputMask, lossMask) : (outputMask ?? lossMask);
      return reduceWeighted(losses, options.sampleWeight ?? null, mask, this.reduction, this.dtype);
    });
  }

  /** The loss of each sample (or of each entry of the targets), before weights and reduction. Override it. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tensors, or the structures that the loss is made for
  call(_yTrue: any, _yPred: any): Tensor {
    throw new Error(`${this.constructor.name}: a loss must have a method call(yTrue, yPred)`);
  }

  override getConfig(): Config {
    return { name: this.name, reduction: this.reduction };
  }
}
