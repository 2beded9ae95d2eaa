// `keras.initializers`.
export * from './classes.js';
export { Identity as IdentityInitializer, Orthogonal as OrthogonalInitializer, STFT as STFTInitializer } from './classes.js';
export * from './factories.js';
export type { InitializerCallOptions } from './initializer.js';
export * from './lookup.js';
export type { SeedLike } from './random.js';
