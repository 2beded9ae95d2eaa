// Memory of tensors: ArrayBuffers owned by V8, so that nothing has to be disposed.
import type { TypedArray } from './dtype.js';
import { viewOf } from './dtype.js';
import type { Spec } from './shape.js';
import { native } from './native.js';

const ALIGNMENT = 64;
const HUGE_PAGE = 2 ** 21;
// From this size on a buffer has room to start its data at a multiple of 64 bytes; native/exec applies the same rule.
const ALIGNED_FROM = 2048;

/** Uninitialised memory for the elements of `spec`. */
export function allocate(bytes: number): ArrayBuffer {
  if (bytes < ALIGNED_FROM) return Buffer.allocUnsafeSlow(bytes).buffer;
  const { buffer } = Buffer.allocUnsafeSlow(bytes + ALIGNMENT);
  if (bytes >= HUGE_PAGE) native.useHugePages(buffer);
  return buffer;
}

/** Where the elements begin in a buffer made by `allocate`. */
export const dataOffset = (buffer: ArrayBuffer): number =>
  buffer.byteLength < ALIGNED_FROM + ALIGNMENT ? 0 : native.alignOffset(buffer);

/** The elements of a buffer made by `allocate`, not copied. */
export const elementsOf = (buffer: ArrayBuffer, spec: Spec): TypedArray => viewOf(spec.dtype, buffer, dataOffset(buffer), spec.size);

/** The elements' bytes, not copied. */
export const bytesOf = (buffer: ArrayBuffer, bytes: number): Uint8Array => new Uint8Array(buffer, dataOffset(buffer), bytes);

/** A new buffer with the same elements. */
export function cloneBuffer(buffer: ArrayBuffer, bytes: number): ArrayBuffer {
  const copy = allocate(bytes);
  bytesOf(copy, bytes).set(bytesOf(buffer, bytes));
  return copy;
}
