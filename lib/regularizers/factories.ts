// The lower-case names of the regularizers: `l2(0.01)` is `new L2(0.01)`.
import { factory } from '../config/factory.js';
import * as classes from './classes.js';

/** See `L1`. */
export const l1 = factory(classes.L1);
/** See `L2`. */
export const l2 = factory(classes.L2);
/** See `L1L2`. */
export const l1L2 = factory(classes.L1L2);
/** See `OrthogonalRegularizer`. */
export const orthogonalRegularizer = factory(classes.OrthogonalRegularizer);
