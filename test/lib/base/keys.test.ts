// Keys of caches: two values share one only if they are the same.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { identityText, keyText } from '#lib/base/keys.js';

const seed = Number(process.env.KERATIN_TEST_SEED ?? 1);
const numbers = fc.oneof(fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1, -1), fc.double());
const leaves = fc.oneof(
  numbers,
  fc.string(),
  fc.constantFrom('NaN', '-0', 'null', '#1', '[1,]', '1', '1n'),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt(),
);
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaves,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 2 }), tie('value'), { maxKeys: 3 }),
  ),
}));
/** The same value once more, of other objects. */
const again = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(again)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, again(item)]))
      : value;
/** Sameness by `Object.is` of the leaves. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const [x, y] = [Object.entries(a), Object.entries(b)];
  return (
    Array.isArray(a) === Array.isArray(b) && x.length === y.length && x.every(([name, item], i) => name === y[i][0] && same(item, y[i][1]))
  );
}

describe('keyText', () => {
  it('is the same for values of the same contents', () => {
    fc.assert(fc.property(values, (value) => expect(keyText(again(value))).toBe(keyText(value))), { numRuns: 500, seed });
  });

  it('is another for every other value', () => {
    fc.assert(fc.property(values, values, (a, b) => expect(keyText(a) === keyText(b)).toBe(same(a, b))), { numRuns: 5000, seed });
    const hard = [
      NaN,
      'NaN',
      0,
      -0,
      '0',
      Infinity,
      -Infinity,
      null,
      undefined,
      'null',
      1,
      1n,
      '1',
      true,
      [],
      [[]],
      {},
      [undefined],
      ['a,b'],
      ['a', 'b'],
      { a: 1 },
      { b: 1 },
    ];
    expect(new Set(hard.map((value) => keyText(value))).size).toBe(hard.length);
  });

  it('knows typed arrays by their kind and contents, other objects by what they are', () => {
    expect(keyText(Float32Array.of(1, -0))).toBe(keyText(Float32Array.of(1, -0)));
    expect(
      new Set([Float32Array.of(0), Float32Array.of(-0), Float64Array.of(0), Int32Array.of(0), [0]].map((value) => keyText(value))).size,
    ).toBe(5);
    const [date, other] = [new Date(0), new Date(0)];
    expect(keyText({ date })).toBe(keyText({ date }));
    expect(keyText({ date })).not.toBe(keyText({ date: other }));
    expect(keyText(Symbol('a'))).not.toBe(keyText(Symbol('a')));
    expect(keyText(() => 1)).not.toBe(keyText(() => 1));
    expect(identityText(date)).toBe(identityText(date));
  });
});
