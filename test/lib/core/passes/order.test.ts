// Topological orders that change: whatever is asked for, each item stays after what it depends on.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Order } from '#lib/core/passes/order.js';

const seed = Number(process.env.KERATIN_TEST_SEED ?? 1);
const SIZE = 24;
/** Dependencies on earlier items, and pairs of which the first is to come before the second. */
const cases = fc.record({
  edges: fc.array(fc.tuple(fc.nat(SIZE - 1), fc.nat(SIZE - 1)).filter(([a, b]) => a < b), { maxLength: 40 }),
  wishes: fc.array(fc.tuple(fc.nat(SIZE - 1), fc.nat(SIZE - 1)).filter(([a, b]) => a !== b), { maxLength: 40 }),
});

describe('Order', () => {
  it('grants every wish that makes no circle, refuses the others, and keeps all that it granted', () => {
    fc.assert(fc.property(cases, ({ edges, wishes }) => {
      const before = Array.from({ length: SIZE }, () => new Set<number>());
      for (const [a, b] of edges) before[b].add(a);
      const reaches = (from: number, to: number): boolean => from === to || [...before[to]].some((item) => reaches(from, item));
      const order = new Order(before.keys(), (item) => before[item]);
      for (const [a, b] of wishes) {
        const possible = !reaches(b, a);
        expect(order.ensure(a, b)).toBe(possible);
        if (possible) before[b].add(a);
        const places = new Map([...order].map((item, i) => [item, i]));
        expect(places.size).toBe(SIZE);
        before.forEach((items, b) => items.forEach((a) => expect(places.get(a)!).toBeLessThan(places.get(b)!)));
      }
    }), { numRuns: 300, seed });
  });

  it('finds room between two places again and again', () => {
    const order = new Order(Array.from({ length: 1000 }, (_, i) => i), () => []);
    for (let i = 2; i < 1000; i++) order.moveBefore([i], 1);
    expect([...order]).toEqual([0, ...Array.from({ length: 998 }, (_, i) => i + 2), 1]);
    for (let i = 2; i < 1000; i++) expect(order.precedes(0, i) && order.precedes(i, 1)).toBe(true);
  });

  it('adds and takes out', () => {
    const order = new Order(['a', 'b'], () => []);
    order.append('c');
    order.remove('b');
    expect([...order]).toEqual(['a', 'c']);
  });
});
