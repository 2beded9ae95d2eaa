// Trains a densely connected network on the MNIST digits: 98 % of the test digits are right after 5 epochs.
// EPOCHS and SAMPLES in the environment make a shorter run.
import * as keras from 'keratin';

const { Sequential, layers, ops } = keras;

const batchSize = 128;
const numClasses = 10;
const epochs = Number(process.env.EPOCHS ?? 5);
const samples = Number(process.env.SAMPLES ?? 60_000);

keras.utils.setRandomSeed(1);

// The data, in a set for training and one for testing.
const [[trainImages, trainLabels], [testImages, testLabels]] = await keras.datasets.mnist.loadData();

const xTrain = trainImages.reshape(60_000, 784).astype('float32').divide(255).slice([0, 0], [samples, 784]);
const xTest = testImages.reshape(10_000, 784).astype('float32').divide(255);
console.log(xTrain.shape[0], 'train samples');
console.log(xTest.shape[0], 'test samples');

// Class numbers become rows with a one.
const yTrain = keras.utils.toCategorical(trainLabels.slice([0], [samples]), numClasses);
const yTest = keras.utils.toCategorical(testLabels, numClasses);

const model = new Sequential([
  keras.Input([784]),
  new layers.Dense(512, { activation: 'relu' }),
  new layers.Dense(numClasses, { activation: 'softmax' }),
]);
model.summary();
model.compile({ loss: 'categorical_crossentropy', optimizer: 'adam', metrics: ['accuracy'] });

await model.fit(xTrain, yTrain, { batchSize, epochs });
const [loss, accuracy] = await model.evaluate(xTest, yTest, { batchSize, verbose: 0 });

// Some digits, and what the model takes them for.
const shown = 5;
const probabilities = await model.predict(xTest.slice([0, 0], [shown, 784]), { verbose: 0 });
const predicted = ops.argmax(probabilities, { axis: 1 }).tolist() as number[];
const pictures = testImages.slice([0, 0, 0], [shown, 28, 28]).tolist() as number[][][];

/** A picture in lines of text: two rows of pixels in one line, since characters are twice as high as wide. */
const draw = (picture: number[][]): string[] =>
  Array.from({ length: 14 }, (_, line) =>
    picture[2 * line].slice(4, 24).map((above, x) => ' ░▒▓█'[Math.round(((above + picture[2 * line + 1][x + 4]) / 510) * 4)]).join(''));

console.log();
for (const line of pictures.map(draw).reduce((left, right) => left.map((text, i) => text + right[i]))) console.log(line);
console.log(predicted.map((digit) => `predicted: ${digit}`.padEnd(20)).join(''));

console.log();
console.log('test loss:', loss.toFixed(4));
console.log('test accuracy:', accuracy.toFixed(4));
