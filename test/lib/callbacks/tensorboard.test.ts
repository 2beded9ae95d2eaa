// TensorBoard: the event files it writes, read by a reader of the test's own.
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import * as keras from '#lib/index.js';
import type { TensorBoardOptions } from '#lib/callbacks/index.js';

const { callbacks, layers, ops } = keras;
const folder = mkdtempSync(join(tmpdir(), 'keratin-tensorboard-'));
afterAll(() => rmSync(folder, { recursive: true }));
let logs = '';
beforeEach(() => {
  logs = mkdtempSync(join(folder, 'logs-'));
});

// ---- a reader -------------------------------------------------------------------------------------------------------

type Message = Map<number, (number | bigint | Uint8Array)[]>;
function fieldsOf(bytes: Uint8Array): Message {
  const reader = new BinaryReader(bytes);
  const fields: Message = new Map();
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    const value = wire === 0 ? Number(reader.int64()) : wire === 1 ? reader.double() : wire === 2 ? reader.bytes() : reader.float();
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}
const inner = (message: Message, field: number): Message => fieldsOf((message.get(field)?.[0] ?? new Uint8Array()) as Uint8Array);
const text = (message: Message, field: number): string => Buffer.from((message.get(field)?.[0] ?? []) as Uint8Array).toString();

/** CRC-32C bit by bit, and masked. */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

interface Value {
  readonly step: number;
  readonly tag: string;
  readonly plugin: string;
  readonly shape: readonly number[];
  readonly numbers: readonly number[];
  readonly strings: readonly Uint8Array[];
}
function valueOf(event: Message): Value {
  const value = inner(inner(event, 5), 1);
  const tensor = inner(value, 8);
  const dims = [...(inner(tensor, 2).get(2) ?? [])].map((dim) => fieldsOf(dim as Uint8Array).get(1)![0] as number);
  const content = (tensor.get(4)?.[0] ?? new Uint8Array()) as Uint8Array;
  const memory = new Uint8Array(content).buffer;
  const numbers = tensor.get(1)![0] === 1 ? [...new Float32Array(memory)] : tensor.get(1)![0] === 2 ? [...new Float64Array(memory)] : [];
  const step = (event.get(2)?.[0] ?? 0) as number;
  return {
    step, tag: text(value, 1), plugin: text(inner(inner(value, 9), 1), 1), shape: dims, numbers,
    strings: (tensor.get(8) ?? []) as Uint8Array[],
  };
}

function readFile(file: string): Value[] {
  const bytes = readFileSync(file);
  const values: Value[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(checksum(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(checksum(data));
    const event = fieldsOf(data);
    expect(Math.abs((event.get(1)![0] as number) - Date.now() / 1000)).toBeLessThan(600);
    if (at === 0) expect(text(event, 3)).toBe('brain.Event:2');
    else values.push(valueOf(event));
    at += length + 16;
  }
  return values;
}
const filesIn = (part: string): string[] =>
  existsSync(join(logs, part)) ? readdirSync(join(logs, part)).filter((name) => name.includes('tfevents')).sort() : [];
const read = (part: 'train' | 'validation'): Value[] => filesIn(part).flatMap((name) => readFile(join(logs, part, name)));
const scalars = (part: 'train' | 'validation', tag: string): [number, number][] =>
  read(part).filter((value) => value.tag === tag).map(({ step, numbers }) => [step, numbers[0]]);
const tagsOf = (values: readonly Value[]): string[] => [...new Set(values.map(({ tag }) => tag))];

// ---- trainings ------------------------------------------------------------------------------------------------------

const x = ops.reshape(ops.arange(60, { dtype: 'float32' }), [10, 6]).divide(60);
const y = ops.sum(x, { axis: 1, keepdims: true });

function compiled(): keras.Sequential {
  keras.utils.setRandomSeed(3);
  const model = new keras.Sequential([
    keras.Input([6]), new layers.Reshape([6, 1]), new layers.Conv1D(2, 3, { name: 'conv' }), new layers.Flatten(),
    new layers.Dense(1, { name: 'last' }),
  ], { name: 'net' });
  model.compile({ optimizer: new keras.optimizers.SGD(0.03125), loss: 'mse', metrics: ['mae'] });
  return model;
}
const fitted = async (options: TensorBoardOptions, fit: object = {}) => {
  const model = compiled();
  const callback = new callbacks.TensorBoard(logs, options);
  const { history } = await model.fit(x, y, {
    epochs: 2, batchSize: 4, verbose: 0, validationData: [x, y], callbacks: [callback], ...fit,
  });
  return { model, history, callback };
};
const f32 = (values: readonly number[]): [number, number][] => values.map((value, i) => [i, Math.fround(value)]);

describe('TensorBoard', () => {
  it('writes what an epoch gives, and evaluations by iterations, with Keras\'s tags', async () => {
    const { history, model } = await fitted({});
    const train = read('train');
    expect(tagsOf(train)).toEqual(['keras', 'epoch_loss', 'epoch_mae', 'epoch_learning_rate']);
    expect(scalars('train', 'epoch_loss')).toEqual(f32(history.loss));
    expect(scalars('train', 'epoch_mae')).toEqual(f32(history.mae));
    expect(scalars('train', 'epoch_learning_rate')).toEqual([[0, 0.03125], [1, 0.03125]]);
    expect(tagsOf(read('validation'))).toEqual([
      'evaluation_loss_vs_iterations', 'evaluation_mae_vs_iterations', 'epoch_loss', 'epoch_mae',
    ]);
    expect(scalars('validation', 'epoch_loss')).toEqual(f32(history.val_loss));
    const byIterations = history.val_mae.map((value, i) => [3 * (i + 1), Math.fround(value)]);
    expect(scalars('validation', 'evaluation_mae_vs_iterations')).toEqual(byIterations);
    const [graph] = train;
    expect([graph.plugin, graph.step]).toEqual(['graph_keras_model', 0]);
    expect(JSON.parse(Buffer.from(graph.strings[0]).toString())).toEqual(JSON.parse(model.toJson()));
    expect(filesIn('train')[0]).toMatch(/^events\.out\.tfevents\.\d{10}\..+\.\d+\.\d+\.v2$/);
  });

  it('writes batches as often as it is told, and keeps the epochs', async () => {
    const { history } = await fitted({ updateFreq: 2, writeStepsPerSecond: true, writeGraph: false });
    const train = read('train');
    expect(scalars('train', 'batch_mae').map(([step]) => step)).toEqual([2, 4, 6]);
    expect(scalars('train', 'batch_loss').at(-1)![1]).toBe(Math.fround(history.loss.at(-1)!));
    expect(train.filter(({ tag }) => tag.endsWith('steps_per_second')).every(({ numbers }) => numbers[0] > 0)).toBe(true);
    expect(scalars('train', 'epoch_steps_per_second')).toHaveLength(2);
    expect(scalars('train', 'epoch_loss')).toHaveLength(2);
    expect(tagsOf(train)).not.toContain('keras');
    expect(new callbacks.TensorBoard({ logDir: logs, updateFreq: 'batch' }).updateFreq).toBe(1);
  });

  it('comes back after each batch only when it must', () => {
    const wants = (options: TensorBoardOptions) =>
      new callbacks.CallbackList({ callbacks: [new callbacks.TensorBoard(logs, options)] }).wantsBatches('train');
    expect([wants({}), wants({ writeStepsPerSecond: true }), wants({ updateFreq: 5 })]).toEqual([false, false, true]);
  });

  it('writes histograms and images of weights', async () => {
    const { model } = await fitted({ histogramFreq: 2, writeImages: true }, { epochs: 3 });
    const values = read('train').filter(({ plugin }) => plugin === 'histograms');
    expect(tagsOf(values)).toEqual(['conv/kernel', 'conv/bias', 'last/kernel', 'last/bias'].map((name) => `net/${name}/histogram`));
    expect(values.map(({ step }) => step)).toEqual([0, 0, 0, 0, 2, 2, 2, 2]);
    const kernel = model.getLayer('last').weights[0].value.data as Float32Array;
    const buckets = values.findLast(({ tag }) => tag === 'net/last/kernel/histogram')!;
    expect(buckets.shape).toEqual([30, 3]);
    const rows = Array.from({ length: 30 }, (_, i) => buckets.numbers.slice(3 * i, 3 * i + 3) as [number, number, number]);
    expect([rows[0][0], rows[29][1]]).toEqual([Math.min(...kernel), Math.max(...kernel)]);
    expect(rows.map(([, , count]) => count).reduce((sum, count) => sum + count)).toBe(kernel.length);
    const between = (left: number, right: number): number => kernel.filter((value) => value >= left && value < right).length;
    for (const [left, right, count] of rows.slice(1, -1)) expect(count).toBe(between(left, right));
    // One value: all in the last bucket.
    const bias = values.findLast(({ tag }) => tag === 'net/last/bias/histogram')!.numbers;
    expect([bias.at(-1), bias[2], bias[0], bias[88]]).toEqual([1, 0, bias[1], bias[1]]);
    const image = read('train').findLast(({ tag }) => tag === 'net/last/kernel/image')!;
    expect(image.strings.slice(0, 2).map((bytes) => Buffer.from(bytes).toString())).toEqual(['1', '8']);
    const { data, info } = await sharp(image.strings[2]).extractChannel(0).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([1, 8, 1]);
    expect([...data]).toEqual([...kernel].map((value) => Math.max(0, Math.min(255, Math.trunc(Math.fround(value * 255.5))))));
  });

  it('gives the projector embeddings with their metadata', async () => {
    const model = new keras.Sequential([
      keras.Input([3]), new layers.Embedding(7, 2, { name: 'words' }), new layers.Flatten(), new layers.Dense(1),
    ]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const fit = (embeddingsMetadata: string | Record<string, string> | null) => model.fit(ops.ones([4, 3]), ops.ones([4, 1]), {
      verbose: 0, callbacks: [new callbacks.TensorBoard(logs, { embeddingsFreq: 1, embeddingsMetadata })],
    });
    await fit({ words: 'words.tsv' });
    expect(readFileSync(join(logs, 'projector_config.pbtxt'), 'utf8')).toBe(
      'embeddings {\n  tensor_name: "layer_with_weights-0/embeddings/.ATTRIBUTES/VARIABLE_VALUE"\n  metadata_path: "words.tsv"\n}\n',
    );
    expect(existsSync(join(logs, 'train/keras_embedding.ckpt-0.weights.h5'))).toBe(true);
    await expect(fit({ word: 'words.tsv' })).rejects.toThrow(/'word', which is no Embedding layer of the model; did you mean 'words'/);
  });

  it('goes on in its files when a training is resumed, without what came after the backup', async () => {
    const options = { updateFreq: 'batch', writeGraph: true } as const;
    const through = await fitted(options, { epochs: 3 });
    const wanted = read('train').map(({ step, tag, numbers }) => [step, tag, numbers]);
    rmSync(logs, { recursive: true });
    const backup = () => new callbacks.BackupAndRestore(join(logs, 'backup'), { saveFreq: 2 });
    class Stop extends callbacks.Callback {
      count = 0;
      override onTrainBatchEnd(): void {
        if (++this.count === 6) throw new Error('stopped');
      }
    }
    const run = (...more: keras.callbacks.Callback[]) =>
      fitted(options, { epochs: 3, callbacks: [new callbacks.TensorBoard(logs, options), backup(), ...more] });
    await expect(run(new Stop())).rejects.toThrow('stopped');
    expect(scalars('train', 'batch_loss').map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    appendFileSync(join(logs, 'train', filesIn('train')[0]), 'half an event');
    const resumed = await run();
    expect(filesIn('train')).toHaveLength(1);
    expect(read('train').map(({ step, tag, numbers }) => [step, tag, numbers])).toEqual(wanted);
    expect(resumed.history.loss.at(-1)).toBe(through.history.loss.at(-1));
  });

  it('leaves whole events when a training is aborted', async () => {
    const controller = new AbortController();
    const abort = new callbacks.LambdaCallback({ onTrainBatchEnd: (batch: number) => void (batch === 1 && controller.abort()) });
    await expect(fitted({ updateFreq: 1 }, {
      signal: controller.signal, callbacks: [new callbacks.TensorBoard(logs, { updateFreq: 1 }), abort],
    })).rejects.toThrow();
    expect(scalars('train', 'batch_loss').map(([step]) => step)).toEqual([1, 2]);
  });

  it('writes the evaluation alone of evaluate', async () => {
    const model = compiled();
    const loss = await model.evaluate(x, y, { verbose: 0, callbacks: [new callbacks.TensorBoard(logs)] });
    expect(scalars('validation', 'evaluation_loss_vs_iterations')).toEqual([[0, Math.fround((loss as number[])[0])]]);
  });

  it.each([
    [{ updateFreq: 'epochs' }, /updateFreq must be 'epoch', 'batch' or a number of batches, received 'epochs'/],
    [{ updateFreq: 0 }, /updateFreq must be/],
    [{ histogramFreq: -1 }, /histogramFreq must be an integer >= 0, received -1/],
    [{ profileBatch: 2 }, /profileBatch must be 0, received 2; KERATIN_LOG=profile/],
    [{ logDir: '' }, /logDir must be the path of a folder/],
    [{ embeddingsMetadata: 3 }, /embeddingsMetadata must be a path, or paths by name of layer, received 3/],
    [{ logdir: 'a' }, /unknown option 'logdir'; did you mean 'logDir'/],
  ])('refuses %j', (options, message) => {
    expect(() => new callbacks.TensorBoard(options as never)).toThrow(message);
  });
});
