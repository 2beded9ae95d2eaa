// What preprocessing layers of images share: they take images, or an object of images with labels, bounding boxes and masks.
import { configured, resolve, type Config } from '../../config/configurable.js';
import { nullable, string, type Schema } from '../../config/fields.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import { castTo } from '../../core/cast.js';
import { show } from '../../base/errors.js';
import { showShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { isPlainObject } from '../../base/tree.js';
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
/** What happens to the images of one call, for those of its parts that depend on it. */
export interface TransformCallOptions<T = unknown> {
  /** What `getRandomTransformation` gave for the call. */
  transformation?: T | null;
  training?: boolean;
}

/** Base of the preprocessing layers of images. */
export abstract class ImageLayer<T = unknown> extends Layer {
  static override readonly baseSchema = baseSchema;
  /** @internal */
  static override readonly parameters: readonly string[] = ['data'];
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

  /** What is to happen to the images, labels, boxes and masks of one call. */
  abstract getRandomTransformation(data: TensorLike | ImageData, options?: { training?: boolean; seed?: unknown }): T;
  /** The images, one or a batch, transformed. */
  abstract transformImages(images: Tensor, options?: TransformCallOptions<T>): Tensor;
  /** The labels of transformed images: those that there were, unless a layer changes them. */
  transformLabels(labels: Tensor, _options?: TransformCallOptions<T>): Tensor {
    return labels;
  }
  /** The boxes, in the layer's format, of transformed images. */
  abstract transformBoundingBoxes(boundingBoxes: LabeledBoxes<Tensor>, options?: TransformCallOptions<T>): LabeledBoxes<Tensor>;
  /** The masks, whole numbers for each pixel, of transformed images. */
  abstract transformSegmentationMasks(segmentationMasks: Tensor, options?: TransformCallOptions<T>): Tensor;

  override call(data: Tensor | ImageData<Tensor>, { training }: CallOptions = {}): unknown {
    const options = { training: training ?? true };
    const transformation = this.getRandomTransformation(data, options);
    const call = { ...options, transformation };
    if (!isPlainObject(data)) return this.transformImages(this.checked(data), call);
    const parts = data as unknown as ImageData<Tensor>;
    const result: ImageData<Tensor> = { ...parts, images: this.transformImages(this.checked(parts.images), call) };
    if (parts.bounding_boxes !== undefined)
      result.bounding_boxes = this.transformBoundingBoxes(this.checkedBoxes(parts.bounding_boxes), call);
    if (parts.labels !== undefined) result.labels = this.transformLabels(parts.labels, call);
    if (parts.segmentation_masks !== undefined) result.segmentation_masks = this.transformSegmentationMasks(parts.segmentation_masks, call);
    return result;
  }

  private get title(): string {
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
    const { boxes, labels } = (isPlainObject(value) ? value : {}) as Partial<LabeledBoxes<Tensor>>;
    if (boxes === undefined || labels === undefined)
      throw new TypeError(`${this.title}: bounding_boxes must be an object with boxes and labels, received ${show(value)}`);
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

/** Height and width of the images of a call. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}
/** @internal Height and width of images. */
export function sizeOfImages(data: TensorLike | ImageData, format: DataFormat): ImageSize {
  const images = toTensor((isPlainObject(data) ? (data as unknown as ImageData).images : data) as TensorLike);
  const [height, width] = format === 'channels_first' ? images.shape.slice(-2) : images.shape.slice(-3, -1);
  return { height: height!, width: width! };
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
};
