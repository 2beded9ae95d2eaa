// Writes models as ONNX with their inputs and predictions, for onnx_check.py: `node onnx-export.mjs FOLDER [NAMES]`.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { flatten } from '../../dist/base/tree.js';
import { cases } from './onnx-models.mjs';

const [folder, ...wanted] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const only = (items) => (items.length === 1 ? items[0] : items);
const numberOf = (n) => (Number.isFinite(Number(n)) ? Number(n) : String(n));
const array = (tensor) => ({ dtype: tensor.dtype, shape: tensor.shape, data: [tensor.tolist()].flat(Infinity).map(numberOf) });

for (const [name, make] of cases()) {
  if (wanted.length > 0 && !wanted.some((pattern) => name.includes(pattern))) continue;
  const at = (ending) => path.join(folder, `${name}${ending}`);
  try {
    const { model, inputs, inputSignature = null, tolerance = null } = make();
    await model.export(at('.onnx'), { inputSignature });
    const struct = model.network?.inputStruct;
    const outputs = flatten(model.invoke(struct === undefined ? only(inputs) : flatten(struct).pack(inputs), { training: false })).leaves;
    writeFileSync(at('.json'), JSON.stringify({ inputs: inputs.map(array), outputs: outputs.map(array), tolerance }));
  } catch (error) {
    writeFileSync(at('.json'), JSON.stringify({ error: error.stack }));
  }
}
