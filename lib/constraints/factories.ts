// The lower-case names of the constraints: `maxNorm(3)` is `new MaxNorm(3)`.
import { factory } from '../config/factory.js';
import * as classes from './classes.js';

/** See `MaxNorm`. */
export const maxNorm = factory(classes.MaxNorm);
/** See `MinMaxNorm`. */
export const minMaxNorm = factory(classes.MinMaxNorm);
/** See `NonNeg`. */
export const nonNeg = factory(classes.NonNeg);
/** See `UnitNorm`. */
export const unitNorm = factory(classes.UnitNorm);
