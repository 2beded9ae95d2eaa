// The loss functions: each gives the loss of every sample.
export * from './classification.js';
export * from './hinges.js';
export * from './overlap.js';
export * from './regression.js';
export * from './sequence.js';
export * from './similarity.js';
