// Memory stays flat: in synchronous loops that never yield, and over many calls of fit.
import { expect, it } from '@jest/globals';
import { runScript } from '../helpers/child.js';

/** Growth of the resident set, in MB, between two points of a script that prints them as JSON. */
const growth = (script: string): number => {
  const [from, to] = JSON.parse(runScript(script, { flags: ['--expose-gc'] })) as [number, number];
  return (to - from) / 2 ** 20;
};

it('100,000 eager steps without dispose and without await leave it flat', () => {
  const mb = growth(`
    import { ops } from 'keratin';
    let w = ops.zeros([64, 64]);
    const g = ops.ones([64, 64]);
    const run = (n) => { for (let i = 0; i < n; i++) w = ops.subtract(w, ops.multiply(g, 0.001)); };
    run(20000); globalThis.gc();
    const before = process.memoryUsage().rss;
    run(100000);
    console.log(JSON.stringify([before, process.memoryUsage().rss]));`);
  expect(mb).toBeLessThan(64);
});

it('large tensors in a synchronous loop are freed while it runs', () => {
  const mb = growth(`
    import { ops } from 'keratin';
    const x = ops.ones([1024, 1024]);
    const run = (n) => { let y = x; for (let i = 0; i < n; i++) y = ops.add(x, y); return y; };
    run(50);
    const before = process.memoryUsage().rss;
    run(1000);
    console.log(JSON.stringify([before, process.memoryUsage().rss]));`);
  expect(mb).toBeLessThan(400);
});

it('large tensors that are kept for a while are freed while a synchronous loop runs', () => {
  const mb = growth(`
    import { ops } from 'keratin';
    const x = ops.ones([512, 1024]), kept = [];
    const run = (n) => {
      for (let i = 0; i < n; i++) {
        kept.push(ops.add(x, i));
        if (kept.length > 50) kept.shift();
      }
    };
    run(200);
    const before = process.memoryUsage().rss;
    run(2000);
    console.log(JSON.stringify([before, process.memoryUsage().rss]));`);
  expect(mb).toBeLessThan(400);
});

it('large results that are dropped do not make V8 mark its whole heap', () => {
  const collections = Number(runScript(`
    import { PerformanceObserver, constants } from 'node:perf_hooks';
    import { ops } from 'keratin';
    let major = 0;
    const count = (entries) => { for (const { detail } of entries) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) major++; };
    const observer = new PerformanceObserver((list) => count(list.getEntries()));
    observer.observe({ entryTypes: ['gc'] });
    for (let round = 0; round < 3; round++) {
      for (const mb of [0.25, 4, 14]) {
        const x = ops.ones([mb * 2 ** 18]);
        for (let i = 0; i < 1000 / mb; i++) ops.add(x, 1);
      }
    }
    await new Promise(setImmediate);
    count(observer.takeRecords());
    console.log(major);`));
  expect(collections).toBeLessThan(20); // 41 to 96 without lib/core/collector.ts
});

it('200 calls of fit leave it flat', () => {
  const mb = growth(`
    import * as keras from 'keratin';
    const model = new keras.Sequential([keras.Input({ shape: [32] }), new keras.layers.Dense(64, { activation: 'relu' }), new keras.layers.Dense(1)]);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const x = keras.random.normal([512, 32]), y = keras.random.normal([512, 1]);
    const run = async (n) => { for (let i = 0; i < n; i++) await model.fit(x, y, { verbose: 0 }); };
    await run(50); globalThis.gc();
    const before = process.memoryUsage().rss;
    await run(200); globalThis.gc();
    console.log(JSON.stringify([before, process.memoryUsage().rss]));`);
  expect(mb).toBeLessThan(24);
});

it('compiling for ever new shapes does not grow without bound', () => {
  const mb = growth(`
    import { ops } from 'keratin';
    const run = async (n) => {
      for (let i = 0; i < n; i++) {
        ops.add(ops.ones([i % 4096 + 1]), 1);
        if (i % 200 === 0) await new Promise(setImmediate); // plans are freed when the event loop turns
      }
      globalThis.gc();
      await new Promise(setImmediate);
    };
    await run(8000);
    const before = process.memoryUsage().rss;
    await run(8000);
    console.log(JSON.stringify([before, process.memoryUsage().rss]));`);
  expect(mb).toBeLessThan(32);
});

it.each([
  ['of single calls', 'ops.multiply(ops.ones([i]), 2)', 20000],
  ['of one compiled function', 'one(ops.ones([i % 1000 + 1, 16]))', 2000],
  ['of many compiled functions', 'jit((x) => ops.tanh(ops.matmul(ops.exp(x), x)))(square)', 4000],
  ['of loops', 'ops.map((row) => ops.add(ops.sum(ops.exp(row)), i), ops.ones([4, i % 1000 + 1]))', 2000],
])('plans %s for ever new shapes are freed while a synchronous loop runs', (_, call, times) => {
  const mb = growth(`
    import { jit, ops } from 'keratin';
    const square = ops.ones([8, 8]);
    const one = jit((x) => ops.matmul(ops.exp(x), ops.transpose(ops.exp(x))));
    let i = 0;
    const run = (n) => { for (const end = i + n; i < end; i++) ${call}; };
    run(${times} / 2);
    const before = process.memoryUsage().rss;
    run(${times} / 2);
    // Memory goes up and down between two collections: what stays is the least of several looks.
    const later = Array.from({ length: 4 }, () => {
      run(${times} / 8);
      return process.memoryUsage().rss;
    });
    console.log(JSON.stringify([before, Math.min(...later)]));`);
  expect(mb).toBeLessThan(80);
});
