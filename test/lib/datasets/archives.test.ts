// getFile with archives, and CIFAR's pictures in one.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { zipSync } from 'fflate';
import { create } from 'tar';
import { loadCifar10 } from '#lib/datasets/cifar10.js';
import { loadCifar100 } from '#lib/datasets/cifar100.js';
import { loadFashionMnist } from '#lib/datasets/fashion-mnist.js';
import { config, utils } from 'keratin';

let home: string;
const before = process.env.KERAS_HOME;
let warnings: string[];
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'keratin-'));
  process.env.KERAS_HOME = home;
  warnings = [];
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)));
});
afterEach(async () => {
  jest.restoreAllMocks();
  if (before === undefined) delete process.env.KERAS_HOME;
  else process.env.KERAS_HOME = before;
  await rm(home, { recursive: true });
});
const cached = async () => (await readdir(path.join(home, 'datasets'))).sort();

/** Writes files, and an archive of them; returns its URL and hash. */
async function archive(name: string, files: Record<string, Uint8Array>): Promise<[origin: string, hash: string]> {
  const source = await mkdtemp(path.join(home, 'source-'));
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(source, file)), { recursive: true });
    await writeFile(path.join(source, file), content);
  }
  const target = path.join(home, name);
  if (name.endsWith('.zip')) await writeFile(target, zipSync(files));
  else
    await create({ file: target, cwd: source, gzip: name.endsWith('gz') }, [
      ...new Set(Object.keys(files).map((file) => file.split('/')[0])),
    ]);
  return [pathToFileURL(target).href, createHash('sha256').update(await readFile(target)).digest('hex')];
}

/** A tar header and content, written by hand. */
function entry(name: string, type: string, link = '', content = ''): Buffer {
  const block = Buffer.alloc(512 + Math.ceil(content.length / 512) * 512);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write(content.length.toString(8).padStart(11, '0'), 124);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(link, 157);
  block.write('ustar\x0000', 257, 'latin1');
  block.write(block.subarray(0, 512).reduce((a, b) => a + b, 0).toString(8).padStart(6, '0') + '\0 ', 148, 'latin1');
  block.write(content, 512);
  return block;
}
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

describe('getFile with archives', () => {
  it.each(['a.tar', 'a.tar.gz', 'a.zip'])('unpacks %s', async (name) => {
    const [origin, fileHash] = await archive(name, { 'top/one.txt': text('1'), 'top/deep/two.txt': text('2') });
    const folder = await utils.getFile({ origin, fileHash, fname: 'things', extract: true });
    expect(folder).toBe(path.join(home, 'datasets', 'things'));
    expect([
      await readFile(path.join(folder, 'top/one.txt'), 'utf8'),
      await readFile(path.join(folder, 'top/deep/two.txt'), 'utf8'),
    ]).toEqual(['1', '2']);
    expect(await cached()).toEqual(['things', 'things_archive']);
    await rm(path.join(home, name));
    expect(await utils.getFile({ origin, fileHash, fname: 'things', extract: true })).toBe(folder);
    await rm(folder, { recursive: true });
    await utils.getFile({ origin, fname: 'things', extract: true });
    expect(await readdir(folder)).toEqual(['top']);
  });
  it("names folders as Keras does, and takes an old folder's place", async () => {
    const [origin] = await archive('a.tar.gz', { 'x.txt': text('1') });
    expect(await utils.getFile({ origin, fname: 'b.tar.gz', untar: true })).toBe(path.join(home, 'datasets', 'b_extracted'));
    expect(await utils.getFile({ origin, extract: true })).toBe(path.join(home, 'datasets', 'a.tar.gz'));
    expect(await cached()).toEqual(['a.tar.gz', 'a.tar.gz_archive', 'b.tar.gz', 'b_extracted']);
    await archive('a.tar.gz', { 'y.txt': text('2') });
    expect(await readdir(await utils.getFile({ origin, fname: 'b.tar.gz', untar: true, forceDownload: true }))).toEqual(['y.txt']);
    expect(await cached()).toHaveLength(4);
  });
  it('warns when the file is no archive of the format', async () => {
    const [origin] = await archive('a.zip', { 'x.txt': text('1') });
    for (const archiveFormat of ['tar', null, []] as const) await utils.getFile({ origin, fname: 'x', extract: true, archiveFormat });
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch('it is no archive of the format tar');
    expect(await cached()).toEqual(['x_archive']);
  });
  it('leaves out what would lie outside of the folder', async () => {
    const bad = [
      entry('../up.txt', '0', '', 'x'), entry('/tmp/keratin-root.txt', '0', '', 'x'), entry('a/../../up.txt', '0', '', 'x'),
      entry('l1', '2', '..'), entry('l2', '2', '/etc'), entry('a/l3', '2', 'b/../../..'), entry('h', '1', '../up.txt'), entry('pipe', '6'),
    ];
    const good = [entry('a/one.txt', '0', '', '1'), entry('a/l4', '2', '../a/one.txt')];
    await writeFile(path.join(home, 'bad.tar'), Buffer.concat([...bad, ...good, Buffer.alloc(1024)]));
    const folder = await utils.getFile({ origin: pathToFileURL(path.join(home, 'bad.tar')).href, fname: 'safe', extract: true });
    expect(warnings).toHaveLength(bad.length);
    expect([(await readdir(folder)).sort(), (await readdir(path.join(folder, 'a'))).sort()]).toEqual([['a'], ['l4', 'one.txt']]);
    expect(await readFile(path.join(folder, 'a/l4'), 'utf8')).toBe('1');
    const [origin] = await archive('bad.zip', {});
    await writeFile(path.join(home, 'bad.zip'), zipSync({ '../up.txt': text('x'), 'in.txt': text('1') }));
    await expect(utils.getFile({ origin, fname: 'zipped', extract: true })).rejects.toThrow('../up.txt');
    expect(await cached()).toEqual(['safe', 'safe_archive', 'zipped_archive']);
  });
  it('leaves no folder of a damaged archive', async () => {
    const [origin] = await archive('a.tar.gz', { 'x.bin': new Uint8Array(100_000).map((_, i) => (i * i) % 251) });
    const whole = await readFile(path.join(home, 'a.tar.gz'));
    await writeFile(path.join(home, 'a.tar.gz'), gzipSync(gunzipSync(whole).subarray(0, 50_000)));
    await expect(utils.getFile({ origin, fname: 'x', extract: true })).rejects.toThrow();
    expect(await cached()).toEqual(['x_archive']);
    await writeFile(path.join(home, 'b.tar.bz2'), 'BZh91AY');
    await expect(utils.getFile({ origin: pathToFileURL(path.join(home, 'b.tar.bz2')).href, extract: true })).rejects.toThrow(
      'compressed by bzip2',
    );
  });
});

/** A batch as Python 2 pickled it; the pixels of image i count up from i. */
function batch(labels: Record<string, number[]>, rows: number): Buffer {
  const pixels = Buffer.alloc(rows * 3072).map((_, i) => Math.floor(i / 3072) + (i % 3072));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(pixels.length);
  const latin1 = (content: string) => Buffer.from(content, 'latin1');
  const array = `cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\x01btR(K\x01(K${String.fromCharCode(rows)}M\0\x0ctcnumpy\ndtype\n(U\x02u1K\0K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89T`;
  const lists = Object.entries(labels).map(
    ([name, values]) => `U${String.fromCharCode(name.length)}${name}(${values.map((value) => `K${String.fromCharCode(value)}`).join('')}ls`,
  );
  return Buffer.concat([latin1('\x80\x02}U\x04data'), latin1(array), size, pixels, latin1(`tbs${lists.join('')}.`)]);
}

describe('cifar', () => {
  it('reads CIFAR-10', async () => {
    const names = ['data_batch_1', 'data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5', 'test_batch'];
    const files = names.map((name, i) => [`cifar-10-batches-py/${name}`, batch({ labels: [i, i + 1] }, 2)] as const);
    const [origin, hash] = await archive('cifar.tar.gz', Object.fromEntries(files));
    const [[xTrain, yTrain], [xTest, yTest]] = await loadCifar10(origin, hash);
    expect([xTrain, yTrain, xTest, yTest].map(({ shape, dtype }) => [shape, dtype])).toEqual([
      [[10, 32, 32, 3], 'uint8'],
      [[10, 1], 'uint8'],
      [[2, 32, 32, 3], 'uint8'],
      [[2, 1], 'uint8'],
    ]);
    expect([...(yTrain.data as Uint8Array)]).toEqual([0, 1, 1, 2, 2, 3, 3, 4, 4, 5]);
    expect(xTest.at(1).at(0).slice([0, 0], [2, 3]).tolist()).toEqual([[1, 1, 1], [2, 2, 2]]); // 1024 is 0 in a byte
    config.setImageDataFormat('channels_first');
    try {
      expect((await loadCifar10(origin, hash))[0][0].shape).toEqual([10, 3, 32, 32]);
    } finally {
      config.setImageDataFormat('channels_last');
    }
  });
  it('reads CIFAR-100', async () => {
    const files = ['train', 'test'].map(
      (name, i) => [`cifar-100-python/${name}`, batch({ fine_labels: [99 - i], coarse_labels: [19 - i] }, 1)] as const,
    );
    const [origin, hash] = await archive('cifar.tar.gz', Object.fromEntries(files));
    expect((await loadCifar100(origin, hash, 'fine')).map(([, y]) => y.tolist())).toEqual([[[99]], [[98]]]);
    expect((await loadCifar100(origin, hash, 'coarse')).map(([, y]) => y.tolist())).toEqual([[[19]], [[18]]]);
  });
});

it('fashionMnist reads compressed files', async () => {
  const file = (header: number[], content: number[]) =>
    gzipSync(Uint8Array.from([0, 0, 8, header.length, ...header.flatMap((n) => [0, 0, 0, n]), ...content]));
  for (const name of ['train', 't10k']) {
    await writeFile(path.join(home, `${name}-images-idx3-ubyte.gz`), file([1, 2, 2], [1, 2, 3, 4]));
    await writeFile(path.join(home, `${name}-labels-idx1-ubyte.gz`), file([1], [7]));
  }
  const [[xTrain, yTrain], [xTest]] = await loadFashionMnist(`${pathToFileURL(home).href}/`);
  expect([xTrain.tolist(), yTrain.tolist(), xTest.shape]).toEqual([[[[1, 2], [3, 4]]], [7], [1, 2, 2]]);
});
