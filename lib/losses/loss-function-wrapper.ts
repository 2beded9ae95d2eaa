// Losses that are a function of targets and predictions, with weights and a reduction around it.
import { byPosition } from '../base/keywords.js';
import type { AnyClass } from '../base/class.js';
import { configured, type Config } from '../config/configurable.js';
import type { Schema } from '../config/fields.js';
import { camelKeys, snakeCase } from '../base/names.js';
import { Family } from '../config/family.js';
import { show } from '../base/errors.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import { Tensor } from '../core/tensor.js';
import { isPlainObject } from '../base/tree.js';
import * as functions from './functions.js';
import { Loss, type LossOptions } from './loss.js';
import { squeezeOrExpandToSameRank } from './reduction.js';

/** A function from targets and predictions to the loss of each sample, or of each entry. Further arguments are options of its own. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tensors, or the structures that the loss is made for
export type LossFunction = (yTrue: any, yPred: any, options?: any) => TensorLike;

/** The loss functions of Keras by name. */
const lossFunctions = new Family<LossFunction>({ kind: 'a loss function', module: 'keras.losses', base: null, members: functions });

/** Brings the ranks of targets and predictions together, in each pair of a nested structure. */
function fitRanks(yTrue: unknown, yPred: unknown): [unknown, unknown] {
  if (yTrue instanceof Tensor && yPred instanceof Tensor) return squeezeOrExpandToSameRank(yTrue, yPred);
  if (Array.isArray(yTrue) && Array.isArray(yPred) && yTrue.length === yPred.length) {
    const pairs = yTrue.map((item, i) => fitRanks(item, yPred[i]));
    return [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
  }
  if (isPlainObject(yTrue) && isPlainObject(yPred)) {
    const pairs = Object.keys(yTrue).map((key) => [key, fitRanks(yTrue[key], yPred[key])] as const);
    return [Object.fromEntries(pairs.map(([key, [a]]) => [key, a])), Object.fromEntries(pairs.map(([key, [, b]]) => [key, b]))];
  }
  return [yTrue, yPred];
}

/**
 * @internal The function of an object's class, called with the object's options. Throws for a class without one: `kind` says what it is.
 */
export function callWithConfig(object: object, kind: string, yTrue: TensorLike, yPred: TensorLike): TensorLike {
  const { fn, name } = object.constructor as { fn?: LossFunction | null; name: string };
  if (fn === null || fn === undefined) throw new Error(`${name}: ${kind} must have a method compute(yTrue, yPred)`);
  const { config = {} } = object as { config?: object };
  return Object.keys(config).length === 0 ? fn(yTrue, yPred) : fn(yTrue, yPred, config);
}

/** Base of the losses that are a function of targets and predictions of one rank. */
export class FunctionLoss extends Loss {
  /** @internal The function, where it is the class's; it gets the options of the class. */
  static readonly fn: LossFunction | null = null;

  override call(yTrue: unknown, yPred: unknown): Tensor {
    const [targets, predictions] = fitRanks(yTrue, yPred);
    return this.compute(targets as Tensor, predictions as Tensor);
  }

  /** The loss of each sample. */
  compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return toTensor(callWithConfig(this, 'a loss', yTrue, yPred), null, this.name);
  }
}

/** The base of a loss that is `fn`, with the options of `schema`. */
export function functionLoss<const S extends Schema = Record<never, never>>(className: string, fn: LossFunction, schema: S = {} as S) {
  return Object.assign(configured<typeof FunctionLoss, S>(FunctionLoss, className, schema), { fn });
}

/** Options of `LossFunctionWrapper`: those of a loss, and those of its function. */
export interface LossFunctionOptions extends LossOptions {
  [option: string]: unknown;
}

/** A loss around a function of your own: `new LossFunctionWrapper(fn, { name, reduction, dtype, ...options of fn })`. */
export class LossFunctionWrapper extends FunctionLoss {
  static readonly className: string = 'LossFunctionWrapper';
  readonly fn: LossFunction;
  private readonly fnOptions: Record<string, unknown>;

  constructor(fn: LossFunction, options?: LossFunctionOptions);
  constructor(named: { fn: LossFunction } & LossFunctionOptions);
  constructor(...args: unknown[]) {
    const [fn, { name, reduction, dtype, ...fnOptions } = {}] = byPosition('LossFunctionWrapper', args, ['fn']) as [
      LossFunction,
      LossFunctionOptions?,
    ];
    if (typeof fn !== 'function') throw new TypeError(`LossFunctionWrapper: expected a function, received ${show(fn)}`);
    super({ name, reduction, dtype });
    this.fn = fn;
    this.fnOptions = fnOptions;
  }

  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    const losses = Object.keys(this.fnOptions).length === 0 ? this.fn(yTrue, yPred) : this.fn(yTrue, yPred, this.fnOptions);
    return toTensor(losses, null, this.name);
  }

  override getConfig(): Config {
    const options = Object.entries(this.fnOptions).map(([key, value]) => [snakeCase(key), value]);
    return { ...super.getConfig(), fn: lossFunctions.serialize(this.fn), ...Object.fromEntries(options) as Config };
  }
  static override fromConfig<T>(this: AnyClass<T>, { fn, ...config }: Config): T {
    return new (this as unknown as new (fn: LossFunction, options: object) => T)(
      lossFunctions.get(fn)!,
      camelKeys(config),
    );
  }
}
