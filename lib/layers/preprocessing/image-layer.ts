// What preprocessing layers of images share: they take images, or an object of images with labels, bounding boxes and masks.
import { configured, resolve, type Config } from '../../config/configurable.js';
import { nullable, string, type Schema } from '../../config/fields.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import { castTo } from '../../core/cast.js';
import { checkOptions, show } from '../../base/errors.js';
import { showShape, type Shape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { isPlainObject } from '../../base/tree.js';
import * as ops from '../../ops/index.js';
import type { Seed } from '../../random/index.js';
import type { LabeledBoxes } from './bounding-boxes/formats.js';
import { dataFormat, type DataFormat } from '../base/data-format.js';
import { Layer, type CallOptions } from '../base/layer.js';
import { layerSchema, type LayerOptions } from '../base/options.js';

const imageSchema = {
  /** Format of the bounding boxes in the inputs; needed where there are any. */
  boundingBoxFormat: nullable(string()),
  dataFormat: dataFormat(),
} as const;
const baseSchema = { ...layerSchema, ...imageSchema } as const;
/** Options of preprocessing layers of images. */
export interface ImageLayerOptions extends LayerOptions {
  /** Format of the bounding boxes in the inputs; needed where there are any. Default null. */
  boundingBoxFormat?: string | null | undefined;
  /** Where the channel axis stands. Default null: `keras.config.imageDataFormat()`. */
  dataFormat?: DataFormat | null | undefined;
}

/** An image or a batch of images with what belongs to it. Keys are Keras's; others stay as they are. */
export interface ImageData<T = TensorLike> {
  images: T;
  labels?: T;
  bounding_boxes?: LabeledBoxes<T>;
  segmentation_masks?: T;
}
/** Options of `transformImages` and its like. */
export interface TransformOptions {
  /** Default true. */
  training?: boolean;
}
/** Options of `getRandomTransformation`. */
export interface DrawOptions extends TransformOptions {
  /** Where the randomness comes from. Default null: the layer's own generator. */
  seed?: Seed;
}
/** The arguments after the first of `transformImages` and its like; both may be given as one object by their names. */
export type TransformArguments = [transformation?: unknown, options?: TransformOptions];
/** Height and width of the images of a call. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}
/** The images of a call, as those who draw transformations see them. */
export interface DrawnImages extends ImageSize {
  /** The shape as given: that of one image, or of a batch. */
  readonly shape: Shape;
  /** Number of images. */
  readonly count: number;
  readonly channels: number;
}

/** Base of the preprocessing layers of images. */
export abstract class ImageLayer extends Layer {
  static override readonly baseSchema = baseSchema;
  /** @internal */
  static override readonly parameters: readonly string[] = ['data'];
  static readonly callDefaults = { training: true };
  /** @internal Whether images are transformed in inference too. */
  protected readonly alwaysTransforms: boolean = false;
  /** @internal Whether images are brought to the compute dtype, in inference too. */
  protected readonly castsImages: boolean = false;
  /** Format of the bounding boxes; null: none are taken. */
  readonly boundingBoxFormat: string | null;
  /** Where the channel axis stands. */
  readonly dataFormat: DataFormat;

  constructor({ boundingBoxFormat = null, dataFormat: format = null, ...options }: ImageLayerOptions = {}) {
    super(options);
    const given = resolve(new.target.name, imageSchema, { boundingBoxFormat, dataFormat: format });
    this.boundingBoxFormat = given.boundingBoxFormat;
    this.dataFormat = given.dataFormat;
  }

  /** What is to happen to the images, labels, boxes and masks of one call, with Keras's keys; null: nothing, or always the same. */
  getRandomTransformation(_data: TensorLike | ImageData, _options?: DrawOptions): unknown {
    return null;
  }
  /** @internal What `getRandomTransformation` reads of its arguments. */
  protected drawing(data: TensorLike | ImageData, options: DrawOptions): { images: DrawnImages; training: boolean; seed: Seed } {
    checkOptions(`${this.title}: getRandomTransformation`, options, ['training', 'seed']);
    const { shape } = this.checked(isPlainObject(data) ? (data as unknown as ImageData).images : data);
    const { generator = null } = this as { generator?: Seed };
    const { training = true, seed = null } = options;
    return { images: { shape, count: shape.length === 4 ? shape[0]! : 1, ...this.sizesOf(shape) }, training, seed: seed ?? generator };
  }
  /** @internal Height, width and channels of a shape of images. */
  protected sizesOf(shape: Shape): ImageSize & { readonly channels: number } {
    const [a, b, c] = shape.slice(-3) as [number, number, number];
    return this.dataFormat === 'channels_first' ? { height: b, width: c, channels: a } : { height: a, width: b, channels: c };
  }

  // What subclasses compute: always of batches, and only where there is something to do.
  /** @internal A batch of images, transformed. */
  protected abstract applyToImages(images: Tensor, transformation: unknown): Tensor;
  /** @internal The labels of a batch. */
  protected applyToLabels(labels: Tensor, _transformation: unknown): Tensor {
    return labels;
  }
  /** @internal The boxes of a batch, float32 and in the layer's format. */
  protected applyToBoxes(boxes: LabeledBoxes<Tensor>, _transformation: unknown): LabeledBoxes<Tensor> {
    return boxes;
  }
  /** @internal The masks of a batch. */
  protected applyToMasks(masks: Tensor, _transformation: unknown): Tensor {
    return masks;
  }

  /** The images, one or a batch, after `transformation`, which `getRandomTransformation` gave or which is made alike. */
  transformImages(images: TensorLike, ...rest: TransformArguments): Tensor {
    const { transformation, applies } = this.reading('transformImages', rest);
    const checked = this.checked(images);
    const tensor = this.castsImages ? castTo(checked, this.computeDtype) : checked;
    return applies ? asBatch(tensor, tensor.ndim === 4, (batch) => this.applyToImages(batch, transformation)) : tensor;
  }
  /** The labels, those of a batch, of images after `transformation`. */
  transformLabels(labels: TensorLike, ...rest: TransformArguments): Tensor {
    const { transformation, applies } = this.reading('transformLabels', rest);
    const tensor = toTensor(labels, null, this.title);
    return applies ? this.applyToLabels(tensor, transformation) : tensor;
  }
  /** The boxes, in the layer's format, of images after `transformation`. */
  transformBoundingBoxes(boundingBoxes: LabeledBoxes, ...rest: TransformArguments): LabeledBoxes<Tensor> {
    const { transformation, applies } = this.reading('transformBoundingBoxes', rest);
    const checked = this.checkedBoxes(boundingBoxes);
    if (!applies) return checked;
    if (checked.boxes.ndim === 3) return this.applyToBoxes(checked, transformation);
    const batched = { boxes: ops.expandDims(checked.boxes, 0), labels: ops.expandDims(checked.labels!, 0) };
    const { boxes, labels } = this.applyToBoxes({ ...checked, ...batched }, transformation);
    return { ...checked, boxes: ops.squeeze(boxes, { axis: 0 }), labels: ops.squeeze(labels!, { axis: 0 }) };
  }
  /** The masks, whole numbers for each pixel, of images after `transformation`. */
  transformSegmentationMasks(segmentationMasks: TensorLike, ...rest: TransformArguments): Tensor {
    const { transformation, applies } = this.reading('transformSegmentationMasks', rest);
    const tensor = toTensor(segmentationMasks, null, this.title);
    return applies ? asBatch(tensor, tensor.ndim !== 3, (batch) => this.applyToMasks(batch, transformation)) : tensor;
  }

  /** The transformation of a call, and whether it changes anything. */
  private reading(method: string, rest: TransformArguments): { transformation: unknown; applies: boolean } {
    const [first] = rest;
    const named = rest.length === 1 && isPlainObject(first) && Object.keys(first).every((key) => key === 'transformation' || key === 'training');
    const { transformation, training = true } = (named ? first : { transformation: first, ...rest[1] }) as TransformOptions & {
      transformation?: unknown;
    };
    if (!named) checkOptions(`${this.title}: ${method}`, rest[1] ?? {}, ['training']);
    const drawn = this.getRandomTransformation !== ImageLayer.prototype.getRandomTransformation;
    if (drawn && transformation === undefined && (!this.alwaysTransforms || method === 'transformBoundingBoxes'))
      throw new TypeError(`${this.title}: ${method} needs a transformation; getRandomTransformation draws one`);
    return { transformation, applies: this.alwaysTransforms || (training && !(drawn && transformation === null)) };
  }

  override call(data: Tensor | ImageData<Tensor>, { training }: CallOptions = {}): unknown {
    const options = { training: training ?? true };
    const transformation = this.getRandomTransformation(data, options);
    const rest = [transformation, options] as const;
    if (!isPlainObject(data)) return this.transformImages(data as Tensor, ...rest);
    const { images, bounding_boxes: boxes, labels, segmentation_masks: masks } = data as unknown as ImageData<Tensor>;
    const result: ImageData<Tensor> = { ...(data as unknown as ImageData<Tensor>), images: this.transformImages(images, ...rest) };
    if (boxes !== undefined) result.bounding_boxes = this.transformBoundingBoxes(boxes, ...rest);
    if (labels !== undefined) result.labels = asBatch(labels, images.ndim === 4, (batch) => this.transformLabels(batch, ...rest));
    if (masks !== undefined) result.segmentation_masks = this.transformSegmentationMasks(masks, ...rest);
    return result;
  }
  /** Of layers that draw, or look at the whole batch, no sample can be taken apart. */
  override takesSamplesApart(): boolean {
    return this.alwaysTransforms;
  }

  /** @internal The layer in messages. */
  protected get title(): string {
    return `${this.constructor.name} "${this.name}"`;
  }
  private checked(images: unknown): Tensor {
    const tensor = toTensor(images as TensorLike, null, this.title);
    if (tensor.ndim !== 3 && tensor.ndim !== 4)
      throw new RangeError(
        `${this.title}: expected an image (3 axes) or a batch of images (4 axes), received shape ${showShape(tensor.shape)}`,
      );
    return tensor;
  }
  private checkedBoxes(value: unknown): LabeledBoxes<Tensor> {
    if (this.boundingBoxFormat === null)
      throw new TypeError(`${this.title}: inputs with bounding_boxes need the option boundingBoxFormat, such as 'xyxy'`);
    const given = (isPlainObject(value) ? value : {}) as Partial<LabeledBoxes>;
    if (given.boxes === undefined || given.labels === undefined)
      throw new TypeError(`${this.title}: bounding_boxes must be an object with boxes and labels, received ${show(value)}`);
    const [boxes, labels] = [toTensor(given.boxes, null, this.title), toTensor(given.labels, null, this.title)];
    const wanted = boxes.ndim === 2 ? [1, 2] : boxes.ndim === 3 ? [2, 3] : [];
    if (!wanted.includes(labels.ndim)) {
      throw new RangeError(
        `${this.title}: bounding_boxes has boxes of shape ${showShape(boxes.shape)} with labels of shape ${showShape(labels.shape)}, ` +
          `expected (boxes, 4) with (boxes) or (batch, boxes, 4) with (batch, boxes)`,
      );
    }
    return { ...(value as LabeledBoxes<Tensor>), boxes: castTo(boxes, 'float32'), labels };
  }

  override getConfig(): Config {
    const own = { data_format: this.dataFormat };
    return { ...super.getConfig(), ...own, ...(this.boundingBoxFormat === null ? {} : { bounding_box_format: this.boundingBoxFormat }) };
  }
}

/** What `fn` makes of a tensor with a first axis for the batch: its own, or one of size 1 that is taken away again. */
function asBatch(tensor: Tensor, batched: boolean, fn: (batch: Tensor) => Tensor): Tensor {
  return batched ? fn(tensor) : ops.squeeze(fn(ops.expandDims(tensor, 0)), { axis: 0 });
}

/** The base of a preprocessing layer of images with these options; see `configured`. */
export function imageLayer<const S extends Schema, const P extends readonly (keyof S & string)[] = []>(
  className: string,
  schema: S,
  positional?: P,
) {
  return configured<typeof ImageLayerBase, S, P>(ImageLayerBase, className, schema, positional);
}
const ImageLayerBase = ImageLayer as unknown as (new (options: ImageLayerOptions) => ImageLayer) & {
  readonly baseSchema: typeof baseSchema;
  readonly module: string;
  readonly builtWhenMade: boolean;
  readonly callDefaults: { readonly training: boolean };
};
