// Trains the small convolutional network of the CIFAR-10 tutorials on photographs of ten kinds of things. Without a network it runs on
// made-up images of the same shape, and says so.
// EPOCHS and SAMPLES in the environment make a shorter run.
import * as keras from 'keratin';
import { loadCifar10 } from './data/cifar10.js';

const { Sequential, layers, losses } = keras;

const epochs = Number(process.env.EPOCHS ?? 10);
const samples = Number(process.env.SAMPLES ?? 50_000);

keras.utils.setRandomSeed(1);

const { xTrain, yTrain, xTest, yTest } = await loadCifar10(samples);

const model = new Sequential([
  keras.Input([32, 32, 3]),
  new layers.Conv2D(32, [3, 3], { activation: 'relu' }),
  new layers.MaxPooling2D([2, 2]),
  new layers.Conv2D(64, [3, 3], { activation: 'relu' }),
  new layers.MaxPooling2D([2, 2]),
  new layers.Conv2D(64, [3, 3], { activation: 'relu' }),
  new layers.Flatten(),
  new layers.Dense(64, { activation: 'relu' }),
  new layers.Dense(10, { activation: 'softmax' }),
]);
model.summary();
// As in the tutorials, the loss is told to expect logits although the last layer has a softmax.
model.compile({ optimizer: 'adam', loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }), metrics: ['accuracy'] });

await model.fit(xTrain, yTrain, { epochs, validationData: [xTest, yTest] });
const [loss, accuracy] = await model.evaluate(xTest, yTest, { verbose: 0 });
console.log('test loss:', loss.toFixed(4));
console.log('test accuracy:', accuracy.toFixed(4));
