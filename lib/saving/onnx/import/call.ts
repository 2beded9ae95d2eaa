// What an ONNX operator sees of its node: inputs, attributes, the version of its operator set.
import { isInteger, type DType } from '../../../base/dtype.js';
import { normalizeAxis } from '../../../base/shape.js';
import { castTo } from '../../../core/cast.js';
import { makeTensor, scalarTensor } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import { dtypeOf } from '../dtypes.js';

/** Attributes of a node as plain data. */
export type Attributes = Readonly<Record<string, unknown>>;

/** More elements than these no operator makes of sizes that a file says. */
const LARGEST = 2 ** 30;
/** @throws for sizes of more elements than a tensor is made with. */
export function checkSize(where: string, shape: readonly number[]): void {
  const size = shape.reduce((a, b) => a * b, 1);
  if (!(size <= LARGEST) || shape.some((d) => !Number.isSafeInteger(d) || d < 0))
    throw new RangeError(`${where}: a tensor of the shape (${shape.join(', ')}) is too large, or none`);
}

/** The call of an operator. */
export class OperatorCall {
  constructor(
    readonly operator: string,
    private readonly given: readonly (Tensor | null)[],
    private readonly attributes: Attributes,
    /** Version of the operator set. */
    readonly opset: number,
    /** How many outputs the node has. */
    readonly outputs: number,
  ) {}

  /** All inputs that are there. */
  get all(): Tensor[] {
    return this.given.filter((tensor) => tensor !== null);
  }
  /** Input `i`. @throws when it is missing. */
  input(i: number): Tensor {
    const tensor = this.given[i];
    if (tensor === undefined || tensor === null) throw new RangeError(`${this.operator}: input ${i} is missing`);
    return tensor;
  }
  /** Input `i`, or null. */
  optional(i: number): Tensor | null {
    return this.given[i] ?? null;
  }
  /** The numbers of an input whose values must be known, as sizes and axes are; null when it is missing. */
  list(i: number): number[] | null {
    const tensor = this.optional(i);
    if (tensor === null) return null;
    if (tensor.memory === null)
      throw new TypeError(`${this.operator}: input ${i} must not depend on the data, since shapes follow from it`);
    return Array.from(castTo(tensor, 'float64').elements as unknown as ArrayLike<number>, Number);
  }
  /** One number of an input; null when it is missing. */
  numberOf(i: number): number | null {
    return this.list(i)?.[0] ?? null;
  }
  has(name: string): boolean {
    return this.attributes[name] !== undefined;
  }
  number(name: string, otherwise: number): number {
    const value = this.attributes[name] ?? otherwise;
    if (typeof value !== 'number') throw new TypeError(`${this.operator}: the attribute ${name} must be a number`);
    return value;
  }
  text(name: string, otherwise: string): string {
    const value = this.attributes[name] ?? otherwise;
    if (typeof value !== 'string') throw new TypeError(`${this.operator}: the attribute ${name} must be a string`);
    return value;
  }
  /** A list of numbers; null when it is missing. */
  numbers(name: string): number[] | null {
    const value = this.attributes[name] ?? null;
    if (value === null) return null;
    if (!Array.isArray(value) || value.some((n) => typeof n !== 'number'))
      throw new TypeError(`${this.operator}: the attribute ${name} must be a list of numbers`);
    return value as number[];
  }
  texts(name: string): string[] | null {
    const value = this.attributes[name] ?? null;
    return Array.isArray(value) ? value.map(String) : null;
  }
  /** A tensor attribute; null when it is missing. */
  tensor(name: string): Tensor | null {
    return (this.attributes[name] as Tensor | undefined) ?? null;
  }
  /** Numbers that are an attribute in older versions, and input `i` in newer ones. */
  either(name: string, i: number): number[] | null {
    return this.numbers(name) ?? this.list(i);
  }
  /** An attribute that is an axis of input `i`. */
  axis(otherwise: number, i = 0): number {
    return normalizeAxis(this.number('axis', otherwise), this.input(i).ndim, this.operator);
  }
}

/** Computes an operator. */
export type Operator = (call: OperatorCall) => Tensor | readonly Tensor[];

/** The dtype that an attribute names. @throws for one that does not exist here. */
export function typeNamed(call: OperatorCall, attribute: string): DType {
  const dtype = dtypeOf(call.number(attribute, 0));
  if (dtype === null) throw new TypeError(`${call.operator}: the type ${call.number(attribute, 0)} does not exist here`);
  return dtype;
}
/** A constant of the dtype of `like`. */
export const numberLike = (value: number, like: Tensor): Tensor => scalarTensor(value, like.dtype);
/** Whole numbers as a tensor of one axis. */
export const wholeNumbers = (list: readonly number[], dtype: DType = 'int64'): Tensor =>
  castTo(makeTensor('float64', [list.length], (data) => list.forEach((n, i) => ((data as Float64Array)[i] = n))), dtype);
/** True for whole numbers. */
export const isWhole = ({ dtype }: Tensor): boolean => isInteger(dtype);
/** 0 … n-1 */
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
