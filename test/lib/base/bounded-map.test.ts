// Bounded maps: what they keep, by last use, and what they tell of what they drop.
import { describe, expect, it } from '@jest/globals';
import { BoundedMap } from '#lib/base/bounded-map.js';

describe('BoundedMap', () => {
  it('keeps the entries used last, and at most twice as many as it promises', () => {
    const map = new BoundedMap<number, string>(4);
    for (let i = 0; i < 100; i++) {
      map.set(i, `v${i}`);
      expect(map.get(0)).toBe('v0'); // used all the time
      expect(map.size).toBeLessThanOrEqual(8);
      if (i > 3) expect([1, 2].map((back) => map.get(i - back))).toEqual([1, 2].map((back) => `v${i - back}`));
    }
    expect(map.get(50)).toBeUndefined();
  });

  it('tells of each value that it drops, once', () => {
    const dropped: number[] = [];
    const map = new BoundedMap<string, number>(3, (value) => dropped.push(value));
    for (let i = 0; i < 20; i++) map.getOrMake(`k${i}`, () => i);
    expect(dropped.length).toBe(20 - map.size);
    map.clear();
    expect(map.size).toBe(0);
    expect([...dropped].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('makes what is not there, and does not keep what could not be made', () => {
    const map = new BoundedMap<string, number>(2);
    expect(() => map.getOrMake('a', () => { throw new Error('no'); })).toThrow('no');
    expect(map.getOrMake('a', () => 1)).toBe(1);
    expect(map.getOrMake('a', () => 2)).toBe(1);
  });
});
