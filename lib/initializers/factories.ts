// The lower-case names of the initializers: `heNormal({ seed: 1 })` is `new HeNormal({ seed: 1 })`.
import { factory } from '../config/factory.js';
import * as classes from './classes.js';

/** See `Constant`. */
export const constant = factory(classes.Constant);
/** See `GlorotNormal`. */
export const glorotNormal = factory(classes.GlorotNormal);
/** See `GlorotUniform`. */
export const glorotUniform = factory(classes.GlorotUniform);
/** See `HeNormal`. */
export const heNormal = factory(classes.HeNormal);
/** See `HeUniform`. */
export const heUniform = factory(classes.HeUniform);
/** See `Identity`. */
export const identity = factory(classes.Identity);
/** See `LecunNormal`. */
export const lecunNormal = factory(classes.LecunNormal);
/** See `LecunUniform`. */
export const lecunUniform = factory(classes.LecunUniform);
/** See `Ones`. */
export const ones = factory(classes.Ones);
/** See `Orthogonal`. */
export const orthogonal = factory(classes.Orthogonal);
/** See `RandomNormal`. */
export const randomNormal = factory(classes.RandomNormal);
/** See `RandomUniform`. */
export const randomUniform = factory(classes.RandomUniform);
/** See `STFT`. */
export const stft = factory(classes.STFT);
/** See `TruncatedNormal`. */
export const truncatedNormal = factory(classes.TruncatedNormal);
/** See `VarianceScaling`. */
export const varianceScaling = factory(classes.VarianceScaling);
/** See `Zeros`. */
export const zeros = factory(classes.Zeros);
