// Work in pieces: the same result as at once, with turns of the event loop in between.
import { describe, expect, it } from '@jest/globals';
import { finish, inSlices, type Work } from '#lib/core/work.js';

/** Work of so many parts, each of so many milliseconds. */
function* busy(parts: number, milliseconds: number): Work<number> {
  let done = 0;
  for (; done < parts; done++) {
    for (const end = performance.now() + milliseconds; performance.now() < end; );
    yield;
  }
  return done;
}

describe('work', () => {
  it('that is short is done at once', () => {
    expect(finish(busy(3, 0))).toBe(3);
    expect(inSlices(busy(3, 0))).toBe(3);
  });

  it('that is long lets the event loop turn', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    expect(await inSlices(busy(40, 2))).toBe(40);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(4);
  });

  it('that fails rejects, or throws in its first piece', async () => {
    const failing = function* (parts: number): Work<number> {
      yield* busy(parts, 2);
      throw new Error('no');
    };
    expect(() => inSlices(failing(0))).toThrow('no');
    await expect(inSlices(failing(10))).rejects.toThrow('no');
  });
});
