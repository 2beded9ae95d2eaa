// Entries of the package share one core: a class is the same in all of them, and what one does the others see.
import { expect, it } from '@jest/globals';
import { runScript } from '../helpers/child.js';

it('gives a second entry the same classes, state and addon', () => {
  const output = runScript(`
    import { mkdirSync, statSync, writeFileSync } from 'node:fs';
    import { bundle, entriesOf } from './scripts/helpers/bundle.mjs';
    mkdirSync('build/entries', { recursive: true });
    writeFileSync('build/entries/second.js', "export { Variable as Second, layers, config } from '../../dist/index.js';");
    const exports = {
      '.': { 'keratin-modules': './dist/index.js', default: './build/bundle-test/first.js' },
      './second': { 'keratin-modules': './build/entries/second.js', default: './build/bundle-test/second.js' },
      './package.json': './package.json',
    };
    if (!bundle(entriesOf({ exports }))) process.exit(1);
    const first = await import('./build/bundle-test/first.js');
    const second = await import('./build/bundle-test/second.js');
    first.config.setFloatx('float64');
    console.log(JSON.stringify([
      first.Variable === second.Second,
      new second.layers.Dense(2) instanceof first.layers.Dense,
      first.ops.add(new second.Second([1, 2]), 1).tolist(),
      second.config.floatx(),
      // What both have stands in files of its own; the entries only export it.
      Math.max(...['first.js', 'second.js'].map((file) => statSync('build/bundle-test/' + file).size)) < 100_000,
    ]));
  `);
  expect(JSON.parse(output)).toEqual([true, true, [2, 3], 'float64', true]);
});
