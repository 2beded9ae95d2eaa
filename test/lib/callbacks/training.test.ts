// Callbacks in fit: learning rates in mid-training, ends of training, logs and files, servers, lists.
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as keras from '#lib/index.js';
import type { Logs } from '#lib/callbacks/index.js';

const { callbacks, layers, optimizers } = keras;
const folder = mkdtempSync(join(tmpdir(), 'keratin-callbacks-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void jest.restoreAllMocks());

const x = [[1], [2], [3], [4]];
const y = [[2], [4], [6], [8]];
function compiled(optimizer: keras.optimizers.Optimizer = new optimizers.SGD(0.01)): keras.Sequential {
  const model = new keras.Sequential([keras.Input([1]), new layers.Dense(1, { kernelInitializer: 'zeros' })]);
  model.compile({ optimizer, loss: 'mse' });
  return model;
}
const quiet = { verbose: 0, shuffle: false, batchSize: 2 } as const;

describe('learning rates', () => {
  it('change in the middle of fit, and the step is compiled once', async () => {
    const model = compiled();
    const traced = jest.spyOn(model, 'trainStep');
    const rates = [0.01, 0, 0.02];
    const { history } = await model.fit(x, y, {
      ...quiet,
      epochs: 3,
      callbacks: [new callbacks.LearningRateScheduler((epoch) => rates[epoch])],
    });
    expect(history.learning_rate).toEqual(rates.map((rate) => Math.fround(rate)));
    const times = traced.mock.calls.length;
    const kernel = model.getWeights()[0].item();
    await model.fit(x, y, { ...quiet, callbacks: [new callbacks.LearningRateScheduler(() => 0)] });
    expect([model.getWeights()[0].item(), times, traced.mock.calls.length]).toEqual([kernel, 1, 1]);
  });
  it('start from the number of the first epoch, and know the rate before', async () => {
    const seen: [number, number][] = [];
    const model = compiled();
    const half = new callbacks.LearningRateScheduler((epoch, rate) => (seen.push([epoch, rate]), rate / 2));
    await model.fit(x, y, { ...quiet, initialEpoch: 3, epochs: 5, callbacks: [half] });
    expect(seen).toEqual([[3, Math.fround(0.01)], [4, Math.fround(Math.fround(0.01) / 2)]]);
  });
  it('are those of all optimizers of a MultiOptimizer', async () => {
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const [a, b] = [new optimizers.SGD(0.1, { name: 'a' }), new optimizers.SGD(0.2, { name: 'b' })];
    const model = compiled(new optimizers.MultiOptimizer((variable) => (variable.name === 'bias' ? b : a)));
    const { history } = await model.fit(x, y, {
      ...quiet,
      callbacks: [
        new callbacks.LearningRateScheduler((_, rate) => keras.ops.multiply(rate, 0.5)),
        new callbacks.ReduceLROnPlateau({ monitor: 'loss' }),
      ],
    });
    expect([history.learning_rate_a, history.learning_rate_b]).toEqual([[Math.fround(0.05)], [Math.fround(0.1)]]);
  });
  it('are told apart from what is no rate', async () => {
    expect(() => new callbacks.LearningRateScheduler(0.1 as never)).toThrow(
      'schedule must be a function of the epoch and the learning rate, received 0.1',
    );
    expect(() => new callbacks.LearningRateScheduler(() => 1, { verbos: 1 } as never)).toThrow("did you mean 'verbose'?");
    await expect(
      compiled().fit(x, y, { ...quiet, callbacks: [new callbacks.LearningRateScheduler(() => 'fast' as never)] }),
    ).rejects.toThrow("the schedule must return a number, received 'fast'");
    const scheduled = compiled(new optimizers.SGD(new optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)));
    await expect(scheduled.fit(x, y, { ...quiet, callbacks: [new callbacks.LearningRateScheduler(() => 1)] })).rejects.toThrow(
      'was made with a schedule as its learning rate',
    );
    expect(() => new callbacks.ReduceLROnPlateau({ factor: 1 })).toThrow('factor must be below 1, received 1');
    expect(() => new callbacks.ReduceLROnPlateau({ minLR: 1 } as never)).toThrow("did you mean 'minLr'?");
    expect(() => new callbacks.ReduceLROnPlateau({ mode: 'up' as never })).toThrow(
      "ReduceLROnPlateau: mode must be 'auto', 'min' or 'max'",
    );
  });
});

describe('TerminateOnNaN', () => {
  it('ends fit after the batch', async () => {
    let text = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((part) => ((text += String(part)), true));
    const model = compiled();
    const batches: number[] = [];
    const ended = jest.fn<() => void>();
    const note = new callbacks.LambdaCallback({ onTrainBatchEnd: (batch) => void batches.push(batch), onTrainEnd: ended });
    const { history } = await model.fit(x, [[1], [2], [NaN], [4]], {
      ...quiet,
      batchSize: 1,
      epochs: 3,
      callbacks: [new callbacks.TerminateOnNaN(), note],
    });
    jest.restoreAllMocks();
    expect([batches, history.loss, text, ended.mock.calls.length]).toEqual([
      [0, 1, 2],
      [NaN],
      'Batch 2: Invalid loss, terminating training\n',
      1,
    ]);
  });
  it('rejects instead with raiseError', async () => {
    const ended = jest.fn<() => void>();
    const run = compiled().fit(x, [[Infinity], [2], [3], [4]], {
      ...quiet,
      callbacks: [new callbacks.TerminateOnNaN({ raiseError: true }), new callbacks.LambdaCallback({ onTrainEnd: ended })],
    });
    await expect(run).rejects.toThrow('NaN or infinite loss at batch 0: inf');
    expect(ended).not.toHaveBeenCalled();
  });
});

describe('CSVLogger', () => {
  it('logs what callbacks before it add, and leaves whole rows when fit is aborted', async () => {
    const path = join(folder, 'aborted.csv');
    const controller = new AbortController();
    const stop = new callbacks.LambdaCallback({ onEpochBegin: (epoch) => void (epoch === 2 && controller.abort(new Error('enough'))) });
    const rate = new callbacks.LearningRateScheduler(() => 0.5);
    await expect(
      compiled().fit(x, y, {
        ...quiet,
        epochs: 5,
        signal: controller.signal,
        callbacks: [stop, rate, new callbacks.CSVLogger(pathToFileURL(path))],
      }),
    ).rejects.toThrow('enough');
    const rows = readFileSync(path, 'utf8').split('\r\n');
    expect(rows.map((row) => row.split(',').length)).toEqual([5, 5, 5, 1]);
    expect(rows[0]).toBe('epoch,learning_rate,loss,val_learning_rate,val_loss');
    expect(rows[2]).toMatch(/^1,0\.5,[\d.]+,NA,NA$/);
  });
  it('says what it cannot use', async () => {
    expect(() => new callbacks.CSVLogger(3 as never)).toThrow('filename must be a path, received 3');
    expect(() => new callbacks.CSVLogger('a', { separator: '::' })).toThrow("separator must be one character, received '::'");
    const path = join(folder, 'missing', 'a.csv');
    await expect(compiled().fit(x, y, { ...quiet, callbacks: [new callbacks.CSVLogger(path)] })).rejects.toThrow('ENOENT');
    expect(existsSync(path)).toBe(false);
  });
});

describe('SwapEMAWeights', () => {
  it('gives the weights back after predict, and swaps in a loss-scaled or a mixed optimizer', async () => {
    const inner = () => new optimizers.SGD(0.05, { useEma: true, emaMomentum: 0.9 });
    for (const optimizer of [
      inner(),
      new optimizers.LossScaleOptimizer(inner()),
      new optimizers.MultiOptimizer(
        (
          (one) => () =>
            one
        )(inner()),
      ),
    ]) {
      const model = compiled(optimizer);
      await model.fit(x, y, { ...quiet, epochs: 2 });
      await model.trainOnBatch(x, y);
      const before = model.getWeights().map((weight) => weight.tolist());
      const plain = await model.predict([[1]], { verbose: 0 });
      const swapped = await model.predict([[1]], { verbose: 0, callbacks: [new callbacks.SwapEMAWeights()] });
      expect(swapped.item()).not.toBe(plain.item());
      expect(model.getWeights().map((weight) => weight.tolist())).toEqual(before);
    }
  });
  it('says when there are no averages', async () => {
    const swap = () => ({ verbose: 0, callbacks: [new callbacks.SwapEMAWeights()] }) as const;
    await expect(compiled().evaluate(x, y, swap())).rejects.toThrow('keeps no moving averages; make it with useEma: true');
    await expect(compiled(new optimizers.SGD(0.1, { useEma: true })).evaluate(x, y, swap())).rejects.toThrow('has no moving averages yet');
  });
});

describe('RemoteMonitor', () => {
  interface Request { url: string | undefined; headers: IncomingHttpHeaders; body: string }
  async function withServer(run: (root: string, requests: Request[]) => Promise<void>): Promise<void> {
    const requests: Request[] = [];
    const server: Server = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => (body += String(part)));
      request.on('end', () => {
        requests.push({ url: request.url, headers: request.headers, body });
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
  it('posts a form, or JSON', () => withServer(async (root, requests) => {
    await new callbacks.RemoteMonitor({ root, field: 'epoch logs' }).onEpochEnd(2, { loss: 0.5, bad: NaN });
    await new callbacks.RemoteMonitor({ root, path: '/here', sendAsJson: true, headers: { 'X-Key': 'k' } }).onEpochEnd(0, { loss: 1 });
    const [form, json] = requests;
    expect([form.url, form.headers['content-type']]).toEqual(['/publish/epoch/end/', 'application/x-www-form-urlencoded;charset=UTF-8']);
    expect(JSON.parse(new URLSearchParams(form.body).get('epoch logs')!)).toEqual({ epoch: 2, loss: 0.5, bad: null });
    expect([json.url, json.headers['content-type'], json.headers['x-key'], json.body]).toEqual([
      '/here',
      'application/json',
      'k',
      '{"epoch":0,"loss":1}',
    ]);
  }));
  it('warns of a server that is not there', async () => {
    const warnings = jest.spyOn(process, 'emitWarning').mockReturnValue();
    await new callbacks.RemoteMonitor({ root: 'http://127.0.0.1:1' }).onEpochEnd(0, {});
    await new callbacks.RemoteMonitor({ root: 'nowhere' }).onEpochEnd(0, {});
    expect(warnings.mock.calls.map(([text]) => String(text).includes('could not reach the server at'))).toEqual([true, true]);
    expect(() => new callbacks.RemoteMonitor({ headers: { 'bad header': 'x' } })).toThrow('invalid header name');
  });
});

describe('CallbackList', () => {
  class Note extends callbacks.Callback {
    calls: unknown[] = [];
    override onTrainBatchBegin(batch: number): void {
      this.calls.push(['begin', batch]);
    }
    override onBatchBegin(batch: number): void {
      this.calls.push(['older begin', batch]);
    }
    override onBatchEnd(batch: number, logs: Logs = {}): void {
      this.calls.push(['older end', batch, logs]);
    }
    override async onTestEnd(logs: Logs = {}): Promise<void> {
      await Promise.resolve();
      this.calls.push(['test', logs]);
    }
  }
  it('calls every hook, the older ones where the newer are not overridden', async () => {
    const [a, b] = [new Note(), new Note()];
    const list = new callbacks.CallbackList({ callbacks: [a, [b]], epochs: 3, extra: 'yes' });
    expect([list.params, b.params]).toEqual([{ epochs: 3, steps: null, verbose: 0, extra: 'yes' }, list.params]);
    await list.onTrainBatchBegin(1);
    await list.onTrainBatchEnd(1, { loss: 2 });
    await list.onTestEnd({ loss: 3 });
    expect(a.calls).toEqual([['begin', 1], ['older end', 1, { loss: 2 }], ['test', { loss: 3 }]]);
    expect(b.calls).toEqual(a.calls);
    expect(() => new callbacks.CallbackList({ callbacks: [3 as never] })).toThrow(
      'expected instances of keras.callbacks.Callback, received 3',
    );
    expect(() => new callbacks.CallbackList().model).toThrow('has no model');
  });
  it('adds a history and a progress bar when there are none', () => {
    const model = compiled();
    const own = new callbacks.History();
    expect(
      new callbacks.CallbackList({ addHistory: true, addProgbar: true, model }).callbacks.map((callback) => callback.constructor.name),
    ).toEqual(['History', 'ProgbarLogger']);
    expect(model.history).toBeInstanceOf(callbacks.History);
    const list = new callbacks.CallbackList({ callbacks: [own, new callbacks.ProgbarLogger()], addHistory: true, addProgbar: true, model });
    expect([list.callbacks.length, model.history]).toEqual([2, own]);
  });
  it('is taken by fit, with the history in it', async () => {
    const note = new Note();
    const model = compiled();
    const own = new callbacks.History();
    const inner = new callbacks.CallbackList({ callbacks: note });
    const list = new callbacks.CallbackList({ callbacks: [inner, own], mine: 1 });
    expect(await model.fit(x, y, { ...quiet, epochs: 2, callbacks: list })).toBe(own);
    expect([own.epoch, note.calls.length, note.params]).toEqual([[0, 1], 8, { mine: 1, epochs: 2, steps: 2, verbose: 0 }]);
    expect(await model.fit(x, y, { ...quiet, callbacks: own })).toBe(own);
    const plain = new callbacks.CallbackList({ callbacks: [new callbacks.CallbackList({ callbacks: [new callbacks.LambdaCallback()] })] });
    expect([plain.wantsBatches('train'), list.wantsBatches('train'), list.wantsBatches('predict')]).toEqual([false, true, false]);
  });
});
