// `npx keratin`, as it is packed: what the commands print, and their exit codes.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Input, layers, ops, saving, Sequential } from 'keratin';

const fixture = (name: string) => path.resolve('test/fixtures/files', name);
let folder: string;
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'keratin-cli-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => path.join(folder, name);

function keratin(...args: string[]): { code: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.resolve('dist/bundle/cli.js'), ...args], { encoding: 'utf8' });
  return { code: status, out: stdout, error: stderr };
}
const ok = (...args: string[]): string => {
  const { code, out, error } = keratin(...args);
  expect(error).toBe('');
  expect(code).toBe(0);
  return out;
};

describe('usage', () => {
  it('tells commands, options and the version', () => {
    expect(ok('--help')).toMatch(/inspect FILE[^]*convert IN OUT[^]*doctor/);
    expect(ok('convert', '--help')).toMatch(/Usage: keratin convert IN OUT[^]*--overwrite/);
    expect(ok('--version').trim()).toBe((JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version);
    expect(keratin().code).toBe(2);
  });
  it.each([
    [['inspct'], "no command 'inspct'; did you mean 'inspect'?"],
    [['inspect'], 'expected inspect FILE, received no arguments'],
    [['inspect', 'a', '--jsn'], "Unknown option '--jsn'"],
  ])('%j is not understood', (args, message) => {
    const { code, error } = keratin(...args);
    expect(code).toBe(2);
    expect(error).toContain(message);
  });
  it('fails in one line for what cannot be read', () => {
    for (const [args, message] of [
      [['inspect', at('none.keras')], 'ENOENT'], [['inspect', 'x.txt'], 'tells no format'], [['summary', fixture('mlp/model.weights.h5')], 'no whole model'],
    ] as const) {
      const { code, error } = keratin(...args);
      expect(code).toBe(1);
      expect(error).toMatch(new RegExp(`^keratin: .*${message}.*\n$`));
    }
  });
});

describe('inspect', () => {
  it('shows layers, shapes, parameters and the optimizer', () => {
    const text = ok('inspect', fixture('functional/model.keras'));
    expect(text).toMatch(/^Model: Functional "functional_1", 12 layers$/m);
    expect(text).toMatch(/^Parameters: 94 \(float32\), in 8 weights$/m);
    expect(text).toMatch(/^Optimizer: AdamW, learning rate 0\.0099/m);
    expect(text).toMatch(/^shared +Dense +\(None, 4\) +24 {2}float32$/m);
    expect(text).toMatch(/^relu +Relu +\(None, 8\) +0$/m);
    expect(text).toMatch(/^ {2}inner_dense +Dense +\(None, 3\) +27 {2}float32$/m);
    expect(text).toMatch(/All of it is supported\.\n$/);
  });
  it.each([
    'mlp/model.keras', 'mlp/model.h5', 'mlp/model.weights.h5', 'mlp/model.weights.json', 'tfjs/cnn/model.json', 'tensors/arrays.safetensors',
  ])('reads %s', (name) => {
    const report = JSON.parse(ok('inspect', '--json', fixture(name))) as { parameters: number; problems: string[]; layers: { parameters: number }[] };
    expect(report.problems).toEqual([]);
    expect(report.parameters).toBe(name.startsWith('mlp') ? 83 : name.startsWith('tfjs') ? 559 : 76);
    if (report.layers.length > 0) expect(report.layers.reduce((sum, layer) => sum + layer.parameters, 0)).toBe(report.parameters);
  });
  it('says what is not supported and why, and imports what registers it', async () => {
    const code = `import { layers, saving } from 'keratin';
      saving.registerKerasSerializable({ package: 'Mine' })(class Odd extends layers.Layer { call(x) { return x; } });`;
    class Odd extends layers.Layer {
      override call(x: never) {
        return x;
      }
    }
    saving.registerKerasSerializable({ package: 'Mine' })(Odd);
    await new Sequential([Input({ shape: [2] }), new layers.Dense(3), new Odd({ name: 'odd' }), new layers.Lambda((x) => x)]).save(at('odd.keras'));
    const text = ok('inspect', at('odd.keras'));
    expect(text).toMatch(/odd +Odd +\? +\? +float32/);
    expect(text).toMatch(/Not supported:\n {2}sequential\S*\/odd: unknown layer 'Odd'; a class or function of your own must be registered/);
    expect(text).toMatch(/lambda\S*: the source of a function, which runs with safeMode: false alone/);
    writeFileSync(at('odd.mjs'), code.replace("'keratin'", JSON.stringify(path.resolve('dist/bundle/keratin.js'))));
    expect(ok('inspect', at('odd.keras'), '--import', at('odd.mjs'))).not.toContain('unknown layer');
    expect(ok('summary', at('odd.keras'), '--import', at('odd.mjs'), '--unsafe')).toContain('Odd');
  });
});

describe('summary', () => {
  it("prints Keras's table", () => {
    expect(ok('summary', fixture('cnn/model.keras'))).toMatch(/conv2d \(Conv2D\)[^]*Total params: 520/);
    expect(ok('summary', '--show-trainable', '--expand-nested', fixture('functional/model.keras'))).toMatch(/Trai[^]*inner_dense/);
  });
});

describe('convert', () => {
  it('takes models to every format, and weights with a model', async () => {
    const source = fixture('mlp/model.keras');
    const model = await saving.loadModel(source);
    const expected = model.getWeights().map((w) => w.tolist());
    for (const name of ['m.h5', 'm.safetensors']) {
      ok('convert', source, at(name));
      ok('convert', at(name), at('back.keras'), '--overwrite', '--model', source);
      expect((await saving.loadModel(at('back.keras'))).getWeights().map((w) => w.tolist())).toEqual(expected);
    }
    ok('convert', fixture('tfjs/cnn/model.json'), at('cnn.keras'));
    expect((await saving.loadModel(at('cnn.keras'))).countParams()).toBe(559);
    ok('convert', source, at('m.npz'));
    ok('convert', at('m.npz'), at('n.safetensors'));
    expect((await saving.loadSafetensors(at('n.safetensors'))).names).toContain(model.weights[0].path);
    ok('convert', fixture('tensors/version1.npy'), at('one.npz'));
    ok('convert', at('one.npz'), at('one.npy'));
  });
  it('writes what a model computes as ONNX', async () => {
    ok('convert', fixture('mlp/model.keras'), at('m.onnx'));
    const [rows, predicted] = [ops.ones([2, 6]), async (file: string) => (await saving.loadModel(file)).predict(rows, { verbose: 0 })];
    expect((await predicted(at('m.onnx'))).tolist()).toEqual((await predicted(fixture('mlp/model.keras'))).tolist());
  });
  it('keeps what is there, and says what it lacks', () => {
    writeFileSync(at('there.keras'), 'old');
    for (const [args, message] of [
      [[fixture('mlp/model.keras'), at('there.keras')], 'give --overwrite'],
      [[fixture('mlp/model.weights.h5'), at('new.keras')], 'give --model FILE'],
      [[fixture('tensors/arrays.npz'), at('new.npy')], '17 tensors, .npy holds one'],
      [[fixture('mlp/model.keras'), at('new.json')], 'is read, and not written'],
    ] as const) {
      const { code, error } = keratin('convert', ...args);
      expect(code).toBe(1);
      expect(error).toContain(message);
    }
    expect(readFileSync(at('there.keras'), 'utf8')).toBe('old');
  });
});

describe('doctor', () => {
  it('finds all well here', () => {
    expect(ok('doctor')).toMatch(/✓ addon[^]*✓ training {6}a model was trained, saved and read again\nAll works here\.\n$/);
    const findings = JSON.parse(ok('doctor', '--json')) as { name: string; status: string }[];
    expect(findings.map(({ name }) => name)).toEqual(expect.arrayContaining(['Node.js', 'platform', 'addon', 'instructions', 'threads', 'memory']));
  });
  it('says what mends an addon that is missing', () => {
    cpSync('dist/bundle', at('package/dist/bundle'), { recursive: true });
    cpSync('package.json', at('package/package.json'));
    const { KERATIN_ADDON: _, ...env } = process.env;
    const { status, stdout } = spawnSync(process.execPath, [at('package/dist/bundle/cli.js'), 'doctor'], { encoding: 'utf8', env });
    expect(status).toBe(1);
    expect(stdout).toMatch(/✗ addon[^]*→ npm install --include=optional keratin[^]*Something is wrong here/);
  });
});
