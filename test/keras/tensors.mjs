// Reads the arrays that tensors.py wrote, compares those of each file with each other, and saves them again for it:
// `node tensors.mjs FOLDER REPORT`. Prints what failed, and writes how much passed and failed.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { saving } from 'keratin';

const [folder, report] = process.argv.slice(2);
const at = (file) => path.join(folder, file);
let [passed, failed] = [0, 0];
const note = (name, isRight) => {
  if (isRight) passed += 1;
  else {
    failed += 1;
    console.log(`FAIL ${name}`);
  }
};
const text = ({ dtype, shape, data }) => `${dtype} [${shape}] ${[...data]}`;

const arrays = await saving.loadNumpy(at('arrays.npz'));
for (const file of ['packed.npz', 'big_endian.npz', 'fortran.npz'])
  for (const [name, tensor] of Object.entries(await saving.loadNumpy(at(file)))) note(`${file} ${name}`, text(tensor) === text(arrays[name]));
for (const version of [1, 2, 3])
  note(`version ${version}`, text(await saving.loadNumpy(at(`version${version}.npy`))) === text(arrays.float32));
for (const file of ['objects', 'structured', 'texts', 'dates'])
  note(file, await saving.loadNumpy(at(`${file}.npy`)).then(() => false, (error) => /\((<|\||'descr')/.test(error.message)));
const safetensors = await saving.loadSafetensors(at('arrays.safetensors'));
const tensors = await safetensors.load();
for (const [name, tensor] of Object.entries(tensors)) note(`arrays.safetensors ${name}`, text(tensor) === text(arrays[name]));

await saving.saveSafetensors(at('keratin.safetensors'), tensors, { metadata: safetensors.metadata });
await saving.saveNumpy(at('keratin.npz'), arrays);
for (const [name, tensor] of Object.entries(tensors)) await saving.saveNumpy(at(`keratin_${name}.npy`), tensor);
writeFileSync(report, JSON.stringify({ passed, failed }));
process.exit(failed > 0 ? 1 : 0);
