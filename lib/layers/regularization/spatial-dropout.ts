// SpatialDropout1D, 2D and 3D: drop whole feature maps at random while training.
import type { Config, OptionsOf } from '../../config/configurable.js';
import type { Tensor } from '../../core/tensor.js';
import * as random from '../../random/index.js';
import { type DataFormat, dataFormat } from '../base/data-format.js';
import { InputSpec } from '../base/input-spec.js';
import type { CallOptions, Layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { noiseLayer, rate, seed, seedGenerator } from './noise.js';

const schema = { rate: rate(), seed: seed() } as const;
const imageSchema = { ...schema, dataFormat: dataFormat() } as const;

/** Options of `SpatialDropout1D`. */
export type SpatialDropout1DOptions = OptionsOf<typeof schema> & LayerOptions;
/** Options of `SpatialDropout2D` and `SpatialDropout3D`. */
export type SpatialDropoutOptions = OptionsOf<typeof imageSchema> & LayerOptions;

/** The inputs with whole channels dropped. */
function dropChannels(x: Tensor, share: number, format: DataFormat, generator: random.SeedGenerator): Tensor {
  const channels = format === 'channels_first' ? 1 : x.ndim - 1;
  const noiseShape = x.shape.map((size, axis) => (axis === 0 || axis === channels ? size : 1));
  return random.dropout(x, share, { noiseShape, seed: generator });
}

/** Keras's config of these layers: fewer keys than others have. */
const shortConfig = (own: Layer, { rate: share, seed: given }: { readonly rate: number; readonly seed: number | null }): Config => ({
  rate: share, seed: given, name: own.name, dtype: own.dtype,
});

/**
 * While training, drops whole channels of `(batch, steps, channels)`, a share `rate` of them, and divides the others by `1 - rate`
 * (Tompson et al., 2014); otherwise gives the inputs as they are.
 *
 * @throws for an input that has not three axes.
 */
export class SpatialDropout1D extends noiseLayer('SpatialDropout1D', schema, ['rate']) {
  static readonly callDefaults = { training: false };
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [0.5], inputs: [[2, 3, 4]] }];
  override seedGenerator = seedGenerator(this.config.rate, this.config.seed);
  override inputSpec = new InputSpec({ ndim: 3 });
  override supportsMasking = true;

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    return training === true && this.seedGenerator !== null ? dropChannels(x, this.config.rate, 'channels_last', this.seedGenerator) : x;
  }
  override getConfig(): Config {
    return shortConfig(this, this.config);
  }
}

/**
 * While training, drops whole channels of `(batch, rows, columns, channels)`, a share `rate` of them, and divides the others by
 * `1 - rate` (Tompson et al., 2014); otherwise gives the inputs as they are. With `dataFormat: 'channels_first'` the channels are axis 1.
 *
 * @throws for an input that has not four axes.
 */
export class SpatialDropout2D extends noiseLayer('SpatialDropout2D', imageSchema, ['rate']) {
  static readonly callDefaults = { training: false };
  static override readonly builtWhenMade = true;
  static readonly samples = [
    { args: [0.5], inputs: [[2, 3, 4, 5]] },
    { args: [0.5, { dataFormat: 'channels_first' }], inputs: [[2, 3, 4, 5]] },
  ];
  override seedGenerator = seedGenerator(this.config.rate, this.config.seed);
  override inputSpec = new InputSpec({ ndim: 4 });
  override supportsMasking = true;

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    return training === true && this.seedGenerator !== null
      ? dropChannels(x, this.config.rate, this.config.dataFormat, this.seedGenerator)
      : x;
  }
  override getConfig(): Config {
    return { ...shortConfig(this, this.config), data_format: this.config.dataFormat };
  }
}

/** As `SpatialDropout2D`, for `(batch, depth, rows, columns, channels)`. @throws for an input that has not five axes. */
export class SpatialDropout3D extends noiseLayer('SpatialDropout3D', imageSchema, ['rate']) {
  static readonly callDefaults = { training: false };
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [0.5], inputs: [[2, 3, 2, 2, 4]] }];
  override seedGenerator = seedGenerator(this.config.rate, this.config.seed);
  override inputSpec = new InputSpec({ ndim: 5 });
  override supportsMasking = true;

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    return training === true && this.seedGenerator !== null
      ? dropChannels(x, this.config.rate, this.config.dataFormat, this.seedGenerator)
      : x;
  }
  override getConfig(): Config {
    return { ...shortConfig(this, this.config), data_format: this.config.dataFormat };
  }
}
