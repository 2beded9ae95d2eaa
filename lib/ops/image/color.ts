// Colours of pixels.
import type { TensorLike } from '../../core/convert.js';
import { castTo } from '../../core/cast.js';
import { floatType, isFloat, type FloatDType } from '../../base/dtype.js';
import { showShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { partOf } from '../axes.js';
import * as p from '../primitives/index.js';
import { constant } from '../primitives/primitive.js';
import { publicOp } from '../public.js';
import { imagesOf, type ImageFormat, type ImageFormatOptions, type Images } from './layout.js';

/** The channels, each with an axis of size 1. */
const planesOf = ({ tensor, channels }: Images): Tensor[] =>
  Array.from({ length: tensor.shape[channels]! }, (_, c) => partOf(tensor, channels, c, 1));

/** Shares of red, green and blue in the brightness (ITU-R BT.601). */
const BRIGHTNESS = [0.2989, 0.587, 0.114] as const;
/**
 * The brightness of images of three channels, red, green and blue, as one channel; images of one channel come back as they are. Integers
 * are computed in `floatx` and cut off.
 */
export const rgbToGrayscale = publicOp('rgbToGrayscale', (images: TensorLike, { dataFormat }: ImageFormatOptions = {}): Tensor => {
  const source = imagesOf('rgbToGrayscale', images, dataFormat);
  const count = source.tensor.shape[source.channels];
  if (count !== 1 && count !== 3)
    throw new RangeError(`rgbToGrayscale: expected 3 channels (or 1), received shape ${showShape(source.tensor.shape)}`);
  if (count === 1) return source.tensor;
  const { dtype } = source.tensor;
  const wide = castTo(source.tensor, floatType(dtype));
  const parts = planesOf({ ...source, tensor: wide }).map((plane, c) => p.multiply(plane, constant(BRIGHTNESS[c]!, plane)));
  return castTo(parts.reduce((a, b) => p.add(a, b)), dtype);
}, ['dataFormat']);

/** Distance from 1 to the next float. */
const EPSILON: Record<FloatDType, number> = { float16: 2 ** -10, bfloat16: 2 ** -7, float32: 2 ** -23, float64: 2 ** -52 };

/** The three channels of float images. */
function colours(
  where: string,
  images: TensorLike,
  dataFormat: ImageFormat | undefined,
): { planes: [Tensor, Tensor, Tensor]; axis: number; dtype: FloatDType } {
  const source = imagesOf(where, images, dataFormat);
  const { dtype } = source.tensor;
  if (!isFloat(dtype)) throw new TypeError(`${where}: expected float images, received ${dtype}`);
  if (source.tensor.shape[source.channels] !== 3)
    throw new RangeError(`${where}: expected 3 channels, received shape ${showShape(source.tensor.shape)}`);
  return { planes: planesOf(source) as [Tensor, Tensor, Tensor], axis: source.channels, dtype };
}

/** Images of red, green and blue from 0 to 1 as hue, saturation and value from 0 to 1. Float images only. */
export const rgbToHsv = publicOp('rgbToHsv', (images: TensorLike, { dataFormat }: ImageFormatOptions = {}): Tensor => {
  const { planes, axis, dtype } = colours('rgbToHsv', images, dataFormat);
  const [red, green, blue] = planes.map((plane) => {
    const tiny = p.less(p.absolute(plane), constant(EPSILON[dtype], plane));
    return p.select(tiny, constant(0, plane), plane);
  }) as [Tensor, Tensor, Tensor];
  const [zero, one] = [constant(0, red), constant(1, red)];
  const value = p.maximum(p.maximum(red, green), blue);
  const range = p.subtract(value, p.minimum(p.minimum(red, green), blue));
  const [lit, coloured] = [p.greater(value, zero), p.greater(range, zero)];
  const saturation = p.select(lit, p.divide(range, p.select(lit, value, one)), zero);
  const unit = p.divide(one, p.multiply(constant(6, red), p.select(coloured, range, one)));
  const sector = (a: Tensor, b: Tensor, turn: number) => p.add(p.multiply(unit, p.subtract(a, b)), constant(turn, red));
  const others = p.select(p.equal(value, green), sector(blue, red, 2 / 6), sector(red, green, 4 / 6));
  const angle = p.select(p.equal(value, red), p.multiply(unit, p.subtract(green, blue)), others);
  const hue = p.add(p.select(coloured, angle, zero), castTo(p.less(angle, zero), dtype));
  return p.concatenate([hue, saturation, value], axis);
}, ['dataFormat']);

/** Images of hue, saturation and value from 0 to 1 as red, green and blue from 0 to 1. Float images only. */
export const hsvToRgb = publicOp('hsvToRgb', (images: TensorLike, { dataFormat }: ImageFormatOptions = {}): Tensor => {
  const { planes: [hue, saturation, value], axis } = colours('hsvToRgb', images, dataFormat);
  const number = (n: number) => constant(n, hue);
  const sector = p.multiply(p.mod(hue, number(1)), number(6));
  const cut = (x: Tensor) => p.clip(x, number(0), number(1));
  const distance = (from: number) => p.absolute(p.subtract(sector, number(from)));
  const shares = [
    cut(p.subtract(distance(3), number(1))),
    cut(p.subtract(number(2), distance(2))),
    cut(p.subtract(number(2), distance(4))),
  ];
  const pale = p.subtract(number(1), saturation);
  return p.concatenate(shares.map((share) => p.multiply(value, p.add(pale, p.multiply(saturation, share)))), axis);
}, ['dataFormat']);
