// AugMix: chains of transformations, blended with each other and with the image.
import type { OptionsOf } from '../../../config/configurable.js';
import { bool, float, int, usedWhen, withDefault } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type DrawOptions, type ImageData, type ImageLayer, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { factor, interpolation, seed, valueRange } from './fields.js';
import { policyLayers, type PolicyLayer } from './policies.js';

const schema = {
  /** The least and the greatest value of pixels. */
  valueRange: usedWhen('made', valueRange()),
  /** How many chains there are. */
  numChains: withDefault(int({ min: 0 }), 3),
  /** How many transformations a chain has at most. */
  chainDepth: withDefault(int({ min: 0 }), 3),
  /** How strong they are: two numbers from 0 to 1, or one for 0 and it. */
  factor: usedWhen('made', withDefault(factor(0, 1), 0.3)),
  /** The parameter of the distributions that weights are drawn from: the larger, the more even they are. */
  alpha: withDefault(float(), 1),
  /** Whether brightness, colour, contrast and sharpness change too. */
  allOps: usedWhen('made', bool(true)),
  /** How values between pixels are found. */
  interpolation: usedWhen('made', interpolation()),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `AugMix`. */
export type AugMixOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** One transformation of a chain. In a function that is being compiled the layer is a number, and there is a transformation of each. */
export type AugMixStep =
  | { layer_name: PolicyLayer; transformation: unknown }
  | { layer_index: Tensor; transformations: readonly unknown[] };
/** The chains of a call. */
export interface AugMixTransformation<T = Tensor> {
  /** Weight of each chain; together 1. */
  chain_mixing_weights: T;
  /** Weight of the image itself beside the chains, a scalar. */
  weight_sample: T;
  chain_transforms: readonly (readonly AugMixStep[])[];
}
const SAFE: readonly PolicyLayer[] = [
  'random_shear', 'random_translation', 'random_rotation', 'random_posterization', 'solarization', 'auto_contrast', 'equalization',
];
const ALL: readonly PolicyLayer[] = [...SAFE, 'random_brightness', 'random_color_degeneration', 'random_contrast', 'random_sharpness'];

/**
 * While training, blends images with what chains of random transformations make of them (D. Hendrycks et al., 2019). Chains and weights are
 * drawn for each call; the strengths in them are those of each image. Images of red, green and blue.
 *
 * ```ts
 * new keras.layers.AugMix({ valueRange: [0, 1], factor: 0.4 });
 * ```
 */
export class AugMix extends imageLayer('AugMix', schema) {
  static readonly samples = [{ args: [{ valueRange: [-3, 3], numChains: 2, chainDepth: 2, seed: 1 }], inputs: [[4, 6, 5, 3]] }];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;
  private readonly names = this.config.allOps ? ALL : SAFE;
  private readonly layers = policyLayers(this.names, {
    ...this.config,
    layer: { dtype: this.dtypePolicy, dataFormat: this.dataFormat, boundingBoxFormat: this.boundingBoxFormat },
  });

  /** @internal The layers by their own names. */
  override savedProperties(): Record<string, unknown> {
    const { layers, ...others } = super.savedProperties();
    return { ...others, ...(layers as Record<PolicyLayer, ImageLayer>) };
  }
  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): AugMixTransformation | null {
    const { training, seed } = this.drawing(data, options);
    if (!training) return null;
    const { numChains, chainDepth, alpha } = this.config;
    const shares = random.gamma([numChains], alpha, { seed });
    const weight = random.beta([], alpha, alpha, { seed });
    const chain = () => Array.from({ length: chainDepth }, () => this.drawStep(data, seed)).filter((step) => step !== null);
    return {
      chain_mixing_weights: ops.divide(shares, ops.sum(shares, { axis: -1, keepdims: true })),
      weight_sample: weight,
      chain_transforms: Array.from({ length: numChains }, chain),
    };
  }
  /** One of the layers, or none: as many cases as there are layers and one. */
  private drawStep(data: TensorLike | ImageData, seed: random.Seed): AugMixStep | null {
    const index = random.randint([], 0, this.names.length + 1, { seed });
    // All draw, whichever is chosen, so that compiled functions draw the same.
    const transformations = this.names.map((name) => this.layers[name].getRandomTransformation(data, { seed }));
    if (index.memory === null) return { layer_index: index, transformations };
    const chosen = index.item();
    return chosen === this.names.length ? null : { layer_name: this.names[chosen]!, transformation: transformations[chosen] };
  }

  /** What the chains make of images or masks, blended. */
  private blended(
    given: Tensor,
    { chain_mixing_weights: shares, weight_sample: own, chain_transforms: chains }: AugMixTransformation<TensorLike>,
    method: 'transformImages' | 'transformSegmentationMasks',
  ): Tensor {
    const apply = (x: Tensor, step: AugMixStep): Tensor => {
      if ('layer_name' in step) return this.layers[step.layer_name][method](x, step.transformation);
      const branches = this.names.map((name, i) => (y: Tensor) => this.layers[name][method](y, step.transformations[i]));
      return ops.switch(step.layer_index, [...branches, (y: Tensor) => y], x);
    };
    const weights = ops.unstack(ops.cast(shares, this.computeDtype));
    const weight = ops.cast(own, this.computeDtype);
    const sum = chains
      .map((chain, i) => ops.multiply(chain.reduce(apply, given), weights[i]!))
      .reduce((a, b) => ops.add(a, b), ops.zerosLike(given));
    return ops.add(ops.multiply(weight, given), ops.multiply(ops.subtract(1, weight), sum));
  }
  protected override applyToImages(images: Tensor, transformation: AugMixTransformation<TensorLike>): Tensor {
    return ops.clip(this.blended(images, transformation, 'transformImages'), ...this.config.valueRange);
  }
  protected override applyToMasks(masks: Tensor, transformation: AugMixTransformation<TensorLike>): Tensor {
    return this.blended(masks, transformation, 'transformSegmentationMasks');
  }
}
