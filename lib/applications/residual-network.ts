// ResNet and ResNetV2 of any depth.
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as layers from '../layers/index.js';
import { type Application, application, networkEnd, networkInput, networkOf, POOL_NAMES } from './application.js';
import { channelAxis } from './blocks.js';
import { type Hashes, kernelsFile } from './model-files.js';

const EPSILON = 1.001e-5;
const normalized = (x: KerasTensor, name: string): KerasTensor =>
  new layers.BatchNormalization({ axis: channelAxis(), epsilon: EPSILON, name })(x);
const rectified = (x: KerasTensor, name: string): KerasTensor => new layers.Activation('relu', { name })(x);

/** A block: `filters` are those of its inner convolutions, `shortcut` tells whether the way around them has a convolution too. */
interface Block {
  readonly filters: number;
  readonly stride: number;
  readonly shortcut: boolean;
  readonly name: string;
}
type BlockFunction = (x: KerasTensor, block: Block) => KerasTensor;

/** He et al., 2015: the sum of two ways, then the activation. */
function block(x: KerasTensor, { filters, stride, shortcut, name }: Block): KerasTensor {
  const around = shortcut
    ? normalized(new layers.Conv2D(4 * filters, 1, { strides: stride, name: `${name}_0_conv` })(x), `${name}_0_bn`)
    : x;
  let y = new layers.Conv2D(filters, 1, { strides: stride, name: `${name}_1_conv` })(x);
  y = rectified(normalized(y, `${name}_1_bn`), `${name}_1_relu`);
  y = new layers.Conv2D(filters, 3, { padding: 'same', name: `${name}_2_conv` })(y);
  y = rectified(normalized(y, `${name}_2_bn`), `${name}_2_relu`);
  y = normalized(new layers.Conv2D(4 * filters, 1, { name: `${name}_3_conv` })(y), `${name}_3_bn`);
  return rectified(new layers.Add({ name: `${name}_add` })([around, y]), `${name}_out`);
}

/** He et al., 2016: normalization and activation come before the convolutions. */
function preactivatedBlock(x: KerasTensor, { filters, stride, shortcut, name }: Block): KerasTensor {
  const active = rectified(normalized(x, `${name}_preact_bn`), `${name}_preact_relu`);
  const thinned = stride > 1 ? new layers.MaxPooling2D(1, { strides: stride })(x) : x;
  const around = shortcut ? new layers.Conv2D(4 * filters, 1, { strides: stride, name: `${name}_0_conv` })(active) : thinned;
  let y = new layers.Conv2D(filters, 1, { strides: 1, useBias: false, name: `${name}_1_conv` })(active);
  y = rectified(normalized(y, `${name}_1_bn`), `${name}_1_relu`);
  y = new layers.ZeroPadding2D([[1, 1], [1, 1]], { name: `${name}_2_pad` })(y);
  y = new layers.Conv2D(filters, 3, { strides: stride, useBias: false, name: `${name}_2_conv` })(y);
  y = rectified(normalized(y, `${name}_2_bn`), `${name}_2_relu`);
  y = new layers.Conv2D(4 * filters, 1, { name: `${name}_3_conv` })(y);
  return new layers.Add({ name: `${name}_out` })([around, y]);
}

/** A stack of blocks; its stride is that of the first block, or with `strideAtEnd` of the last. */
function stack(
  x: KerasTensor,
  make: BlockFunction,
  filters: number,
  count: number,
  stride: number,
  strideAtEnd: boolean,
  name: string,
): KerasTensor {
  const strided = strideAtEnd ? count : 1;
  return Array.from({ length: count }, (_, i) => i + 1).reduce(
    (y, number) => make(y, { filters, stride: number === strided ? stride : 1, shortcut: number === 1, name: `${name}_block${number}` }),
    x,
  );
}

/** A network of four stacks with these numbers of blocks. `preactivated`: the second version of ResNet. */
export function residualNetwork(where: string, counts: readonly number[], preactivated: boolean, hashes: Hashes): Application {
  const name = where.toLowerCase();
  return application(where, {
    name,
    trained: kernelsFile('resnet', name, hashes),
    build(options) {
      const input = networkInput(where, options, { usual: 224, least: 32 });
      let x = new layers.ZeroPadding2D([[3, 3], [3, 3]], { name: 'conv1_pad' })(input);
      x = new layers.Conv2D(64, 7, { strides: 2, name: 'conv1_conv' })(x);
      if (!preactivated) x = rectified(normalized(x, 'conv1_bn'), 'conv1_relu');
      x = new layers.ZeroPadding2D([[1, 1], [1, 1]], { name: 'pool1_pad' })(x);
      x = new layers.MaxPooling2D(3, { strides: 2, name: 'pool1_pool' })(x);
      counts.forEach((count, i) => {
        const unstrided = preactivated ? i === counts.length - 1 : i === 0;
        x = stack(x, preactivated ? preactivatedBlock : block, 64 * 2 ** i, count, unstrided ? 1 : 2, preactivated, `conv${i + 2}`);
      });
      if (preactivated) x = rectified(normalized(x, 'post_bn'), 'post_relu');
      return networkOf(input, options, networkEnd(x, options, POOL_NAMES));
    },
  });
}
