// Memory of tensors: where their data begins, and that all of it can be used.
import { describe, expect, it } from '@jest/globals';
import { ops } from 'keratin';
import { allocate } from '#lib/core/memory.js';
import { native } from '#lib/core/native.js';

const HUGE_PAGE = 2 ** 21;

describe.each([0, 1, 1024, 1025, 8192, 100_000, HUGE_PAGE - 1, HUGE_PAGE, 2 * HUGE_PAGE - 64, 2 * HUGE_PAGE, 5 * HUGE_PAGE + 4])(
  '%i bytes',
  (bytes) => {
    it('begin at a multiple of 64', () => {
      const memory = allocate(bytes);
      expect(memory.length).toBe(bytes);
      expect(memory.byteOffset % 64).toBe(native.adopt(memory.buffer as ArrayBuffer, false));
    });

    it('are written by kernels and read by JavaScript at the same place', () => {
      const x = ops.arange(Math.floor(bytes / 4), null, { dtype: 'int32' });
      expect(x.data.byteLength).toBe(4 * x.size);
      expect([x.data[0], x.data.at(-1)]).toEqual(x.size === 0 ? [undefined, undefined] : [0, x.size - 1]);
      expect(ops.add(x, 1).data.at(-1)).toBe(x.size === 0 ? undefined : x.size);
    });
  },
);

describe('small tensors', () => {
  it('keep their values beside each other in shared memory', () => {
    const kept = Array.from({ length: 300 }, (_, i) => ops.full([i % 9], i % 256, { dtype: i % 2 === 0 ? 'uint8' : 'float64' }));
    kept.forEach((x, i) => expect(x.tolist()).toEqual(Array.from({ length: i % 9 }, () => i % 256)));
    const buffers = new Set(kept.map((x) => x.memory!.buffer));
    expect(buffers.size).toBeLessThan(10);
  });
});

it.each([2, 100_000])('tensors of %i elements keep their values when their buffer is to be transferred', (size) => {
  const [x, y] = [ops.full([size], 3), ops.full([size], 5)];
  const { port1 } = new MessageChannel();
  try {
    port1.postMessage(x.data, [x.data.buffer as ArrayBuffer]);
  } catch (error) {
    expect(String(error)).toMatch(/transfer/i); // Node.js 20 sends a copy instead
  }
  port1.close();
  expect([x.data.at(-1), y.data.at(-1), ops.add(x, y).data.at(-1)]).toEqual([3, 5, 8]);
});

it('tensors that no buffer can hold are refused', () => {
  expect(() => ops.zeros([2 ** 53 - 1], { dtype: 'uint8' })).toThrow(/a tensor of 9007199254740991 bytes: Node\.js .* holds at most/);
});

it('only an ArrayBuffer holds tensors', () => {
  for (const wrong of [null, 3, new Uint8Array(8)]) expect(() => native.adopt(wrong as never, false)).toThrow(/ArrayBuffer/);
  expect(native.adopt(new ArrayBuffer(0), true)).toBeLessThan(64);
});
