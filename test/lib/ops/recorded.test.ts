// Every recorded call of a function: the files ops_* and functions_* of test/fixtures/recorded.
import { describe, expect, it } from '@jest/globals';
import * as keras from 'keratin';
import { jit, vjp, type Tensor } from 'keratin';
import { Tensor as AnyTensor } from '#lib/core/tensor.js';
import { flatten } from '#lib/base/tree.js';
import { fixtureNames, readFixture, type RecordedArray } from '../../helpers/fixtures.js';
import { argumentOf, callRecorded, expectClose, expectResult, tensorOf } from '../../helpers/recorded.js';

interface FunctionCase {
  name: string;
  symbol: string;
  args: unknown[];
  options: Record<string, unknown>;
  outputs: unknown[];
  differentiate?: number[];
  cotangents: RecordedArray[];
  gradients: (RecordedArray | null)[];
}

const tensorsOf = (result: unknown): Tensor[] => flatten(result).leaves.filter((leaf) => leaf instanceof AnyTensor);

describe.each([...fixtureNames('ops_'), ...fixtureNames('functions_')])('%s', (fixture) => {
  describe.each(readFixture<FunctionCase>(fixture).map((recorded) => [recorded.name, recorded] as const))('%s', (_, recorded) => {
    const { symbol, options, outputs, differentiate = [] } = recorded;
    const args = recorded.args.map(argumentOf);
    const call = (...values: unknown[]) => callRecorded(keras, symbol, values, options);

    it('gives the values of Keras', () => {
      const results = flatten(call(...args)).leaves;
      expect(results.length).toBe(outputs.length);
      results.forEach((result, i) => expectResult(result, outputs[i]));
    });

    if (differentiate.length === 0) return;
    it('has the gradients of Keras, compiled too', () => {
      const inputs = differentiate.map((i) => args[i] as Tensor);
      const gradientsOf = (...xs: Tensor[]) => {
        const fn = (...watched: Tensor[]) =>
          tensorsOf(call(...args.map((arg, i) => (differentiate.includes(i) ? watched[differentiate.indexOf(i)] : arg)))).filter((y) =>
            y.dtype.startsWith('float'),
          );
        const [, pullback] = vjp(fn, ...xs);
        return pullback(recorded.cotangents.map(tensorOf)) as readonly Tensor[];
      };
      for (const run of [gradientsOf, jit(gradientsOf)]) {
        const gradients = [run(...inputs)].flat();
        recorded.gradients.forEach((expected, i) => {
          if (expected !== null) expectClose(gradients[i], expected, { relative: 1e-4, absolute: 1e-5 });
        });
      }
    });
  });
});
