// What the layers with random noise share.
import { field, float, int, nullable } from '../../config/fields.js';
import { SeedGenerator } from '../../random/index.js';

/** Share of the elements that are dropped. */
export const rate = () => float({ min: 0, max: 1 });
/** Seed of the random draws; null, the default: a random one. */
export const seed = () => nullable(int());
/** Shape of the noise, which broadcasts to that of the inputs; null entries take theirs. Null, the default: that of the inputs. */
export const noiseShape = () => nullable(field<readonly (number | null)[]>('an array of integers >= 1 (null where the size of the inputs is meant)', (v) =>
  Array.isArray(v) && v.every((d) => d === null || (typeof d === 'number' && Number.isInteger(d) && d >= 1)) ? (v as (number | null)[]) : undefined));

/** The generator of a layer; null for one that makes no noise. */
export const seedGenerator = (strength: number, given: number | null): SeedGenerator | null => (strength > 0 ? new SeedGenerator(given) : null);
