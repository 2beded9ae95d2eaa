// The layers that augmentation policies, AugMix and RandAugment, choose from.
import type { ImageLayer, ImageLayerOptions } from '../image-layer.js';
import { AutoContrast } from './auto-contrast.js';
import { Equalization } from './equalization.js';
import type { Range } from './fields.js';
import { RandomBrightness } from './random-brightness.js';
import { RandomColorDegeneration } from './random-color-degeneration.js';
import { RandomContrast } from './random-contrast.js';
import { RandomPosterization } from './random-posterization.js';
import { RandomRotation } from './random-rotation.js';
import { RandomSharpness } from './random-sharpness.js';
import { RandomShear } from './random-shear.js';
import { RandomTranslation } from './random-translation.js';
import { Solarization } from './solarization.js';

/** What the layers of a policy have in common. */
export interface PolicyOptions {
  /** How strong they are. */
  readonly factor: Range;
  readonly valueRange: Range;
  readonly interpolation: 'nearest' | 'bilinear';
  readonly seed: number | null;
  /** Options of all layers. */
  readonly layer: ImageLayerOptions;
}
/** By Keras's name, how a layer of a policy is made. */
export const POLICY_LAYERS = {
  random_shear: ({ factor, interpolation, seed, layer }: PolicyOptions) =>
    new RandomShear({ ...layer, xFactor: factor, yFactor: factor, interpolation, seed }),
  random_translation: ({ factor, interpolation, seed, layer }: PolicyOptions) =>
    new RandomTranslation(factor, factor, { ...layer, interpolation, seed }),
  random_rotation: ({ factor, interpolation, seed, layer }: PolicyOptions) => new RandomRotation(factor, { ...layer, interpolation, seed }),
  random_brightness: ({ factor, valueRange, seed, layer }: PolicyOptions) => new RandomBrightness(factor, { ...layer, valueRange, seed }),
  random_color_degeneration: ({ factor, valueRange, seed, layer }: PolicyOptions) =>
    new RandomColorDegeneration(factor, { ...layer, valueRange, seed }),
  random_contrast: ({ factor, valueRange, seed, layer }: PolicyOptions) => new RandomContrast(factor, { ...layer, valueRange, seed }),
  random_sharpness: ({ factor, valueRange, seed, layer }: PolicyOptions) => new RandomSharpness(factor, { ...layer, valueRange, seed }),
  random_posterization: ({ factor, valueRange, seed, layer }: PolicyOptions) =>
    new RandomPosterization(Math.max(1, Math.trunc(8 * factor[1])), { ...layer, valueRange, seed }),
  solarization: ({ factor, valueRange, seed, layer }: PolicyOptions) =>
    new Solarization({ ...layer, additionFactor: factor, thresholdFactor: factor, valueRange, seed }),
  auto_contrast: ({ valueRange, layer }: PolicyOptions) => new AutoContrast({ ...layer, valueRange }),
  equalization: ({ valueRange, layer }: PolicyOptions) => new Equalization({ ...layer, valueRange }),
} as const satisfies Record<string, (options: PolicyOptions) => ImageLayer>;
/** The name of a layer of a policy. */
export type PolicyLayer = keyof typeof POLICY_LAYERS;

/** The layers of these names, with what is the same for the whole policy. */
export function policyLayers(names: readonly PolicyLayer[], options: PolicyOptions): Record<PolicyLayer, ImageLayer> {
  const made: Record<string, ImageLayer> = Object.fromEntries(names.map((name) => [name, POLICY_LAYERS[name](options)]));
  return made;
}
