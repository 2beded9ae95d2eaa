// `keras.saving`: models and weights in files, objects as plain data, and the names under which users' own classes and functions are saved.
export {
  CustomObjectScope,
  customObjectScope,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
} from '../config/registration.js';
export { deserializeKerasObject, type DeserializeKerasObjectOptions, serializeKerasObject } from '../config/serialization.js';
export { type FileComparison, KerasFileEditor } from './file-editor.js';
export type { EditedWeights } from './file-editor-tree.js';
export type { ExportOptions } from './export.js';
export type { FileLike, LoadModelOptions, LoadWeightsOptions, SaveModelOptions, SaveWeightsOptions } from './formats.js';
export { loadModel, loadWeights, saveModel, saveWeights } from './models.js';
export { loadNumpy, type LoadNumpyOptions, type NumpyFormat, saveNumpy, type SaveNumpyOptions } from './numpy.js';
export {
  loadSafetensors,
  type SafetensorsEntry,
  SafetensorsFile,
  saveSafetensors,
  type SaveSafetensorsOptions,
} from './safetensors.js';
