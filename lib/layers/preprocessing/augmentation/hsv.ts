// Images by hue, saturation and value, for the layers that change one of them.
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import type { DataFormat } from '../../base/data-format.js';

/** The batch of images with one of its channels, 0 the hue and 1 the saturation, replaced by what `fn` makes of it. */
export function changeHsv(images: Tensor, dataFormat: DataFormat, channel: 0 | 1, fn: (plane: Tensor) => Tensor): Tensor {
  const axis = dataFormat === 'channels_first' ? 1 : 3;
  const planes = ops.split(ops.image.rgbToHsv(images, { dataFormat }), 3, { axis });
  const changed = planes.map((plane, i) => (i === channel ? fn(plane) : plane));
  return ops.image.hsvToRgb(ops.concatenate(changed, { axis }), { dataFormat });
}
