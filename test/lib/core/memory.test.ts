// Memory of tensors: where their data begins, and that all of it can be used.
import { describe, expect, it } from '@jest/globals';
import { ops } from 'keratin';
import { allocate, dataOffset } from '#lib/core/memory.js';
import { native } from '#lib/core/native.js';

const HUGE_PAGE = 2 ** 21;

describe.each([0, 1, 2047, 2048, 2112, 100_000, HUGE_PAGE - 1, HUGE_PAGE, 2 * HUGE_PAGE - 64, 2 * HUGE_PAGE, 5 * HUGE_PAGE + 4])('%i bytes', (bytes) => {
  it('fit behind the offset', () => {
    const buffer = allocate(bytes);
    expect(dataOffset(buffer) + bytes).toBeLessThanOrEqual(buffer.byteLength);
    expect(dataOffset(buffer)).toBe(buffer.byteLength < 2112 ? 0 : native.alignOffset(buffer));
  });

  it('are written by kernels and read by JavaScript at the same place', () => {
    const x = ops.arange(Math.floor(bytes / 4), null, { dtype: 'int32' });
    expect(x.data.byteLength).toBe(4 * x.size);
    expect([x.data[0], x.data.at(-1)]).toEqual(x.size === 0 ? [undefined, undefined] : [0, x.size - 1]);
    expect(ops.add(x, 1).data.at(-1)).toBe(x.size === 0 ? undefined : x.size);
  });
});

it('only an ArrayBuffer is a tensor\'s memory', () => {
  for (const wrong of [null, 3, new Uint8Array(8)]) {
    expect(() => native.alignOffset(wrong as never)).toThrow(/ArrayBuffer/);
    expect(() => native.useHugePages(wrong as never)).toThrow(/ArrayBuffer/);
  }
  expect(() => native.useHugePages(new ArrayBuffer(8))).not.toThrow();
  expect(() => native.useHugePages(new ArrayBuffer(0))).not.toThrow();
});
