// `keras.saving`: objects as plain data, and the names under which users' own classes and functions are saved.
export {
  CustomObjectScope,
  customObjectScope,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
} from '../config/registration.js';
export { deserializeKerasObject, type DeserializeKerasObjectOptions, serializeKerasObject } from '../config/serialization.js';
