// Files of trained networks: where Keras keeps them, and its cache of them.
import path from 'node:path';
import { getFile, kerasHome } from '../utils/get-file.js';

/** A file for Keras's folder `models`: its name there, its URL, and its MD5 or SHA-256 where Keras knows it. */
export interface ModelFile {
  readonly fname: string;
  readonly origin: string;
  readonly fileHash: string | null;
}
/** The file of a network's weights, with or without its classifier. */
export type WeightsFile<O = { includeTop: boolean }> = (options: O) => ModelFile;
/** Hashes of the weights with the classifier and without it. */
export type Hashes = readonly [withTop: string | null, withoutTop: string | null];

/** Where most networks have their folders. */
export const APPLICATIONS = 'https://storage.googleapis.com/tensorflow/keras-applications';

/** Files whose URL is `url`, then `ending` where the classifier is left out, then `.h5`. `cached`: the same of their names in the cache. */
export function weightsFile(url: string, ending: string, hashes: Hashes, cached = { stem: path.posix.basename(url), ending }): WeightsFile {
  return ({ includeTop }) => ({
    fname: `${cached.stem}${includeTop ? '' : cached.ending}.h5`,
    origin: `${url}${includeTop ? '' : ending}.h5`,
    fileHash: hashes[includeTop ? 0 : 1],
  });
}
/** The files of networks that Keras has had from the beginning. */
export const kernelsFile = (folder: string, name: string, hashes: Hashes): WeightsFile =>
  weightsFile(`${APPLICATIONS}/${folder}/${name}_weights_tf_dim_ordering_tf_kernels`, '_notop', hashes);

/** The path of a file in the cache, fetched when it is not there. `instead`: what else helps without a network. */
export async function modelFile(where: string, file: ModelFile, instead = ''): Promise<string> {
  return getFile({ ...file, cacheSubdir: 'models' }).catch((error: unknown) => {
    const folder = path.join(kerasHome(), 'models');
    const message = `${where}: ${(error as Error).message}. Without a network, put ${file.fname} into ${folder}${instead}`;
    throw new Error(message, { cause: error });
  });
}
