// HostArray: strings in a shape. They never become tensors: layers that run on the host read them, or give them.
import { show } from '../base/errors.js';
import { type Shape, showShape, sizeOf } from '../base/shape.js';

/** Strings, nested as a shape says. */
export type NestedStrings = string | readonly NestedStrings[];

/** Strings with a shape, in row-major order. */
export class HostArray {
  readonly dtype = 'string';

  constructor(readonly shape: Shape, readonly data: readonly string[]) {
    if (sizeOf(shape) !== data.length) throw new RangeError(`${data.length} strings do not fill the shape ${showShape(shape)}`);
  }

  /** The strings of nested arrays. @throws when something is no string, and when rows have different lengths. */
  static from(value: unknown, where: string): HostArray {
    if (value instanceof HostArray) return value;
    const shape: number[] = [];
    for (let level = value; Array.isArray(level); level = level[0]) shape.push(level.length);
    const data: string[] = [];
    const visit = (item: unknown, axis: number): void => {
      if (axis === shape.length) {
        if (typeof item !== 'string') throw new TypeError(`${where}: expected strings, received ${show(item)}`);
        data.push(item);
      } else if (!Array.isArray(item) || item.length !== shape[axis]) {
        throw new RangeError(`${where}: rows of strings must have one length, expected ${shape[axis]} on axis ${axis}, `
          + `received ${show(item)}`);
      } else for (const part of item as unknown[]) visit(part, axis + 1);
    };
    visit(value, 0);
    return new HostArray(shape, data);
  }

  /** Number of axes. */
  get ndim(): number {
    return this.shape.length;
  }
  /** The same strings in another shape. */
  reshape(shape: Shape): HostArray {
    return new HostArray(shape, this.data);
  }
  /** Nested arrays, or the string of an array without axes. */
  tolist(): NestedStrings {
    const level = (axis: number, start: number): NestedStrings => {
      if (axis === this.shape.length) return this.data[start]!;
      const step = sizeOf(this.shape.slice(axis + 1));
      return Array.from({ length: this.shape[axis]! }, (_, i) => level(axis + 1, start + i * step));
    };
    return level(0, 0);
  }
}

/** Whether an item beside strings is an input of its own, such as a tensor or an array of numbers. */
const isOther = (item: unknown): boolean =>
  Array.isArray(item) ? typeof item[0] === 'number' || (item.length > 0 && isOther(item[0])) : typeof item === 'object' && !(item instanceof HostArray);
/** True for a string, nested arrays of strings, and a `HostArray`: one value, not a structure. */
export const isStrings = (value: unknown): boolean =>
  typeof value === 'string' || value instanceof HostArray
  || (Array.isArray(value) && value.length > 0 && isStrings(value[0]) && !value.some((item) => item instanceof HostArray || isOther(item)));
