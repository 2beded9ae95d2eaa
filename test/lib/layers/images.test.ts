// Preprocessing layers of images on objects of images, labels, boxes and masks; the numbers are those of Keras.
import { describe, expect, it } from '@jest/globals';
import { KerasTensor, layers, ops, type Tensor } from 'keratin';
import { expectNumbersClose } from '../../helpers/recorded.js';

const images = ops.reshape(ops.arange(120, { dtype: 'float32' }), [12, 10, 1]);
const masks = ops.reshape(ops.mod(ops.arange(120), 3), [12, 10, 1]);
const boxes = ops.convertToTensor([[1, 2, 7, 9], [0, 0, 0, 0], [5, 1, 10, 12]], { dtype: 'float32' });
const labels = ops.convertToTensor([3, 4, 5]);
interface Result {
  images: Tensor;
  labels: Tensor;
  bounding_boxes: { boxes: Tensor; labels: Tensor };
  segmentation_masks: Tensor;
}
const data = (own = boxes) => ({ images, labels: [1, 0], bounding_boxes: { boxes: own, labels }, segmentation_masks: masks });
const relative = ops.divide(boxes, [10, 12, 10, 12]);

describe.each([
  ['Resizing', new layers.Resizing(6, 8, { boundingBoxFormat: 'xyxy' }), boxes, [0.8, 1, 5.6, 4.5, 0, 0, 0, 0, 4, 0.5, 8, 6]],
  [
    'Resizing with padding',
    new layers.Resizing(6, 8, { boundingBoxFormat: 'xywh', padToAspectRatio: true }),
    boxes,
    [1.5, 1, 3.5, 4.5, 0, 0, 0, 0, 3.5, 0.5, 4.5, 5.5],
  ],
  [
    'Resizing with cropping',
    new layers.Resizing(6, 8, { boundingBoxFormat: 'rel_xyxy', cropToAspectRatio: true }),
    relative,
    [0.1, 0.1, 0.7, 1, 0, 0, 0, 0, 0.5, 0, 1, 1],
  ],
  ['CenterCrop', new layers.CenterCrop(6, 4, { boundingBoxFormat: 'xyxy' }), boxes, [0, 0, 4, 6, 0, 0, 0, 0, 2, 0, 4, 6]],
  [
    'CenterCrop of small images',
    new layers.CenterCrop(16, 4, { boundingBoxFormat: 'center_xywh' }),
    boxes,
    [1, 4.33333, 2, 8.66667, 0, 0, 0, 0, 2, 4.66667, 4, 9.33333],
  ],
] as const)('%s', (_, layer, own, expected) => {
  it('moves boxes and masks with the images', () => {
    const given = data(own);
    const result = layer(given) as Result;
    expectNumbersClose(Array.from(result.bounding_boxes.boxes.data, Number), [...expected], { relative: 1e-5, absolute: 1e-5 });
    expect(result.bounding_boxes.labels.tolist()).toEqual([3, -1, 5]);
    expect(result.images.shape).toEqual([layer.config.height, layer.config.width, 1]);
    expect([result.segmentation_masks.shape, result.segmentation_masks.dtype]).toEqual([result.images.shape, 'int32']);
    expect(new Set(Array.from(result.segmentation_masks.data, Number)).size).toBeLessThanOrEqual(3);
    expect(result.labels.tolist()).toEqual([1, 0]);
    expect(given.bounding_boxes.boxes).toBe(own);
  });
  it('works on symbols', () => {
    const symbol = (shape: (number | null)[], dtype = 'float32') => new KerasTensor([null, ...shape], dtype as 'float32');
    const result = layer({ images: symbol([12, 10, 3]), bounding_boxes: { boxes: symbol([5, 4]), labels: symbol([5], 'int32') } }) as {
      images: KerasTensor;
      bounding_boxes: { boxes: KerasTensor; labels: KerasTensor };
    };
    expect(result.images.shape).toEqual([null, layer.config.height, layer.config.width, 3]);
    expect([result.bounding_boxes.boxes.shape, result.bounding_boxes.labels.shape]).toEqual([
      [null, 5, 4],
      [null, 5],
    ]);
  });
});

describe('errors', () => {
  it('say what is missing', () => {
    expect(() => new layers.Resizing(4, 4)(data() as never)).toThrow(
      /Resizing ".*": inputs with bounding_boxes need the option boundingBoxFormat/,
    );
    const layer = new layers.CenterCrop(4, 4, { boundingBoxFormat: 'xyxy' });
    expect(() => layer({ images, bounding_boxes: { boxes } } as never)).toThrow(/an object with boxes and labels/);
    expect(() => layer({ images, bounding_boxes: { boxes, labels: 3 } } as never)).toThrow(/expected \(boxes, 4\) with \(boxes\)/);
    expect(() => layer(ops.ones([2, 3]))).toThrow(/expected an image \(3 axes\)/);
    expect(() => new layers.CenterCrop(0, 4)).toThrow(/height must be/);
  });
  it('leave integers as they are where Keras does', () => {
    const bytes = ops.cast(images, 'uint8');
    expect(new layers.Resizing(3, 3)(bytes).dtype).toBe('uint8');
    expect(new layers.CenterCrop(3, 3)(bytes).dtype).toBe('float32');
  });
});
