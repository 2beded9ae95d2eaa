// TimeDistributed: one call for all steps where the layer takes samples apart, masks, unknown times.
import { describe, expect, it, jest } from '@jest/globals';
import { Input, layers, Model, ops, Sequential, type Tensor } from 'keratin';

const values = (x: unknown) => (x as Tensor).tolist();
/** What the layer gives for each step by itself. */
const stepwise = (layer: layers.Layer, x: Tensor, options = {}) =>
  ops.stack(ops.unstack(x, { axis: 1 }).map((step) => layer(step, options)), { axis: 1 });
const x = ops.reshape(ops.arange(24, { dtype: 'float32' }), [2, 4, 3]);

describe('TimeDistributed', () => {
  it('calls the layer once, on all steps', () => {
    const dense = new layers.Dense(2);
    const call = jest.spyOn(dense as unknown as { call(x: Tensor): Tensor }, 'call');
    const y = new layers.TimeDistributed(dense)(x);
    expect(call).toHaveBeenCalledTimes(1);
    expect(values(y)).toEqual(values(stepwise(dense, x)));
  });

  it('folds models of such layers', () => {
    const inner = new Sequential([Input({ shape: [3] }), new layers.Dense(2, { activation: 'relu' }), new layers.BatchNormalization()]);
    const call = jest.spyOn(inner as unknown as { call(x: Tensor): Tensor }, 'call');
    expect(values(new layers.TimeDistributed(inner)(x))).toEqual(values(stepwise(inner, x)));
    expect((call.mock.calls[0][0]).shape).toEqual([8, 3]);
  });

  it('goes step by step where samples of a batch matter to each other', () => {
    const [one, other] = [new layers.BatchNormalization(), new layers.BatchNormalization()];
    expect(values(new layers.TimeDistributed(one)(x, { training: true }))).toEqual(values(stepwise(other, x, { training: true })));
    expect(values(one.movingMean)).toEqual(values(other.movingMean));
    class Centred extends layers.Layer {
      override call(inputs: Tensor) {
        return ops.subtract(inputs, ops.mean(inputs, { axis: 0 }));
      }
    }
    expect(values(new layers.TimeDistributed(new Centred())(x))).toEqual(values(stepwise(new Centred(), x)));
    expect(values(new layers.TimeDistributed(new layers.Softmax({ axis: 0 }))(x))).toEqual(
      values(stepwise(new layers.Softmax({ axis: 0 }), x)),
    );
  });

  it('takes any time', () => {
    const steps = Input({ shape: [null, 3] });
    const model = new Model(steps, new layers.TimeDistributed(new layers.Dense(2))(steps));
    expect(model.outputShape).toEqual([null, null, 2]);
    expect((model(ops.ones([2, 7, 3]))).shape).toEqual([2, 7, 2]);
    expect((model(ops.ones([2, 0, 3]))).shape).toEqual([2, 0, 2]);
  });

  it('passes the mask on, so that padding does not count', async () => {
    const ids = Input({ shape: [4] });
    const embedded = new layers.Embedding(5, 1, { maskZero: true, embeddingsInitializer: 'ones' })(ids);
    const model = new Model(ids, new layers.TimeDistributed(new layers.Dense(1, { kernelInitializer: 'ones' }))(embedded));
    model.compile({ loss: 'mse' });
    // The entries that count are 1, and should be 2; the others would add squares of 9.
    expect(await model.evaluate([[1, 2, 0, 0]], [[[2], [2], [10], [10]]], { verbose: 0 })).toBe(1);
  });

  it('gives the layer its mask', () => {
    const layer = new layers.TimeDistributed(new layers.Softmax());
    const mask = ops.convertToTensor([[[true, false, true], [true, true, true]]]);
    expect(values(layer(ops.zeros([1, 2, 3]), { mask }))).toEqual([[[0.5, 0, 0.5], values(ops.softmax(ops.zeros([3])))]]);
  });
});
