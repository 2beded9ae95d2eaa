// projector_config.pbtxt: which embeddings TensorBoard's projector shows.
import { writeFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { didYouMean, show } from '../../base/errors.js';
import { Embedding } from '../../layers/core/embedding.js';
import type { Layer } from '../../layers/base/layer.js';

/** A file with a line for each row of all embeddings, or files by name of layer. */
export type EmbeddingsMetadata = string | Readonly<Record<string, string>>;

/** The name that Keras gives to embeddings in checkpoints. */
const TENSOR = 'layer_with_weights-0/embeddings/.ATTRIBUTES/VARIABLE_VALUE';

/** Text of the file. @throws when the metadata name a layer that is no `Embedding` of these. */
function projectorConfig(where: string, layers: readonly Layer[], metadata: EmbeddingsMetadata | null): string {
  const names = layers.filter((layer) => layer instanceof Embedding).map(({ name }) => name);
  for (const name of typeof metadata === 'string' || metadata === null ? [] : Object.keys(metadata)) {
    if (!names.includes(name))
      throw new RangeError(`${where}: embeddingsMetadata has ${show(name)}, which is no Embedding layer of the model${didYouMean(name, names)}`);
  }
  return names.map((name) => {
    const file = typeof metadata === 'string' ? metadata : metadata?.[name];
    const lines = [`tensor_name: "${TENSOR}"`, ...(file === undefined ? [] : [`metadata_path: ${JSON.stringify(file)}`])];
    return `embeddings {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`;
  }).join('');
}

/** Writes the file into the folder of logs. */
export async function writeProjectorConfig(
  where: string, folder: string, layers: readonly Layer[], metadata: EmbeddingsMetadata | null,
): Promise<void> {
  const text = projectorConfig(where, layers, metadata);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'projector_config.pbtxt'), text);
}
