// What calls of layers share: their arguments, the masks and the training flag that travel through nested calls, and where an error
// happened.
import { toTensor, type TensorLike } from '../../core/convert.js';
import { castTo } from '../../core/cast.js';
import { type DType, isFloat } from '../../base/dtype.js';
import { HostArray, isStrings } from '../../core/host-array.js';
import { KerasTensor } from '../../symbolic/keras-tensor.js';
import { getMask, keepMask, setMask } from '../../symbolic/mask.js';
import { show } from '../../base/errors.js';
import { showShape } from '../../base/shape.js';
import { Tensor } from '../../core/tensor.js';
import { Variable } from '../../core/variable.js';
import { flatten, isNumberArray, isPlainObject, mapStructure, type Nested } from '../../base/tree.js';

/** Options that every call of a layer or model takes. */
export interface StepOptions {
  /**
   * Training or inference; by default that of the layer around this call, and else inference. A call on symbols keeps it in the model:
   * `base(inputs, { training: false })` computes as in inference also in `fit`, as Keras's guide to transfer learning has it.
   */
  training?: boolean | null | undefined;
  /** Which entries count; by default the mask that the inputs carry. Layers that take no mask ignore it. */
  mask?: Nested<Tensor | null> | null | undefined;
}
/** Options of a layer's call: those of all layers, and its own. */
export interface CallOptions extends StepOptions {
  [option: string]: unknown;
}

/** The inputs of a call and the options after them, null when there are none. */
export function splitCall(args: readonly unknown[]): { inputs: unknown[]; options: CallOptions | null } {
  const last = args.at(-1);
  const hasOptions = args.length > 1 && (isPlainObject(last) || last === undefined);
  return { inputs: hasOptions ? args.slice(0, -1) : [...args], options: hasOptions ? ((last) ?? null) : null };
}

const isTensor = (value: unknown): value is Tensor | KerasTensor => value instanceof Tensor || value instanceof KerasTensor;
/** True for a tensor or a structure of nothing but tensors. */
function holdsTensors(value: unknown): boolean {
  const { leaves } = flatten(value);
  return leaves.length > 0 && leaves.every(isTensor);
}
/** The masks of a structure of tensors. */
export const masksOf = (inputs: unknown): unknown => mapStructure((leaf) => getMask(leaf), inputs);
/** True when there is a mask among them. */
export const hasMask = (masks: unknown): boolean => flatten(masks).leaves.some((mask) => mask !== null && mask !== undefined);

/**
 * The options of a call with the masks that its inputs carry: `mask` for the only input, the options that the layer names for one of
 * several inputs. What was given stays.
 */
export function withMasks(inputs: readonly unknown[], given: CallOptions | null, names: readonly string[]): CallOptions {
  const options: CallOptions = { ...given };
  const others = Object.values(options).some(holdsTensors);
  if (inputs.length === 1 && !others) {
    const masks = masksOf(inputs[0]);
    if ((options.mask === null || options.mask === undefined) && hasMask(masks)) options.mask = masks as CallOptions['mask'];
    return options;
  }
  names.forEach((name, i) => {
    if (i >= inputs.length || (options[name] !== null && options[name] !== undefined)) return;
    const masks = masksOf(inputs[i]);
    if (hasMask(masks)) options[name] = masks;
  });
  return options;
}

/** A structure of inputs as tensors and symbols, with their masks; those with floats in `dtype`, unless it is null. */
export function convertInput(input: unknown, dtype: DType | null, where: string): unknown {
  const convert = (leaf: unknown): unknown => {
    if (leaf === null || leaf === undefined) return leaf;
    if (leaf instanceof KerasTensor) {
      if (dtype === null || (leaf.dtype as string) === 'string' || !isFloat(leaf.dtype) || leaf.dtype === dtype) return leaf;
      const cast = new KerasTensor(leaf.shape, dtype, { name: leaf.name });
      const mask = getMask(leaf as unknown);
      return mask === null ? cast : setMask(cast, mask);
    }
    if (isStrings(leaf)) return HostArray.from(leaf, where);
    const tensor = toTensor(leaf as TensorLike, null, where);
    return keepMask(leaf, dtype !== null && isFloat(tensor.dtype) ? castTo(tensor, dtype) : tensor);
  };
  return mapStructure(convert, input, (value) => isNumberArray(value) || isStrings(value));
}

const isOutput = (value: unknown): boolean =>
  isTensor(value) || value instanceof Variable || value instanceof HostArray || value === null || typeof value === 'number'
  || typeof value === 'boolean';
/**
 * What `call` returned, which must be tensors, alone or in arrays and objects. @throws a TypeError for a promise, a string, undefined and
 * the like.
 */
export function checkOutputs(label: string, outputs: unknown): void {
  if (outputs instanceof Tensor) return;
  if (outputs === undefined) throw new TypeError(`${label}: call returned undefined; was a return forgotten?`);
  if (outputs instanceof Promise)
    throw new TypeError(`${label}: call returned a promise; a layer computes at once, so call must not be async`);
  const wrong = flatten(outputs).leaves.find((leaf) => !isOutput(leaf));
  if (wrong !== undefined || flatten(outputs).leaves.includes(undefined))
    throw new TypeError(`${label}: call must return tensors, received ${show(outputs)}`);
}

/** Shapes of a structure of inputs, as text. */
export function showShapes(inputs: unknown): string {
  const shapes = flatten(inputs).leaves.filter(isTensor).map(({ shape }) => showShape(shape));
  return shapes.join(', ');
}

const located = new WeakSet<Error>();
/** Says once in an error which layer it happened in, and on what. */
export function locate(error: unknown, label: string, name: string, inputs: unknown): unknown {
  if (!(error instanceof Error) || located.has(error)) return error;
  located.add(error);
  const shapes = showShapes(inputs);
  if (!error.message.includes(name)) error.message += `\n(in ${label}${shapes === '' ? '' : `, called on inputs of shape ${shapes}`})`;
  return error;
}
