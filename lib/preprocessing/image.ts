// `keras.preprocessing.image`.
export {
  arrayToImg,
  type ArrayToImgOptions,
  type ColorMode,
  imgToArray,
  loadImg,
  type LoadImgOptions,
  type PictureArrayOptions,
  saveImg,
  type SaveImgOptions,
  smartResize,
  type SmartResizeOptions,
} from '../data/readers.js';
