// What the package gives to who imports it: the public surface by its names, and whole as the default: `import keras from 'keratin'`.
export * from './index.js';
export * as default from './index.js';
