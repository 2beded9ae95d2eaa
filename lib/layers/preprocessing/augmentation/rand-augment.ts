// RandAugment: some transformations, chosen at random.
import type { OptionsOf } from '../../../config/configurable.js';
import { int, usedWhen, withDefault } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import type { LabeledBoxes } from '../bounding-boxes/formats.js';
import { type DrawOptions, type ImageData, type ImageLayer, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { factor, interpolation, seed, valueRange } from './fields.js';
import { POLICY_LAYERS, policyLayers, type PolicyLayer } from './policies.js';

const schema = {
  /** The least and the greatest value of pixels. */
  valueRange: usedWhen('made', valueRange()),
  /** How many transformations happen. */
  numOps: withDefault(int({ min: 0 }), 2),
  /** How strong they are: two numbers from 0 to 1, or one for 0 and it. */
  factor: usedWhen('made', withDefault(factor(0, 1), 0.5)),
  /** How values between pixels are found. */
  interpolation: usedWhen('made', interpolation()),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandAugment`. */
export type RandAugmentOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** Which transformations happen, and how. */
export interface RandAugmentTransformation<T = Tensor> {
  /** For each layer, by Keras's name, what it drew; null where it draws nothing. */
  transforms: Partial<Record<PolicyLayer, unknown>>;
  /** Numbers of the layers that are applied, in their order, `[numOps]`. */
  layer_idxes: T;
}
const NAMES = Object.keys(POLICY_LAYERS) as PolicyLayer[];

/**
 * While training, applies `numOps` layers that are drawn for each call, such as `RandomShear`, `RandomBrightness` or `Equalization`, with
 * strengths of their own for each image (E. Cubuk et al., 2019). Images of red, green and blue. Masks and boxes follow.
 *
 * ```ts
 * new keras.layers.RandAugment({ numOps: 3, factor: 0.3 });
 * ```
 */
export class RandAugment extends imageLayer('RandAugment', schema) {
  static readonly samples = [{ args: [{ valueRange: [-3, 3], factor: 0.3, seed: 3 }], inputs: [[4, 6, 5, 3]] }];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;
  private readonly layers = policyLayers(NAMES, {
    ...this.config,
    layer: { dtype: this.dtypePolicy, dataFormat: this.dataFormat, boundingBoxFormat: this.boundingBoxFormat },
  });

  /** @internal The layers by their own names. */
  override savedProperties(): Record<string, unknown> {
    const { layers, ...others } = super.savedProperties();
    return { ...others, ...(layers as Record<PolicyLayer, ImageLayer>) };
  }
  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): RandAugmentTransformation | null {
    const { training, seed } = this.drawing(data, options);
    if (!training) return null;
    const chosen = random.randint([this.config.numOps], 0, NAMES.length, { seed });
    const transforms = NAMES.map((name) => [name, this.layers[name].getRandomTransformation(data, { seed })] as const);
    return { transforms: Object.fromEntries(transforms), layer_idxes: chosen };
  }
  /** What the chosen layers make of images or masks, one after the other. */
  private applied(
    given: Tensor,
    { layer_idxes: chosen, transforms }: RandAugmentTransformation<TensorLike>,
    method: 'transformImages' | 'transformSegmentationMasks',
  ): Tensor {
    const branches = NAMES.map((name) => (x: Tensor) => this.layers[name][method](x, transforms[name] ?? null));
    return ops.unstack(ops.cast(chosen, 'int32')).reduce((x, index) => ops.switch(index, branches, x), given);
  }
  protected override applyToImages(images: Tensor, transformation: RandAugmentTransformation<TensorLike>): Tensor {
    return this.applied(images, transformation, 'transformImages');
  }
  protected override applyToMasks(masks: Tensor, transformation: RandAugmentTransformation<TensorLike>): Tensor {
    return this.applied(masks, transformation, 'transformSegmentationMasks');
  }
  /** In the order of the layers, and each once, as Keras moves them. */
  protected override applyToBoxes(
    boundingBoxes: LabeledBoxes<Tensor>,
    { layer_idxes: chosen, transforms }: RandAugmentTransformation<TensorLike>,
  ): LabeledBoxes<Tensor> {
    return NAMES.reduce((current, name, number) => {
      const moved = this.layers[name].transformBoundingBoxes(current, transforms[name] ?? null);
      const happens = ops.any(ops.equal(chosen, number));
      const either = (a: Tensor, b: Tensor) => ops.where(happens, a, b);
      return { ...current, boxes: either(moved.boxes, current.boxes), labels: either(moved.labels!, current.labels!) };
    }, boundingBoxes);
  }
}
