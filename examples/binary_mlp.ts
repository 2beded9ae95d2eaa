// A first network: 8 measurements of a person predict whether an illness begins, as in tutorials with the Pima Indians data. The
// data here are made up, of the same size and kind. EPOCHS in the environment makes a shorter run.
import * as keras from 'keratin';

const { Sequential, layers, ops, random } = keras;

const epochs = Number(process.env.EPOCHS ?? 150);

keras.utils.setRandomSeed(7);

// 768 people: pregnancies, glucose, blood pressure, skin fold, insulin, body mass index, family history, age.
const means = [4, 120, 70, 20, 80, 32, 0.5, 33];
const deviations = [3, 32, 19, 16, 115, 8, 0.33, 12];
const influences = [0.4, 1.1, -0.2, 0, -0.1, 0.7, 0.3, 0.2];
const standard = random.normal([768, 8], { seed: 1 });
const x = standard.multiply(deviations).add(means);
const logits = ops.matmul(standard, influences).subtract(0.8);
const y = ops.less(random.uniform([768], { seed: 2 }), ops.sigmoid(logits)).astype('float32');

const model = new Sequential([
  keras.Input([8]),
  new layers.Dense(10, { activation: 'relu' }),
  new layers.Dense(1, { activation: 'sigmoid' }),
]);
model.compile({ loss: 'binary_crossentropy', optimizer: 'adam', metrics: ['accuracy'] });

const history = await model.fit(x, y, { epochs, batchSize: 10, verbose: 0 });
console.log('loss of the first and the last epoch:', history.history.loss[0].toFixed(4), history.history.loss.at(-1)!.toFixed(4));

const [, accuracy] = await model.evaluate(x, y, { verbose: 0 });
console.log(`accuracy: ${(accuracy * 100).toFixed(2)} %`);
