// Saves the same model again and again, each time with other weights (all of them the number of the time), in every format that is
// written: `node save.mjs FOLDER`. Who kills it finds whole files.
import path from 'node:path';
import { Input, layers, Sequential } from 'keratin';

const [folder] = process.argv.slice(2);
const model = new Sequential([Input({ shape: [64] }), new layers.Dense(256, { name: 'a' }), new layers.Dense(64, { name: 'b' })], { name: 'm' });
model.compile({ optimizer: 'adam', loss: 'mse' });
const at = (name) => path.join(folder, name);
for (let time = 1; ; time++) {
  model.setWeights(model.getWeights().map((weight) => weight.multiply(0).add(time)));
  await model.save(at('m.keras'));
  await model.save(at('m.h5'));
  await model.saveWeights(at('m.weights.h5'));
  await model.saveWeights(at('m.safetensors'));
  await model.saveWeights(at('m.weights.json'), { maxShardSize: 1e-4 });
  if (time === 1) process.stdout.write('saved\n');
}
