// Each example on a small setting, in a process of its own and without a network.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';

const run = promisify(execFile);
const OFFLINE = "--import=data:text/javascript,globalThis.fetch=()=>Promise.reject(new(Error)('offline'))";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'keratin-'));
});
afterAll(() => rm(home, { recursive: true }));

/** The lines that an example prints. */
async function linesOf(name: string, settings: Record<string, string>): Promise<string[]> {
  const file = fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));
  const { stdout } = await run(process.execPath, [file], { env: { ...process.env, KERAS_HOME: home, NODE_OPTIONS: OFFLINE, ...settings } });
  return stdout.trimEnd().split('\n');
}
/** The last number of a line. */
const numberIn = (line = ''): number => Number(/(-?[\d.]+)[^\d]*$/.exec(line)?.[1]);

describe('examples', () => {
  it('mnist_mlp reads digits, prints an epoch in a line, draws digits and ends with the accuracy', async () => {
    const lines = await linesOf('mnist_mlp', { EPOCHS: '1', SAMPLES: '12800' });
    expect(lines).toContain('12800 train samples');
    expect(lines).toContain(' Total params: 407,050 (1.55 MB)');
    expect(lines.filter((line) => /^100\/100 - \d+s - \d+(ms|us|s)\/step - accuracy: 0\.\d{4} - loss: \d\.\d{4}$/.test(line))).toHaveLength(
      1,
    );
    expect(lines.filter((line) => line.includes('█')).length).toBeGreaterThan(8);
    expect(lines.some((line) => /^(predicted: \d\s*){5}$/.test(line))).toBe(true);
    expect(lines.at(-1)).toMatch(/^test accuracy: 0\.\d{4}$/);
    expect(numberIn(lines.at(-1))).toBeGreaterThan(0.85);
  }, 60_000);

  it('perceptron finds the input that matters', async () => {
    const lines = await linesOf('perceptron', { STEPS: '2000' });
    expect(numberIn(lines.at(-1))).toBeGreaterThan(0.99);
  });

  it('numpy_backprop learns XOR', async () => {
    const errors = (await linesOf('numpy_backprop', { STEPS: '5000' })).filter((line) => line.startsWith('step')).map(numberIn);
    expect(errors[0]).toBeGreaterThan(0.4);
    expect(errors.at(-1)).toBeLessThan(0.05);
  });

  it('binary_mlp does better than guessing', async () => {
    const lines = await linesOf('binary_mlp', { EPOCHS: '60' });
    expect(numberIn(lines.at(-1))).toBeGreaterThan(66);
  });

  it.each(['cifar10_cnn', 'cnn_32_64_128'])('%s learns made-up images without a network, and says so', async (name) => {
    const lines = await linesOf(name, { EPOCHS: '2', SAMPLES: '1280' });
    expect(lines.filter((line) => line.includes('made-up images take the place of CIFAR-10'))).toHaveLength(1);
    expect(lines).toContain(name === 'cifar10_cnn' ? ' Total params: 122,570 (478.79 KB)' : ' Total params: 356,810 (1.36 MB)');
    expect(numberIn(lines.at(-1))).toBeGreaterThan(0.3);
  }, 120_000);

  it('transformer_classifier tells irony', async () => {
    const lines = await linesOf('transformer_classifier', { EPOCHS: '5' });
    expect(numberIn(lines.at(-1))).toBeGreaterThan(0.9);
  }, 120_000);

  it('translation translates numbers that it has not seen', async () => {
    const lines = await linesOf('translation', { EPOCHS: '12' });
    expect(lines.filter((line) => line.includes(' → '))).toHaveLength(5);
    expect(numberIn(lines.at(-1))).toBeGreaterThan(60);
  }, 120_000);

  it('text_sentiment reads negations', async () => {
    const lines = await linesOf('text_sentiment', { EPOCHS: '8' });
    for (const name of ['lstm', 'conv1d']) {
      const [good, bad, accuracy] = lines.filter((line) => line.startsWith(`${name}: `));
      expect(good).toContain('good ← The story was not boring');
      expect(bad).toContain('bad  ← The cinema');
      expect(numberIn(accuracy)).toBeGreaterThan(0.9);
    }
  }, 120_000);

  it('timeseries_forecast does better than the naive guess', async () => {
    const lines = await linesOf('timeseries_forecast', { EPOCHS: '5' });
    const [naive, learned] = [numberIn(lines[0]), numberIn(lines.at(-1))];
    expect(naive).toBeGreaterThan(2.5);
    expect(learned).toBeLessThan(naive / 2);
  }, 120_000);

  it('image_augmentation writes a sheet of digits, and learns more from them', async () => {
    const sheet = path.join(home, 'sheet.png');
    const lines = await linesOf('image_augmentation', { SHEET: sheet });
    expect(lines[0]).toBe(`${sheet}: 768 × 640 pixels`);
    const { width, height, channels } = await sharp(sheet).metadata();
    expect([width, height, channels]).toEqual([768, 640, 3]);
    const { channels: colours } = await sharp(sheet).extract({ left: 4, top: 4, width: 56, height: 56 }).stats();
    expect(colours[0].stdev).toBeGreaterThan(30); // ink on paper
    const [plain, augmented] = lines.slice(1).map(numberIn);
    expect(augmented).toBeGreaterThan(0.85);
    expect(augmented).toBeGreaterThan(plain + 0.02);
  }, 120_000);

  it('structured_data learns from a table what the cross of two features tells', async () => {
    const file = path.join(home, 'visits.csv');
    const lines = await linesOf('structured_data', { EPOCHS: '12', FILE: file });
    expect(lines[0]).toBe(`2500 visits in ${file}`);
    expect(readFileSync(file, 'utf8').split('\n')[0]).toBe('age,cholesterol,pulse,vessels,pain,test,target');
    const [plain, crossed] = lines.slice(1, 3).map(numberIn);
    expect(plain).toBeLessThan(0.75);
    expect(crossed).toBeGreaterThan(0.9);
    expect(numberIn(lines.at(-2))).toBeLessThan(0.5);
    const again = await linesOf('structured_data', { EPOCHS: '1', FILE: file });
    expect(again[0]).toBe(lines[0]);
  }, 120_000);

  it('custom_loop makes the loss fall', async () => {
    const losses = (await linesOf('custom_loop', { STEPS: '200' })).filter((line) => line.startsWith('step')).map(numberIn);
    expect(losses).toHaveLength(3);
    expect(losses.at(-1)).toBeLessThan(losses[0] / 5);
  });
});
