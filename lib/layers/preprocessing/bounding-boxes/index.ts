// Functions of bounding boxes: `keras.utils.boundingBoxes`.
export { decodeDeltasToBoxes, encodeBoxToDeltas, type DecodeDeltasOptions, type DeltaFormat, type EncodeDeltasOptions } from './deltas.js';
export { convertFormat, type BoundingBoxFormat, type ConvertFormatOptions, type LabeledBoxes } from './formats.js';
export {
  affineTransform,
  clipToImageSize,
  crop,
  pad,
  type AffineBoxesOptions,
  type BoxesOptions,
  type ClipToImageSizeOptions,
  type PadBoxesOptions,
} from './geometry.js';
export { computeCiou, computeIou, type ComputeCiouOptions, type ComputeIouOptions, type ImageShape } from './overlap.js';
