// Losses against recordings of Keras, weights, masks, lookups, losses of the user, bad input.
import { describe, expect, it } from '@jest/globals';
import { jit, ops, vjp } from 'keratin';
import * as activations from '#lib/activations/index.js';
import * as losses from '#lib/losses/index.js';
import { getMask } from '#lib/losses/mask.js';
import type { Tensor } from '#lib/core/tensor.js';
import { testFamily } from '../../helpers/families.js';
import { readFixture, type RecordedArray, type Spec } from '../../helpers/fixtures.js';
import { argumentOf, expectClose, expectNumbersClose, make, tensorOf } from '../../helpers/recorded.js';

testFamily('keras.losses', losses, losses.Loss);

interface Case {
  name: string;
  spec: Spec;
  y_true: RecordedArray;
  y_pred: RecordedArray;
  sample_weight: RecordedArray | number | null;
  value: RecordedArray;
  gradient: RecordedArray;
}
const mse = () => new losses.MeanSquaredError();

describe.each(readFixture<Case>('losses'))('$name', ({ spec, y_true, y_pred, sample_weight, value, gradient }) => {
  const loss = make<losses.Loss>(losses, spec);
  const yTrue = tensorOf(y_true);
  const call = (yPred: Tensor) => loss(yTrue, yPred, { sampleWeight: argumentOf(sample_weight) as Tensor });

  it('has the value of Keras', () => expectClose(call(tensorOf(y_pred)), value));
  it('has the gradient of Keras', () => {
    const [y, pullback] = vjp(call, tensorOf(y_pred));
    expectClose(pullback(ops.ones(y.shape))[0], gradient);
  });
});

describe('losses', () => {
  it('computes the same when compiled', () => {
    const loss = new losses.SparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: 2 });
    const run = (yTrue: Tensor, yPred: Tensor) => loss(yTrue, yPred, { sampleWeight: [1, 2, 3] });
    const args = [ops.convertToTensor([0, 2, 1]), ops.convertToTensor([[1, 2, 0.5], [1, 1, 1], [0.5, 0.25, 0]])] as const;
    expect(jit(run)(...args).item()).toBe(run(...args).item());
  });
  it('computes from the logits of a softmax', () => {
    const logits = ops.convertToTensor([[200, 0], [0, 0.5]]);
    const loss = new losses.CategoricalCrossentropy({ reduction: 'none' });
    expect(loss([[0, 1], [1, 0]], activations.softmax(logits)).tolist()[0 as never]).toBe(200);
    expectNumbersClose(
      loss(
        [
          [0, 1],
          [1, 0],
        ],
        ops.softmax(logits),
      ).tolist() as number[],
      [-Math.log(1e-7), Math.log(1 + Math.exp(0.5))],
      { relative: 1e-4, absolute: 0 },
    );
  });
  it('computes in its dtype', () => {
    expect(new losses.MeanAbsoluteError({ dtype: 'float16' })([1], [2]).dtype).toBe('float16');
    expect(new losses.MeanAbsoluteError({ dtype: 'mixed_bfloat16' })([1], [2]).dtype).toBe('bfloat16');
    expect(losses.meanSquaredError([1, 2], ops.convertToTensor([1, 4], { dtype: 'float64' })).dtype).toBe('float64');
  });
  it('leaves masked samples out of the mean', () => {
    const loss = new losses.SparseCategoricalCrossentropy({ ignoreClass: -1 });
    const half = [0.5, 0.5];
    expect(loss([0, -1, 1], [half, half, half]).item()).toBeCloseTo(Math.LN2, 6);
    expect(getMask(losses.sparseCategoricalCrossentropy([0, -1], [half, half], { ignoreClass: -1 }))!.tolist()).toEqual([true, false]);
  });
  it('matches ranks that differ by an axis of size 1', () => {
    expect(mse()([1, 2], [[1], [4]]).item()).toBe(2);
    expect(mse()([[1], [2]], [1, 4]).item()).toBe(2);
    expect(mse()([[1, 2], [3, 4]], [[2, 2], [3, 4]], { sampleWeight: [[2], [0]] }).item()).toBe(0.5);
  });
  it('gives zero where there is nothing to divide by', () => {
    expect(new losses.MeanSquaredError({ reduction: 'mean_with_sample_weight' })([1, 2], [2, 3], { sampleWeight: [0, 0] }).item()).toBe(0);
  });
  it('rejects bad input', () => {
    expect(() => mse()([1, 2, 3], [1, 2])).toThrow('do not broadcast');
    expect(() => mse()([1], [1], { sampleWeigth: [1] } as object)).toThrow(
      "mean_squared_error: unknown option 'sampleWeigth'; did you mean 'sampleWeight'?",
    );
    expect(() => new losses.MeanSquaredError({ reduction: 'avg' as never })).toThrow(
      "MeanSquaredError: reduction must be one of 'sum_over_batch_size'",
    );
    expect(() => losses.sparseCategoricalCrossentropy([0, 2], [[0.5, 0.5], [0.5, 0.5]])).toThrow();
    expect(() => losses.categoricalGeneralizedCrossEntropy([0], [[1]], 1)).toThrow('q must be a number > 0 and < 1, received 1');
    expect(() => losses.huber([1], [1], { dleta: 1 } as object)).toThrow("huber: unknown option 'dleta'; did you mean 'delta'?");
  });
});

describe('losses of the user', () => {
  class Cubic extends losses.Loss {
    override call(yTrue: Tensor, yPred: Tensor): Tensor {
      return ops.mean(ops.power(ops.absolute(ops.subtract(yTrue, yPred)), 3), { axis: -1 });
    }
  }
  it('may be classes', () => {
    expect(new Cubic({ reduction: 'sum' })([[1], [2]], [[3], [2]]).item()).toBe(8);
    expect(new Cubic({ name: 'mine' }).getConfig()).toEqual({ name: 'mine', reduction: 'sum_over_batch_size' });
    expect(losses.deserialize(losses.serialize(new Cubic()), { customObjects: { Cubic } })).toBeInstanceOf(Cubic);
    expect(() => new losses.Loss()([1], [1])).toThrow('Loss: a loss must have a method call(yTrue, yPred)');
  });
  it('may be functions, with options', () => {
    const scaled = (yTrue: Tensor, yPred: Tensor, { factor = 1 } = {}) => ops.multiply(ops.subtract(yPred, yTrue), factor);
    const loss = new losses.LossFunctionWrapper(scaled, { name: 'scaled', factor: 3 });
    expect(loss([1, 1], [2, 4]).item()).toBe(6);
    expect(losses.get(scaled)).toBe(scaled);
    expect(loss.getConfig()).toEqual({
      name: 'scaled',
      reduction: 'sum_over_batch_size',
      fn: { module: 'builtins', class_name: 'function', config: 'scaled', registered_name: 'function' },
      factor: 3,
    });
  });
  it('are made again from configs of functions of Keras', () => {
    const loss = new losses.LossFunctionWrapper(losses.huber, { name: 'h', delta: 2 });
    expect(losses.LossFunctionWrapper.fromConfig(loss.getConfig()).fn).toBe(losses.huber);
  });
  it('may take structures of tensors', () => {
    const both = (yTrue: Tensor[], yPred: Tensor[]) =>
      ops.add(ops.sum(ops.subtract(yTrue[0], yPred[0])), ops.sum(ops.subtract(yTrue[1], yPred[1])));
    const [a, b] = [ops.convertToTensor([3, 4]), ops.convertToTensor([[1], [1]])];
    expect(new losses.LossFunctionWrapper(both)([a, b], [b, a]).item()).toBe(0);
  });
});

describe('losses.get', () => {
  it('finds functions in snake_case, and classes', () => {
    expect(losses.get('mse')).toBe(losses.meanSquaredError);
    expect(losses.get('kl_divergence')).toBe(losses.klDivergence);
    expect(losses.get('KLDivergence')).toBeInstanceOf(losses.KLDivergence);
    const huber = losses.get({ module: 'keras.losses', class_name: 'Huber', config: { delta: 3 }, registered_name: null }) as losses.Huber;
    expect([huber.name, huber.config.delta]).toEqual(['huber_loss', 3]);
    expect(losses.get(null)).toBeNull();
  });
  it('names the nearest loss', () => {
    expect(() => losses.get('categorical_crosentropy')).toThrow(
      new TypeError("unknown loss 'categorical_crosentropy'; did you mean 'categorical_crossentropy'?"),
    );
  });
});
