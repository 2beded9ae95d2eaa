// Constraints by name and in configs.
import { Family, type DeserializeOptions, type SnakeCase } from '../config/family.js';
import type { RegisteredName, SerializedObject } from '../config/registration.js';
import type { Tensor } from '../core/tensor.js';
import * as classes from './classes.js';
import { Constraint } from './constraint.js';
import type * as factories from './factories.js';

/** A function from a weight to the nearest allowed one. */
export type ConstraintFunction = (w: Tensor) => Tensor;
/** What stands for a constraint: its name, an instance, a class, a config, a function, or null for none. */
export type ConstraintLike =
  SnakeCase<keyof typeof factories> | RegisteredName | ConstraintFunction | Constraint | (new () => Constraint) | SerializedObject | null;

const family = new Family<ConstraintFunction>({ kind: 'a constraint', module: 'keras.constraints', base: Constraint, members: classes });

/**
 * The constraint of a name, a config, a class, an instance or a function; null stays null. `where` opens the error message.
 * @throws a TypeError with the nearest name when nothing has that name.
 */
export const get = (identifier: ConstraintLike | (string & {}) | undefined, where?: string): ConstraintFunction | null =>
  family.get(identifier, where);
/** The config of a constraint. */
export const serialize = (constraint: ConstraintFunction): SerializedObject => family.serialize(constraint);
/** The constraint that `serialize` gave this for. */
export const deserialize = (config: SerializedObject | string, options: DeserializeOptions = {}): ConstraintFunction =>
  family.deserialize(config, options);
