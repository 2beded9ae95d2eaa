// PyDataset in training, batches as tuples, and windows of series.
import { describe, expect, it } from '@jest/globals';
import { layers, ops, preprocessing, random, Sequential, type Tensor, utils } from 'keratin';

/** Batches of ones whose targets are their numbers; notes what is asked of it. */
class Numbered extends utils.PyDataset {
  readonly asked: number[] = [];
  begun = 0;
  ended = 0;
  active = 0;
  most = 0;
  override get length() {
    return 4;
  }
  override async getItem(i: number) {
    this.asked.push(i);
    this.most = Math.max(this.most, ++this.active);
    await new Promise((resolve) => setTimeout(resolve, 4 - i));
    this.active--;
    return [ops.ones([2, 3]), ops.full([2, 1], i)];
  }
  override onEpochBegin() {
    this.begun++;
  }
  override onEpochEnd() {
    this.ended++;
  }
}
class Endless extends utils.PyDataset {
  override get numBatches() {
    return null;
  }
  override getItem(i: number) {
    return [ops.ones([2, 3]), ops.full([2, 1], i)];
  }
}
function model() {
  const made = new Sequential([new layers.Dense(1, { kernelInitializer: 'ones' })]);
  made.compile({ loss: 'mse', optimizer: 'sgd' });
  return made;
}

describe('PyDataset', () => {
  it.each([
    [{}, 1],
    [{ workers: 3 }, 3],
    [{ workers: 8, maxQueueSize: 2 }, 2],
    [{ useMultiprocessing: true }, 1],
  ])('is read in fit with %j', async (options, most) => {
    const data = new Numbered(options);
    await model().fit(data, { epochs: 2, verbose: 0, shuffle: false });
    expect([data.asked, data.begun, data.ended, data.most]).toEqual([[0, 1, 2, 3, 0, 1, 2, 3], 2, 2, most]);
  });
  it('is shuffled in fit alone, each batch once', async () => {
    utils.setRandomSeed(3);
    const data = new Numbered();
    await model().fit(data, { epochs: 3, verbose: 0 });
    const passes = [0, 4, 8].map((at) => data.asked.slice(at, at + 4));
    for (const pass of passes) expect([...pass].sort()).toEqual([0, 1, 2, 3]);
    expect(new Set(passes.map(String)).size).toBeGreaterThan(1);
    data.asked.length = 0;
    expect(await model().evaluate(data, { verbose: 0 })).toBeCloseTo((9 + 4 + 1) / 4, 5);
    expect((await model().predict(data, { verbose: 0 })).shape).toEqual([8, 1]);
    expect(data.asked).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  });
  it('needs steps when it has no end', async () => {
    await expect(model().fit(new Endless(), { verbose: 0 })).rejects.toThrow(
      'fit: the data set has no end; give stepsPerEpoch',
    );
    const history = await model().fit(new Endless({ workers: 2 }), { verbose: 0, epochs: 2, stepsPerEpoch: 3 });
    expect(history.history['loss']).toHaveLength(2);
  });
  it('passes errors on', async () => {
    class Broken extends Numbered {
      override getItem(i: number): Promise<Tensor[]> {
        return i === 2 ? Promise.reject(new Error('no batch 2')) : super.getItem(i);
      }
    }
    await expect(model().fit(new Broken({ workers: 4 }), { verbose: 0 })).rejects.toThrow('no batch 2');
    await expect(model().fit(new utils.PyDataset(), { verbose: 0 })).rejects.toThrow('PyDataset: define length (or numBatches)');
    expect(() => new utils.PyDataset({ workers: -1 })).toThrow('workers must be an integer >= 0');
    expect(() => new utils.PyDataset({ worker: 1 } as never)).toThrow("did you mean 'workers'?");
  });
  it('is iterated in order', async () => {
    const seen: number[] = [];
    for await (const [, y] of new Numbered() as AsyncIterable<unknown> as AsyncIterable<[Tensor, Tensor]>) seen.push(y.data[0] as number);
    expect(seen).toEqual([0, 1, 2, 3]);
  });
});

describe('batches', () => {
  it('are packed and unpacked', () => {
    const [x, y, w] = [ops.ones([2]), ops.zeros([2]), ops.ones([2])];
    expect(utils.packXYSampleWeight(x)).toBe(x);
    expect(utils.packXYSampleWeight([x, y])).toEqual([[x, y]]);
    expect(utils.packXYSampleWeight(x, { y })).toEqual([x, y]);
    expect(utils.packXYSampleWeight(x, { y, sampleWeight: w })).toEqual([x, y, w]);
    expect(utils.unpackXYSampleWeight(x)).toEqual([x, null, null]);
    expect(utils.unpackXYSampleWeight([x])).toEqual([x, null, null]);
    expect(utils.unpackXYSampleWeight([x, y])).toEqual([x, y, null]);
    expect(utils.unpackXYSampleWeight([x, y, w])).toEqual([x, y, w]);
    expect(() => utils.unpackXYSampleWeight([x, y, w, w])).toThrow('received 4 entries');
  });
});

describe('timeseriesDatasetFromArray', () => {
  const lists = (batches: Iterable<Tensor | [Tensor, Tensor]>) =>
    [...batches].map((item) => (Array.isArray(item) ? item.map((t) => t.tolist()) : item.tolist()));
  const steps = Array.from({ length: 10 }, (_, i) => i);
  it('gives windows and their targets', () => {
    const set = preprocessing.timeseriesDatasetFromArray(
      steps,
      steps.map((i) => 10 * i),
      3,
      { samplingRate: 2, sequenceStride: 2, batchSize: 2 },
    );
    expect(lists(set)).toEqual([[[[0, 2, 4], [2, 4, 6]], [0, 20]], [[[4, 6, 8]], [40]]]);
    expect(lists(set)).toHaveLength(2);
  });
  it('uses a part of the steps', () => {
    expect(lists(utils.timeseriesDatasetFromArray(steps, null, 2, { startIndex: 3, endIndex: 7 }))).toEqual([[[3, 4], [4, 5], [5, 6]]]);
    expect(lists(utils.timeseriesDatasetFromArray(steps, [0, 1, 2, 3], 2, { startIndex: 1, endIndex: 4, batchSize: null }))).toEqual([
      [[1, 2], 1],
      [[2, 3], 2],
    ]);
  });
  it('shuffles anew each time', () => {
    const make = () =>
      utils.timeseriesDatasetFromArray(random.uniform([50, 2], { seed: 1 }), steps.concat(steps, steps), 4, { shuffle: true, seed: 5 });
    const set = make();
    const [first, second] = [lists(set), lists(set)];
    expect(first).not.toEqual(second);
    expect(lists(make())).toEqual(first);
  });
  it('refuses options out of range', () => {
    expect(() => utils.timeseriesDatasetFromArray(steps, null, 2, { sequenceStride: 10 })).toThrow(
      'sequenceStride must be an integer >= 1 and < 10, the number of steps, received 10',
    );
    expect(() => utils.timeseriesDatasetFromArray(steps, null, 2, { startIndex: 5, endIndex: 5 })).toThrow(
      'endIndex must be an integer >= 6',
    );
    expect(() => utils.timeseriesDatasetFromArray(steps, [1, 2, 3], 2, { startIndex: 5 })).toThrow('received 3 targets');
  });
});
