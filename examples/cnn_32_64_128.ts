// Trains a convolutional network of three stages with 32, 64 and 128 filters, and dropout, on CIFAR-10. Without a network it runs on made-up images of
// the same shape, and says so.
// EPOCHS and SAMPLES in the environment make a shorter run.
import * as keras from 'keratin';

const { Sequential, layers, ops } = keras;

const epochs = Number(process.env.EPOCHS ?? 10);
const samples = Number(process.env.SAMPLES ?? 50_000);

keras.utils.setRandomSeed(1);

/** The images and labels, or noise whose colour tells the class where there is no network. */
async function loadImages() {
  try {
    return await keras.datasets.cifar10.loadData();
  } catch (error) {
    console.log(`${(error as Error).message}: made-up images take the place of CIFAR-10`);
  }
  const make = (n: number) => {
    const labels = keras.random.randint([n, 1], 0, 10);
    const noise = keras.random.randint([n, 32, 32, 3], 0, 100);
    const colours = keras.random.randint([10, 3], 0, 156, { seed: 1 });
    const images = noise.add(ops.reshape(ops.take(colours, labels, { axis: 0 }), [n, 1, 1, 3]));
    return [images.astype('uint8'), labels.astype('uint8')] as const;
  };
  return [make(samples), make(1000)] as const;
}

const [[trainImages, trainLabels], [testImages, testLabels]] = await loadImages();
const xTrain = trainImages.slice([0, 0, 0, 0], [samples, 32, 32, 3]).astype('float32').divide(255);
const xTest = testImages.astype('float32').divide(255);
// Class numbers become rows with a one.
const yTrain = keras.utils.toCategorical(trainLabels.slice([0, 0], [samples, 1]), 10);
const yTest = keras.utils.toCategorical(testLabels, 10);

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
