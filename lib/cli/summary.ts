// `keratin summary FILE`.
import { loadModel } from '../saving/models.js';
import type { Given } from './main.js';
import { importModules, loadOptions } from './reading.js';

/** Prints Keras's table of a model. */
export async function run([file]: readonly string[], given: Given): Promise<number> {
  await importModules(given);
  const model = await loadModel(file!, { ...loadOptions(given), compile: false });
  model.summary({
    expandNested: given['expand-nested'] === true,
    showTrainable: given['show-trainable'] === true,
    printFn: (text) => console.log(text),
  });
  return 0;
}
