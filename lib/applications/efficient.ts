// What both versions of EfficientNet share.
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as initializers from '../initializers/index.js';
import * as layers from '../layers/index.js';
import { classified, networkEnd, POOL_NAMES, type ResolvedOptions } from './application.js';
import { channelAxis, channelsOf, through } from './blocks.js';

/** How kernels of convolutions begin. */
export const kernels = () => new initializers.VarianceScaling({ scale: 2, mode: 'fan_out', distribution: 'truncated_normal' });
const classifierKernel = () => new initializers.VarianceScaling({ scale: 1 / 3, mode: 'fan_out', distribution: 'uniform' });

/** The layers of a network: those of the second version normalize with another momentum. */
export interface Kit {
  convolution(filters: number, size: number, name: string, options?: layers.ConvLayerOptions): layers.Layer;
  /** A convolution of each channel. */
  depthwise(size: number, name: string, options: { strides: number; padding: 'same' | 'valid' }): layers.Layer;
  normalization(name: string): layers.Layer;
  activation(name: string): layers.Layer;
}
export const kit = (momentum: number): Kit => ({
  convolution: (filters, size, name, options) =>
    new layers.Conv2D(filters, size, { padding: 'same', useBias: false, kernelInitializer: kernels(), name, ...options }),
  depthwise: (size, name, options) =>
    new layers.DepthwiseConv2D(size, { useBias: false, depthwiseInitializer: kernels(), name, ...options }),
  normalization: (name) => new layers.BatchNormalization({ axis: channelAxis(), momentum, name }),
  activation: (name) => new layers.Activation('swish', { name }),
});

/** Channels weighed by what their means say (Hu et al., 2018), through `inner` channels in between. */
export function weighed(x: KerasTensor, inner: number, name: string): KerasTensor {
  const channels = channelsOf(x);
  const options = { padding: 'same', kernelInitializer: kernels() } as const;
  const weights = through(
    x,
    new layers.GlobalAveragePooling2D({ name: `${name}se_squeeze` }),
    new layers.Reshape(channelAxis() === 1 ? [channels, 1, 1] : [1, 1, channels], { name: `${name}se_reshape` }),
    new layers.Conv2D(inner, 1, { ...options, activation: 'swish', name: `${name}se_reduce` }),
    new layers.Conv2D(channels, 1, { ...options, activation: 'sigmoid', name: `${name}se_expand` }),
  );
  return layers.multiply([x, weights], { name: `${name}se_excite` });
}
/** The sum of what a block takes and what it makes of it; while training some samples leave the latter out. */
export function sum(x: KerasTensor, y: KerasTensor, rate: number, name: string): KerasTensor {
  const kept = rate > 0 ? new layers.Dropout(rate, { noiseShape: [null, 1, 1, 1], name: `${name}drop` })(y) : y;
  return layers.add([kept, x], { name: `${name}add` });
}
/** The letter of a block of a stack. */
export const letter = (i: number): string => String.fromCharCode('a'.charCodeAt(0) + i);

/** The last convolution and what follows. */
export function end(
  x: KerasTensor,
  { convolution, normalization, activation }: Kit,
  { filters, dropout, classifier = {} }: { filters: number; dropout: number; classifier?: layers.DenseOptions },
  options: ResolvedOptions,
): KerasTensor {
  const y = through(x, convolution(filters, 1, 'top_conv'), normalization('top_bn'), activation('top_activation'));
  if (!options.includeTop) return networkEnd(y, options, POOL_NAMES);
  const means = through(y, new layers.GlobalAveragePooling2D({ name: 'avg_pool' }), new layers.Dropout(dropout, { name: 'top_dropout' }));
  return classified(means, options, { kernelInitializer: classifierKernel(), ...classifier });
}
