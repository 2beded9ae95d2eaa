// Readers of folders and images, and shuffled orders, against what Keras was recorded to read: test/fixtures/recorded/readers.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { data, ops, preprocessing, random, Tensor, utils } from 'keratin';
import { shuffledNumbers } from '#lib/data/shuffle.js';
import { runScript } from '../../helpers/child.js';
import { camelKeys, expectClose, tensorOf } from '../../helpers/recorded.js';
import { readFixture, type RecordedArray } from '../../helpers/fixtures.js';

interface ReaderCase {
  name: string;
  kind: 'shuffle' | 'texts' | 'sounds' | 'images' | 'picture' | 'resize';
  options: Record<string, unknown>;
  files: Record<string, string | RecordedArray>;
  passes: unknown[][][];
  classNames: string[] | null;
  count: number;
  buffer: number;
  seed: number;
  globalSeed: number | null;
  orders: number[][];
  file: RecordedArray;
  x: RecordedArray;
  size: [number, number];
  output: RecordedArray;
}
const cases = readFixture<ReaderCase>('readers');
const casesOf = (...kinds: ReaderCase['kind'][]) =>
  cases.filter(({ kind }) => kinds.includes(kind)).map((recorded) => [recorded.name, recorded] as const);
const rowsOf = async <T>(rows: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const row of rows) list.push(row);
  return list;
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keratin-readers-'));
});
afterAll(() => rm(folder, { recursive: true }));
async function put(name: string, files: ReaderCase['files']): Promise<string> {
  for (const [file, content] of Object.entries(files)) {
    const at = path.join(folder, name, file);
    await mkdir(path.dirname(at), { recursive: true });
    await writeFile(at, typeof content === 'string' ? content : (content.data as Uint8Array));
  }
  return path.join(folder, name);
}

async function check({ name, kind, files, options, passes, classNames }: ReaderCase): Promise<void> {
  const at = await put(name, files);
  const { textDatasetFromDirectory: texts, audioDatasetFromDirectory: sounds, imageDatasetFromDirectory: images } = utils;
  const reader = { texts, sounds, images }[kind as 'texts'];
  const found: unknown = await reader(at, { ...camelKeys(options), verbose: false } as never);
  const sets = (Array.isArray(found) ? found : [found]) as data.DirectoryDataset[];
  expect(sets[0].classNames).toEqual(classNames);
  let pass = 0;
  for (const rows of sets) {
    for (let epoch = 0; epoch < 2; epoch++) {
      const batches = (await rowsOf(rows)).map((batch) => (options.labels === null ? [batch] : (batch as unknown[])));
      const expected = passes[pass++];
      expect(batches.map((parts) => parts.length)).toEqual(expected.map((parts) => parts.length));
      // TensorFlow has a table of the cubic kernel.
      const tolerance = { relative: 1e-5, absolute: name.includes('bicubic') ? 0.1 : 2e-3 };
      batches.forEach((parts, i) => parts.forEach((part, k) => {
        const theirs = expected[i][k];
        if (part instanceof Tensor) expectClose(part, theirs as RecordedArray, tolerance);
        else expect(part).toEqual(theirs);
      }));
    }
  }
}
describe.each(casesOf('texts', 'sounds'))('%s', (_, recorded) => {
  it('reads what Keras reads', () => check(recorded));
});

describe.each(casesOf('resize'))('%s', (_, { x, size, options, output }) => {
  it('is that of Keras', () => {
    expectClose(preprocessing.image.smartResize(tensorOf(x), size, camelKeys(options)), output);
  });
});

describe('images', () => {
  it.each(casesOf('images'))('%s are read as Keras reads them', (_, recorded) => check(recorded));
  it.each(casesOf('picture'))('%s is loaded as by Pillow', async (_, { file, options, output }) => {
    const picture = await utils.loadImg(file.data as Uint8Array, camelKeys(options));
    expectClose(utils.imgToArray(picture), output, { relative: 0, absolute: 0 });
  });
  it('are saved and loaded again', async () => {
    const x = ops.cast(random.randint([7, 5, 3], 0, 256, { seed: 1 }), 'float32');
    for (const channels of [1, 3, 4]) {
      const part = (count: number) => ops.slice(x, [0, 0, 0], [7, 5, count]);
      const image = channels === 4 ? ops.concatenate([x, part(1)], { axis: 2 }) : part(channels);
      const file = path.join(folder, `saved-${channels}.png`);
      await utils.saveImg(file, image, { scale: false });
      const colorMode = ({ 1: 'grayscale', 3: 'rgb', 4: 'rgba' } as const)[channels as 1];
      expect(utils.imgToArray(await utils.loadImg(file, { colorMode })).tolist()).toEqual(image.tolist());
    }
    const jpeg = path.join(folder, 'saved.jpg');
    await utils.saveImg(jpeg, x, { quality: 80 });
    expect((await readFile(jpeg)).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
    await expect(utils.saveImg(path.join(folder, 'saved.xyz'), x)).rejects.toThrow(/saveImg: cannot write .*saved\.xyz/);
  });
  it('that are broken are named', async () => {
    const [[, { files }]] = casesOf('images');
    const at = await put('broken', { ...files, 'a/broken.png': 'no image' });
    const rows = await utils.imageDatasetFromDirectory(at, { verbose: false, imageSize: 4 });
    await expect(rowsOf(rows)).rejects.toThrow(/broken\.png' is no readable image/);
    await expect(utils.loadImg(path.join(at, 'a/broken.png'))).rejects.toThrow(/broken\.png/);
    const [name, whole] = Object.entries(files)[0] as [string, RecordedArray];
    await writeFile(path.join(at, name), (whole.data as Uint8Array).subarray(0, 90));
    await expect(utils.loadImg(path.join(at, name))).rejects.toThrow(/is no readable image/);
  });
});
it('say what to install where sharp is absent', () => {
  const printed = runScript(`
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(\`export const resolve = (name, context, next) => {
      if (name === 'sharp') throw new Error('not found');
      return next(name, context);
    }\`));
    const { utils } = await import('keratin');
    await utils.loadImg(new Uint8Array()).catch(({ message }) => console.log(message));
  `);
  expect(printed).toMatch(/npm install sharp/);
});

describe('pictures in memory', () => {
  it('come from arrays and become arrays', () => {
    const x = ops.reshape(ops.arange(12, { dtype: 'float32' }), [2, 2, 3]);
    const picture = utils.arrayToImg(x);
    expect([picture.size, picture.mode]).toEqual([[2, 2], 'RGB']);
    expect([...picture.data]).toEqual([0, 23, 46, 69, 92, 115, 139, 162, 185, 208, 231, 255]);
    expect(utils.imgToArray(utils.arrayToImg(x, { scale: false })).tolist()).toEqual(x.tolist());
    expect(utils.imgToArray(picture, { dataFormat: 'channels_first', dtype: 'uint8' }).shape).toEqual([3, 2, 2]);
    expect(utils.arrayToImg(ops.ones([2, 2, 1])).data).toEqual(new Uint8Array(4));
    const deep = utils.arrayToImg(ops.multiply(ops.ones([1, 2, 1]), 300), { scale: false });
    expect([deep.mode, deep.data]).toEqual(['I', Int32Array.from([300, 300])]);
    expect(() => utils.arrayToImg(ops.ones([2, 2]))).toThrow(/an array of 3 axes/);
    expect(() => utils.arrayToImg(ops.ones([2, 2, 2]))).toThrow(/1, 3 or 4 channels/);
    expect(() => utils.arrayToImg(ops.ones([2, 2, 1]), { scaled: false } as never)).toThrow("unknown option 'scaled'; did you mean 'scale'?");
    expect(() => utils.imgToArray(ops.ones([2, 2, 1]), { scale: false } as never)).toThrow("unknown option 'scale'");
  });
});

describe('errors of folders', () => {
  const empty = () => mkdir(path.join(folder, 'empty', 'a'), { recursive: true }).then(() => path.join(folder, 'empty'));
  it('tell what is missing', async () => {
    await expect(utils.textDatasetFromDirectory(path.join(folder, 'nowhere'))).rejects.toThrow(/there is no folder/);
    await expect(utils.textDatasetFromDirectory(await empty(), { verbose: false })).rejects.toThrow(/no text files found in .*\.txt/);
    await expect(utils.textDatasetFromDirectory(await empty(), { classNames: ['b'] })).rejects.toThrow(/no folder 'b' in .* there are 'a'/);
  });
  it('tell which options do not fit', async () => {
    const at = await empty();
    const read = utils.textDatasetFromDirectory;
    await expect(read(at, { validationSplit: 0.2 })).rejects.toThrow(/validationSplit and subset are needed together/);
    await expect(utils.textDatasetFromDirectory(at, { validationSplit: 0.2, subset: 'training' })).rejects.toThrow(/needs a seed/);
    await expect(read(at, { validationSplit: 2, subset: 'training', seed: 1 })).rejects.toThrow(/between 0 and 1/);
    await expect(utils.textDatasetFromDirectory(at, { labelMode: 'binary', verbose: false })).rejects.toThrow(/needs two classes/);
    await expect(utils.textDatasetFromDirectory(at, { labels: [1], classNames: ['a'] })).rejects.toThrow(/classNames are for/);
    await expect(utils.textDatasetFromDirectory(at, { maxLengths: 3 } as never)).rejects.toThrow(/did you mean 'maxLength'/);
    await expect(utils.audioDatasetFromDirectory(at, { ragged: true as never })).rejects.toThrow(/no ragged tensors/);
  });
});

describe('sounds', () => {
  const wav = ({ kind = 1, bits = 16, bytes }: { kind?: number; bits?: number; bytes: Buffer }): Buffer => {
    const header = Buffer.alloc(44);
    header.write('RIFF', 0);
    header.writeUInt32LE(36 + bytes.length, 4);
    header.write('WAVEfmt ', 8);
    header.writeUInt32LE(16, 16);
    header.writeUInt16LE(kind, 20);
    header.writeUInt16LE(1, 22);
    header.writeUInt32LE(8000, 24);
    header.writeUInt16LE(bits, 34);
    header.write('data', 36);
    header.writeUInt32LE(bytes.length, 40);
    return Buffer.concat([header, bytes]);
  };
  const read = async (name: string, content: Buffer, options: object = {}): Promise<Tensor> => {
    await mkdir(path.join(folder, name, 'a'), { recursive: true });
    await writeFile(path.join(folder, name, 'a', 'x.wav'), content);
    const single = { labels: null, verbose: false, batchSize: null } as const;
    const rows = await utils.audioDatasetFromDirectory(path.join(folder, name), { ...single, ...options });
    return (await rowsOf(rows))[0] as Tensor;
  };
  afterEach(() => rm(path.join(folder, 'sound'), { recursive: true, force: true }));
  it.each([
    ['8 bits', { bits: 8, bytes: Buffer.from([0, 128, 192]) }, [-1, 0, 0.5]],
    ['24 bits', { bits: 24, bytes: Buffer.from([0, 0, 0x40, 0, 0, 0x80]) }, [0.5, -1]],
    ['32 bits', { bits: 32, bytes: Buffer.from(Int32Array.of(2 ** 30, -(2 ** 31)).buffer) }, [0.5, -1]],
    ['floats', { kind: 3, bits: 32, bytes: Buffer.from(Float32Array.of(0.25, -2).buffer) }, [0.25, -2]],
  ])('of %s are read', async (_, parts, expected) => {
    expect(ops.reshape(await read('sound', wav(parts)), [-1]).tolist()).toEqual(expected);
  });
  it('are brought to another rate', async () => {
    const tone = (rate: number, count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin((2 * Math.PI * 440 * i) / rate));
    const bytes = Buffer.from(tone(8000, 4000).buffer);
    const audio = await read('sound', wav({ kind: 3, bits: 32, bytes }), { samplingRate: 12000 });
    const ideal = tone(12000, 6000);
    expect(audio.shape).toEqual([6000, 1]);
    const values = Array.from(audio.data, Number).slice(100, -100);
    expect(Math.max(...values.map((value, i) => Math.abs(value - ideal[i + 100])))).toBeLessThan(2e-3);
  });
  it('that are broken are named', async () => {
    await expect(read('sound', Buffer.from('no sound'))).rejects.toThrow(/x\.wav: no readable WAV file: it does not begin as one/);
    const cut = wav({ bytes: Buffer.alloc(100) }).subarray(0, 90);
    await expect(read('sound', cut)).rejects.toThrow(/x\.wav: .* has 46 bytes of samples and should have 100/);
    await expect(read('sound', wav({ kind: 6, bits: 8, bytes: Buffer.alloc(4) }))).rejects.toThrow(/has format 6 of 8 bits/);
  });
});

// A global seed stays and changes all later orders, so these come last, and of them the one with a seed.
describe.each(casesOf('shuffle'))('%s', (_, { count, buffer, seed, globalSeed, orders }) => {
  it('has the order of TensorFlow', async () => {
    if (globalSeed !== null) utils.setRandomSeed(globalSeed);
    const rows = new data.Dataset(shuffledNumbers(count, buffer, seed));
    for (const order of orders) expect(await rowsOf(rows)).toEqual(order);
  });
});
