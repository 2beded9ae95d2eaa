// Every recorded object that is called: constraints, regularizers, schedules, initializers of fixed values.
import { describe, it } from '@jest/globals';
import { constraints, initializers, ops, optimizers, regularizers, vjp, type Tensor } from 'keratin';
import { readFixture, type RecordedArray, type Spec } from '../helpers/fixtures.js';
import { argumentOf, expectClose, make, tensorOf } from '../helpers/recorded.js';

interface Case {
  name: string;
  spec: Spec;
  calls: { args: unknown[]; value: RecordedArray }[];
  gradient?: RecordedArray | null;
}
const families: Record<string, object> = { constraints, initializers, optimizers: optimizers.schedules, regularizers };

describe.each(readFixture<Case>('called'))('$name', ({ spec, calls, gradient }) => {
  const made = make<(...args: unknown[]) => Tensor>(families[spec.symbol.split('.')[0]], spec);

  it('has the values of Keras', () => {
    for (const { args, value } of calls) expectClose(ops.convertToTensor(made(...args.map(argumentOf))), value);
  });
  if (gradient)
    it('has the gradient of Keras', () => {
      const [, pullback] = vjp((x: Tensor) => made(x), tensorOf(calls[0].args[0] as RecordedArray));
      expectClose(pullback(ops.convertToTensor(1, { dtype: 'float32' }))[0], gradient);
    });
});
