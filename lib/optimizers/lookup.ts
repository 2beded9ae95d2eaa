// Optimizers by name and in configs.
import { aliasOf, deserializeObject, isSerialized, provideModule, serializeObject, type SerializedObject } from '../config/registration.js';
import { didYouMean, show } from '../base/errors.js';
import * as classes from './classes.js';
import { OptimizerMap } from './multi-optimizer.js';
import { Optimizer } from './optimizer.js';

const names: ReadonlyMap<string, string> = new Map(
  Object.keys(classes).flatMap((name) => [
    [name.toLowerCase(), name],
    [aliasOf(name), name],
  ]),
);

const members: Readonly<Record<string, unknown>> = { ...classes, OptimizerMap };
provideModule('keras.optimizers', { find: (name) => members[names.get(name.toLowerCase()) ?? name], names: () => names.keys() });

/** Those that are made with more than options: they have no name that stands for an instance. */
type Demanding = 'LossScaleOptimizer' | 'MultiOptimizer';
type ClassName = Exclude<keyof typeof classes, Demanding>;
/** Name of an optimizer. */
export type OptimizerName = ClassName | Lowercase<ClassName>;
/** What stands for an optimizer: a name, Keras's form, or the optimizer itself. */
export type OptimizerLike = OptimizerName | SerializedObject | Optimizer;

/** Keras's form of an optimizer. */
export const serialize = (optimizer: Optimizer): SerializedObject => serializeObject(Optimizer.module, optimizer);

/** Makes an optimizer from Keras's form. @throws a TypeError with the nearest name for an unknown class. */
export function deserialize(
  config: SerializedObject | string,
  options: { customObjects?: Readonly<Record<string, unknown>> } = {},
): Optimizer {
  const given =
    typeof config === 'string'
      ? (names.get(config.toLowerCase()) ?? config)
      : !isSerialized(config)
        ? config
        : { ...config, class_name: names.get(config.class_name.toLowerCase()) ?? config.class_name };
  return deserializeObject<Optimizer>(
    classes,
    given,
    (name) => new TypeError(`unknown optimizer '${name}'${didYouMean(name, names.keys())}`),
    options.customObjects,
  );
}

/** The optimizer that a name, a config or an optimizer stands for. @throws a TypeError for anything else. */
export function get(identifier: OptimizerLike): Optimizer {
  if (identifier instanceof Optimizer) return identifier;
  if (typeof identifier === 'string' || isSerialized(identifier)) return deserialize(identifier);
  throw new TypeError(`optimizer must be a name, a config or an Optimizer, received ${show(identifier)}`);
}
