// The dynamic context: scopes and tapes nest, and async functions that run side by side each keep their own.
import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { GradientTape, Input, layers, nameScope, ops, saving, Sequential, StatelessScope, Variable } from 'keratin';
import { context, withContext } from '#lib/core/context.js';

const pathOf = (): string => new Variable(0, { name: 'v' }).path;

describe('async functions', () => {
  it('keep name scopes apart', async () => {
    const within = (name: string, delay: number) => nameScope(name).run(async () => {
      const paths = [pathOf()];
      await sleep(delay);
      paths.push(nameScope('inner').run(pathOf));
      await Promise.resolve();
      paths.push(await nameScope('deep').run(async () => {
        await sleep(delay);
        return pathOf();
      }));
      return [...paths, pathOf()];
    });
    const running = [within('a', 4), within('b', 1), within('c', 2)];
    expect(pathOf()).toBe('v');
    await sleep(1);
    expect(pathOf()).toBe('v');
    const expected = (name: string) => [`${name}/v`, `${name}/inner/v`, `${name}/deep/v`, `${name}/v`];
    expect(await Promise.all(running)).toEqual([expected('a'), expected('b'), expected('c')]);
    expect(pathOf()).toBe('v');
  });

  it('keep the values of stateless scopes apart', async () => {
    const v = new Variable([1, 2], { dtype: 'float32' });
    const within = (value: number, delay: number) => {
      const scope = new StatelessScope({ stateMapping: [[v, [value, value]]] });
      return scope.run(async () => {
        await sleep(delay);
        v.assignAdd([1, 1]);
        await sleep(delay);
        v.assignAdd([1, 1]);
        return [v.value.tolist(), scope.getCurrentValue(v)!.tolist()];
      });
    };
    expect(await Promise.all([within(10, 3), within(20, 2)])).toEqual([[[12, 12], [12, 12]], [[22, 22], [22, 22]]]);
    expect(v.value.tolist()).toEqual([1, 2]);
  });

  it('are recorded by their own tapes', async () => {
    const v = new Variable(3, { dtype: 'float32' });
    const gradient = async (power: number, delay: number) => {
      const tape = new GradientTape();
      const y = await tape.record(async () => {
        await sleep(delay);
        const first = ops.power(v, power - 1);
        await sleep(delay);
        return ops.multiply(first, v);
      });
      return tape.gradient(y, v)!.item();
    };
    expect(await Promise.all([gradient(2, 3), gradient(3, 1)])).toEqual([6, 27]);
  });

  it('find the classes of their own scopes', async () => {
    class Twice extends layers.Layer {
      call(x: unknown) {
        return ops.multiply(x as never, 2);
      }
    }
    const find = () => saving.getRegisteredObject('Twice');
    const within = saving.customObjectScope({ Twice }).run(async () => {
      await sleep(2);
      return find();
    });
    await sleep(1);
    expect(find()).toBeNull();
    expect(await within).toBe(Twice);
  });

  it('train and predict inside of a scope, beside others', async () => {
    const train = (name: string) => nameScope(name).run(async () => {
      const model = new Sequential([Input([2]), new layers.Dense(1)]);
      model.compile({ optimizer: 'sgd', loss: 'mse' });
      await model.fit(ops.ones([4, 2]), ops.ones([4, 1]), { epochs: 2, verbose: 0 });
      return pathOf();
    });
    expect(await Promise.all([train('a'), train('b')])).toEqual(['a/v', 'b/v']);
  });

  it('leave the context as it was when they fail', async () => {
    const failing = nameScope('a').run(async () => {
      await sleep(1);
      throw new Error('broken');
    });
    await expect(failing).rejects.toThrow('broken');
    expect(pathOf()).toBe('v');
  });

  it('must be async: a promise of another function would run outside of the scope', () => {
    expect(() => nameScope('a').run(() => Promise.resolve(1))).toThrow(/NameScope\.run: .*async/);
    expect(() => new GradientTape().record(() => Promise.reject(new Error('unseen')))).toThrow(/GradientTape\.record: .*async/);
    expect(pathOf()).toBe('v');
  });
});

describe('synchronous functions', () => {
  it('nest, and put everything back when they throw', () => {
    const before = context();
    expect(() => withContext({ path: 'a', standIns: new Set<number>() }, () => withContext({ path: 'b' }, () => {
      expect(context()).toEqual({ ...before, path: 'b', standIns: new Set<number>() });
      throw new Error('broken');
    }))).toThrow('broken');
    expect(context()).toBe(before);
  });

  it('close scopes in the order opposite to that of their opening', () => {
    const [outer, inner] = [nameScope('a').enter(), nameScope('b').enter()];
    expect(pathOf()).toBe('a/b/v');
    expect(() => outer.exit()).toThrow(/opposite/);
    inner.exit();
    expect(pathOf()).toBe('a/v');
    outer.exit();
    expect(pathOf()).toBe('v');
  });
});
