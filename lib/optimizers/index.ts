// `keras.optimizers`.
import { didYouMean, show } from '../core/errors.js';
import { aliasOf, deserializeObject, isSerialized, provideModule, serializeObject, type SerializedObject } from '../config/registration.js';
import { Adam } from './adam.js';
import { Optimizer } from './optimizer.js';
import { RMSprop } from './rmsprop.js';
import { SGD } from './sgd.js';

export { Adam, type AdamOptions } from './adam.js';
export { type LearningRate, Optimizer, type OptimizerOptions } from './optimizer.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export { SGD, type SGDOptions } from './sgd.js';
export * as schedules from './schedules/index.js';

const classes = { Adam, RMSprop, SGD };
const names: ReadonlyMap<string, string> = new Map(Object.keys(classes).flatMap((name) => [[name.toLowerCase(), name], [aliasOf(name), name]]));

provideModule('keras.optimizers', { find: (name) => (classes as Record<string, unknown>)[names.get(name.toLowerCase()) ?? name], names: () => names.keys() });

/** Name of an optimizer. */
export type OptimizerName = 'adam' | 'rmsprop' | 'sgd' | 'Adam' | 'RMSprop' | 'SGD';
/** What stands for an optimizer: a name, Keras's form, or the optimizer itself. */
export type OptimizerLike = OptimizerName | SerializedObject | Optimizer;

/** Keras's form of an optimizer. */
export const serialize = (optimizer: Optimizer): SerializedObject => serializeObject(Optimizer.module, optimizer);

/** Makes an optimizer from Keras's form. @throws a TypeError with the nearest name for an unknown class. */
export function deserialize(config: SerializedObject | string, options: { customObjects?: Readonly<Record<string, unknown>> } = {}): Optimizer {
  const given = typeof config === 'string' ? (names.get(config.toLowerCase()) ?? config) : { ...config, class_name: names.get(config.class_name.toLowerCase()) ?? config.class_name };
  return deserializeObject<Optimizer>(classes, given, (name) => new TypeError(`unknown optimizer '${name}'${didYouMean(name, names.keys())}`), options.customObjects);
}

/** The optimizer that a name, a config or an optimizer stands for. @throws a TypeError for anything else. */
export function get(identifier: OptimizerLike): Optimizer {
  if (identifier instanceof Optimizer) return identifier;
  if (typeof identifier === 'string' || isSerialized(identifier)) return deserialize(identifier);
  throw new TypeError(`optimizer must be a name, a config or an Optimizer, received ${show(identifier)}`);
}
