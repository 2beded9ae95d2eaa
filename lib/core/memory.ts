// Memory of tensors: parts of ArrayBuffers owned by V8, so that nothing has to be disposed.
import { constants } from 'node:buffer';
import { totalmem } from 'node:os';
import { markAsUntransferable } from 'node:worker_threads';
import { collectYoung } from './collector.js';
import type { TypedArray } from '../base/dtype.js';
import { viewOf } from '../base/dtype.js';
import type { Spec } from '../base/shape.js';
import { native } from './native.js';

/** The bytes of a tensor's elements, and no others. They begin at a multiple of 64 in the address space. */
export type Memory = Uint8Array;

const ALIGNMENT = 64;
/** `bytes` rounded up to a multiple of 64, a cache line. */
export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
// Small tensors share buffers, as Node's own Buffers do: to make one and to collect it took 0.7 µs, a whole addition of 8×8 takes 0.4 µs
// without. A shared buffer lives as long as the last of its tensors.
const SHARED_BYTES = 8192;
const SHARED_UP_TO = 1024;
let shared = new ArrayBuffer(0);
let free = 0; // where its free part begins
let end = 0;

/** The largest tensor: what Node.js holds in one buffer, and this machine in its memory. */
const LARGEST = Math.min(constants.MAX_LENGTH, totalmem(), process.constrainedMemory?.() || Infinity) - ALIGNMENT;
/** The most that a tensor may have at present. */
let most = Infinity;
/** Runs `fn`, which may make no tensor of more bytes: what a file of a stranger has computed. */
export function withLargest<T>(bytes: number, fn: () => T): T {
  const outer = most;
  most = Math.min(outer, bytes);
  try {
    return fn();
  } finally {
    most = outer;
  }
}
/** Throws a `RangeError` for more bytes than any tensor can have, before anything is computed for it. */
export function checkBytes(bytes: number): void {
  if (bytes > most) throw new RangeError(`a tensor of ${bytes} bytes: the file that is being loaded is much too small for that`);
  if (bytes <= LARGEST) return;
  throw new RangeError(`a tensor of ${bytes} bytes: Node.js ${process.versions.node} on this machine holds at most ${LARGEST} in one`);
}

/**
 * `KERATIN_CANARY`, a byte: new memory is filled with it, and so are 64 bytes behind each tensor. A result that is another with another
 * byte was computed from memory that nobody wrote; `npm run fuzz` compares them.
 */
const CANARY = process.env['KERATIN_CANARY'] === undefined ? null : Number(process.env['KERATIN_CANARY']);
const GUARD = CANARY === null ? 0 : ALIGNMENT;

/** Room for `bytes` in a new buffer, and where that begins. */
function newBuffer(bytes: number, zeroed = false): { buffer: ArrayBuffer; offset: number } {
  checkBytes(bytes);
  const quiet = collectYoung(bytes);
  const { buffer } = allocateBuffer(bytes + ALIGNMENT + GUARD, zeroed);
  if (CANARY !== null && !zeroed) new Uint8Array(buffer).fill(CANARY);
  markAsUntransferable(buffer); // native code may be using it
  return { buffer, offset: native.adopt(buffer, quiet) };
}

function allocateBuffer(bytes: number, zeroed: boolean): { buffer: ArrayBuffer } {
  try {
    return zeroed ? Buffer.alloc(bytes) : Buffer.allocUnsafeSlow(bytes);
  } catch (cause) {
    throw new RangeError(`a tensor of ${bytes} bytes: the system has no memory left for it`, { cause });
  }
}

/** Uninitialised memory of so many bytes. Throws a `RangeError` when Node.js has no buffers of that size. */
export function allocate(bytes: number): Memory {
  if (!(bytes >= 0)) throw new RangeError(`a tensor of ${bytes} bytes cannot be`);
  if (bytes > SHARED_UP_TO) {
    const { buffer, offset } = newBuffer(bytes);
    return new Uint8Array(buffer, offset, bytes);
  }
  if (free + bytes > end) {
    ({ buffer: shared, offset: free } = newBuffer(SHARED_BYTES));
    end = free + SHARED_BYTES;
  }
  const memory = new Uint8Array(shared, free, bytes);
  free += aligned(bytes) + GUARD;
  return memory;
}

/** Memory of so many zeros. Large ones cost nothing before they are used: the system clears pages when they are first touched. */
export function allocateZeros(bytes: number): Memory {
  if (bytes > SHARED_UP_TO) {
    const { buffer, offset } = newBuffer(bytes, true);
    return new Uint8Array(buffer, offset, bytes);
  }
  return allocate(bytes).fill(0);
}

/** True for memory that shares its buffer with that of other tensors. */
export const isPooled = (memory: Memory): boolean => memory.length <= SHARED_UP_TO;

/** The elements in memory made by `allocate`, not copied. */
export const elementsOf = (memory: Memory, spec: Spec): TypedArray => viewOf(spec.dtype, memory.buffer, memory.byteOffset, spec.size);

/** New memory with the same bytes. */
export function clone(memory: Memory): Memory {
  const copy = allocate(memory.length);
  copy.set(memory);
  return copy;
}
