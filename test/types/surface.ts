// What users' compilers see. This file is compiled, not run: a line marked as an error must be one, every other must not.
import * as keras from 'keratin';

const { callbacks, layers, losses, ops, optimizers, Sequential } = keras;

/** Accepts only a value of exactly this type. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const exactly = <A>() => <B>(_value: B, _same: Equal<A, B>): void => undefined;

export async function surface(): Promise<void> {
  // Constructors: required options by position, the others in one object with known names and values.
  const dense = new layers.Dense(3, { activation: 'relu', kernelRegularizer: 'l2' });
  exactly<number>()(dense.config.units, true);
  // @ts-expect-error -- no such option
  new layers.Dense(3, { activaton: 'relu' });
  // @ts-expect-error -- no such activation
  new layers.Dense(3, { activation: 'rleu' });
  // @ts-expect-error -- units is a number
  new layers.Dense('3');
  // @ts-expect-error -- units is required
  new layers.Dense();
  new optimizers.Adam(0.01);
  new optimizers.Adam({ learningRate: 0.01, beta1: 0.8 });
  new optimizers.Adam(0.01, { clipnorm: 1 });
  // @ts-expect-error -- a number
  new optimizers.Adam(0.01, { clipnorm: '1' });

  // Required options by their names, alone or after some by position.
  new layers.Dense({ units: 10, activation: 'relu' });
  new layers.Conv2D(32, { kernelSize: 3 });
  new layers.Conv2D({ filters: 32, kernelSize: [3, 3], padding: 'same' });
  new layers.MultiHeadAttention({ numHeads: 2, keyDim: 16 });
  new layers.Embedding({ inputDim: 10, outputDim: 4 });
  new layers.ReversibleEmbedding(10, { outputDim: 4 });
  new layers.Reshape({ targetShape: [2, 3] });
  new layers.MaxPooling2D({ poolSize: 2 });
  new layers.SpectralNormalization({ layer: dense, powerIterations: 2 });
  new optimizers.schedules.CosineDecay({ initialLearningRate: 0.1, decaySteps: 10 });
  new keras.callbacks.LearningRateScheduler({ schedule: (epoch: number) => 1 / epoch });
  // @ts-expect-error -- kernelSize is missing
  new layers.Conv2D({ filters: 32 });
  // @ts-expect-error -- units is misspelled
  new layers.Dense({ unts: 10 });

  // Options are attributes.
  exactly<number>()(dense.units, true);
  exactly<keras.Tensor>()(dense.activation(ops.ones([2])), true);
  dense.activation = null;
  dense.activation = 'relu';
  exactly<readonly number[]>()(new layers.Conv2D(3, 3).kernelSize, true);
  const dropout = new layers.Dropout(0.5);
  dropout.rate = 0.2;
  // @ts-expect-error -- a number
  dropout.rate = '0.2';
  exactly<number>()(new optimizers.Adam().beta1, true);
  exactly<number | null>()(new optimizers.SGD().clipnorm, true);
  exactly<boolean>()(new losses.BinaryCrossentropy().fromLogits, true);
  exactly<number>()(new callbacks.EarlyStopping().patience, true);
  exactly<number>()(new keras.regularizers.L2().l2, true);

  // Calls: tensors give tensors, symbols give symbols.
  exactly<keras.Tensor>()(dense(ops.ones([2, 4])), true);
  exactly<keras.KerasTensor>()(dense(keras.Input({ shape: [4] })), true);
  exactly<keras.Tensor>()(new losses.MeanSquaredError()([[1]], [[2]]), true);
  exactly<keras.Tensor>()(ops.sum([1, 2], { axis: 0, keepdims: true }), true);
  exactly<keras.Tensor>()(ops.ones([2]).add(1).multiply([1, 2]), true);
  // @ts-expect-error -- no such option
  ops.sum([1, 2], { axes: 0 });

  const [one, other] = [keras.Input([3]), keras.Input([3])];
  exactly<keras.KerasTensor>()(new layers.Concatenate()([one, other]), true);
  exactly<keras.Tensor>()(new layers.Add()([ops.ones([2]), ops.ones([2])]), true);
  const attention = new layers.MultiHeadAttention(2, 4);
  exactly<keras.KerasTensor>()(attention(keras.Input([3, 4]), keras.Input([3, 4]), { useCausalMask: true }), true);
  exactly<[keras.Tensor, keras.Tensor]>()(attention(ops.ones([1, 3, 4]), ops.ones([1, 3, 4]), { returnAttentionScores: true }), true);

  // Required arguments by their names.
  const auc = new keras.metrics.AUC();
  auc.updateState([0, 1], [0.2, 0.8], { sampleWeight: [1, 2] });
  auc.updateState({ yTrue: [0, 1], yPred: [0.2, 0.8], sampleWeight: [1, 2] });
  exactly<keras.Tensor>()(auc({ yTrue: [0, 1], yPred: [0.2, 0.8] }), true);
  new keras.metrics.Mean().updateState({ values: [1, 2], sampleWeight: 1 });
  exactly<keras.Tensor>()(new losses.MeanSquaredError()({ yTrue: [[1]], yPred: [[2]], sampleWeight: [1] }), true);
  exactly<keras.Tensor>()(new keras.regularizers.L2()({ x: [1, 2] }), true);
  exactly<keras.Tensor>()(new keras.regularizers.OrthogonalRegularizer()({ inputs: [[1, 2]] }), true);
  exactly<keras.Tensor>()(dense({ inputs: ops.ones([2, 4]), training: true }), true);
  exactly<keras.KerasTensor>()(dense({ inputs: keras.Input([4]) }), true);
  // @ts-expect-error -- yPred is misspelled
  auc.updateState({ yTrue: [0, 1], yPerd: [0.2, 0.8] });
  // @ts-expect-error -- no such option
  auc.updateState({ yTrue: [0, 1], yPred: [0.2, 0.8], sampleWeigt: [1, 2] });
  // @ts-expect-error -- no such option
  auc([0, 1], [0.2, 0.8], { sampleWeigt: [1, 2] });
  // @ts-expect-error -- yPred is missing
  auc([0, 1]);
  // @ts-expect-error -- it is named values
  new keras.metrics.Mean().updateState({ yTrue: [1, 2] });
  // @ts-expect-error -- yTrue is misspelled
  new losses.MeanSquaredError()({ ytrue: [[1]], yPred: [[2]] });
  // Metrics of one's own have the arguments that they declare.
  class Largest extends keras.metrics.Metric {
    override updateState(x: keras.Tensor, weight: number): void {
      ops.multiply(x, weight);
    }
  }
  exactly<keras.Tensor>()(new Largest()(ops.ones([2]), 1), true);
  // @ts-expect-error -- the weight is missing
  new Largest()(ops.ones([2]));
  class Signs extends keras.metrics.MeanSquaredError {
    override updateState(yTrue: keras.Tensor, yPred: keras.Tensor): void {
      super.updateState(ops.sign(yTrue), ops.sign(yPred));
    }
  }
  const several: keras.metrics.Metric[] = [auc, new Largest(), new Signs(), new keras.metrics.F1Score()];
  several[0].updateState([0], [1]);

  // Weights by position.
  auc.updateState([0, 1], [0.2, 0.8], [1, 2]);
  new keras.metrics.Mean()([1, 2], [1, 0]);
  exactly<keras.Tensor>()(new losses.MeanSquaredError()([[1]], [[2]], [1]), true);

  // Tensors are sequences of the entries of their first axis.
  const [first, ...rows] = ops.ones([3, 2]);
  exactly<keras.Tensor>()(first, true);
  exactly<keras.Tensor[]>()(rows, true);
  exactly<number>()(first.length, true);
  exactly<keras.Tensor>()(first.flatten(), true);
  exactly<number>()(ops.shape(first)[0], true);
  new keras.Variable('zeros', { shape: [2] });
  // @ts-expect-error -- no such initializer
  new keras.Variable('zeroes', { shape: [2] });

  // Training.
  const model = new Sequential([keras.Input({ shape: [4] }), dense], { name: 'net' });
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  // @ts-expect-error -- no such optimizer
  model.compile({ optimizer: 'adamm', loss: 'mse' });
  exactly<keras.callbacks.History>()(
    await model.fit([[1, 2, 3, 4]], [0], { epochs: 2, callbacks: [new callbacks.EarlyStopping({ patience: 2 })] }),
    true,
  );
  exactly<Record<string, number>>()(await model.evaluate([[1, 2, 3, 4]], [0], { returnDict: true }), true);
  exactly<keras.Tensor>()(await model.predict(new Float32Array(4)), true);
  // @ts-expect-error -- no such option
  await model.fit([[1, 2, 3, 4]], [0], { epohcs: 2 });
  // @ts-expect-error -- arrays need targets before the options
  await model.fit(ops.ones([1, 4]), { epochs: 2 });
  // @ts-expect-error -- no targets
  await model.fit([[1, 2, 3, 4]], [0], { validationData: [ops.ones([1, 4])] });

  // Several outputs: of functional models by their symbols, of other models by what they say.
  const [mean, variance] = [new layers.Dense(2)(one), new layers.Dense(2)(one)];
  const encoder = new keras.Model(one, [mean, variance], { name: 'encoder' });
  const [m, v] = encoder(ops.ones([1, 3]));
  exactly<keras.Tensor>()(m, true);
  exactly<keras.KerasTensor>()(encoder(one)[1], true);
  exactly<[keras.Tensor, keras.Tensor]>()(await encoder.predict(ops.ones([1, 3])), true);
  exactly<{ a: keras.Tensor }>()(await new keras.Model(one, { a: mean }).predict(ops.ones([1, 3])), true);
  exactly<keras.Tensor>()(await new keras.Model(one, mean).predict(ops.ones([1, 3])), true);
  exactly<keras.Tensor>()(await new keras.Model({ inputs: one, outputs: mean }).predictOnBatch([[1, 2, 3]]), true);
  class Pair extends keras.Model<[keras.Tensor, keras.Tensor]> {
    override call(x: keras.Tensor, { training }: { training?: boolean } = {}): [keras.Tensor, keras.Tensor] {
      return [x, training === true ? x.exp() : v];
    }
    override trainStep(data: [keras.Tensor, keras.Tensor]): { loss: keras.Tensor } {
      const [x, y] = data;
      return { loss: ops.mean(ops.subtract(x, y)) };
    }
  }
  const pair = new Pair();
  exactly<[keras.Tensor, keras.Tensor]>()(pair(ops.ones([1, 3]), { training: true }), true);
  exactly<[keras.Tensor, keras.Tensor]>()(await pair.predict(ops.ones([1, 3])), true);
  exactly<keras.Tensor[]>()(pair.statelessCall([], [], ops.ones([1, 3]))[1], true);
  const anyModels: keras.Model[] = [encoder, pair, model];
  const anyLayers: keras.layers.Layer[] = [encoder, pair, model, attention, dense];
  exactly<keras.Tensor>()(anyLayers[0](m), true);
  exactly<keras.Tensor>()(await anyModels[0].predict(m), true);
  // @ts-expect-error -- no such option
  model(m, { trainnig: true });
  // @ts-expect-error -- no such option
  encoder(m, { trainnig: true });
  // @ts-expect-error -- no such option
  new (class extends keras.Model {})()(m, { trainnig: true });
  // @ts-expect-error -- no output
  new keras.Model(one, 5);

  const [left] = keras.utils.splitDataset([ops.ones([4]), [[1], [2], [3], [4]]], { leftSize: 0.5 });
  for (const sample of left) exactly<[keras.Tensor, keras.Tensor]>()(sample, true);
  const [named] = keras.utils.splitDataset({ a: new Float32Array(4) }, { leftSize: 0.5 });
  for (const sample of named.batch(2)) exactly<{ a: keras.Tensor }>()(sample, true);

  // Differentiation keeps the structure of its sources.
  const tape = new keras.GradientTape();
  const w = new keras.Variable([1, 2], { dtype: 'float32' });
  const loss = tape.record(() => ops.sum(ops.square(w)));
  exactly<keras.Tensor | null>()(tape.gradient(loss, w), true);
  const { a } = tape.gradient(loss, { a: w });
  exactly<keras.Tensor | null>()(a, true);
  exactly<keras.Tensor>()(keras.jit((x: keras.Tensor) => x.exp())(ops.ones([2])), true);
}
