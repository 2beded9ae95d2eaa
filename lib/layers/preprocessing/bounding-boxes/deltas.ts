// Bounding boxes as differences from anchors, which detectors predict.
import { toTensor, type TensorLike } from '../../../core/convert.js';
import { checkOptions, show } from '../../../base/errors.js';
import { settings } from '../../../base/settings.js';
import { showShape } from '../../../base/shape.js';
import type { Tensor } from '../../../core/tensor.js';
import { isPlainObject } from '../../../base/tree.js';
import * as ops from '../../../ops/index.js';
import { convertBoxes, type BoundingBoxFormat } from './formats.js';
import { imageSize, type ImageShape } from './overlap.js';

/** Formats in which differences are computed. */
export type DeltaFormat = 'center_xywh' | 'center_yxhw';
interface DeltaOptions {
  /** Four factors of the differences; null: 1. */
  variance?: TensorLike | null;
  /** Height, width and channels of the image; needed for relative formats. */
  imageShape?: ImageShape | null;
}
/** Options of `encodeBoxToDeltas`. */
export interface EncodeDeltasOptions extends DeltaOptions {
  /** Default `'center_yxhw'`. */
  encodingFormat?: DeltaFormat;
}
/** Options of `decodeDeltasToBoxes`. */
export interface DecodeDeltasOptions extends DeltaOptions {
  /** Default `'center_yxhw'`. */
  encodedFormat?: DeltaFormat;
}

function varianceOf(where: string, variance: TensorLike | null | undefined): Tensor | null {
  if (variance === null || variance === undefined) return null;
  const tensor = toTensor(variance, 'float32', where);
  if (tensor.shape.at(-1) !== 4) throw new RangeError(`${where}: variance must have 4 numbers, received shape ${showShape(tensor.shape)}`);
  return tensor;
}
function checkFormat(where: string, option: string, format: unknown): DeltaFormat {
  if (format !== 'center_xywh' && format !== 'center_yxhw')
    throw new TypeError(`${where}: ${option} must be 'center_xywh' or 'center_yxhw', received ${show(format)}`);
  return format;
}
/** Centres and sizes of boxes. */
const halves = (boxes: Tensor): [Tensor, Tensor] => ops.split(boxes, 2, { axis: -1 }) as [Tensor, Tensor];

/**
 * The differences of boxes, `(n, 4)` or `(batch, n, 4)`, from anchors, `(n, 4)`: those of the centres as shares of the anchor's size, and
 * the logarithms of the quotients of the sizes, divided by `variance`.
 */
export function encodeBoxToDeltas(
  anchors: TensorLike,
  boxes: TensorLike,
  anchorFormat: BoundingBoxFormat | (string & {}),
  boxFormat: BoundingBoxFormat | (string & {}),
  options: EncodeDeltasOptions = {},
): Tensor {
  const where = 'encodeBoxToDeltas';
  checkOptions(where, options, ['encodingFormat', 'variance', 'imageShape']);
  const variance = varianceOf(where, options.variance);
  const format = checkFormat(where, 'encodingFormat', options.encodingFormat ?? 'center_yxhw');
  const size = imageSize(where, options.imageShape);
  const [anchorCenter, anchorSize] = halves(convertBoxes(where, anchors, anchorFormat, format, size));
  const [boxCenter, boxSize] = halves(convertBoxes(where, boxes, boxFormat, format, size));
  const [unit, wanted] = [ops.maximum(anchorSize, settings.epsilon), ops.maximum(boxSize, settings.epsilon)];
  const deltas = ops.concatenate([ops.divide(ops.subtract(boxCenter, anchorCenter), unit), ops.log(ops.divide(wanted, unit))], {
    axis: -1,
  });
  return variance === null ? deltas : ops.divide(deltas, variance);
}

/**
 * The boxes that differ from anchors, `(n, 4)`, by `boxesDelta`, `(n, 4)` or `(batch, n, 4)`: what `encodeBoxToDeltas` gave. Objects of
 * anchors and of differences are decoded level by level.
 */
export function decodeDeltasToBoxes(
  anchors: Readonly<Record<string, TensorLike>>,
  boxesDelta: Readonly<Record<string, TensorLike>>,
  anchorFormat: BoundingBoxFormat | (string & {}),
  boxFormat: BoundingBoxFormat | (string & {}),
  options?: DecodeDeltasOptions,
): Record<string, Tensor>;
export function decodeDeltasToBoxes(
  anchors: TensorLike,
  boxesDelta: TensorLike,
  anchorFormat: BoundingBoxFormat | (string & {}),
  boxFormat: BoundingBoxFormat | (string & {}),
  options?: DecodeDeltasOptions,
): Tensor;
export function decodeDeltasToBoxes(
  anchors: unknown,
  boxesDelta: unknown,
  anchorFormat: string,
  boxFormat: string,
  options: DecodeDeltasOptions = {},
): Tensor | Record<string, Tensor> {
  const where = 'decodeDeltasToBoxes';
  checkOptions(where, options, ['encodedFormat', 'variance', 'imageShape']);
  const variance = varianceOf(where, options.variance);
  const format = checkFormat(where, 'encodedFormat', options.encodedFormat ?? 'center_yxhw');
  const size = imageSize(where, options.imageShape);
  const decode = (anchor: TensorLike, given: TensorLike): Tensor => {
    const [anchorCenter, anchorSize] = halves(convertBoxes(where, anchor, anchorFormat, format, size));
    const scaled = variance === null ? toTensor(given, null, where) : ops.multiply(given, variance);
    const [move, growth] = halves(scaled);
    const boxes = ops.concatenate([ops.add(ops.multiply(move, anchorSize), anchorCenter), ops.multiply(ops.exp(growth), anchorSize)], {
      axis: -1,
    });
    return convertBoxes(where, boxes, format, boxFormat, size);
  };
  if (!isPlainObject(anchors) || !isPlainObject(boxesDelta)) return decode(anchors as TensorLike, boxesDelta as TensorLike);
  return Object.fromEntries(
    Object.entries(anchors).map(([level, anchor]) => {
      if (!Object.hasOwn(boxesDelta, level)) throw new TypeError(`${where}: there are anchors but no differences for level ${show(level)}`);
      return [level, decode(anchor as TensorLike, boxesDelta[level] as TensorLike)];
    }),
  );
}
