// Labels, seeds, names, files of the network.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as layers from '#lib/layers/index.js';
import * as ops from '#lib/ops/index.js';
import * as random from '#lib/random/index.js';
import * as utils from '#lib/utils/index.js';

describe('padSequences', () => {
  it('brings sequences to one length', () => {
    expect(utils.padSequences([[1], [1, 2], [1, 2, 3]]).tolist()).toEqual([[0, 0, 1], [0, 1, 2], [1, 2, 3]]);
    expect(utils.padSequences([[1], [1, 2, 3]], { maxlen: 2, padding: 'post', truncating: 'post', value: 9 }).tolist()).toEqual([
      [1, 9],
      [1, 2],
    ]);
    const items = utils.padSequences([[], [[1.5, 2]], ops.ones([2, 2])], { dtype: 'float32' });
    expect([items.shape, items.tolist()]).toEqual([[3, 2, 2], [[[0, 0], [0, 0]], [[0, 0], [1.5, 2]], [[1, 1], [1, 1]]]]);
    expect(utils.padSequences([[1.7, -1.7]], { dtype: 'int64', maxlen: 3 }).tolist()).toEqual([[0, 1, -1]]);
    expect(utils.padSequences([], { maxlen: 3 }).shape).toEqual([0, 3]);
  });
  it('knows strings', () => {
    expect(utils.padSequences([['a'], ['b', 'c']], { dtype: 'string', value: 'pad' })).toEqual([['pad', 'a'], ['b', 'c']]);
    expect(utils.padSequences([['abcd'], []] as never, { dtype: '<U3', value: 'padding' })).toEqual([['abc'], ['pad']]);
    expect(() => utils.padSequences([[1]], { value: 'pad' })).toThrow(/does not fit dtype 'int32'/);
  });
  it('explains what is wrong', () => {
    expect(() => utils.padSequences([1] as never)).toThrow(/an array of sequences, received 1 at 0/);
    expect(() => utils.padSequences([[1]], { padding: 'before' as never })).toThrow(/'pre' or 'post'/);
    expect(() => utils.padSequences([[[1]], [[1, 2]]])).toThrow(/items of sequence 1 have shape \(2,\)/);
    expect(() => utils.padSequences([])).toThrow(/maxlen is needed/);
  });
});

describe('boundingBoxes', () => {
  const boxes = ops.convertToTensor([[1, 2, 3, 5]]);
  const { boundingBoxes } = utils;
  it('keeps the labels of boxes', () => {
    const labelled = boundingBoxes.convertFormat({ boxes, labels: [1] }, 'XYXY', 'xywh');
    expect([labelled.boxes.tolist(), labelled.labels]).toEqual([[[1, 2, 2, 3]], [1]]);
    const levels = boundingBoxes.decodeDeltasToBoxes({ one: boxes }, { one: ops.zeros([1, 4]) }, 'xyxy', 'xyxy');
    expect(levels.one.tolist()).toEqual([[1, 2, 3, 5]]);
  });
  it('takes one transformation for boxes of one image', () => {
    const moved = boundingBoxes.affineTransform(boxes, 0, 0.5, 0, 1, 0, 0, 11, 11);
    expect(moved.tolist()).toEqual([[6, 2, 8, 5]]);
  });
  it('explains what is wrong', () => {
    expect(() => boundingBoxes.convertFormat(boxes, 'xyxy', 'rel_xyxy')).toThrow(/height and width are needed/);
    expect(() => boundingBoxes.convertFormat(boxes, 'xyxy', 'xyhw')).toThrow(/target must be one of .*did you mean/);
    expect(() => boundingBoxes.convertFormat(ops.ones([2, 3]), 'xyxy', 'xywh')).toThrow(/4 numbers in their last axis/);
    expect(() => boundingBoxes.crop(boxes, 0, 0, 1, 1, { boundingBoxFormat: 'xywh' as never })).toThrow(/'xyxy' only/);
    expect(() => boundingBoxes.clipToImageSize({ boxes })).toThrow(/height and width are needed/);
    expect(() => boundingBoxes.computeIou(boxes, ops.ones([4]), 'xyxy')).toThrow(/\(n, 4\) or \(batch, n, 4\)/);
    expect(() => boundingBoxes.encodeBoxToDeltas(boxes, boxes, 'xyxy', 'xyxy', { variance: [1, 2] })).toThrow(
      /variance must have 4 numbers/,
    );
    expect(() => boundingBoxes.encodeBoxToDeltas(boxes, boxes, 'xyxy', 'xyxy', { encodingFormat: 'xyxy' as never })).toThrow(
      /'center_xywh' or 'center_yxhw'/,
    );
    expect(() => boundingBoxes.decodeDeltasToBoxes({ a: boxes }, {}, 'xyxy', 'xyxy')).toThrow(/no differences for level 'a'/);
    expect(() => boundingBoxes.affineTransform(boxes, [1, 2], 0, 0, 1, 0, 0, 5, 5)).toThrow(/transformations do not fit boxes/);
  });
});

describe('toCategorical', () => {
  it('makes rows with a one', () => {
    const rows = utils.toCategorical([0, 2, 1]);
    expect([rows.tolist(), rows.dtype]).toEqual([[[1, 0, 0], [0, 0, 1], [0, 1, 0]], 'float64']);
    expect(utils.toCategorical(ops.convertToTensor(new Uint8Array([1])), 2).dtype).toBe('float32');
    expect(utils.toCategorical([[0], [1]], { numClasses: 3 }).shape).toEqual([2, 3]);
    expect(utils.toCategorical([[0, 1], [1, 0]]).shape).toEqual([2, 2, 2]);
    expect(utils.toCategorical(1).tolist()).toEqual([0, 1]);
  });
  it('refuses labels outside of the classes', () => {
    expect(() => utils.toCategorical([0, 3], 3)).toThrow('toCategorical: labels must be from 0 to 2, received 3');
    expect(() => utils.toCategorical([-1, 3])).toThrow('received -1');
    expect(() => utils.toCategorical([1], 0)).toThrow('numClasses must be an integer >= 1');
    expect(() => utils.toCategorical([1], { classes: 2 } as never)).toThrow("unknown option 'classes'");
  });
});

describe('normalize', () => {
  it('divides by the norm', () => {
    expect(utils.normalize([[3, 4], [0, 0]]).tolist()).toEqual([[expect.closeTo(0.6), expect.closeTo(0.8)], [0, 0]]);
    expect(utils.normalize([[3, 5], [1, 5]], { axis: 0, order: 1 }).tolist()).toEqual([[0.75, 0.5], [0.25, 0.5]]);
  });
});

describe('setRandomSeed', () => {
  it('repeats what has no seed of its own', () => {
    const draw = () => {
      utils.setRandomSeed(7);
      const layer = new layers.Dense(3);
      layer.build([null, 4]);
      return [layer.kernel.tolist(), random.normal([3]).tolist(), new layers.Dropout(0.5)(ops.ones([20]), { training: true }).tolist()];
    };
    expect(draw()).toEqual(draw());
  });
  it('wants an integer', () => expect(() => utils.setRandomSeed(1.5)).toThrow('must be an integer'));
});

describe('clearSession', () => {
  it('starts names anew', () => {
    utils.clearSession();
    expect([new layers.Flatten().name, new layers.Flatten().name]).toEqual(['flatten', 'flatten_1']);
    utils.clearSession({ freeMemory: false });
    expect(new layers.Flatten().name).toBe('flatten');
  });
});

describe('getFile', () => {
  const content = 'rows of data';
  const sha256 = createHash('sha256').update(content).digest('hex');
  const md5 = createHash('md5').update(content).digest('hex');
  let server: Server;
  let origin: string;
  let requests = 0;
  let cacheDir: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests++;
      if (request.url === '/missing.csv') response.writeHead(404).end();
      else if (request.url === '/cut.csv') response.writeHead(200, { 'content-length': '100' }).write(content, () => response.destroy());
      else response.end(content);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(async () => {
    requests = 0;
    cacheDir = await mkdtemp(path.join(tmpdir(), 'keratin-'));
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await rm(cacheDir, { recursive: true });
  });
  const cached = () => readdir(path.join(cacheDir, 'datasets'));

  it('fetches once', async () => {
    const options = { origin: `${origin}/data.csv?v=1`, cacheDir, fileHash: sha256 };
    const file = await utils.getFile(options);
    expect(file).toBe(path.join(cacheDir, 'datasets', 'data.csv'));
    expect(await readFile(file, 'utf8')).toBe(content);
    expect(await utils.getFile(options)).toBe(file);
    expect(requests).toBe(1);
    await utils.getFile({ ...options, forceDownload: true });
    expect(requests).toBe(2);
    expect(await cached()).toEqual(['data.csv']);
  });
  it('fetches again what the cache has wrong', async () => {
    const options = { origin: `${origin}/data.csv`, fname: 'mine.csv', cacheDir, cacheSubdir: 'sub', md5Hash: md5 };
    const file = await utils.getFile(options);
    await writeFile(file, 'other');
    expect(await readFile(await utils.getFile(options), 'utf8')).toBe(content);
    expect(requests).toBe(2);
  });
  it('uses the folder of KERAS_HOME, and reads files', async () => {
    const source = path.join(cacheDir, 'source.csv');
    await writeFile(source, content);
    const before = process.env.KERAS_HOME;
    process.env.KERAS_HOME = cacheDir;
    try {
      expect(await utils.getFile({ origin: pathToFileURL(source).href, fname: 'copy.csv' })).toBe(
        path.join(cacheDir, 'datasets', 'copy.csv'),
      );
    } finally {
      if (before === undefined) delete process.env.KERAS_HOME;
      else process.env.KERAS_HOME = before;
    }
  });
  it.each([
    ['missing.csv', {}, '404'],
    ['cut.csv', {}, /terminated|aborted|ended after/],
    ['data.csv', { fileHash: '0'.repeat(64) }, 'incomplete or corrupted: expected sha256 0000'],
  ])('leaves nothing behind when %s fails', async (name, options, message) => {
    await expect(utils.getFile({ origin: `${origin}/${name}`, cacheDir, ...options })).rejects.toThrow(message);
    expect(await cached()).toEqual([]);
  });
  it('says which address cannot be reached', async () => {
    await expect(utils.getFile({ origin: 'http://127.0.0.1:1/x', cacheDir })).rejects.toThrow('getFile: cannot fetch http://127.0.0.1:1/x');
  });
  it('refuses names that leave the folder', async () => {
    await expect(utils.getFile({ origin: `${origin}/x`, fname: '../x', cacheDir })).rejects.toThrow('without folders');
    await expect(utils.getFile({ origin: `${origin}/`, cacheDir })).rejects.toThrow('fname must be the name of a file');
    await expect(utils.getFile({ origin: `${origin}/x`, unpack: true } as never)).rejects.toThrow("unknown option 'unpack'");
    await expect(utils.getFile({} as never)).rejects.toThrow('origin must be a URL');
  });
});
