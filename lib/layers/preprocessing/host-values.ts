// Values that layers on the host read: strings or numbers in a shape.
import { show } from '../../base/errors.js';
import { isFloat } from '../../base/dtype.js';
import { type Shape, sizeOf } from '../../base/shape.js';
import { HostArray } from '../../core/host-array.js';
import { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';

/** What TensorFlow hashes: strings, and numbers as text without fractions. */
export interface HostTexts {
  readonly shape: Shape;
  readonly texts: readonly string[];
  /** The values themselves. */
  readonly values: readonly (string | number)[];
}

/** @throws for values that are not there, in a compiled function. */
export function textsOf(inputs: HostArray | Tensor, where: string): HostTexts {
  if (inputs instanceof HostArray) return { shape: inputs.shape, texts: inputs.data, values: inputs.data };
  if (!(inputs instanceof Tensor)) throw new TypeError(`${where}: expected strings or numbers, received ${show(inputs)}`);
  if (inputs.memory === null)
    throw new Error(`${where}: needs values, which are not known in a compiled function: call it on data, or in a functional model`);
  const whole = isFloat(inputs.dtype) ? ops.cast(ops.trunc(inputs), 'int64') : inputs;
  const texts = Array.from(whole.data as ArrayLike<number>, inputs.dtype === 'bool' ? (n) => (n === 0 ? 'false' : 'true') : String);
  return { shape: inputs.shape, texts, values: Array.from(ops.cast(inputs, 'float64').data as ArrayLike<number>) };
}

/** The entries of the first axis, where several inputs were given as one array. */
export function partsOf(inputs: HostArray | Tensor): (HostArray | Tensor)[] {
  const [count = 0, ...rest] = inputs.shape;
  if (inputs instanceof Tensor) return Array.from({ length: count }, (_, i) => inputs.at(i));
  const size = sizeOf(rest);
  return Array.from({ length: count }, (_, i) => new HostArray(rest, inputs.data.slice(i * size, (i + 1) * size)));
}
