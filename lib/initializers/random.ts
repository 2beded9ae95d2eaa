// Initializers that draw their values.
import { type ConfigOf, configured, resolve, serializeFields, type Config, type OptionsOf } from '../config/configurable.js';
import { type Field, float, intList, nullable, oneOf, withDefault } from '../config/fields.js';
import { isSerialized, type SerializedObject } from '../config/registration.js';
import { castTo } from '../core/cast.js';
import type { DType } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { showShape, sizeOf, type Shape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import * as random from '../random/index.js';
import { makeDefaultSeed } from '../random/seed-generator.js';
import { computeFans } from './fans.js';
import { Initializer } from './initializer.js';

/** What a seed may be: a whole number (the same values at every call), a generator (new values at every call), or its config. */
export type SeedLike = number | random.SeedGenerator | SerializedObject | null;
type Seed = number | random.SeedGenerator | null;

const seed: Field<SeedLike, Seed, false> = {
  required: false,
  initial: null,
  expects: 'an integer, a SeedGenerator or null',
  parse: (value, where) => {
    if (value === null || (typeof value === 'number' && Number.isInteger(value)) || value instanceof random.SeedGenerator) return value;
    if (isSerialized(value) && value.class_name === 'SeedGenerator') return random.SeedGenerator.fromConfig(value.config as Config);
    throw new TypeError(`${where} must be an integer, a SeedGenerator or null, received ${show(value)}`);
  },
  serialize: (value) =>
    value instanceof random.SeedGenerator
      ? { module: 'keras.random', class_name: 'SeedGenerator', config: value.getConfig(), registered_name: null }
      : value,
};
const randomSchema = { seed };

/** Base of the random initializers. Without a seed one is drawn, once, when the initializer is made. */
export class RandomInitializer extends Initializer {
  static override readonly baseSchema = randomSchema;

  /** What its draws are made with: an integer gives the same values at every call. */
  readonly seed: number | random.SeedGenerator;
  private readonly options: ConfigOf<typeof randomSchema>;

  constructor(options: OptionsOf<typeof randomSchema> = {}) {
    super();
    this.options = resolve(new.target.name, randomSchema, options);
    this.seed = this.options.seed ?? makeDefaultSeed();
  }

  /** @internal Whether every call gives the same values for a shape, whatever it is, at any time. */
  get isRepeatable(): boolean {
    return typeof this.seed === 'number';
  }

  override getConfig(): Config {
    return serializeFields(randomSchema, this.options);
  }
}

/** Uniform in `[minval, maxval)`. */
export class RandomUniform extends configured(RandomInitializer, 'RandomUniform', {
  /** Default -0.05. */
  minval: withDefault(float(), -0.05),
  /** Default 0.05. */
  maxval: withDefault(float(), 0.05),
}) {
  override call(shape: Shape, { dtype }: { dtype: DType }): Tensor {
    const { minval, maxval } = this.config;
    return random.uniform(shape, { minval, maxval, seed: this.seed, dtype });
  }
}

const normalSchema = {
  /** Default 0. */
  mean: withDefault(float(), 0),
  /** Default 0.05. */
  stddev: withDefault(float(), 0.05),
} as const;

/** Normal with the given mean and standard deviation. */
export class RandomNormal extends configured(RandomInitializer, 'RandomNormal', normalSchema) {
  override call(shape: Shape, { dtype }: { dtype: DType }): Tensor {
    const { mean, stddev } = this.config;
    return random.normal(shape, { mean, stddev, seed: this.seed, dtype });
  }
}

/** Normal, drawn again where it is more than two standard deviations from the mean. `stddev` is that before truncation. */
export class TruncatedNormal extends configured(RandomInitializer, 'TruncatedNormal', normalSchema) {
  override call(shape: Shape, { dtype }: { dtype: DType }): Tensor {
    const { mean, stddev } = this.config;
    return random.truncatedNormal(shape, { mean, stddev, seed: this.seed, dtype });
  }
}

type Mode = 'fan_in' | 'fan_out' | 'fan_avg';
type Distribution = 'uniform' | 'truncated_normal' | 'untruncated_normal';

/** How the variance of the values follows from the fans, and how they are distributed. */
interface Scaling {
  readonly scale: number;
  readonly mode: Mode;
  readonly distribution: Distribution;
}
interface FanAxes {
  readonly inputAxes: readonly number[] | null;
  readonly outputAxes: readonly number[] | null;
}
const fanAxes = {
  /** Axes whose sizes multiply to the fan in, with `outputAxes` for the fan out; null: by the rank of the shape. */
  inputAxes: nullable(intList()),
  outputAxes: nullable(intList()),
} as const;

// The standard deviation of a standard normal that is cut at two standard deviations: what is left is widened by it.
const TRUNCATED_STDDEV = 0.87962566103423978;

/** Values of variance `scale / fan`. */
function scaled(
  shape: Shape,
  { scale, mode, distribution }: Scaling,
  { inputAxes, outputAxes }: FanAxes,
  options: { dtype: DType; seed: number | random.SeedGenerator },
): Tensor {
  const { fanIn, fanOut } = computeFans(shape, inputAxes, outputAxes);
  const fan = { fan_in: fanIn, fan_out: fanOut, fan_avg: (fanIn + fanOut) / 2 }[mode];
  const variance = scale / Math.max(1, fan);
  if (distribution === 'truncated_normal')
    return random.truncatedNormal(shape, { stddev: Math.sqrt(variance) / TRUNCATED_STDDEV, ...options });
  if (distribution === 'untruncated_normal') return random.normal(shape, { stddev: Math.sqrt(variance), ...options });
  const limit = Math.sqrt(3 * variance);
  return random.uniform(shape, { minval: -limit, maxval: limit, ...options });
}

const distributionNames = oneOf('uniform', 'truncated_normal', 'untruncated_normal', 'normal');
const distribution: Field<Distribution | 'normal', Distribution, false> = {
  ...distributionNames,
  required: false,
  initial: 'truncated_normal',
  parse: (value, where) => {
    const name = distributionNames.parse(typeof value === 'string' ? value.toLowerCase() : value, where);
    return name === 'normal' ? 'truncated_normal' : name;
  },
};

/**
 * Values of variance `scale / fan`, where the fan is the number of inputs, of outputs or their mean (`mode`): truncated normal (`'normal'`
 * means that too), normal, or uniform.
 */
export class VarianceScaling extends configured(RandomInitializer, 'VarianceScaling', {
  /** Default 1. */
  scale: withDefault(float({ above: 0 }), 1),
  /** Default `'fan_in'`. */
  mode: withDefault(oneOf('fan_in', 'fan_out', 'fan_avg'), 'fan_in'),
  /** Default `'truncated_normal'`. */
  distribution,
  ...fanAxes,
}) {
  override call(shape: Shape, { dtype }: { dtype: DType }): Tensor {
    return scaled(shape, this.config, this.config, { dtype, seed: this.seed });
  }
}

/** Base of the initializers whose variance follows from the fans in a way of their own. */
class FanInitializer extends RandomInitializer {
  declare readonly config: FanAxes;
  protected readonly scaling: Scaling = { scale: 1, mode: 'fan_in', distribution: 'truncated_normal' };

  /** What the variance is, over the fan. */
  get scale(): number {
    return this.scaling.scale;
  }
  /** Which fan: the number of inputs, of outputs, or their mean. */
  get mode(): Mode {
    return this.scaling.mode;
  }
  /** How the values are distributed. */
  get distribution(): Distribution {
    return this.scaling.distribution;
  }

  override call(shape: Shape, { dtype }: { dtype: DType }): Tensor {
    return scaled(shape, this.scaling, this.config, { dtype, seed: this.seed });
  }
}

/** Uniform of variance `2 / (fanIn + fanOut)` (Glorot & Bengio, 2010). */
export class GlorotUniform extends configured(FanInitializer, 'GlorotUniform', fanAxes) {
  protected override readonly scaling: Scaling = { scale: 1, mode: 'fan_avg', distribution: 'uniform' };
}

/** Truncated normal of variance `2 / (fanIn + fanOut)` (Glorot & Bengio, 2010). */
export class GlorotNormal extends configured(FanInitializer, 'GlorotNormal', fanAxes) {
  protected override readonly scaling: Scaling = { scale: 1, mode: 'fan_avg', distribution: 'truncated_normal' };
}

/** Uniform of variance `2 / fanIn` (He et al., 2015). */
export class HeUniform extends configured(FanInitializer, 'HeUniform', fanAxes) {
  protected override readonly scaling: Scaling = { scale: 2, mode: 'fan_in', distribution: 'uniform' };
}

/** Truncated normal of variance `2 / fanIn` (He et al., 2015). */
export class HeNormal extends configured(FanInitializer, 'HeNormal', fanAxes) {
  protected override readonly scaling: Scaling = { scale: 2, mode: 'fan_in', distribution: 'truncated_normal' };
}

/** Uniform of variance `1 / fanIn` (Klambauer et al., 2017). */
export class LecunUniform extends configured(FanInitializer, 'LecunUniform', fanAxes) {
  protected override readonly scaling: Scaling = { scale: 1, mode: 'fan_in', distribution: 'uniform' };
}

/** Truncated normal of variance `1 / fanIn` (Klambauer et al., 2017). */
export class LecunNormal extends configured(FanInitializer, 'LecunNormal', fanAxes) {
  protected override readonly scaling: Scaling = { scale: 1, mode: 'fan_in', distribution: 'truncated_normal' };
}

/**
 * `gain` times a matrix with orthonormal rows or columns (whichever are fewer), uniformly distributed: the Q of the QR decomposition of a
 * normal matrix, with the signs of R's diagonal (Saxe et al., 2014). Axes before the last count as one. Throws below rank 2.
 */
export class Orthogonal extends configured(RandomInitializer, 'Orthogonal', {
  /** Default 1. */
  gain: withDefault(float(), 1),
}) {
  /** @internal It refuses some shapes, which is to be heard at once. */
  override get isRepeatable(): boolean {
    return false;
  }

  override call(shape: Shape, { dtype }: { dtype: DType }): Tensor {
    if (shape.length < 2) throw new RangeError(`Orthogonal: expected a shape of rank 2 or more, received ${showShape(shape)}`);
    const columns = shape.at(-1)!;
    const rows = sizeOf(shape.slice(0, -1));
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const drawn = castTo(random.normal([count, length], { seed: this.seed, dtype }), 'float64');
    const [q, r] = ops.qr(ops.transpose(drawn));
    const signs = ops.where(ops.less(ops.diagonal(r), 0), -1, 1);
    const matrix = ops.multiply(ops.multiply(q, signs), this.config.gain);
    return ops.reshape(castTo(rows < columns ? ops.transpose(matrix) : matrix, dtype), shape);
  }
}
