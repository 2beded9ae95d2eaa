// When the memory of dropped tensors is collected. V8 would free results in large batches, so that each new one is written to memory that
// no cache holds; and it judges by buffers' sizes that the whole heap has to be marked (see native/binding/buffers.cc).
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of buffers between two scavenges, of 0.3 ms each: sums of 256 KB took 16 µs with them and 80 µs without. */
const SCAVENGE_EVERY = 16 * 2 ** 20;

/** `KERATIN_GC=v8`: V8 collects as it does in other programs, and no flag of it is touched. */
const BY_ITSELF = process.env['KERATIN_GC'] === 'v8';

let sinceLast = 0;
let scavenge: (() => void) | null | undefined;

/** V8's scavenger; null where it cannot be called. */
function findScavenger(): (() => void) | null {
  type Collect = (options: { type: 'minor' }) => void;
  let collect = (globalThis as { gc?: Collect }).gc;
  if (collect === undefined) {
    try {
      setFlagsFromString('--expose-gc');
      collect = runInNewContext('globalThis.gc') as Collect | undefined;
      setFlagsFromString('--no-expose-gc');
    } catch {
      return null; // an embedder of Node.js may forbid flags or contexts
    }
  }
  return collect === undefined ? null : () => collect({ type: 'minor' });
}

/**
 * To be called before a buffer of so many bytes is made: collects young objects when there are many bytes of buffers among them. True once
 * that has begun: V8 need not do it then.
 */
export function collectYoung(bytes: number): boolean {
  if (BY_ITSELF) return false;
  sinceLast += bytes;
  if (sinceLast > SCAVENGE_EVERY) {
    sinceLast = 0;
    if (scavenge === undefined) scavenge = findScavenger();
    scavenge?.();
  }
  return scavenge != null;
}
