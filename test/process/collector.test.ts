// KERATIN_GC=v8 leaves V8's collector alone.
import { expect, it } from '@jest/globals';
import { runScript } from '../helpers/child.js';

const SCRIPT = `
  import { ops } from 'keratin';
  import { PerformanceObserver } from 'node:perf_hooks';
  let forced = 0;
  const observer = new PerformanceObserver((list) => { for (const { detail } of list.getEntries()) if (detail.flags & 4) forced++; });
  observer.observe({ entryTypes: ['gc'] });
  const x = ops.ones([512, 512]);
  let y = x;
  for (let i = 0; i < 2000; i++) y = ops.add(x, y);
  await new Promise((resolve) => setTimeout(resolve, 20));
  console.log(JSON.stringify({ value: y.elements[0], forced, rss: process.memoryUsage().rss / 2 ** 20 }));`;
const run = (env: Record<string, string | undefined>): { value: number; forced: number; rss: number } =>
  JSON.parse(runScript(SCRIPT, { env })) as { value: number; forced: number; rss: number };

it('V8 collects by itself with KERATIN_GC=v8, and results are the same', () => {
  const ours = run({ KERATIN_GC: undefined }); // the tests themselves may run with v8's
  const own = run({ KERATIN_GC: 'v8' });
  expect(ours.forced).toBeGreaterThan(0);
  expect(own.forced).toBe(0);
  expect([ours.value, own.value]).toEqual([2001, 2001]);
  expect(own.rss).toBeLessThan(1500); // 2 GB of results were made
});
