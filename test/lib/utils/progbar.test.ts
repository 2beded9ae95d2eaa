// Progbar against the recorded output of Keras's.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Progbar, type ProgbarOptions, type ProgbarValue } from '#lib/utils/index.js';
import * as ops from '#lib/ops/index.js';
import { readFixture } from '../../helpers/fixtures.js';
import { camelKeys } from '../../helpers/recorded.js';

interface Case {
  name: string;
  options: Record<string, unknown> & { target: number | null };
  dynamic: boolean;
  start: number;
  updates: { time: number; current: number; values: ProgbarValue[]; finalize: boolean | null }[];
  text: string;
}

const isTTY = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY');
afterEach(() => {
  jest.restoreAllMocks();
  Object.defineProperty(process.stdout, 'isTTY', isTTY ?? { value: undefined, configurable: true, writable: true });
});

/** Catches what is written, under a clock that is set by hand. */
function capture(terminal: boolean) {
  let now = 0;
  let text = '';
  jest.spyOn(performance, 'now').mockImplementation(() => now * 1000);
  jest.spyOn(process.stdout, 'write').mockImplementation((part) => ((text += String(part)), true));
  Object.defineProperty(process.stdout, 'isTTY', { value: terminal, configurable: true, writable: true });
  return { setTime: (seconds: number) => (now = seconds), text: () => text };
}

describe('Progbar', () => {
  it.each(readFixture<Case>('progbar'))(
    '$name writes what Keras writes',
    ({ options: { target, ...options }, dynamic, start, updates, text }) => {
      const output = capture(dynamic);
      output.setTime(start);
      const bar = new Progbar(target, camelKeys(options));
      for (const { time, current, values, finalize } of updates) {
        output.setTime(time);
        bar.update(current, { values, finalize });
      }
      const written = output.text();
      jest.restoreAllMocks();
      expect(written).toBe(text);
    },
  );

  it('adds steps and takes tensors', () => {
    const output = capture(false);
    const bar = new Progbar(2, { verbose: 2 });
    bar.add(1, { values: [['loss', ops.convertToTensor(3)]] });
    output.setTime(2);
    bar.add(1, { values: [['loss', ops.convertToTensor([1, 2])]] });
    const written = output.text();
    jest.restoreAllMocks();
    expect(written).toBe('2/2 - 2s - 2s/step - loss: 1.5000\n');
  });

  it('refuses what it does not know', () => {
    expect(() => new Progbar(5, { statefulMetrics: [], statelessMetrics: [] })).toThrow('not both');
    expect(() => new Progbar(-1)).toThrow('target must be');
    expect(() => new Progbar(5, { widht: 3 } as ProgbarOptions)).toThrow("unknown option 'widht'; did you mean 'width'?");
  });
});
