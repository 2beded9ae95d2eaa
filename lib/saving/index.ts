// `keras.saving`: names under which users' own classes and functions are saved.
export { getRegisteredName, getRegisteredObject, registerKerasSerializable } from '../config/registration.js';
