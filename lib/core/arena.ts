// Where intermediate values lie in the memory of a plan.
import { aligned } from './memory.js';

/** Bytes that nothing lives in. */
interface Gap {
  begin: number;
  end: number;
}

/**
 * Offsets for values by the time in which they live: each takes the lowest gap that is free all that time. Times must not decrease from
 * call to call.
 */
export class Arena {
  /** Bytes of the whole arena. */
  bytes = 0;
  /** In order of their offsets; the last one has no end. */
  private readonly gaps: Gap[] = [{ begin: 0, end: Infinity }];
  /** What becomes free after each time. */
  private readonly ending: Gap[][] = [];
  private now = 0;

  /** The offset of `bytes` that are in use from `from` until `until`, both included. */
  place(bytes: number, from: number, until: number): number {
    for (; this.now < from; this.now++) this.ending[this.now]?.forEach((block) => this.free(block));
    const size = aligned(Math.max(bytes, 1));
    const index = this.gaps.findIndex(({ begin, end }) => end - begin >= size);
    const gap = this.gaps[index]!;
    const block = { begin: gap.begin, end: gap.begin + size };
    gap.begin = block.end;
    if (gap.begin === gap.end) this.gaps.splice(index, 1);
    (this.ending[until] ??= []).push(block);
    this.bytes = Math.max(this.bytes, block.end);
    return block.begin;
  }

  private free({ begin, end }: Gap): void {
    const index = this.gaps.findIndex((gap) => gap.begin >= end);
    const [before, after] = [this.gaps[index - 1], this.gaps[index]!];
    const joins = [before?.end === begin, after.begin === end];
    if (joins[0] && joins[1]) {
      before!.end = after.end;
      this.gaps.splice(index, 1);
    } else if (joins[0]) before!.end = end;
    else if (joins[1]) after.begin = begin;
    else this.gaps.splice(index, 0, { begin, end });
  }
}
