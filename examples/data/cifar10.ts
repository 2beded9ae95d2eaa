// The images of the examples on CIFAR-10.
import * as keras from 'keratin';

const { ops, random } = keras;

/** Images `(n, 32, 32, 3)` of uint8 and labels `(n, 1)`: noise whose colour tells the class. */
function makeUp(n: number): [images: keras.Tensor, labels: keras.Tensor] {
  const labels = random.randint([n, 1], 0, 10);
  const noise = random.randint([n, 32, 32, 3], 0, 100);
  const colours = random.randint([10, 3], 0, 156, { seed: 1 });
  const images = noise.add(ops.reshape(ops.take(colours, labels, { axis: 0 }), [n, 1, 1, 3]));
  return [images.astype('uint8'), labels.astype('uint8')];
}

/** The photographs and labels of CIFAR-10, or, where there is no network, made-up ones, which it says. */
async function loadImages(samples: number) {
  try {
    return await keras.datasets.cifar10.loadData();
  } catch (error) {
    console.log(`${(error as Error).message}: made-up images take the place of CIFAR-10`);
    return [makeUp(samples), makeUp(1000)] as const;
  }
}

/** Images in 0 … 1 and class numbers, for training (the first `samples`) and for testing. */
export async function loadCifar10(samples: number) {
  const [[trainImages, trainLabels], [testImages, testLabels]] = await loadImages(samples);
  return {
    xTrain: trainImages.slice([0, 0, 0, 0], [samples, 32, 32, 3]).astype('float32').divide(255),
    yTrain: trainLabels.slice([0, 0], [samples, 1]),
    xTest: testImages.astype('float32').divide(255),
    yTest: testLabels,
  };
}
