// Who shares memory with whom, and what is seen of variables while a run off the main thread writes them.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { GradientTape, Input, Sequential, Variable, initializers, jit, layers, ops, random, type Tensor } from 'keratin';
import { compile, runCompiled, runCompiledAsync } from '#lib/core/jit.js';

const FLOAT = { dtype: 'float32' } as const;
const write = (data: Tensor['data'], at: number, value: number): void => {
  (data as unknown as Float32Array)[at] = value;
};

describe('tapes tell apart', () => {
  it('variables with the same initial number', () => {
    const [a, b] = [new Variable(0, { dtype: 'float32' }), new Variable(0, { dtype: 'float32' })];
    const [x, y] = [ops.convertToTensor([1, 2, 3.5]), ops.convertToTensor([3, 5, 8.5])];
    const tape = new GradientTape();
    const loss = tape.record(() => ops.mean(ops.square(ops.subtract(ops.add(ops.multiply(a, x), b), y))));
    expect(tape.gradient(loss, [a, b]).map((gradient) => gradient!.item())).toEqual([-28.5, -11]);
  });

  it('a variable and a number', () => {
    const v = new Variable(2.5);
    const tape = new GradientTape();
    expect(tape.gradient(tape.record(() => ops.multiply(v, 2.5)), v)!.item()).toBe(2.5);
  });

  it.each([
    ['one tensor', (from: Variable, to: Variable) => void to.assign(from.value)],
    ['a compiled function', (from: Variable, to: Variable) => void jit(() => to.assign(from))()],
  ])('variables that were assigned by %s', (_, assign) => {
    const [from, to] = [new Variable([1, 2], FLOAT), new Variable([5, 6], FLOAT)];
    assign(from, to);
    const tape = new GradientTape();
    const loss = tape.record(() => ops.sum(ops.subtract(ops.multiply(from, 2), ops.multiply(to, 3))));
    expect(tape.gradient(loss, [from, to]).map((gradient) => gradient!.tolist())).toEqual([[2, 2], [-3, -3]]);
  });

  it('variables of a compiled function that share a value there', () => {
    const [from, to] = [new Variable([1, 2], FLOAT), new Variable([5, 6], FLOAT)];
    const gradients = jit(() => {
      to.assign(from);
      const tape = new GradientTape();
      const loss = tape.record(() => ops.sum(ops.subtract(ops.multiply(from, 2), ops.multiply(to, 3))));
      return tape.gradient(loss, [from, to]);
    })();
    expect(gradients.map((gradient) => gradient!.tolist())).toEqual([[2, 2], [-3, -3]]);
  });

  it('networks with the same weights', () => {
    const [online, target] = [1, 2].map(() => new Sequential([Input([3]), new layers.Dense(1)])) as [Sequential, Sequential];
    target.setWeights(online.getWeights());
    const x = ops.ones([1, 3]);
    const tape = new GradientTape();
    const loss = tape.record(() => ops.sum(ops.subtract(online.call(x), ops.multiply(target.call(x), 3))));
    expect(tape.gradient(loss, online.trainableWeights)[0]!.tolist()).toEqual([[1], [1], [1]]);
  });

  it('what a watched variable is later from what it was', () => {
    const v = new Variable([1, 2], FLOAT);
    const tape = new GradientTape({ watchAccessedVariables: false });
    tape.watch(v);
    expect(v.value.data).toEqual(Float32Array.of(1, 2)); // data that was let out belongs to another tensor than the next value
    expect(tape.gradient(tape.record(() => ops.sum(ops.square(v))), v)!.tolist()).toEqual([2, 4]);
  });
});

describe.each([4, 5000])('data of %i elements', (size) => {
  it('shows nothing of constants', () => {
    write(ops.convertToTensor(2.5).data, 0, 9);
    expect(ops.add([2], 2.5).tolist()).toEqual([4.5]);
    const constant = ops.ones([size]);
    const plus = jit((x: Tensor) => ops.add(x, constant));
    plus(ops.ones([size]));
    write(constant.data, 0, 9);
    expect(plus(ops.ones([size])).data[0]).toBe(2);
  });

  it('shows nothing of variables', () => {
    const v = new Variable(ops.ones([size]));
    for (const data of [v.data, v.value.data, v.assign(ops.ones([size])).data]) {
      write(data, 0, 9);
      expect([v.data[0], v.value.data[0], v.value.elements[0]]).toEqual([1, 1, 1]);
    }
  });

  it('shows nothing of arguments', () => {
    for (const early of [true, false]) {
      const x = ops.ones([size]);
      if (early) expect(x.data[0]).toBe(1);
      const v = new Variable(x);
      const w = new Variable(ops.zeros([size]));
      w.assign(x);
      const view = ops.reshape(x, [size, 1]);
      write(x.data, 0, 9);
      write(view.data, 1, 9);
      expect([v.data[0], w.data[0], v.data[1], w.data[1], view.data[0], x.data[1]]).toEqual([1, 1, 1, 1, 1, 1]);
    }
  });

  it('stays the same array, which a tensor that nothing shares does not copy', () => {
    const x = ops.ones([size]);
    expect(x.data).toBe(x.data);
    expect(x.data.buffer === x.memory!.buffer).toBe(size > 1000);
  });
});

describe('while a run writes variables', () => {
  const size = 200_000;
  /** Adds one to all elements of two variables, `steps` times. */
  const counting = (steps: number) => {
    const [v, w] = [new Variable(ops.zeros([size])), new Variable(ops.zeros([size]))];
    const step = compile([], () => [v.assign(ops.add(v, 1)), w.assign(ops.add(w, 1))].map((value) => ops.max(value)));
    return { v, w, run: (signal?: AbortSignal) => runCompiledAsync(step, [], { steps, signal: signal ?? null }) };
  };
  /** The value of all elements, NaN when they differ. */
  const same = (x: Tensor): number => (ops.min(x).item() === ops.max(x).item() ? ops.min(x).item() : NaN);

  it('readers see whole steps, of all variables at once, and the run goes on', async () => {
    const { v, w, run } = counting(2000);
    let running = true;
    const end = run().then(({ done }) => {
      running = false;
      return done;
    });
    const extremes = jit(() => [ops.min(v), ops.max(v), ops.min(w), ops.max(w)]);
    let last = 0;
    for (let reads = 0; running; reads++) {
      const seen = reads % 2 === 0 ? extremes().map((x) => x.item()) : [same(v.value), same(w.value)];
      expect(new Set(seen).size).toBe(1);
      expect(seen[0]).toBeGreaterThanOrEqual(last);
      last = seen[0]!;
      await turn();
    }
    expect([await end, same(v.value), same(w.value)]).toEqual([2000, 2000, 2000]);
  });

  it('a value that was read stays as it is', async () => {
    const { v, run } = counting(300);
    const end = run();
    await turn();
    const value = v.value;
    const before = same(value);
    await end;
    expect(same(value)).toBe(before);
  });

  it('writers are refused by name', async () => {
    const { v, w, run } = counting(300);
    const end = run();
    const assigning = jit(() => void v.assign(ops.zeros([size])));
    await turn();
    const sentence = `${v.path}: cannot be assigned while a training step is running; wait for fit to end, or assign in a callback`;
    expect(() => v.assign(ops.zeros([size]))).toThrow(sentence);
    expect(() => assigning()).toThrow(sentence);
    await end;
    expect([same(v.value), same(w.value)]).toEqual([300, 300]);
    assigning();
    expect(same(v.value)).toBe(0);
  });

  it('others read what they had before, and may be assigned', async () => {
    const v = new Variable(ops.ones([size]));
    const sum = compile([], () => ops.sum(v));
    const end = runCompiledAsync(sum, [], { steps: 100 });
    await turn();
    jit(() => void v.assign(ops.add(v, 1)))();
    expect([((await end).result as Tensor).item(), same(v.value)]).toEqual([size, 2]);
  });

  it('an abort ends it, after a whole number of steps', async () => {
    const { v, w, run } = counting(1e6);
    const abort = new AbortController();
    const end = run(abort.signal);
    await turn();
    abort.abort(new Error('enough'));
    await expect(end).rejects.toThrow('enough');
    expect(same(v.value)).toBe(same(w.value));
    expect(same(v.value)).toBeLessThan(1e6);
    await expect(run(abort.signal)).rejects.toThrow('enough');
  });
});

it('an abort undoes the step that it meets', async () => {
  const v = new Variable(random.normal([500, 500]));
  const start = v.value.elements.slice();
  const long = compile([], () => {
    let x = v.value;
    for (let i = 0; i < 100; i++) x = ops.multiply(ops.matmul(x, x), 1 / 500);
    return v.assign(x);
  });
  const abort = new AbortController();
  const end = runCompiledAsync(long, [], { steps: 1, signal: abort.signal });
  await turn();
  abort.abort();
  await expect(end).rejects.toThrow(/abort/i);
  expect(v.value.elements).toEqual(start);
});

it('tensors given to a run may lose the buffer of their data', async () => {
  const x = random.normal([500, 500]);
  const sum = ops.sum(x).item();
  const data = x.data;
  const step = compile([x.spec], (input) => ops.sum(input));
  const end = runCompiledAsync(step, [x], { steps: 50 });
  await turn();
  const { buffer } = data as Float32Array & { buffer: ArrayBuffer & { transfer?(size: number): ArrayBuffer } };
  try {
    buffer.transfer?.(0); // from Node.js 22 on
  } catch (error) {
    expect((error as Error).message).toMatch(/not detachable/); // Node.js 24 keeps what is marked as untransferable
  }
  expect(((await end).result as Tensor).item()).toBe(sum);
  expect(ops.sum(x).item()).toBe(sum);
});

it('variables write the memory that an initializer of Keras gave them, and copy what others may keep', () => {
  const increment = (variable: Variable) => {
    const step = compile([], () => variable.assignAdd(1));
    runCompiled(step, []);
    return variable.value;
  };
  const memory = (variable: Variable) => (variable.storage as unknown as { memory: Uint8Array }).memory.buffer;
  for (const initial of [new initializers.Zeros(), new initializers.Constant(2), new initializers.RandomNormal(), 'he_normal'] as const) {
    const own = new Variable(initial, { shape: [500] });
    const before = memory(own);
    increment(own);
    expect(memory(own)).toBe(before);
  }
  const kept = ops.ones([500]);
  class Keeps extends initializers.RandomNormal {
    override call(): Tensor {
      return kept;
    }
  }
  for (const initial of [new Keeps(), () => kept, new initializers.Constant(kept), kept]) {
    const variable = new Variable(initial, { shape: [500] });
    expect(increment(variable).elements[3]).toBe(2);
    expect(kept.elements[3]).toBe(1);
  }
});

it('zeros are zeros in memory of any size, and -0 is kept', () => {
  for (const size of [3, 255, 257, 5000, 300_000]) expect(ops.any(ops.zeros([size])).item()).toBe(false);
  expect(Object.is(ops.full([], -0, { dtype: 'float32' }).item(), -0)).toBe(true);
  expect(ops.full([], -0, { dtype: 'bool' }).item()).toBe(false);
});
