// `keras.applications.inceptionResnetV2`.
import { provideMembers } from '../config/registration.js';
import { float } from '../config/fields.js';
import type { Tensor } from '../core/tensor.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as layers from '../layers/index.js';
import { layer } from '../layers/base/layer.js';
import * as ops from '../ops/index.js';
import { application, networkEnd, networkInput, networkOf, TOP_NAME } from './application.js';
import { channelsOf } from './blocks.js';
import { preprocessAs } from './imagenet.js';
import { type Branch, branches, convolved, firstBranches, stem } from './inception.js';
import { kernelsFile } from './model-files.js';

export { decodePredictions } from './imagenet.js';

const MODULE = 'keras.src.applications.inception_resnet_v2';
/** The first input, and `scale` times the second. */
class CustomScaleLayer extends layer('CustomScaleLayer', { scale: float() }, ['scale']) {
  static override readonly module = MODULE;
  static readonly registeredName = 'CustomScaleLayer';

  override call(inputs: readonly [Tensor, Tensor]): Tensor {
    return ops.add(inputs[0], ops.multiply(inputs[1], this.config.scale));
  }
}
provideMembers(MODULE, { CustomScaleLayer });

/** Blocks that add to their input: their name, how many of them, their factor, their branches. */
interface Residual {
  readonly name: string;
  readonly count: number;
  readonly scale: number;
  readonly branches: readonly Branch[];
}
/** Szegedy et al., 2016, figures 16 to 19: the names of blocks that make the images smaller, their branches, and the blocks after them. */
const STAGES: readonly (readonly [name: string, branches: readonly Branch[], residuals: Residual])[] = [
  [
    'mixed_5b',
    firstBranches(96, 64),
    {
      name: 'block35',
      count: 10,
      scale: 0.17,
      branches: [[[32, 1, 1]], [[32, 1, 1], [32, 3, 3]], [[32, 1, 1], [48, 3, 3], [64, 3, 3]]],
    },
  ],
  [
    'mixed_6a',
    [[[384, 3, 3, 2]], [[256, 1, 1], [256, 3, 3], [384, 3, 3, 2]], ['maximum']],
    { name: 'block17', count: 20, scale: 0.1, branches: [[[192, 1, 1]], [[128, 1, 1], [160, 1, 7], [192, 7, 1]]] },
  ],
  [
    'mixed_7a',
    [[[256, 1, 1], [384, 3, 3, 2]], [[256, 1, 1], [288, 3, 3, 2]], [[256, 1, 1], [288, 3, 3], [320, 3, 3, 2]], ['maximum']],
    { name: 'block8', count: 10, scale: 0.2, branches: [[[192, 1, 1]], [[192, 1, 1], [224, 1, 3], [256, 3, 1]]] },
  ],
];
/** The very last block adds all of its branches, and has no activation. */
function residual(x: KerasTensor, { name, scale, branches: all }: Residual, number: number, isLast: boolean): KerasTensor {
  const block = `${name}_${number}`;
  const mixed = branches(x, all, `${block}_mixed`);
  const up = new layers.Conv2D(channelsOf(x), 1, { padding: 'same', name: `${block}_conv` })(mixed);
  const sum = new CustomScaleLayer(isLast ? 1 : scale)([x, up]) as KerasTensor;
  return isLast ? sum : new layers.Activation('relu', { name: `${block}_ac` })(sum);
}

/**
 * InceptionResNetV2 (Szegedy et al., 2016): Inception blocks that add to their inputs. Images of `(299, 299, 3)`, or others from 75 rows
 * and columns on, become probabilities of 1000 classes.
 *
 * ```ts
 * const model = keras.applications.InceptionResNetV2({ weights: null, includeTop: false, pooling: 'avg' });
 * ```
 * @throws for images that are too small, and with `includeTop` for sizes that are not known; rejects when trained weights can neither be
 * found nor fetched.
 */
export const InceptionResNetV2 = application('InceptionResNetV2', {
  name: 'inception_resnet_v2',
  trained: kernelsFile('inception_resnet_v2', 'inception_resnet_v2', [
    'e693bd0210a403b3192acc6073ad2e96',
    'd19885ff4a710c122648d3b5c3b684e4',
  ]),
  build(options) {
    const input = networkInput('InceptionResNetV2', options, { usual: 299, least: 75 });
    let x = stem(input);
    STAGES.forEach(([name, all, residuals], stage) => {
      x = branches(x, all, name);
      for (let i = 1; i <= residuals.count; i++) x = residual(x, residuals, i, stage === 2 && i === residuals.count);
    });
    return networkOf(input, options, networkEnd(convolved(x, [1536, 1, 1], 'same', 'conv_7b'), options, TOP_NAME));
  },
});
/** Images of numbers from 0 to 255 as this network takes them: from -1 to 1. */
export const preprocessInput = preprocessAs('tf');
