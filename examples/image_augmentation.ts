// Few digits made many: a stack of augmentation layers turns, moves, resizes, shears and bends digits, each in its own way, and a small
// network that is trained on 300 of them makes fewer mistakes for it. The digits and what becomes of them are written to a sheet, a PNG
// file: augmented_digits.png, or SHEET in the environment. EPOCHS makes a shorter run. Files of images need the package sharp.
import * as keras from 'keratin';

const { Sequential, layers, ops } = keras;

const epochs = Number(process.env.EPOCHS ?? 40);
const sheet = process.env.SHEET ?? 'augmented_digits.png';
const [samples, tested, columns, enlarged, gap] = [300, 2000, 12, 56, 4];

keras.utils.setRandomSeed(1);

const [[trainImages, trainLabels], [testImages, testLabels]] = await keras.datasets.mnist.loadData();
const digitsOf = (images: keras.Tensor, count: number): keras.Tensor =>
  images.slice([0, 0, 0], [count, 28, 28]).astype('float32').divide(255).expandDims(-1);
const [xTrain, xTest] = [digitsOf(trainImages, samples), digitsOf(testImages, tested)];
const [yTrain, yTest] = [trainLabels.slice([0], [samples]), testLabels.slice([0], [tested])];

// What leaves the picture is black, and nothing is mirrored: a digit stays the digit that it is.
const black = { fillMode: 'constant', fillValue: 0 } as const;
const augment = new Sequential([
  new layers.RandomRotation(0.05, black),
  new layers.RandomTranslation(0.1, 0.1, black),
  new layers.RandomZoom([-0.15, 0.15], { widthFactor: [-0.15, 0.15], ...black }),
  new layers.RandomShear({ xFactor: 0.2, yFactor: 0.1, ...black }),
  new layers.RandomElasticTransform({ factor: 0.7, scale: 0.3, valueRange: [0, 1], ...black }),
  new layers.RandomBrightness(0.1, { valueRange: [0, 1] }),
], { name: 'augment' });

// ---- the sheet ------------------------------------------------------------------------------------------------------

/** In each row a digit from 0 to 9: as it is, in the first column, and as the stack makes it. */
async function writeSheet(): Promise<void> {
  const labels = [...yTrain.data];
  const chosen = ops.take(xTrain, Array.from({ length: 10 }, (_, digit) => labels.indexOf(digit)), { axis: 0 });
  const cells = Array.from({ length: columns }, (_, column) => (column === 0 ? chosen : augment(chosen, { training: true })));
  const inverted = cells.map((digits, column) => {
    const large = ops.image.resize(digits, [enlarged, enlarged], { interpolation: 'bicubic' });
    const paper = column === 0 ? [0.99, 0.93, 0.8] : [1, 1, 1];
    return ops.clip(ops.subtract(1, large), 0, 1).multiply(paper); // dark on light, the originals on yellow paper
  });
  const framed = ops.pad(ops.stack(inverted, { axis: 1 }), [[0, 0], [0, 0], [gap, gap], [gap, gap], [0, 0]], { constantValues: 0.85 });
  const side = enlarged + 2 * gap;
  const image = ops.reshape(ops.transpose(framed, [0, 2, 1, 3, 4]), [10 * side, columns * side, 3]);
  await keras.utils.saveImg(sheet, image.multiply(255), { scale: false });
  console.log(`${sheet}: ${image.shape[1]} × ${image.shape[0]} pixels`);
}
await writeSheet();

// ---- what it is good for --------------------------------------------------------------------------------------------

/** Accuracy on new digits of a network that was trained on a few. */
async function accuracyOf(first: readonly keras.Layer[]): Promise<number> {
  keras.utils.setRandomSeed(1);
  const model = new Sequential([
    keras.Input([28, 28, 1]),
    ...first,
    new layers.Conv2D(16, 3, { activation: 'relu' }),
    new layers.MaxPooling2D(),
    new layers.Conv2D(32, 3, { activation: 'relu' }),
    new layers.MaxPooling2D(),
    new layers.Flatten(),
    new layers.Dropout(0.3),
    new layers.Dense(10, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: new keras.optimizers.Adam(0.002), loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  await model.fit(xTrain, yTrain, { epochs, batchSize: 32, verbose: 0 });
  const [, accuracy] = await model.evaluate(xTest, yTest, { verbose: 0 });
  return accuracy;
}
console.log(`${samples} digits as they are: accuracy ${(await accuracyOf([])).toFixed(4)}`);
console.log(`${samples} digits, augmented: accuracy ${(await accuracyOf([augment])).toFixed(4)}`);
