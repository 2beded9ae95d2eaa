// A network as a class, trained in a loop of one's own: forward pass, loss, gradients, optimizer.
// STEPS in the environment makes a shorter run.
import * as keras from 'keratin';

const { layers, ops, random } = keras;

const steps = Number(process.env.STEPS ?? 1000);

keras.utils.setRandomSeed(3);

/** 10 inputs, 5 hidden units, 1 output. */
class Net extends keras.Model {
  readonly hidden = new layers.Dense(5, { activation: 'relu' });
  readonly output = new layers.Dense(1);

  override call(x: keras.Tensor): keras.Tensor {
    return this.output(this.hidden(x));
  }
}

const x = random.normal([100, 10], { seed: 1 });
const y = ops.sum(x, { axis: 1, keepdims: true }); // what is to be learned: the sum of the inputs

const model = new Net();
const lossFn = new keras.losses.MeanSquaredError();
const optimizer = new keras.optimizers.Adam(0.01);
model.build([null, 10]);

for (let step = 1; step <= steps; step++) {
  const tape = new keras.GradientTape();
  const loss = tape.record(() => lossFn(y, model(x, { training: true })));
  const gradients = tape.gradient(loss, model.trainableWeights);
  optimizer.apply(gradients, { trainableVariables: model.trainableWeights });
  if (step % 100 === 0 || step === 1) console.log(`step ${step}, loss: ${loss.item().toFixed(4)}`);
}

const prediction = model(ops.ones([1, 10]));
console.log('prediction for ten ones:', prediction.item().toFixed(2));
