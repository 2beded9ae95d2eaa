// Elementwise functions at the ends of each dtype against what NumPy computes: zeros with their signs,
// infinities, NaN, denormal numbers (which may count as zeros).
import { describe, expect, it } from '@jest/globals';
import * as keras from 'keratin';
import { ops, type Tensor } from 'keratin';
import { readFixture, type RecordedArray } from '../../helpers/fixtures.js';
import { callRecorded, tensorOf } from '../../helpers/recorded.js';

interface Case {
  name: string;
  symbol: string;
  args: RecordedArray[];
  value: RecordedArray;
  flushed?: RecordedArray;
}
/** How far results may be apart, relative to the number: some units in the last place of each dtype. */
const RELATIVE: Partial<Record<string, number>> = { float16: 2 ** -10, bfloat16: 2 ** -7, float32: 1e-6, float64: 1e-14 };

const numbers = (x: Tensor): number[] => Array.from((x.dtype.endsWith('float16') ? ops.cast(x, 'float32') : x).data, Number);

/** Of two zeros they give either. */
const ANY_ZERO = ['ops.fmax', 'ops.fmin', 'ops.maximum', 'ops.minimum', 'ops.sign'];

describe.each(readFixture<Case>('extremes'))('$name', ({ symbol, args, value, flushed }) => {
  it('is that of NumPy', () => {
    const actual = callRecorded(keras, symbol, args.map(tensorOf), {}) as Tensor;
    const relative = RELATIVE[value.dtype] ?? 0;
    const expected = Array.from(value.data, Number);
    const withoutDenormals = Array.from((flushed ?? value).data, Number);
    const operands = args.map(({ data }) => Array.from(data, Number));
    const far = numbers(actual).flatMap((a, i) => {
      const isClose = (e: number) =>
        Object.is(a, e) || (e === 0 ? a === 0 && ANY_ZERO.includes(symbol) : Math.abs(a - e) <= relative * Math.abs(e));
      const e = expected[i];
      return isClose(e) || isClose(withoutDenormals[i]) ? [] : [{ args: operands.map((operand) => operand[i]), actual: a, expected: e }];
    });
    expect({ dtype: actual.dtype, far }).toEqual({ dtype: value.dtype, far: [] });
  });
});
