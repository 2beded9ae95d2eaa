// Augmentation layers as users have them: each image its own draw, seeds, models, `fit`, files, objects of data, errors.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Input, jit, type KerasTensor, layers, Model, ops, random, saving, Sequential, type Tensor } from 'keratin';

const images = random.uniform([16, 8, 9, 3], { seed: 5, maxval: 255 });
const shares = ops.divide(images, 255);
/** Layers that draw something for each image, and images that suit them. */
const EACH: [string, () => layers.Layer, Tensor][] = [
  ['RandomBrightness', () => new layers.RandomBrightness(0.5, { seed: 1 }), images],
  ['RandomColorDegeneration', () => new layers.RandomColorDegeneration([0, 1], { seed: 1 }), images],
  ['RandomContrast', () => new layers.RandomContrast(0.5, { seed: 1 }), images],
  ['RandomErasing', () => new layers.RandomErasing({ seed: 1, fillValue: 0 }), images],
  ['RandomFlip', () => new layers.RandomFlip({ seed: 1 }), images],
  ['RandomGrayscale', () => new layers.RandomGrayscale({ seed: 1 }), images],
  ['RandomHue', () => new layers.RandomHue(0.5, { seed: 1 }), images],
  ['RandomInvert', () => new layers.RandomInvert({ seed: 1 }), images],
  ['RandomPerspective', () => new layers.RandomPerspective({ scale: 0.5, seed: 1 }), images],
  ['RandomPosterization', () => new layers.RandomPosterization([1, 6], { seed: 1 }), images],
  ['RandomRotation', () => new layers.RandomRotation(0.3, { seed: 1 }), images],
  ['RandomSaturation', () => new layers.RandomSaturation([0.1, 0.9], { valueRange: [0, 1], seed: 1 }), shares],
  ['RandomSharpness', () => new layers.RandomSharpness(1, { seed: 1 }), images],
  ['RandomShear', () => new layers.RandomShear({ xFactor: 0.5, yFactor: 0.5, seed: 1 }), images],
  ['RandomTranslation', () => new layers.RandomTranslation(0.4, 0.4, { seed: 1 }), images],
  ['RandomZoom', () => new layers.RandomZoom(0.4, { widthFactor: 0.4, seed: 1 }), images],
  ['Solarization', () => new layers.Solarization({ thresholdFactor: 1, seed: 1 }), images],
  ['MixUp', () => new layers.MixUp({ alpha: 0.5, seed: 1 }), images],
  ['CutMix', () => new layers.CutMix({ seed: 1 }), images],
];
/** Layers that draw for the whole batch. */
const ALL: [string, () => layers.Layer, Tensor][] = [
  ...EACH,
  ['RandomCrop', () => new layers.RandomCrop(4, 4, { seed: 1 }), images],
  ['RandomElasticTransform', () => new layers.RandomElasticTransform({ seed: 1 }), images],
  ['RandomGaussianBlur', () => new layers.RandomGaussianBlur({ seed: 1 }), images],
  ['RandomColorJitter', () => new layers.RandomColorJitter({ brightnessFactor: 0.4, contrastFactor: 0.4, seed: 1 }), images],
  ['RandAugment', () => new layers.RandAugment({ seed: 1 }), images],
  ['AugMix', () => new layers.AugMix({ numChains: 2, chainDepth: 1, seed: 1 }), images],
];
const same = (a: Tensor, b: Tensor): boolean => a.shape.join() === b.shape.join() && ops.max(ops.abs(ops.subtract(a, b))).item() < 1e-3;

describe.each(EACH)('%s', (_, make, source) => {
  it('draws for each image', () => {
    const equal = ops.broadcastTo(ops.slice(source, [3, 0, 0, 0], [1, 8, 9, 3]), [16, 8, 9, 3]);
    const batch = make() instanceof layers.MixUp || make() instanceof layers.CutMix ? source : equal;
    const changed = ops.reshape(ops.subtract(make()(batch), batch), [16, -1]).tolist() as number[][];
    expect(new Set(changed.map((row) => row.map((x) => x.toFixed(1)).join())).size).toBeGreaterThan(1);
  });
});

describe.each(ALL)('%s', (_, make, source) => {
  it('draws anew in each call, and the same with the same seed', () => {
    const [layer, again] = [make(), make()];
    const results = [0, 1, 2, 3].map(() => layer(source));
    expect(results.slice(1).some((result) => !same(result, results[0]))).toBe(true);
    results.forEach((result) => expect(same(again(source), result)).toBe(true));
  });
  it('draws in compiled functions as in immediate calls', () => {
    const [layer, immediate] = [make(), make()];
    const compiled = jit((x: Tensor) => layer(x, { training: true }));
    for (let call = 0; call < 3; call++) expect(same(compiled(source), immediate(source))).toBe(true);
  });
  it('takes one image', () => {
    const layer = make();
    const image = ops.squeeze(ops.slice(source, [0, 0, 0, 0], [1, 8, 9, 3]), { axis: 0 });
    expect(layer(image).shape).toEqual(layer instanceof layers.RandomCrop ? [4, 4, 3] : [8, 9, 3]);
  });
  it('leaves images as they are in inference, in models too', async () => {
    const layer = make();
    expect(same(layer(source, { training: false }), source)).toBe(true);
    if (layer instanceof layers.RandomCrop) return;
    const model = new Sequential([Input([8, 9, 3]), make()]);
    expect(same((await model.predict(source, { verbose: 0 })), source)).toBe(true);
    expect(model(source, { training: true }).shape).toEqual(source.shape);
  });
});

it('takes other draws in every step of fit, with its state in the model', async () => {
  const run = async (epochs: number) => {
    const model = new Sequential([
      Input([4, 4, 1]),
      new layers.RandomBrightness(0.5, { valueRange: [0, 1], seed: 3 }),
      new layers.Flatten(),
      new layers.Dense(1, { useBias: false, kernelInitializer: 'ones' }),
    ]);
    model.compile({ optimizer: 'sgd', loss: 'mae' });
    const grey = ops.multiply(ops.ones([8, 4, 4, 1]), 0.5);
    const { history } = await model.fit(grey, ops.zeros([8, 1]), { batchSize: 4, epochs, verbose: 0, shuffle: false });
    return history.loss.map((loss) => loss.toFixed(6));
  };
  const [first, second] = [await run(3), await run(3)];
  expect(new Set(first).size).toBe(3);
  expect(second).toEqual(first);
});

it('goes through files with its layers, and in a functional model of objects', async () => {
  const symbols = { images: Input([8, 9, 3]), labels: Input([4]) };
  const flipped = new layers.RandomFlip({ seed: 1 })(symbols) as { images: KerasTensor; labels: KerasTensor };
  const mixed = new layers.MixUp({ seed: 2 })(flipped) as { images: KerasTensor; labels: KerasTensor };
  const augmented = new layers.RandAugment({ numOps: 1, seed: 4 })(mixed.images);
  const model = new Model(symbols, [augmented, mixed.labels]);
  const folder = await mkdtemp(path.join(tmpdir(), 'keratin-augmentation-'));
  try {
    await model.save(path.join(folder, 'model.keras'));
    const again = (await saving.loadModel(path.join(folder, 'model.keras')));
    const labels = ops.oneHot(ops.arange(16).mod(4), 4);
    const [own, loaded] = [model, again].map((one): Tensor[] => one({ images, labels }, { training: true }));
    own.forEach((tensor, i) => expect(same(tensor, loaded[i])).toBe(true));
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('statistics', () => {
  const many = ops.ones([4000, 1, 1, 3]);
  it.each([
    ['brightness', new layers.RandomBrightness([0.1, 0.3], { valueRange: [0, 100], seed: 1 }), 'rgb_delta', 10, 30],
    ['contrast', new layers.RandomContrast([0.4, 0.2], { seed: 1 }), 'contrast_factor', 0.8, 1.4], // factors are sorted
    ['rotation', new layers.RandomRotation([-0.25, 0.5], { seed: 1 }), 'angle', -90, 180],
    ['zoom', new layers.RandomZoom([-0.5, 0.1], { seed: 1 }), 'height_zoom', 0.5, 1.1],
    ['sharpness', new layers.RandomSharpness([0.2, 0.6], { seed: 1 }), 'factor', 0.2, 0.6],
  ] as const)('of %s are even', (_, layer, key, low, high) => {
    const drawn = layer.getRandomTransformation(many) as unknown as Record<string, Tensor>;
    const values = Array.from(drawn[key].data, Number);
    expect(values.every((value) => value > low - 1e-6 && value < high + 1e-6)).toBe(true);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expect(Math.abs(mean - (low + high) / 2)).toBeLessThan((high - low) * 0.03);
    expect(Math.min(...values)).toBeLessThan(low + (high - low) * 0.01);
  });
  it('of chances are those of the factor', () => {
    const share = (tensor: Tensor) => ops.mean(ops.cast(tensor, 'float32')).item();
    expect(share(new layers.RandomFlip({ seed: 1 }).getRandomTransformation(many)!.flips)).toBeCloseTo(0.5, 1);
    const inverted = new layers.RandomInvert({ factor: [0.2, 0.2], seed: 1 }).getRandomTransformation(many)!;
    expect(share(inverted.apply_inversion)).toBeCloseTo(0.2, 1);
    expect(share(new layers.RandomGrayscale({ factor: 0.8, seed: 1 }).getRandomTransformation(many)!)).toBeCloseTo(0.8, 1);
  });
  it('of posterization are whole numbers without the upper one', () => {
    const { shift_factor: shift } = new layers.RandomPosterization([2, 5], { seed: 1 }).getRandomTransformation(many)!;
    expect([...new Set(Array.from(shift.data, Number))].sort()).toEqual([4, 5, 6]);
  });
});

describe('objects of data', () => {
  const masks = ops.cast(ops.greater(ops.slice(images, [0, 0, 0, 0], [16, 8, 9, 1]), 127), 'int32');
  it('has masks follow images', () => {
    const options = { interpolation: 'nearest', seed: 1 } as const;
    for (const layer of [new layers.RandomElasticTransform(options), new layers.RandomRotation(0.4, options)]) {
      const result = layer({ images: ops.cast(masks, 'float32'), segmentation_masks: masks }) as Record<string, Tensor>;
      expect(same(result.images, ops.cast(result.segmentation_masks, 'float32'))).toBe(true);
    }
  });
  it('mixes labels, masks and boxes', () => {
    const layer = new layers.MixUp({ seed: 1, boundingBoxFormat: 'xyxy' });
    const boxes = { boxes: ops.ones([16, 2, 4]), labels: ops.broadcastTo(ops.reshape(ops.arange(16), [16, 1]), [16, 2]) };
    const labels = ops.eye(16);
    const drawn = layer.getRandomTransformation(images)!;
    const mixed = layer.transformLabels(labels, drawn);
    expect(Array.from(ops.sum(mixed, { axis: 1 }).data, Number).every((sum) => Math.abs(sum - 1) < 1e-5)).toBe(true);
    const order = drawn.permutation_order.tolist() as number[];
    const both = layer.transformBoundingBoxes(boxes, drawn);
    expect(both.boxes.shape).toEqual([16, 4, 4]);
    expect(both.labels!.tolist()).toEqual(order.map((other, own) => [own, own, other, other]));
    const weight = drawn.mix_weight.tolist() as number[];
    const [own, other] = [masks.at(0), masks.at(order[0])].map((mask) => ops.cast(mask, 'float32'));
    const blend = ops.add(ops.multiply(own, weight[0]), ops.multiply(other, 1 - weight[0]));
    expect(same(layer.transformSegmentationMasks(masks, drawn).at(0), blend)).toBe(true);
  });
  it('goes through a pipeline', () => {
    const pipeline = new layers.Pipeline([
      new layers.RandomCrop(6, 6, { seed: 1, boundingBoxFormat: 'xyxy' }),
      new layers.RandomFlip({ seed: 1, boundingBoxFormat: 'xyxy' }),
      new layers.MaxNumBoundingBoxes(3, { boundingBoxFormat: 'xyxy' }),
    ]);
    const boxes = { boxes: ops.cast([[[1, 1, 4, 5]]], 'float32'), labels: ops.cast([[1]], 'int32') };
    const result = pipeline({ images: ops.slice(images, [0, 0, 0, 0], [1, 8, 9, 3]), bounding_boxes: boxes }) as {
      images: Tensor;
      bounding_boxes: { boxes: Tensor; labels: Tensor };
    };
    expect([result.images.shape, result.bounding_boxes.boxes.shape]).toEqual([[1, 6, 6, 3], [1, 3, 4]]);
    expect(result.bounding_boxes.labels.tolist()).toEqual([[1, -1, -1]]);
    const again = layers.Pipeline.fromConfig(pipeline.getConfig());
    expect(again.layers.map((layer) => layer.constructor.name)).toEqual(['RandomCrop', 'RandomFlip', 'MaxNumBoundingBoxes']);
  });
});

describe('RandomShear', () => {
  it('goes both ways, both axes of an image together', () => {
    const layer = new layers.RandomShear({ xFactor: [0.1, 0.2], yFactor: [0.3, 0.4], seed: 1 });
    const { shear_factor: factors } = layer.getRandomTransformation(images)!;
    const signs = (factors.tolist() as [number, number][]).map((pair) => pair.map(Math.sign));
    expect(signs.every(([x, y]) => x === y)).toBe(true);
    expect(new Set(signs.map(([x]) => x))).toEqual(new Set([-1, 1]));
  });
});

describe('errors', () => {
  it('tell what a factor must be', () => {
    expect(() => new layers.RandomBrightness(2)).toThrow(/RandomBrightness: factor must be a number, or an array .* from -1 to 1/);
    expect(() => new layers.RandomContrast([1.5, 2])).toThrow(/factor must be/);
    expect(() => new layers.RandomZoom(-1)).toThrow(/heightFactor must be .* above -1 and up to 1/);
    expect(() => new layers.RandomTranslation(0.1, [0, 3])).toThrow(/widthFactor must be/);
    expect(() => new layers.RandomShear({ xFactor: -0.1 })).toThrow(/xFactor must be/);
    expect(() => new layers.RandomGaussianBlur({ kernelSize: 4 })).toThrow(/kernelSize must be an odd integer/);
    expect(() => new layers.RandomBrightness(0.1, { valueRange: [0] })).toThrow(/valueRange must be an array of two numbers/);
    expect(() => new layers.RandomFlip('diagonal' as never)).toThrow(/mode must be one of/);
    expect(() => new layers.RandomColorJitter({ brightnessFactor: 3 })).toThrow(/factor must be/);
  });
  it('tell what is missing or not there', () => {
    const layer = new layers.RandomBrightness(0.1);
    expect(() => layer.transformImages(images)).toThrow(/transformImages needs a transformation; getRandomTransformation draws one/);
    expect(() => layer(ops.ones([3, 3]))).toThrow(/expected an image \(3 axes\)/);
    const boxes = { boxes: ops.ones([16, 1, 4]), labels: ops.ones([16, 1]) };
    const layerOfMixes = new layers.CutMix({ boundingBoxFormat: 'xyxy' });
    expect(() => layerOfMixes({ images, bounding_boxes: boxes } as never)).toThrow(/boxes cannot be cut and mixed/);
    expect(() => new layers.Pipeline([3 as never])).toThrow(/layers\[0\] must be a layer/);
  });
});
