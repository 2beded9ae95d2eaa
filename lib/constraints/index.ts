// `keras.constraints`.
export * from './classes.js';
export * from './factories.js';
export * from './lookup.js';
