// Embedding: numbers that name nothing are an error, however the layer is run.
import { describe, expect, it } from '@jest/globals';
import { Input, Sequential, layers, ops } from 'keratin';

describe.each([-1, 7, -8])('Embedding of 7 things called with %i', (wrong) => {
  const message = new RegExp(`${wrong} is out of range, expected at least 0 and less than 7`);
  const numbers = ops.convertToTensor([[1, wrong]], { dtype: 'int32' });
  const make = (): Sequential => {
    const model = new Sequential([Input([2], { dtype: 'int32' }), new layers.Embedding(7, 3), new layers.Flatten(), new layers.Dense(1)]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    return model;
  };

  it('is an error where it is called, predicts, is evaluated and trains', async () => {
    const model = make();
    const before = model.getWeights().map((w) => w.tolist());
    expect(() => model(numbers)).toThrow(message);
    await expect(model.predict(numbers, { verbose: 0 })).rejects.toThrow(message);
    await expect(model.predictOnBatch(numbers)).rejects.toThrow(message);
    await expect(model.evaluate(numbers, [[1]], { verbose: 0 })).rejects.toThrow(message);
    await expect(model.trainOnBatch(numbers, [[1]])).rejects.toThrow(message);
    await expect(model.fit(numbers, [[1]], { verbose: 0 })).rejects.toThrow(message);
    expect(model.getWeights().map((w) => w.tolist())).toEqual(before);
  });

  it.each(['int8', 'int4'] as const)('is an error quantized to %s', (mode) => {
    const layer = new layers.Embedding(7, 4);
    layer(ops.zeros([1, 2], { dtype: 'int32' }));
    layer.quantize(mode);
    expect(() => layer(numbers)).toThrow(message);
  });
});
