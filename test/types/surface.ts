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

  // Training.
  const model = new Sequential([keras.Input({ shape: [4] }), dense], { name: 'net' });
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  // @ts-expect-error -- no such optimizer
  model.compile({ optimizer: 'adamm', loss: 'mse' });
  exactly<keras.callbacks.History>()(await model.fit([[1, 2, 3, 4]], [0], { epochs: 2, callbacks: [new callbacks.EarlyStopping({ patience: 2 })] }), true);
  exactly<Record<string, number>>()(await model.evaluate([[1, 2, 3, 4]], [0], { returnDict: true }), true);
  exactly<keras.Tensor>()(await model.predict(new Float32Array(4)), true);
  // @ts-expect-error -- no such option
  await model.fit([[1, 2, 3, 4]], [0], { epohcs: 2 });

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
