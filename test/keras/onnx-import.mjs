// Loads what onnx_make.py wrote, compares predictions, trains a step, and saves as .keras: `node onnx-import.mjs FOLDER REPORT`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as keras from 'keratin';

const [folder, report] = process.argv.slice(2);
let [passed, failed] = [0, 0];
const { ops } = keras;
const tensor = ({ shape, dtype, data }) => ops.reshape(ops.cast(ops.convertToTensor(Float64Array.from(data, Number)), dtype), shape);
const flat = (values) => values.map((value) => [value.tolist()].flat(Infinity).map(Number));
const only = (items) => (items.length === 1 ? items[0] : items);

function difference(actual, expected) {
  if (actual.length !== expected.length) return `has ${actual.length} outputs instead of ${expected.length}`;
  const worst = Math.max(...flat(actual).flatMap((list, i) => list.map((value, k) => {
    const wanted = Number(expected[i].data[k]);
    return Math.abs(value - wanted) / (1 + Math.abs(wanted));
  })));
  return worst < 1e-5 ? null : `differs by ${worst}`;
}
async function check(name) {
  const at = (ending) => path.join(folder, `${name}${ending}`);
  const { inputs, outputs } = JSON.parse(readFileSync(at('.json'), 'utf8'));
  const x = inputs.map(tensor);
  const run = (model) => [model(only(x))].flat();
  const model = await keras.saving.loadModel(at('.onnx'));
  const problem = difference(run(model), outputs);
  if (problem !== null) return problem;
  await model.save(at('.keras'));
  const again = difference(run(await keras.saving.loadModel(at('.keras'))), outputs);
  if (again !== null) return `saved as .keras: ${again}`;
  const tape = new keras.GradientTape();
  const floats = (results) => results.filter(({ dtype }) => dtype.startsWith('float'));
  const loss = tape.record(() => floats(run(model)).map((y) => ops.sum(ops.square(y))).reduce((a, b) => ops.add(a, b)));
  const gradients = tape.gradient(loss, model.trainableWeights);
  return gradients.every((gradient) => gradient !== null) ? null : 'has weights without a gradient';
}
for (const file of readdirSync(folder).filter((one) => one.endsWith('.json'))) {
  const name = file.slice(0, -'.json'.length);
  const problem = await check(name).catch((error) => error.stack);
  if (problem === null) passed += 1;
  else {
    failed += 1;
    console.log(`FAIL ${name}.onnx: ${problem}`);
  }
}
writeFileSync(report, JSON.stringify({ passed, failed }));
process.exit(failed > 0 ? 1 : 0);
