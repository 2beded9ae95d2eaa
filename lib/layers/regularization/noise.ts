// What the layers with random noise share.
import { configured } from '../../config/configurable.js';
import { field, float, int, nullable, type Schema, usedWhen } from '../../config/fields.js';
import { SeedGenerator } from '../../random/index.js';
import { Layer } from '../base/layer.js';
import type { LayerOptions, layerSchema } from '../base/options.js';

/** Share of the elements that are dropped. */
export const rate = () => float({ min: 0, max: 1 });
/** Seed of the random draws; null, the default: a random one. */
export const seed = () => usedWhen('made', nullable(int()));
/** Shape of the noise, which broadcasts to that of the inputs; null entries take theirs. Null, the default: that of the inputs. */
export const noiseShape = () =>
  nullable(
    field<readonly (number | null)[]>('an array of integers >= 1 (null where the size of the inputs is meant)', (v) =>
      Array.isArray(v) && v.every((d) => d === null || (typeof d === 'number' && Number.isInteger(d) && d >= 1))
        ? (v as (number | null)[])
        : undefined,
    ),
  );

/** The generator of a layer; null for one that makes no noise. */
export const seedGenerator = (strength: number, given: number | null): SeedGenerator | null =>
  strength > 0 ? new SeedGenerator(given) : null;

/** Base of the layers with random noise. A layer that was made without noise gets a generator when its strength is set. */
export abstract class NoiseLayer extends Layer {
  declare readonly config: { readonly seed: number | null };
  /** State of the random draws. */
  declare seedGenerator: SeedGenerator | null;

  /** @internal */
  protected override optionChanging(name: string, value: unknown): void {
    super.optionChanging(name, value);
    if (typeof value === 'number') this.seedGenerator ??= seedGenerator(value, this.config.seed);
  }
}
// `configured` makes instances, so it wants a class that can be made; subclasses supply `call`.
const NoiseBase = NoiseLayer as unknown as (new (options: LayerOptions) => NoiseLayer) & {
  readonly baseSchema: typeof layerSchema;
  readonly module: string | null;
  readonly builtWhenMade: boolean;
};
/** The base of a layer with random noise and these options; see `configured`. */
export function noiseLayer<const S extends Schema, const P extends readonly (keyof S & string)[] = []>(
  className: string,
  schema: S,
  positional?: P,
) {
  return configured<typeof NoiseBase, S, P>(NoiseBase, className, schema, positional);
}
