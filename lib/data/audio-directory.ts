// Sounds of a folder.
import { readFile } from 'node:fs/promises';
import { integer } from '../base/integers.js';
import { checkReaderOptions, type DirectoryDataset, type DirectoryOptions, readDirectory } from './directory.js';
import { resampleSound } from './resample-sound.js';
import { decodeWav } from './wav.js';

/** Options of `audioDatasetFromDirectory`. */
export interface AudioDirectoryOptions extends DirectoryOptions {
  /** Samples a second that sounds are brought to. Default null: as they are. */
  samplingRate?: number | null;
  /** Samples that sounds are cut or filled up to when they are read. Default null: the longest of each batch. */
  outputSequenceLength?: number | null;
  /** Only false: there are no ragged tensors here. Default false. */
  ragged?: false;
}
const WHERE = 'audioDatasetFromDirectory';

/**
 * The WAV files of a folder as a data set of float32 batches `(batch, samples, channels)` from -1 to 1, with labels; two with `subset:
 * 'both'`. Shorter sounds of a batch are filled up with zeros.
 *
 * ```ts
 * const train = await keras.utils.audioDatasetFromDirectory('commands', { outputSequenceLength: 16000, seed: 1 });
 * ```
 * @throws when there is no such folder or no file in it, and for options that do not fit. A file that cannot be decoded is an error when
 *   its turn comes, with its name.
 */
export function audioDatasetFromDirectory(
  directory: string,
  options: AudioDirectoryOptions & { subset: 'both' },
): Promise<[DirectoryDataset, DirectoryDataset]>;
export function audioDatasetFromDirectory(directory: string, options?: AudioDirectoryOptions): Promise<DirectoryDataset>;
export async function audioDatasetFromDirectory(
  directory: string,
  options: AudioDirectoryOptions = {},
): Promise<DirectoryDataset | [DirectoryDataset, DirectoryDataset]> {
  checkReaderOptions(WHERE, directory, options, ['samplingRate', 'outputSequenceLength', 'ragged']);
  const { samplingRate = null, outputSequenceLength = null, ragged = false } = options;
  if (samplingRate !== null) integer(WHERE, 'samplingRate', samplingRate, { min: 1 });
  if (outputSequenceLength !== null) integer(WHERE, 'outputSequenceLength', outputSequenceLength, { min: 1 });
  if (ragged as boolean) throw new TypeError(`${WHERE}: there are no ragged tensors; without this option sounds are filled up with zeros`);
  return readDirectory({
    where: WHERE,
    kind: 'sounds',
    endings: ['.wav'],
    read: async (file) => {
      const { audio, samplingRate: rate } = decodeWav(file, await readFile(file), outputSequenceLength);
      return samplingRate === null ? audio : resampleSound(audio, rate, samplingRate);
    },
    batch: (rows, size) => (outputSequenceLength === null || samplingRate !== null ? rows.paddedBatch(size) : rows.batch(size)),
  }, directory, options);
}
