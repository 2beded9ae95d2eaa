// `keras.random`.
export * from './functions.js';
export * from './seed-generator.js';
