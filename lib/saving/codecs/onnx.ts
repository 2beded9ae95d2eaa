// `.onnx`: models of other programs, read as functional models. They are written by `export`.
import type { Codec } from '../formats.js';
import { loadOnnx } from '../onnx/import/load.js';

/** @internal */
export const codec: Codec = {
  async saveModel() {
    throw new TypeError('save: an .onnx file is no saved model; model.export writes one');
  },
  loadModel: loadOnnx,
};
