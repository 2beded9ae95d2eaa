// `keras.applications`.
export type { Application, ApplicationOptions } from './application.js';
export * as imagenetUtils from './imagenet-utils.js';
export * as mobilenetV2 from './mobilenet-v2.js';
export { MobileNetV2, type MobileNetV2Options } from './mobilenet-v2.js';
export * as resnet from './resnet.js';
export { ResNet101, ResNet152, ResNet50 } from './resnet.js';
export * as resnet50 from './resnet50.js';
export * as resnetV2 from './resnet-v2.js';
export { ResNet101V2, ResNet152V2, ResNet50V2 } from './resnet-v2.js';
