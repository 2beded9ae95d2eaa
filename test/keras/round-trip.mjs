// Loads what real Keras saved (make.py), compares predictions and further training, and saves it again for check.py:
// `node round-trip.mjs FOLDER REPORT`. Prints what failed, and writes how much passed and failed.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as keras from 'keratin';

const [folder, report] = process.argv.slice(2);
let [passed, failed] = [0, 0];
const note = (name, problem) => {
  if (problem === null) passed += 1;
  else {
    failed += 1;
    console.log(`FAIL ${name}: ${problem}`);
  }
};

const tensor = ({ shape, dtype, data }) => keras.ops.reshape(keras.ops.convertToTensor(data, { dtype }), shape);
const flat = (value) => [value].flat(Infinity).map(Number);
function difference(actual, expected, tolerance) {
  const [a, b] = [flat(actual), flat(expected)];
  const worst = Math.max(...b.map((value, i) => Math.abs(a[i] - value) / (1 + Math.abs(value))));
  return a.length === b.length && worst <= tolerance ? null : `differs by ${worst}`;
}

async function checkCase(name) {
  const at = (file) => path.join(folder, name, file);
  const { x: inputs, y, prediction, steps } = JSON.parse(readFileSync(at('case.json'), 'utf8'));
  const tensors = inputs.map(tensor);
  const data = tensors.length > 1 ? tensors : tensors[0];
  const tolerance = name === 'float16_weights' ? 2e-2 : 2e-5;
  const agrees = async (model) => difference((await model.predict(data, { verbose: 0 })).tolist(), prediction, tolerance);
  const attempt = async (what, run) => note(`${name} ${what}`, await run().catch((error) => error.stack));

  let model;
  await attempt('model.keras', async () => agrees((model = await keras.saving.loadModel(at('model.keras')))));
  if (model === undefined) return;
  for (const file of ['model.weights.h5', 'model.weights.json']) {
    await attempt(file, async () => {
      const other = await keras.saving.loadModel(at('model.keras'), { compile: false });
      other.setWeights(other.getWeights().map((w) => keras.ops.zerosLike(w)));
      await other.loadWeights(at(file));
      return agrees(other);
    });
  }
  if (existsSync(at('model.h5'))) {
    await attempt('model.h5', async () => {
      const old = await keras.saving.loadModel(at('model.h5'));
      await old.save(at('from_h5.keras'));
      return agrees(old);
    });
  }
  await attempt('saving', async () => {
    await model.save(at('keratin.keras'));
    await model.saveWeights(at('keratin.weights.h5'));
    await model.saveWeights(at('keratin.weights.json'), { maxShardSize: 2e-6 });
    if (existsSync(at('model.h5'))) await model.save(at('keratin.h5'));
    return agrees(await keras.saving.loadModel(at('keratin.keras')));
  });
  const result = {};
  if (steps !== undefined) {
    const target = tensor(y);
    const part = (t, i) => keras.ops.slice(t, [4 * i, ...t.shape.slice(1).map(() => 0)], [4, ...t.shape.slice(1)]);
    for (const [i, expected] of steps.entries()) {
      const batch = tensors.map((t) => part(t, i + 1));
      const logs = await model.trainOnBatch(batch.length > 1 ? batch : batch[0], part(target, i + 1), { returnDict: true });
      note(`${name} step ${i}`, difference(Object.keys(expected).map((key) => logs[key]), Object.values(expected), 5e-5));
    }
    await model.save(at('resumed.keras'));
    result.resumed = (await model.predict(data, { verbose: 0 })).tolist();
  }
  writeFileSync(at('keratin.json'), JSON.stringify(result));
}

for (const name of readdirSync(folder)) await checkCase(name);
writeFileSync(report, JSON.stringify({ passed, failed }));
process.exit(failed > 0 ? 1 : 0);
