// The unpickler and the data sets against what Keras reads.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Tensor } from '#lib/core/tensor.js';
import { loadPrices } from '#lib/datasets/housing.js';
import { readReviews } from '#lib/datasets/imdb.js';
import { unpickle } from '#lib/datasets/pickle.js';
import { readNews } from '#lib/datasets/reuters.js';
import { type RecordedArray, readFixture } from '../../helpers/fixtures.js';
import { camelKeys, expectResult } from '../../helpers/recorded.js';

interface Case {
  name: string;
  bytes: string;
  value: [key: string, value: unknown][];
  file: string;
  loader: 'imdb' | 'reuters' | 'boston_housing' | 'california_housing';
  options: Record<string, unknown>;
  result: [[unknown, unknown], [unknown, unknown]];
}
const cases = readFixture<Case>('datasets');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keratin-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Compares nested arrays, whose leaves may be tensors. */
function expectSame(actual: unknown, expected: unknown): void {
  if (Array.isArray(expected)) {
    expect(actual).toHaveLength(expected.length);
    expected.forEach((item, i) => expectSame((actual as unknown[])[i], item));
  } else if (actual instanceof Tensor && actual.dtype !== (expected as RecordedArray).dtype) throw new Error(`dtype ${actual.dtype}`);
  else if (expected !== null && typeof expected === 'object' && 'items' in expected) expect(actual).toEqual(expected);
  else expectResult(actual, expected);
}

describe('unpickle', () => {
  it.each(cases.filter(({ bytes }) => bytes !== undefined))('reads $name', ({ bytes, value }) => {
    const read = unpickle(Buffer.from(bytes, 'base64'), 'x') as Map<string, unknown>;
    expect([...read.keys()]).toEqual(value.map(([key]) => key));
    for (const [key, item] of value) expectSame(read.get(key), item);
  });
  it.each([
    ['cos\nsystem\n(Vecho\ntR.', 'x: refusing to unpickle os.system'],
    ['cnumpy\n__proto__\n.', 'refusing to unpickle numpy.__proto__'],
    ['(l', 'the pickle is truncated'],
    ['X\x05\0\0\0ab', 'the pickle is truncated'],
    ['a.', 'empty stack'],
    ['Pid\n.', 'unsupported instruction "P"'],
    ['\x80\x06N.', 'protocol 6'],
    ['g7\n.', 'does not have (7)'],
    ['NNb.', 'sets the state of what is no NumPy array'],
    ['N(tR.', 'calls what is no function'],
  ])('refuses %j', (text, message) => {
    expect(() => unpickle(Buffer.from(text, 'latin1'), 'x')).toThrow(message);
  });
  it('reads lists, strings and numbers of Python 2', () => {
    const value = unpickle(Buffer.from("(dS'a\\x41\\n'\n(lI1\naL2L\naF0.5\naI01\nas.", 'latin1'), 'x') as Map<string, unknown>;
    expect([...value]).toEqual([['aA\n', [1, 2, 0.5, true]]]);
  });
});

describe('data sets', () => {
  it.each(cases.filter(({ file }) => file !== undefined))('reads $name', async ({ name, file: content, loader, options, result }) => {
    const file = path.join(folder, `${name}.npz`);
    await writeFile(file, Buffer.from(content, 'base64'));
    const read = loader === 'imdb' ? readReviews : loader === 'reuters' ? readNews : loadPrices;
    const pairs = await read('test', file, camelKeys(options));
    pairs.forEach(([x, y], i) => {
      const [expectedX, expectedY] = result[i] as [{ items: unknown } | RecordedArray, unknown];
      expectSame(x, 'items' in expectedX ? expectedX.items : expectedX);
      expectSame(y, expectedY);
    });
  });
});
