// Trains a convolutional network of three stages with 32, 64 and 128 filters, and dropout, on CIFAR-10. Without a network it runs on
// made-up images of the same shape, and says so.
// EPOCHS and SAMPLES in the environment make a shorter run.
import * as keras from 'keratin';
import { loadCifar10 } from './data/cifar10.js';

const { Sequential, layers } = keras;

const epochs = Number(process.env.EPOCHS ?? 10);
const samples = Number(process.env.SAMPLES ?? 50_000);

keras.utils.setRandomSeed(1);

const { xTrain, xTest, ...classes } = await loadCifar10(samples);
// Class numbers become rows with a one.
const yTrain = keras.utils.toCategorical(classes.yTrain, 10);
const yTest = keras.utils.toCategorical(classes.yTest, 10);

const model = new Sequential([
  keras.Input([32, 32, 3]),
  ...[32, 64, 128].flatMap((filters) => [
    new layers.Conv2D(filters, [3, 3], { padding: 'same', activation: 'relu' }),
    new layers.MaxPooling2D([2, 2]),
  ]),
  new layers.Flatten(),
  new layers.Dense(128, { activation: 'relu' }),
  new layers.Dropout(0.5),
  new layers.Dense(10, { activation: 'softmax' }),
]);
model.summary();
model.compile({ optimizer: 'adam', loss: 'categorical_crossentropy', metrics: ['accuracy'] });

await model.fit(xTrain, yTrain, { batchSize: 64, epochs, validationData: [xTest, yTest] });
const [loss, accuracy] = await model.evaluate(xTest, yTest, { verbose: 0 });
console.log('test loss:', loss.toFixed(4));
console.log('test accuracy:', accuracy.toFixed(4));
