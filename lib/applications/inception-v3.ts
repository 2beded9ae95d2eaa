// `keras.applications.inceptionV3`.
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import { application, networkEnd, networkInput, networkOf, TOP_NAME } from './application.js';
import { preprocessAs } from './imagenet.js';
import { type Branch, branch, branches, convolved, firstBranches, joined, stem } from './inception.js';
import { kernelsFile } from './model-files.js';

export { decodePredictions } from './imagenet.js';

/** Branches with windows of seven rows and seven columns, in this many channels. */
const sevens = (n: number): readonly Branch[] => [
  [[192, 1, 1]],
  [[n, 1, 1], [n, 1, 7], [192, 7, 1]],
  [[n, 1, 1], [n, 7, 1], [n, 1, 7], [n, 7, 1], [192, 1, 7]],
  ['average', [192, 1, 1]],
];
/** Szegedy et al., 2015, table 1: the branches of the blocks, whose names are numbered. */
const BLOCKS: readonly (readonly Branch[])[] = [
  firstBranches(64, 32),
  firstBranches(64, 64),
  firstBranches(64, 64),
  [[[384, 3, 3, 2]], [[64, 1, 1], [96, 3, 3], [96, 3, 3, 2]], ['maximum']],
  sevens(128),
  sevens(160),
  sevens(160),
  sevens(192),
  [[[192, 1, 1], [320, 3, 3, 2]], [[192, 1, 1], [192, 1, 7], [192, 7, 1], [192, 3, 3, 2]], ['maximum']],
];
/** The last two blocks, whose branches fork. */
function forkedBlock(x: KerasTensor, number: number): KerasTensor {
  const fork = (y: KerasTensor, name?: string): KerasTensor => joined([convolved(y, [384, 1, 3]), convolved(y, [384, 3, 1])], name);
  const parts = [
    branch(x, [[320, 1, 1]]),
    fork(branch(x, [[384, 1, 1]]), `mixed9_${number}`),
    fork(branch(x, [[448, 1, 1], [384, 3, 3]])),
    branch(x, ['average', [192, 1, 1]]),
  ];
  return joined(parts, `mixed${9 + number}`);
}

/**
 * InceptionV3 (Szegedy et al., 2015). Images of `(299, 299, 3)`, or others from 75 rows and columns on, become probabilities of 1000
 * classes.
 *
 * ```ts
 * const model = keras.applications.InceptionV3({ weights: null, inputShape: [150, 150, 3], classes: 2 });
 * ```
 * @throws for images that are too small, and with `includeTop` for sizes that are not known; rejects when trained weights can neither be
 * found nor fetched.
 */
export const InceptionV3 = application('InceptionV3', {
  name: 'inception_v3',
  trained: kernelsFile('inception_v3', 'inception_v3', ['9a0d58056eeedaa3f26cb7ebd46da564', 'bcbd6486424b2319ff4ef7d526e38f63']),
  build(options) {
    const input = networkInput('InceptionV3', options, { usual: 299, least: 75 });
    let x = BLOCKS.reduce((y, block, i) => branches(y, block, `mixed${i}`), stem(input));
    for (const number of [0, 1]) x = forkedBlock(x, number);
    return networkOf(input, options, networkEnd(x, options, TOP_NAME));
  },
});
/** Images of numbers from 0 to 255 as this network takes them: from -1 to 1. */
export const preprocessInput = preprocessAs('tf');
