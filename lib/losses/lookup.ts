// Losses by name and in configs.
import { Family, type DeserializeOptions, type SnakeCase } from '../config/family.js';
import type { RegisteredName, SerializedObject } from '../config/registration.js';
import * as classes from './classes.js';
import * as functions from './functions.js';
import { Loss } from './loss.js';
import type { LossFunction } from './loss-function-wrapper.js';
import { SHORT_NAMES } from './short-names.js';

const ALIASES = { ...SHORT_NAMES, kld: 'kl_divergence', KLD: 'kl_divergence' } as const;

/** Names of the losses: of the functions in snake_case, and of the classes. */
export type LossName =
  SnakeCase<keyof typeof functions> | Exclude<keyof typeof classes, 'Loss' | 'LossFunctionWrapper'> | keyof typeof ALIASES;
/** What stands for a loss: its name, an instance, a class, a config, or a function of targets and predictions. */
export type LossLike = LossName | RegisteredName | Loss | (new () => Loss) | LossFunction | SerializedObject;

const family = new Family<Loss | LossFunction>({
  kind: 'a loss',
  module: 'keras.losses',
  base: Loss,
  members: { ...classes, ...functions },
  aliases: ALIASES,
});

/**
 * The loss of a name, a config, a class, an instance or a function; null stays null. A name in snake_case gives the function.
 * @throws a TypeError with the nearest name when nothing has that name.
 */
export function get(identifier: LossLike | (string & {})): Loss | LossFunction;
export function get(identifier: LossLike | (string & {}) | null | undefined): Loss | LossFunction | null;
export function get(identifier: LossLike | (string & {}) | null | undefined): Loss | LossFunction | null {
  return family.get(identifier);
}
/** The config of a loss, or of a loss function. */
export const serialize = (loss: Loss | LossFunction): SerializedObject => family.serialize(loss);
/** The loss, or the function, that `serialize` gave this for. */
export const deserialize = (config: SerializedObject | string, options: DeserializeOptions = {}): Loss | LossFunction =>
  family.deserialize(config, options);
