// Tensor: a shape, a dtype and, when concrete, memory. A traced tensor stands for a value in a graph being recorded.
import type { Complex, DType, ReadonlyTypedArray, TypedArray } from '../base/dtype.js';
import { bfloat16ToNumber, float16ToNumber } from '../base/dtype.js';
import type { Value } from './graph.js';
import { clone, elementsOf, isPooled, type Memory } from './memory.js';
import type { Shape, Spec } from '../base/shape.js';
import { showShape } from '../base/shape.js';

/** Arrays of numbers (or booleans), nested as deep as the tensor has axes; a bare number for a scalar. */
export type NestedArray = number | boolean | NestedArray[];

/**
 * An immutable array of one dtype. Its memory belongs to the garbage collector: there is nothing to dispose.
 * Arithmetic and array methods are those of `keras.ops`: `x.add(y)`, `x.matmul(w)`, `x.reshape(2, 3)`.
 *
 * ```ts
 * const x = ops.convertToTensor([[1, 2], [3, 4]], { dtype: 'float32' });
 * x.add(1).tolist(); // [[2, 3], [4, 5]]
 * ```
 */
export class Tensor {
  /** @internal dtype and shape. */
  readonly spec: Spec;
  /** @internal Memory of a concrete tensor, for plans to read. Who keeps it takes it with `lend`. */
  memory: Memory | null;
  /** @internal The graph value that a traced tensor stands for, and the trace that it belongs to. */
  readonly traced: { readonly value: Value; readonly trace: object } | null;
  /** @internal Logits that a softmax or sigmoid activation made this tensor from; crossentropies use them, as in Keras. */
  kerasLogits: Tensor | undefined;
  /** Whether others (tensors, variables, compiled programs) may have the memory. */
  private shared: boolean;
  /** What `data` has let out: the memory itself, or a copy of it. */
  private exposed: TypedArray | null;

  /** @internal Tensors are made by `ops.convertToTensor` and by ops. `shared`: others may have the memory. */
  constructor(spec: Spec, memory: Memory | null, traced: Tensor['traced'] = null, shared = false) {
    this.spec = spec;
    this.memory = memory;
    this.traced = traced;
    this.kerasLogits = undefined;
    this.shared = shared;
    this.exposed = null;
  }

  /** Sizes of the axes. */
  get shape(): Shape {
    return this.spec.shape;
  }
  /** Element type. */
  get dtype(): DType {
    return this.spec.dtype;
  }
  /** Number of elements. */
  get size(): number {
    return this.spec.size;
  }
  /** Number of axes. */
  get ndim(): number {
    return this.spec.shape.length;
  }

  /**
   * The elements in row-major order, read only; always the same array. float16 and bfloat16 come as their bits in a `Uint16Array`, bool as
   * a `Uint8Array`, int64 as a `BigInt64Array`, complex numbers as pairs of real and imaginary part in a `Float32Array` or `Float64Array`.
   * Large ones are not copied, unless something else has the same memory (a variable, a view of the tensor): nothing that is written here
   * shows anywhere else. Their `buffer` may hold more than these elements and cannot be transferred to another thread: send a copy
   * (`data.slice()`). Throws while a function is being traced, when there are no values yet.
   */
  get data(): ReadonlyTypedArray {
    // None yet, or it was transferred away.
    if (this.exposed === null || this.exposed.length === 0) {
      const { elements } = this;
      this.exposed = this.shared || isPooled(this.memory!) ? elements.slice() : elements;
    }
    return this.exposed;
  }

  /** @internal True once `data` was read. */
  get letOut(): boolean {
    return this.exposed !== null;
  }

  /**
   * @internal The memory, for something else to keep: nobody will write to it. Where `data` has let it out, it stays with whoever
   * has that, and the tensor takes a copy.
   */
  lend(): Memory {
    const memory = this.memory!;
    if (this.exposed !== null && this.exposed.buffer === memory.buffer) this.memory = clone(memory);
    this.shared = true;
    return this.memory!;
  }

  /** @internal Whether something else than this object has the memory. */
  get hasSharers(): boolean {
    return this.shared || this.exposed !== null;
  }

  /** @internal The elements, not copied, for reading at once. Throws as `data` does. */
  get elements(): TypedArray {
    if (this.memory === null) {
      throw new Error(
        `the values of a tensor of shape ${showShape(this.shape)} are not known while a function is being compiled ` +
          '(inside fit, predict or keras.jit); compute with keras.ops, or compile the model with runEagerly: true',
      );
    }
    return elementsOf(this.memory, this.spec);
  }

  /**
   * The only element, as a number (or boolean). int64 gives a `bigint` beyond the safe integers, complex64 and complex128 `{ re, im }`.
   * Throws unless the size is 1.
   */
  item(): number {
    if (this.size !== 1) throw new RangeError(`item: expected a tensor of one element, received shape ${showShape(this.shape)}`);
    return readElement(this.dtype)(this.elements, 0) as unknown as number;
  }

  /** Nested arrays of numbers (booleans for bool, `{ re, im }` for complex dtypes); a bare number for a scalar. */
  tolist(): NestedArray {
    const { elements: data, shape } = this;
    const read = readElement(this.dtype);
    let next = 0;
    const build = (axis: number): NestedArray =>
      axis === shape.length ? (read(data, next++) as unknown as number) : Array.from({ length: shape[axis]! }, () => build(axis + 1));
    return build(0);
  }

  /** The number that a scalar tensor holds, so that it works in JavaScript arithmetic and comparisons. */
  valueOf(): unknown {
    return this.size === 1 && this.memory !== null ? this.item() : this;
  }
}

/** An object that has a tensor as its value, and is accepted wherever a tensor is. */
export abstract class TensorHolder {
  /** The value at present. */
  abstract readonly value: Tensor;
  /** Sizes of the axes. */
  abstract readonly shape: Shape;
}

/** A reader of elements as JavaScript values, for a dtype's typed array. */
function readElement(dtype: DType): (data: TypedArray, i: number) => number | bigint | boolean | Complex {
  switch (dtype) {
    case 'bool':
      return (data, i) => data[i] !== 0;
    case 'float16':
      return (data, i) => float16ToNumber(data[i] as number);
    case 'bfloat16':
      return (data, i) => bfloat16ToNumber(data[i] as number);
    case 'complex64':
    case 'complex128':
      return (data, i) => ({ re: data[2 * i] as number, im: data[2 * i + 1] as number });
    case 'int64':
    case 'uint64':
      return (data, i) => {
        const value = data[i] as bigint;
        return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
      };
    default:
      return (data, i) => data[i]!;
  }
}
