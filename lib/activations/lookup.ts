// Activations by name and in configs.
import { Family, type DeserializeOptions, type SnakeCase } from '../config/family.js';
import type { RegisteredName, SerializedObject } from '../config/registration.js';
import type { Tensor } from '../core/tensor.js';
import * as functions from './functions.js';

/** An activation: a function of one tensor. */
export type Activation = (x: Tensor) => Tensor;
/** Names of the activations. */
export type ActivationName = Exclude<SnakeCase<keyof typeof functions>, 'threshold'> | 'swish' | 'hard_swish';
/** What stands for an activation: its name, a function, a config, or null for `linear`. */
export type ActivationLike = ActivationName | RegisteredName | Activation | SerializedObject | null;

const family = new Family<Activation>({
  kind: 'an activation', module: 'keras.activations', base: null, members: functions, aliases: { swish: 'silu', hard_swish: 'hard_silu' },
});

/**
 * The activation of a name, a config or a function; null is `linear`. `where` opens the error message.
 * @throws a TypeError with the nearest name when nothing has that name.
 */
export const get = (identifier: ActivationLike | (string & {}) | undefined, where?: string): Activation =>
  family.get(identifier, where) ?? functions.linear;
/** The name of an activation of Keras; the config of any other. */
export const serialize = (activation: Activation): string | SerializedObject => family.nameOf(activation) ?? family.serialize(activation);
/** The activation that `serialize` gave this for. */
export const deserialize = (config: SerializedObject | string, options: DeserializeOptions = {}): Activation =>
  family.deserialize(config, options);
