// Batches of iterables in fit, evaluate and predict. The losses are those of Keras.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { callbacks, Input, layers, ops, optimizers, Sequential, type Tensor, utils } from 'keratin';

afterEach(() => void jest.restoreAllMocks());

type Pair = [x: number[][], y: number[][]];
/** Two rows of ones whose targets are `value`, as nested arrays. */
const batch = (value: number): Pair => [[[1], [1]], [[value], [value]]];

function* counting(end: number, asked: number[] = []): Generator<Pair> {
  for (let i = 1; i <= end; i++) {
    asked.push(i);
    yield batch(i);
  }
}
async function* later(end: number, asked: number[] = []): AsyncGenerator<Pair> {
  for (const each of counting(end, asked)) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield each;
  }
}
function model(stepsPerExecution = 1): Sequential {
  const made = new Sequential([Input([1]), new layers.Dense(1, { kernelInitializer: 'zeros' })]);
  made.compile({ optimizer: new optimizers.SGD(0.1), loss: 'mse', stepsPerExecution });
  return made;
}
const round = (values: readonly number[] | undefined): number[] => (values ?? []).map((value) => Math.round(value * 1e4) / 1e4);
const warnings = () => jest.spyOn(process, 'emitWarning').mockReturnValue();

describe.each([['generators', counting], ['async generators', later]])('%s', (_, batches) => {
  it('run to their end', async () => {
    const warned = warnings();
    const { history } = await model().fit(batches(4), { verbose: 0 });
    expect(round(history['loss'])).toEqual([3.0341]);
    expect(warned).not.toHaveBeenCalled();
  });

  it('go on in the next epoch, and warn when they run out', async () => {
    const warned = warnings();
    const { history, epoch } = await model().fit(batches(5), { verbose: 0, epochs: 2, stepsPerEpoch: 3 });
    expect([round(history['loss']), epoch]).toEqual([[2.4672, 5.0254], [0, 1]]);
    const text = expect.stringContaining('fit: the data ran out after 2 batches, before the 3 steps');
    expect(warned.mock.calls.map(([warning]) => warning)).toEqual([text]);
    const short = await model().fit(batches(2), { verbose: 0, stepsPerEpoch: 3 });
    expect(round(short.history['loss'])).toEqual([1.78]);
  });

  it('that have ended end the training with what there is', async () => {
    const warned = warnings();
    const { history, epoch } = await model().fit(batches(4), { verbose: 0, epochs: 3 });
    expect([round(history['loss']), epoch]).toEqual([[3.0341], [0]]);
    expect(warned).toHaveBeenCalledTimes(1);
    const validated = await model().fit([[1], [1]], [[1], [1]], { verbose: 0, epochs: 2, validationData: batches(3) });
    expect([round(validated.history['val_loss']), validated.epoch]).toEqual([[3.2267], [0, 1]]);
  });

  it('stay open for the calls that follow, and lose no batch', async () => {
    warnings();
    const asked: number[] = [];
    const stream = batches(9, asked);
    const made = model();
    const losses = [];
    for (let i = 0; i < 3; i++) losses.push(await made.evaluate(stream, null, { verbose: 0, steps: 2 }));
    expect(losses).toEqual([(1 + 4) / 2, (9 + 16) / 2, (25 + 36) / 2]);
    expect((await made.predict(stream, { verbose: 0, steps: 1 })).shape).toEqual([2, 1]);
    expect(await made.evaluate(stream, null, { verbose: 0, steps: 5 })).toBe((64 + 81) / 2);
    expect(asked).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('without end validate epoch by epoch', async () => {
    const asked: number[] = [];
    const validation = { validationData: batches(Infinity, asked), validationSteps: 2 };
    const { history } = await model().fit([[1], [1]], [[1], [1]], { verbose: 0, epochs: 3, ...validation });
    expect(asked).toEqual([1, 2, 3, 4, 5, 6]);
    expect(round(history['loss'])).toEqual([1, 0.36, 0.1296]);
    expect(history['val_loss']).toHaveLength(3);
    expect(round(history['val_loss'])[0]).toBe(1.46);
  });

  it('are not read further than an aborted training went', async () => {
    const asked: number[] = [];
    const stream = batches(Infinity, asked);
    const controller = new AbortController();
    const made = model();
    const stop = new callbacks.LambdaCallback({ onTrainBatchEnd: (i: number) => void (i === 2 && controller.abort(new Error('enough'))) });
    const options = { verbose: 0, stepsPerEpoch: 100, callbacks: [stop], signal: controller.signal } as const;
    await expect(made.fit(stream, options)).rejects.toThrow('enough');
    const seen = new callbacks.LambdaCallback({ onTestBatchEnd: () => undefined });
    made.setWeights([ops.zeros([1, 1]), ops.zeros([1])]);
    expect(await made.evaluate(stream, null, { verbose: 0, steps: 1, callbacks: [seen] })).toBe(16); // batch 4
  });
});

describe('an iterable', () => {
  class Batches {
    opened = 0;
    closed = 0;
    * [Symbol.iterator](): Generator<Pair> {
      this.opened++;
      try {
        yield* counting(4);
      } finally {
        this.closed++;
      }
    }
  }
  it('is iterated anew for each epoch and closed after an early end', async () => {
    const batches = new Batches();
    const { history } = await model().fit(batches, { verbose: 0, epochs: 2 });
    expect([batches.opened, batches.closed, history['loss'].length]).toEqual([2, 2, 2]);
    await model().fit(batches, { verbose: 0, stepsPerEpoch: 3 });
    expect([batches.opened, batches.closed]).toEqual([3, 3]);
  });
  it('begins anew when an epoch ended with it', async () => {
    const warned = warnings();
    const { history } = await model().fit(new Batches(), { verbose: 0, epochs: 3, stepsPerEpoch: 4 });
    expect([history['loss'].length, warned.mock.calls.length]).toEqual([3, 0]);
  });
  it('that fails rejects after the batches before', async () => {
    const ran: number[] = [];
    const note = new callbacks.LambdaCallback({ onTrainBatchEnd: (i: number) => void ran.push(i) });
    const failing = (function* (): Generator<Pair> {
      yield* counting(3);
      throw new Error('no more');
    })();
    await expect(model().fit(failing, { verbose: 0, callbacks: [note] })).rejects.toThrow('no more');
    expect(ran).toEqual([0, 1, 2]);
  });
  it('that never gives its batch can be aborted', async () => {
    const stuck = { async* [Symbol.asyncIterator](): AsyncGenerator<Pair> { yield batch(1); await new Promise(() => undefined); } };
    await expect(model().fit(stuck, { verbose: 0, signal: AbortSignal.timeout(50) })).rejects.toThrow('timeout');
  });
});

describe('several steps in a call', () => {
  const ragged = function* (): Generator<[Tensor, Tensor]> {
    for (const [i, rows] of [4, 4, 4, 3, 4, 4, 2, 2, 4].entries()) yield [ops.full([rows, 1], i / 9), ops.full([rows, 1], i)];
  };
  const equal = function* (size: number): Generator<[Tensor, Tensor]> {
    for (let i = 0; i < 7; i++) yield [ops.full([size, 1], i), ops.full([size, 1], 3)];
  };
  const train = async (stepsPerExecution: number, ends: number[] | null, size?: number) => {
    const made = model(stepsPerExecution);
    const note = ends === null ? [] : [new callbacks.LambdaCallback({ onTrainBatchEnd: (i: number) => void ends.push(i) })];
    const { history } = await made.fit(size === undefined ? ragged() : equal(size), { verbose: 0, callbacks: note });
    return [history['loss'], ...made.getWeights().map((w) => w.tolist())];
  };
  it('give what single steps give, whatever the batches\' sizes', async () => {
    const ends: number[] = [];
    const single = await train(1, []);
    expect(await train(1, null)).toEqual(single);
    expect(await train(4, ends)).toEqual(single);
    expect(ends).toEqual([3, 7, 8]);
    expect(await train(3, null, 20_000)).toEqual(await train(1, [], 20_000));
  });
});

describe('a batch', () => {
  it('of nested arrays is inputs and targets', async () => {
    const pairs = function* (): Generator<number[][][]> { yield [[[1, 2], [3, 4]], [[5], [6]]]; };
    const made = new Sequential([Input([2]), new layers.Dense(1, { kernelInitializer: 'zeros' })]);
    made.compile({ loss: 'mse' });
    expect(await made.evaluate(pairs(), null, { verbose: 0 })).toBeCloseTo((25 + 36) / 2, 4);
    const weighted = function* (): Generator<unknown> { yield [[[1, 2], [3, 4]], [[5], [6]], [1, 3]]; };
    expect(await made.evaluate(weighted() as never, null, { verbose: 0 })).toBeCloseTo((25 + 3 * 36) / 2, 4);
    expect(utils.unpackXYSampleWeight([[[1, 2]], [[3]]])).toEqual([[[1, 2]], [[3]], null]);
    expect(utils.packXYSampleWeight([[1, 2], [3, 4]])).toEqual([[[1, 2], [3, 4]]]);
  });
});
