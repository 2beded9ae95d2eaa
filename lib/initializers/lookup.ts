// Initializers by name and in configs.
import { Family, type DeserializeOptions, type SnakeCase } from '../config/family.js';
import type { RegisteredName, SerializedObject } from '../config/registration.js';
import { toTensor } from '../core/convert.js';
import type { TypedArray } from '../base/dtype.js';
import { sameShape, showShape } from '../base/shape.js';
import { Tensor } from '../core/tensor.js';
import { type InitialValue, noteGivesNew, setInitializers, Variable } from '../core/variable.js';
import * as classes from './classes.js';
import type * as factories from './factories.js';
import { Initializer } from './initializer.js';

/** Names of the initializers. */
export type InitializerName =
  SnakeCase<keyof typeof factories> | Exclude<keyof typeof classes, 'Initializer'> | 'normal' | 'uniform' | 'one' | 'zero';
/** What stands for an initializer: its name, an instance, a class, a config, a function of shape and dtype, or the values themselves. */
export type InitializerLike =
  | InitializerName
  | RegisteredName
  | Initializer
  | InitialValue
  | (new () => Initializer)
  | SerializedObject
  | Tensor
  | Variable
  | TypedArray;

const { Initializer: _base, ...ofKeras } = classes;
for (const { prototype } of Object.values(ofKeras)) noteGivesNew(prototype.call);

const family = new Family<InitialValue>({
  kind: 'an initializer',
  module: 'keras.initializers',
  base: Initializer,
  members: classes,
  aliases: {
    IdentityInitializer: 'Identity', OrthogonalInitializer: 'Orthogonal', STFTInitializer: 'STFT',
    normal: 'RandomNormal', uniform: 'RandomUniform', one: 'Ones', zero: 'Zeros',
  },
});

/** An initializer that gives these values, for their shape only. */
function fromValues(values: Tensor): InitialValue {
  return (shape, { dtype }) => {
    if (!sameShape(shape, values.shape))
      throw new RangeError(`a tensor of shape ${showShape(values.shape)} cannot initialize a weight of shape ${showShape(shape)}`);
    return toTensor(values, dtype);
  };
}

/**
 * The initializer of a name, a config, a class, an instance, a function or a tensor of values; null stays null. `where` opens the error
 * message.
 * @throws a TypeError with the nearest name when nothing has that name.
 */
export function get(identifier: InitializerLike | (string & {}), where?: string): InitialValue;
export function get(identifier: InitializerLike | (string & {}) | null | undefined, where?: string): InitialValue | null;
export function get(identifier: InitializerLike | (string & {}) | null | undefined, where?: string): InitialValue | null {
  if (identifier instanceof Tensor || identifier instanceof Variable || ArrayBuffer.isView(identifier))
    return fromValues(toTensor(identifier, null, where));
  return family.get(identifier, where);
}
/** The config of an initializer. */
export const serialize = (initializer: InitialValue): SerializedObject => family.serialize(initializer);
/** The initializer that `serialize` gave this for. */
export const deserialize = (config: SerializedObject | string, options: DeserializeOptions = {}): InitialValue =>
  family.deserialize(config, options);

setInitializers((name) => get(name, 'Variable'));
