// What a functional model takes: values in the structure of its inputs, brought to their dtypes and ranks.
import { toTensor, type TensorLike } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { didYouMean, show } from '../base/errors.js';
import type { SymbolicFunction } from '../symbolic/function.js';
import { KerasTensor } from '../symbolic/keras-tensor.js';
import { keepMask, setMask } from '../symbolic/mask.js';
import { showShape } from '../base/shape.js';
import { Tensor } from '../core/tensor.js';
import { isStrings } from '../core/host-array.js';
import { flatten, isNumberArray, isPlainObject } from '../base/tree.js';
import { InputLayer } from '../layers/core/input-layer.js';
import * as ops from '../ops/index.js';
import { hostInput } from './host-stage.js';

/** Values of an object by the names of the inputs; more entries than inputs are let be. */
function byName(label: string, values: Readonly<Record<string, unknown>>, names: readonly string[]): unknown[] {
  return names.map((name) => {
    if (name in values) return values[name];
    const given = Object.keys(values);
    throw new Error(
      `${label}: there are no data for the input '${name}'; the object has the entries ${given.map(show).join(', ')}, expected ` +
        `${names.map(show).join(', ')}${didYouMean(name, given)}`,
    );
  });
}

/** One value for each input, in their order. */
function flatInputs(label: string, fn: SymbolicFunction, inputs: unknown): unknown[] {
  const struct = fn.inputStruct;
  if (isPlainObject(inputs)) {
    if (isPlainObject(struct) && Object.values(struct).every((leaf) => leaf instanceof KerasTensor))
      return byName(label, inputs, Object.keys(struct).sort());
    if (struct instanceof KerasTensor || (Array.isArray(struct) && struct.every((leaf) => leaf instanceof KerasTensor)))
      return byName(
        label,
        inputs,
        fn.inputs.map(({ name }) => name),
      );
  } else if (isPlainObject(struct) && fn.inputs.length > 1) {
    const keys = Object.keys(struct);
    if (keys.some((key, i) => key !== [...keys].sort()[i]))
      throw new TypeError(
        `${label}: its inputs are an object, so data must come as an object with the entries ${keys.join(', ')}, received ${show(inputs)}`,
      );
  }
  const oneEach = Array.isArray(inputs) && fn.inputs.length > 1 && inputs.length === fn.inputs.length;
  if (oneEach && inputs.some(isStrings)) return inputs as unknown[];
  return flatten(inputs, (value) => isNumberArray(value) || isStrings(value)).leaves;
}

/** Adds or takes away a last axis of size 1, where that makes the rank right. */
function fitRank(label: string, x: Tensor | KerasTensor, i: number, symbol: KerasTensor, sizes: boolean): Tensor | KerasTensor {
  const { shape } = symbol;
  const wrong = () =>
    new RangeError(
      `Input ${i} of layer "${label}" is incompatible with the layer: expected shape=${showShape([null, ...shape.slice(1)])}, found ` +
        `shape=${showShape(x.shape)} (input '${symbol.name}')`,
    );
  const fits = (own: KerasTensor['shape']) =>
    own.length === shape.length && shape.every((d, axis) => !sizes || axis === 0 || d === null || own[axis] === null || own[axis] === d);
  if (fits(x.shape)) return x;
  if (x.shape.length === shape.length + 1 && x.shape.at(-1) === 1 && fits(x.shape.slice(0, -1)))
    return ops.squeeze(x as Tensor, { axis: -1 });
  if (x.shape.length === shape.length - 1 && shape.at(-1) === 1 && fits([...x.shape, 1])) return ops.expandDims(x as Tensor, -1);
  throw wrong();
}

/**
 * The values of a functional model's inputs, flat: in the symbols' order and dtypes, with the masks given and those that they carry.
 * `sizes`: whether the sizes of the axes are checked, and not only their number.
 * @throws for too many or too few of them, for names that are no inputs, and for shapes that do not fit.
 */
export function standardizeInputs(label: string, fn: SymbolicFunction, inputs: unknown, mask: unknown, sizes = true): unknown[] {
  const values = flatInputs(label, fn, inputs);
  const symbols = fn.inputs;
  if (values.length !== symbols.length) {
    const shapes = values.map((value) => (value instanceof Tensor || value instanceof KerasTensor ? showShape(value.shape) : show(value)));
    throw new RangeError(
      `Layer "${label}" expects ${symbols.length} input(s), but it received ${values.length} input tensors (shapes ${shapes.join(', ')}; expected ${symbols.map(({ name, shape }) => `${name} ${showShape(shape)}`).join(', ')})`,
    );
  }
  const masks = mask === null || mask === undefined ? [] : flatten<Tensor | null>(mask).leaves;
  return values.map((value, i) => {
    const symbol = symbols[i]!;
    if (value === null || value === undefined) {
      const layer = symbol.history?.call.operation;
      if (layer instanceof InputLayer && !layer.optional)
        throw new TypeError(
          `${label}: the input '${symbol.name}' is not optional, but null was given; make it with Input(shape, { optional: true })`,
        );
      return null;
    }
    if ((symbol.dtype as string) === 'string' && !(value instanceof KerasTensor)) return hostInput(label, value, symbol);
    const tensor = value instanceof KerasTensor ? value : toTensor(value as TensorLike, null, label);
    const cast =
      tensor instanceof KerasTensor
        ? tensor.dtype === symbol.dtype
          ? tensor
          : ops.cast(tensor as never, symbol.dtype)
        : castTo(tensor, symbol.dtype);
    const fitted = keepMask(value, fitRank(label, cast as Tensor, i, symbol, sizes));
    if (masks[i] !== null && masks[i] !== undefined) setMask(fitted, masks[i]);
    return fitted;
  });
}
