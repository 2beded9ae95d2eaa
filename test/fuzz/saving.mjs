// The suite of files: those of every format, damaged at random or made by an attacker, are read as a user reads them. They are read or
// refused in words that a user understands, within 10 s and 512 MB, and nothing outside of their folder is touched.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { decodeModel, encodeModel } from '../../dist/saving/onnx/schema.js';

/** The worker waits for longer than a call may take. */
export const wait = 30_000;
const SECONDS = 10;
const MEGABYTES = 512;

const FIXTURES = path.resolve('test/fixtures/files');
const at = (...parts) => path.join(FIXTURES, ...parts);

/** Files of each format; the first is the one that is opened. Small ones, so that damage meets what matters. */
const CASES = {
  keras: ['mlp', 'functional', 'lora'].map((name) => [at(name, 'model.keras')]),
  h5: ['mlp', 'functional', 'cnn'].filter((name) => existsSync(at(name, 'model.h5'))).map((name) => [at(name, 'model.h5')]),
  'weights.h5': [[at('mlp/model.weights.h5')], [at('odd.h5')]],
  'weights.json': [['mlp'].flatMap((name) => readdirSync(at(name)).filter((file) => /weights\.json$|_\d+\.weights\.h5$/.test(file))
    .sort((a) => (a.endsWith('.json') ? -1 : 1)).map((file) => at(name, file)))],
  safetensors: [[at('tensors/arrays.safetensors')]],
  onnx: readdirSync(path.resolve('test/fixtures/onnx')).map((name) => [path.resolve('test/fixtures/onnx', name)]),
  npy: [1, 2, 3].map((version) => [at(`tensors/version${version}.npy`)]),
  npz: ['arrays', 'packed', 'fortran', 'big_endian'].map((name) => [at(`tensors/${name}.npz`)]),
  tfjs: readdirSync(at('tfjs')).map((name) => [at('tfjs', name, 'model.json'), ...[1, 2].map((i) => at('tfjs', name, `group1-shard${i}of2.bin`))]),
};

// ---- damage to bytes -------------------------------------------------------------------------------------------------

const BYTES = [0, 1, 0x7f, 0x80, 0xff];
function damaged(random, bytes) {
  const copy = new Uint8Array(bytes);
  if (copy.length === 0) return copy;
  const where = () => random.int(0, copy.length - 1);
  const kinds = [
    () => { for (let i = random.int(1, 12); i > 0; i--) copy[where()] ^= 1 << random.int(0, 7); return copy; },
    () => { for (let i = random.int(1, 6); i > 0; i--) copy[where()] = random.pick(BYTES); return copy; },
    () => copy.subarray(0, where()),
    () => { const from = where(); copy.fill(random.pick(BYTES), from, from + random.pick([1, 2, 4, 8, 64, 512])); return copy; },
    () => {
      const from = where();
      return Buffer.concat([copy.subarray(0, from), Buffer.alloc(random.int(1, 64), random.int(0, 255)), copy.subarray(from)]);
    },
    () => {
      const [from, to] = [where(), where()].sort((a, b) => a - b);
      return Buffer.concat([copy.subarray(0, from), copy.subarray(to)]);
    },
    () => { const from = where(); copy.copyWithin(where(), from, from + random.int(1, 256)); return copy; },
  ];
  return new Uint8Array(random.pick(kinds)());
}

// ---- hostile JSON ----------------------------------------------------------------------------------------------------

/** Stands for so many arrays within each other, which no function here could visit. */
const deep = (depth) => `deep ${depth}`;
const HOSTILE = [
  null, true, -1, 0, 1.5, 1e9, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, '', 'x', '../../etc/passwd', '/etc/passwd', '__proto__', 'constructor', '\0',
  'x'.repeat(100_000), [], {}, [[]], [null], [1e9, 1e9, 1e9], [-1], [2 ** 40], { class_name: 'Dense' }, { class_name: '__lambda__', config: { value: 'x', language: 'javascript' } },
  { class_name: 'function', config: 'x', module: 'builtins' }, { class_name: '__tensor__', config: { value: [1, 'x'], dtype: 'float99' } },
  { class_name: '__keras_tensor__', config: { shape: [1], dtype: 'float32', keras_history: ['x', 0, 0] } }, { class_name: 'Sequential', config: { layers: [] }, module: 'keras' },
];
/** A copy with some values exchanged for hostile ones, for others of the same file, or left out. */
function hostileJson(random, json) {
  const copy = structuredClone(json);
  for (let count = random.int(1, 3); count > 0; count--) {
    const places = [];
    const visit = (value) => {
      if (value === null || typeof value !== 'object') return;
      for (const key of Object.keys(value)) { places.push([value, key]); visit(value[key]); }
    };
    visit(copy);
    if (places.length === 0) return random.pick(HOSTILE);
    const [holder, key] = random.pick(places);
    const [other, otherKey] = random.pick(places);
    const kind = random.int(0, 9);
    if (kind < 6) holder[key] = random.pick(HOSTILE);
    else if (kind === 6 && !Array.isArray(holder)) delete holder[key];
    else if (kind === 7) holder[key] = structuredClone(other[otherKey]);
    else if (kind === 8) holder[key] = random.once(8) ? deep(random.pick([100, 1000, 5000, 100_000])) : [holder[key]];
    else if (typeof holder[key] === 'number') holder[key] *= random.pick([-1, 1e3, 1e6, 1e12, 0.5]);
    else if (typeof holder[key] === 'string') holder[key] += random.pick(['x', '/..', '_1']);
  }
  return copy;
}
const encode = (json) => {
  const text = JSON.stringify(json).replaceAll(/"deep (\d+)"/g, (_, depth) => '['.repeat(depth) + ']'.repeat(depth));
  return new TextEncoder().encode(text);
};
const decode = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

// ---- files that are whole, around what is not ------------------------------------------------------------------------

function hostileZip(random, bytes, name) {
  const files = unzipSync(bytes);
  const names = Object.keys(files);
  const victim = name ?? random.pick(names);
  const kinds = [
    () => { files[victim] = victim.endsWith('.json') ? encode(hostileJson(random, decode(files[victim]))) : damaged(random, files[victim]); },
    () => { files[random.pick(['../evil', '/evil', 'a\\..\\..\\evil', 'assets/../../evil', 'assets/x', ''])] = new Uint8Array(3); },
    () => { delete files[victim]; },
    () => { files[victim] = new Uint8Array(random.pick([0, 1, 1e6, 2e7])); }, // zeros, which compress a thousand times
    () => { files[victim] = files[random.pick(names)]; },
  ];
  random.pick([kinds[0], kinds[0], ...kinds])();
  return zipSync(files, { level: random.pick([0, 0, 6]) });
}
function hostileSafetensors(random, bytes) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = encode(hostileJson(random, decode(bytes.subarray(8, 8 + length))));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(random.once(8) ? random.pick([0, 1, 2 ** 40, header.length + 1]) : header.length));
  return Buffer.concat([prefix, header, bytes.subarray(8 + length)]);
}
const NUMPY = ["'<f4'", "'>f8'", "'|O'", "'<f16'", "'|V2'", "[('x', '<f4')]", 'True', 'False', '(3, 4)', '(99999999999,)', '(-1,)', '(,)', '()', 'None', '(2,) * 9'];
function hostileNpy(random, bytes) {
  const start = bytes[6] === 1 ? 10 : 12;
  const text = Buffer.from(bytes).toString('latin1');
  const end = text.indexOf('\n');
  const header = text.slice(start, end).replace(random.pick([/'<f4'/, /False/, /\(\d.*?\)/, /'descr'/, /'shape'/]), random.pick(NUMPY));
  return Buffer.from(text.slice(0, start) + header.slice(0, end - start).padEnd(end - start) + text.slice(end), 'latin1');
}

const NUMBERS = [0, -1, 1, 2, 7, 255, 2 ** 31 - 1, 2 ** 31, 2 ** 53, -(2 ** 31), 1e9, 1e5];
/** A graph with other numbers, names, and parts exchanged for others of the same kind. */
function hostileOnnx(random, bytes) {
  const model = decodeModel(bytes);
  for (let count = random.int(1, 4); count > 0; count--) {
    const places = [];
    const visit = (value) => {
      if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return;
      for (const key of Object.keys(value)) { places.push([value, key]); visit(value[key]); }
    };
    visit(model);
    const [holder, key] = random.pick(places);
    const value = holder[key];
    const isAlike = (other) => typeof other === typeof value && Array.isArray(other) === Array.isArray(value);
    const alike = places.filter(([other, name]) => isAlike(other[name])
      && (typeof value === 'string' || name === key || Array.isArray(holder)));
    const [other, otherKey] = random.pick(alike);
    if (typeof value === 'number') holder[key] = random.pick([...NUMBERS, -value, value + 1, other[otherKey]]);
    else if (typeof value === 'bigint') holder[key] = BigInt(random.pick(NUMBERS));
    else if (ArrayBuffer.isView(value)) holder[key] = damaged(random, value);
    else if (Array.isArray(value) && value.length > 0 && random.once(2)) value.splice(random.int(0, value.length - 1), 1);
    else holder[key] = structuredClone(other[otherKey]);
  }
  try {
    return encodeModel(model);
  } catch {
    return damaged(random, bytes); // of a kind that has no bytes
  }
}

let h5wasm;
/** A file that HDF5 itself finds whole: other attributes, links to elsewhere, and datasets whose sizes are not in the file. */
async function hostileHdf5(random, bytes) {
  h5wasm ??= (await import('h5wasm')).default;
  const { FS } = await h5wasm.ready;
  FS.writeFile('/fuzz.h5', bytes);
  const file = new h5wasm.File('/fuzz.h5', 'a');
  const groups = [];
  const visit = (group, depth) => {
    groups.push(group);
    for (const name of group.keys()) {
      const item = group.get(name);
      if (item instanceof h5wasm.Group && depth < 8) visit(item, depth + 1);
    }
  };
  visit(file, 0);
  const group = random.pick(groups);
  const kinds = [
    () => {
      const name = random.pick(['model_config', 'training_config']);
      const text = file.attrs[name]?.value;
      if (typeof text !== 'string') return;
      file.delete_attribute(name);
      file.create_attribute(name, JSON.stringify(hostileJson(random, JSON.parse(text))));
    },
    () => group.create_external_link('evil', '/etc/passwd', '/'),
    () => group.create_soft_link(random.pick(['/nowhere', '/', '.']), 'loop'),
    () => group.create_hard_link('/', 'cycle'),
    () => {
      const dataset = group.create_dataset({ name: 'bomb', data: new Float32Array(4), shape: [2, 2], maxshape: [null, null], chunks: [2, 2] });
      dataset.resize(random.pick([[1e5, 1e5], [2 ** 20, 2 ** 11], [1e9, 1], [0, 5]]));
    },
    () => {
      const names = group.keys();
      if (names.length === 0) return;
      file.create_attribute('weight_names', [random.pick(['../x', '', 'x'.repeat(1000), names[0]])]);
    },
    () => {
      const name = random.pick(['weight_names', 'layer_names']);
      if (group.attrs[name] !== undefined) group.delete_attribute(name);
      group.create_attribute(name, random.pick([['dense', 'dense'], ['nowhere'], [], 'text', [1, 2]]));
    },
  ];
  try {
    random.pick([kinds[0], ...kinds])();
  } catch {
    // HDF5 refuses to make some
  }
  file.close();
  const made = FS.readFile('/fuzz.h5');
  FS.unlink('/fuzz.h5');
  return made;
}

// ---- one call --------------------------------------------------------------------------------------------------------

async function changedFiles(random, format, files) {
  const made = files.map((file) => ({ name: path.basename(file), bytes: new Uint8Array(readFileSync(file)) }));
  const [main] = made;
  const victim = random.once(3) ? random.pick(made) : main;
  if (random.once(3)) victim.bytes = damaged(random, victim.bytes);
  else if (format === 'keras' || format === 'npz') main.bytes = hostileZip(random, main.bytes, format === 'keras' && random.once(2) ? 'config.json' : undefined);
  else if (format === 'safetensors') main.bytes = hostileSafetensors(random, main.bytes);
  else if (format === 'onnx') main.bytes = hostileOnnx(random, main.bytes);
  else if (format === 'npy') main.bytes = hostileNpy(random, main.bytes);
  else if (victim.name.endsWith('.json')) victim.bytes = encode(hostileJson(random, decode(victim.bytes)));
  else if (victim.name.endsWith('.h5')) victim.bytes = await hostileHdf5(random, victim.bytes);
  else victim.bytes = damaged(random, victim.bytes);
  return made;
}

/** Reads a file as its users do. */
async function read(keras, format, file, kind) {
  const { saving, Sequential, Input, layers } = keras;
  if (format === 'onnx') return (await saving.loadModel(file)).getWeights();
  if (format === 'npy' || format === 'npz') return saving.loadNumpy(file);
  if (format === 'safetensors' && kind < 2) return (await saving.loadSafetensors(file)).load();
  if (kind === 0 && (format === 'keras' || format === 'weights.h5')) {
    const editor = new saving.KerasFileEditor(file);
    await editor.ready;
    return editor.weightsDict;
  }
  if (kind > 1 && ['keras', 'h5', 'tfjs'].includes(format)) return (await saving.loadModel(file)).getWeights();
  const model = new Sequential([Input({ shape: [6] }), new layers.Dense(8, { activation: 'relu' }), new layers.Dropout(0), new layers.Dense(3)]);
  await model.loadWeights(file, { skipMismatch: kind === 2 });
  return model.getWeights();
}

/** The largest memory that this process has had, in MB. */
const peak = () => process.resourceUsage().maxRSS / 1024;

/** Prepares the suite: a function that makes the call of a random generator, with its text. `only` is a format. */
export function prepare({ keras, only = '' }) {
  const formats = Object.keys(CASES).filter((format) => format.includes(only));
  if (formats.length === 0) throw new Error(`no format has '${only}' in it`);
  process.emitWarning = () => undefined;
  return (random) => {
    const format = random.pick(formats);
    const files = random.pick(CASES[format]);
    const kind = random.int(0, 5);
    const run = async () => {
      const outer = mkdtempSync(path.join(tmpdir(), 'keratin-fuzz-'));
      const folder = path.join(outer, 'inside');
      mkdirSync(folder);
      try {
        const made = await changedFiles(random, format, files);
        for (const { name, bytes } of made) writeFileSync(path.join(folder, name), bytes);
        if (made.length > 1 && random.once(20)) {
          const victim = path.join(folder, made[1].name);
          rmSync(victim);
          symlinkSync(random.pick(['/etc/passwd', '/dev/zero', victim, '..']), victim);
        }
        const [began, before] = [performance.now(), peak()];
        try {
          return await read(keras, format, path.join(folder, made[0].name), kind);
        } finally {
          const seconds = (performance.now() - began) / 1000;
          if (seconds > SECONDS) throw `${seconds} s`;
          if (peak() - before > MEGABYTES) throw `${peak() - before} MB`;
          if (readdirSync(outer).length !== 1) throw 'a file outside';
        }
      } finally {
        rmSync(outer, { recursive: true, force: true });
      }
    };
    return { text: () => `${format}: ${path.relative(FIXTURES, files[0])}, read in way ${kind}`, run };
  };
}
