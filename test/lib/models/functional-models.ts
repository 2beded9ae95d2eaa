// The functional models of test/fixtures/recorder/functional_cases.py, built with Keratin.
import * as keras from 'keratin';

const { Input, layers, Model, ops } = keras;
type Symbol = keras.KerasTensor;

function several(): keras.Model {
  const a = Input([4]);
  const b = Input([4], { name: 'second' });
  const shared = new layers.Dense(5, { activation: 'relu', name: 'shared' });
  const [x, y] = [shared(a), shared(b)];
  const z = layers.add([x, y]);
  const outputs = [
    new layers.Dense(1, { name: 'value' })(z),
    new layers.Dense(1, { activation: 'sigmoid', name: 'flag' })(x.multiply(y)),
    new layers.Dense(3, { activation: 'softmax', name: 'kind' })(z.subtract(ops.multiply(0.5, x))),
  ];
  return new Model([a, b], outputs);
}

function objects(): keras.Model {
  const inputs = { wide: Input([5], { name: 'wide' }), deep: Input([3], { name: 'deep' }) };
  const hidden = new layers.Dense(4, { activation: 'tanh' })(inputs.deep);
  const x = layers.concatenate([hidden, inputs.wide]);
  return new Model(
    inputs,
    { score: new layers.Dense(1, { name: 's' })(x), class: new layers.Dense(2, { activation: 'softmax', name: 'c' })(x) },
    { name: 'wide_deep' },
  );
}

function nestedStructures(): keras.Model {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => Input([3], { name })) as [Symbol, Symbol, Symbol];
  const x = layers.average([a, b, c]);
  const pair = [new layers.Dense(1, { name: 'left' })(x), new layers.Dense(2, { name: 'right' })(x)];
  return new Model([a, { second: b, third: [c] }], { pair, single: new layers.Dense(1, { name: 'only' })(x) });
}

function nestedModels(): keras.Model {
  const tower = new keras.Sequential([Input([4]), new layers.Dense(3, { activation: 'relu' }), new layers.Dense(2)], { name: 'tower' });
  const i = Input([2]);
  const block = new Model(i, new layers.Dense(2, { activation: 'tanh' })(i).add(i), { name: 'block' });
  const [a, b] = [Input([4]), Input([4])];
  let x = new layers.Subtract()([tower(a), tower(b)]);
  x = block(block(x), { training: false });
  return new Model([a, b], new layers.Dense(1)(new layers.Multiply()([x, x])));
}

function graphOfOps(): keras.Model {
  const x = Input([4, 3]);
  const c = x.subtract(ops.mean(x, { axis: 1, keepdims: true }));
  const s = ops.softmax(ops.trueDivide(ops.matmul(ops.transpose(c, [0, 2, 1]), c), 2), { axis: -1 });
  const parts = ops.split(s, 3, { axis: 1 });
  const all = {};
  const first = ops.getItem(parts[0], [all, 0]);
  const second = ops.add(ops.square(ops.getItem(parts[1], [all, 0, { step: 2 }])), 1e-3);
  let y = ops.concatenate([first, ops.sqrt(second), ops.max(c, { axis: 1 })], { axis: -1 });
  y = ops.where(ops.greater(y, 0.1), y, ops.negative(y));
  let z = ops.stack([ops.sum(y, { axis: -1 }), ops.clip(ops.min(y, { axis: 1 }), -1, 1)], { axis: 1 });
  z = ops.expandDims(z, 1);
  z = ops.squeeze(z, { axis: 1 });
  const w = new layers.Dense(2)(ops.reshape(x, [-1, 12]));
  return new Model(x, new layers.Dense(1)(ops.add(ops.power(ops.relu(w), 2), z)));
}

function masks(): keras.Model {
  const [a, b] = [Input([4, 3]), Input([4, 3])];
  const masked = [new layers.Masking()(a), new layers.Masking({ maskValue: -1 })(b)] as const;
  const x = new layers.Dense(3)(masked[0]);
  const y = new layers.Activation('tanh')(masked[1]);
  const z = new layers.Concatenate()([new layers.Maximum()([x, y]), new layers.Multiply()([x, y])]);
  return new Model([a, b], new layers.Dense(2, { name: 'out' })(new layers.Dropout(0)(z)));
}

function middle(): keras.Model {
  const i = Input([4], { name: 'first' });
  const x = new layers.Dense(3, { activation: 'relu', name: 'features' })(i);
  const whole = new Model(i, new layers.Dense(2, { name: 'head' })(x));
  return new Model(whole.input, [whole.getLayer('features').output, whole.output], { name: 'taps' });
}

function plain(): keras.Model {
  const i = Input([4]);
  return new Model(i, new layers.Dense(1, { name: 'out' })(new layers.Dense(3, { activation: 'relu' })(i)));
}

/** Builders by the names of the recorded cases. */
export const builders: Readonly<Record<string, () => keras.Model>> = {
  several,
  several_by_name: several,
  several_sample_weights: several,
  several_one_loss: several,
  several_some: several,
  objects,
  objects_some: objects,
  nested_structures: nestedStructures,
  nested_models: nestedModels,
  graph_of_ops: graphOfOps,
  masks,
  middle,
  two_losses: plain,
};
