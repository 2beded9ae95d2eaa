// Regularizers by name and in configs.
import { Family, type DeserializeOptions } from '../config/family.js';
import type { RegisteredName, SerializedObject } from '../config/registration.js';
import type { Tensor } from '../core/tensor.js';
import * as classes from './classes.js';
import { Regularizer } from './regularizer.js';

/** A penalty: a function from a tensor to a scalar. */
export type RegularizerFunction = (x: Tensor) => Tensor;
/** What stands for a regularizer: its name, an instance, a class, a config, a function, or null for none. */
export type RegularizerLike =
  | 'l1'
  | 'l2'
  | 'l1_l2'
  | 'orthogonal_regularizer'
  | RegisteredName
  | RegularizerFunction
  | Regularizer
  | (new () => Regularizer)
  | SerializedObject
  | null;

const family = new Family<RegularizerFunction>({
  kind: 'a regularizer', module: 'keras.regularizers', base: Regularizer, members: classes, aliases: { l1_l2: 'L1L2' },
});

/**
 * The regularizer of a name, a config, a class, an instance or a function; null stays null. `where` opens the error message.
 * @throws a TypeError with the nearest name when nothing has that name.
 */
export const get = (identifier: RegularizerLike | (string & {}) | undefined, where?: string): RegularizerFunction | null =>
  family.get(identifier, where);
/** The config of a regularizer. */
export const serialize = (regularizer: RegularizerFunction): SerializedObject => family.serialize(regularizer);
/** The regularizer that `serialize` gave this for. */
export const deserialize = (config: SerializedObject | string, options: DeserializeOptions = {}): RegularizerFunction =>
  family.deserialize(config, options);
