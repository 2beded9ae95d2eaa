// Sources of batches: their places can be saved, and gone back to.
import { describe, expect, it } from '@jest/globals';
import { ops, type Tensor, utils } from 'keratin';
import { ArraySource } from '#lib/training/array-source.js';
import { ArrayData } from '#lib/training/data.js';
import type { BatchSource, ReadyBatches, SourceState } from '#lib/training/source.js';
import { StreamSource } from '#lib/training/stream-source.js';

/** The first elements of the rows of the batches that are ready. */
function rowsOf({ data, layout, order, first, count, size, stride }: ReadyBatches): number[][] {
  const [column] = data.columns;
  const { buffer, byteOffset } = column.memory!; // `data` would be what it was when it was first read
  const all = new Float32Array(buffer, byteOffset, column.size);
  const width = column.size / column.shape[0];
  return Array.from({ length: count }, (_, batch) => Array.from({ length: size }, (__, row) => {
    const at = layout === 'given' ? row : (first + batch) * stride + row;
    return all[(order === null ? at : (order.data as Int32Array)[at]) * width];
  }));
}
/** Runs `batches` batches and gives their rows. */
async function run(source: BatchSource, batches: number, most = 1): Promise<number[][]> {
  const seen: number[][] = [];
  while (seen.length < batches) {
    const ready = await source.next(Math.min(most, batches - seen.length));
    if (ready === null) break;
    const rows = rowsOf(ready);
    const ran = Math.min(rows.length, batches - seen.length);
    seen.push(...rows.slice(0, ran));
    source.done(ran);
  }
  return seen;
}

class Numbered extends utils.PyDataset {
  readonly asked: number[] = [];
  override get length() {
    return 6;
  }
  override getItem(i: number): [Tensor] {
    this.asked.push(i);
    return [ops.full([2, 1], i)];
  }
}
class Iterable {
  * [Symbol.iterator](): Generator<[Tensor]> {
    for (let i = 0; i < 6; i++) yield [ops.full([2, 1], i)];
  }
}
/** A stream that is resumed without reading what came before. */
class Resumable {
  readonly asked: number[] = [];
  [Symbol.asyncIterator](): AsyncIterator<unknown> & { state(): unknown } {
    return this.resume({ at: 0 });
  }
  resume({ at }: { at: number }): AsyncIterator<unknown> & { state(): unknown } {
    const { asked } = this;
    return {
      next: async () => {
        await Promise.resolve();
        if (at === 6) return { done: true, value: undefined };
        asked.push(at);
        return { done: false, value: [ops.full([2, 1], at++)] };
      },
      state: () => ({ at }),
    };
  }
}
const data = (): ArrayData => ArrayData.read(ops.reshape(ops.arange(13, { dtype: 'float32' }), [13, 1]), null, null);
const where = 'fit';

const SOURCES: [string, () => BatchSource][] = [
  ['arrays', () => new ArraySource(data(), 3, false)],
  ['arrays, shuffled', () => new ArraySource(data(), 3, true)],
  ['arrays, shuffled by batches', () => new ArraySource(data(), 3, 'batch')],
  ['an iterable', () => new StreamSource(new Iterable() as never, { where })],
  ['a PyDataset', () => new StreamSource(new Numbered() as never, { where })],
  ['a PyDataset, shuffled', () => new StreamSource(new Numbered() as never, { where, shuffle: true })],
  ['a resumable stream', () => new StreamSource(new Resumable() as never, { where })],
];

describe.each(SOURCES)('%s', (_, make) => {
  it.each([[1], [3]])('go on from a saved place, with %i batches at a time', async (most) => {
    const source = make();
    await source.begin(null);
    const before = await run(source, 2, most);
    const state = JSON.parse(JSON.stringify(source.state())) as SourceState;
    const rest = await run(source, 9, most);
    await source.close();
    const other = make();
    await other.restore(state);
    expect(other.state().position).toBe(2);
    await other.begin(null);
    expect(await run(other, 9, most)).toEqual(rest);
    await other.begin(null); // the next epoch is a whole one
    expect(await run(other, 9, most)).toHaveLength(before.length + rest.length);
    await other.close();
  });
  it('visit all rows once in a pass', async () => {
    const source = make();
    await source.begin(null);
    const rows = (await run(source, 99, 4)).flat().sort((a, b) => a - b);
    const whole = rows.length === 13 ? Array.from({ length: 13 }, (__, i) => i) : [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5];
    expect(rows).toEqual(whole);
    await source.end();
    await source.close();
  });
});

describe('a place', () => {
  it('is gone to without reading what lies before, where the stream can', async () => {
    const [numbered, stream] = [new Numbered(), new Resumable()];
    for (const [set, state] of [[numbered, { position: 4 }], [stream, { position: 4, stream: { at: 4 } }]] as const) {
      const source = new StreamSource(set as never, { where });
      await source.restore(state);
      await source.begin(null);
      expect(await run(source, 9)).toEqual([[4, 4], [5, 5]]);
      expect(set.asked).toEqual([4, 5]);
    }
  });
  it('counts what has run, not what was read ahead', async () => {
    const stream = new Resumable();
    const source = new StreamSource(stream as never, { where });
    await source.begin(null);
    await source.next(1);
    await source.prepare(1, new Promise((resolve) => setTimeout(resolve, 5)));
    source.done(1);
    expect([stream.asked, source.state()]).toEqual([[0, 1], { position: 1, seed: null, stream: { at: 1 } }]);
    await source.next(8);
    await source.prepare(8, new Promise((resolve) => setTimeout(resolve, 5)));
    source.done(1);
    expect([stream.asked.length > 2, source.state().stream]).toEqual([true, { at: 2 }]);
  });
});

describe('reading ahead', () => {
  it('stops at the end of the epoch, and when the native thread waits', async () => {
    let asked = 0;
    const endless = (function* (): Generator<[Tensor]> { for (;;) { asked++; yield [ops.ones([2, 1])]; } })();
    const source = new StreamSource(endless as never, { where });
    await source.begin(5);
    await source.next(5);
    await source.prepare(4, new Promise((resolve) => setTimeout(resolve, 20)));
    expect(asked).toBe(5);
    const slow = (function* (): Generator<[Tensor]> {
      for (;;) {
        const end = performance.now() + 3;
        while (performance.now() < end);
        yield [ops.ones([2, 1])];
      }
    })();
    const other = new StreamSource(slow as never, { where });
    await other.begin(null);
    await other.next(64);
    const began = performance.now();
    await other.prepare(64, new Promise((resolve) => setTimeout(resolve, 15)));
    expect(performance.now() - began).toBeLessThan(150); // 64 batches take 192 ms
  });
});
