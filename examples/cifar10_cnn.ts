// Trains the small convolutional network of the CIFAR-10 tutorials on photographs of ten kinds of things. Without a network it runs on made-up images
// of the same shape, and says so.
// EPOCHS and SAMPLES in the environment make a shorter run.
import * as keras from 'keratin';

const { Sequential, layers, losses, ops } = keras;

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
const [yTrain, yTest] = [trainLabels.slice([0, 0], [samples, 1]), testLabels];

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
