// What reads files of texts, images and sounds, for `keras.utils` and `keras.preprocessing`.
export { audioDatasetFromDirectory, type AudioDirectoryOptions } from './audio-directory.js';
export { imageDatasetFromDirectory, type ImageDirectoryOptions } from './image-directory.js';
export { loadImg, type LoadImgOptions, saveImg, type SaveImgOptions } from './image-files.js';
export { arrayToImg, type ArrayToImgOptions, imgToArray, Picture, type PictureArrayOptions, type PictureMode } from './picture.js';
export type { ColorMode } from './picture-modes.js';
export type { PictureInterpolation } from './picture-resize.js';
export { smartResize, type SmartResizeOptions } from './smart-resize.js';
export { textDatasetFromDirectory, type TextDirectoryOptions } from './text-directory.js';
