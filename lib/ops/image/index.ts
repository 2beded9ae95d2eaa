// `keras.ops.image`.
export * from './patches.js';
export { hsvToRgb, rgbToGrayscale, rgbToHsv } from './color.js';
export { gaussianBlur, sobelEdges, ssim, type GaussianBlurOptions, type SsimOptions } from './filters.js';
export type { ImageFormat, ImageFormatOptions } from './layout.js';
export {
  cropImages,
  padImages,
  resize,
  scaleAndTranslate,
  type CropImagesOptions,
  type PadImagesOptions,
  type ResizeInterpolation,
  type ResizeOptions,
  type ScaleMethod,
} from './resize.js';
export { mapCoordinates, type FillMode, type MapCoordinatesOptions, type SampleInterpolation, type SampleOrder } from './sampling.js';
export {
  affineTransform,
  elasticTransform,
  perspectiveTransform,
  type ElasticTransformOptions,
  type PerspectiveTransformOptions,
  type TransformOptions,
} from './transform.js';
