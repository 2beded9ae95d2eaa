// A loss for each output of a model, as the arguments of distillation give it.
import { explain, show } from '../base/errors.js';
import { isPlainObject } from '../base/tree.js';
import type { Field } from '../config/fields.js';
import { isSerialized, type SerializedObject } from '../config/registration.js';
import { scalarTensor, toTensor } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import { deserialize, get, type LossLike, serialize } from '../losses/lookup.js';
import type { Loss } from '../losses/loss.js';
import type { LossFunction } from '../losses/loss-function-wrapper.js';
import * as ops from '../ops/index.js';
import { flatten, mapStructure } from '../tree/index.js';

type Some<T> = T | readonly (Some<T> | null)[] | { readonly [output: string]: Some<T> | null };
/** A loss for the only output, or losses in the structure of the outputs; null leaves an output out. */
export type NestedLossLike = Some<LossLike>;
/** Losses as they are called. */
export type NestedLoss = Some<Loss | LossFunction>;

/** The losses that names, configs, classes and functions stand for, in the structure that they are given in. */
export function nestedLoss(given: unknown, where: string): NestedLoss {
  if (given === null) return given as never;
  if (Array.isArray(given)) return given.map((item, i) => nestedLoss(item, `${where}[${i}]`));
  if (isSerialized(given)) return deserialize(given);
  if (isPlainObject(given)) return Object.fromEntries(Object.entries(given).map(([key, item]) => [key, nestedLoss(item, `${where}.${key}`)]));
  const found = explain(() => where, () => get(given as LossLike));
  if (found === null) throw new TypeError(`${where}: expected a loss, received ${show(given)}`);
  return found;
}

/** The config of losses, in their structure. */
export const serializeNested = (losses: NestedLoss): unknown =>
  mapStructure((loss: Loss | LossFunction | null): SerializedObject | null => (loss === null ? null : serialize(loss)), losses);

/** The option of losses by output, of which there is at least one. */
export const nestedLossField = (initial: NestedLossLike): Field<NestedLossLike, NestedLoss, false> => ({
  required: false,
  initial,
  expects: 'a loss, or an array or object of losses',
  parse: (value, where) => {
    const losses = nestedLoss(value, where);
    if (flatten(losses).every((loss) => loss === null))
      throw new TypeError(`${where}: expected at least one loss that is not null, received ${show(value)}`);
    return losses;
  },
  serialize: serializeNested,
});

/** The sum over the outputs of `value(loss, a, b)` for those that have a loss, a scalar. */
export function sumOverOutputs(
  losses: NestedLoss,
  a: unknown,
  b: unknown,
  value: (loss: Loss | LossFunction, a: Tensor, b: Tensor) => Tensor,
): Tensor {
  const values = flatten(
    mapStructure((loss: Loss | LossFunction | null, x: Tensor, y: Tensor) => (loss === null ? null : value(loss, x, y)), losses, a, b),
  );
  return (values as (Tensor | null)[]).reduce<Tensor>((sum, part) => (part === null ? sum : ops.add(sum, part)), scalarTensor(0, 'float32'));
}

/** The mean of what a loss gives for targets and predictions. */
export const meanLoss = (loss: Loss | LossFunction, yTrue: Tensor, yPred: Tensor): Tensor =>
  ops.mean(toTensor((loss as LossFunction)(yTrue, yPred), null, 'distillation'));
