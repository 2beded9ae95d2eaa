// `.onnx`: models of other programs, read as functional models. They are written by `export`.
import type { Codec } from '../formats.js';
import { exportModel } from '../export.js';
import { loadOnnx } from '../onnx/import/load.js';

/** @internal */
export const codec: Codec = {
  loadModel: loadOnnx,
  exportModel: (model, target) => exportModel(model, target),
};
