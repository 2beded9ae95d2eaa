// modelToDot and plotModel. The text of the whole graph is what Keras's model_to_dot gives, with nodes numbered.
import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import * as keras from '#lib/index.js';

const { layers, ops, utils } = keras;
const folder = mkdtempSync(join(tmpdir(), 'keratin-plot-'));
afterAll(() => rmSync(folder, { recursive: true }));

const inner = new keras.Sequential([
  keras.Input([4]), new layers.Dense(3, { activation: 'relu', name: 'a' }), new layers.Dense(2, { name: 'b' }),
], { name: 'inner' });
const x = keras.Input([4], { name: 'x' });
const y = keras.Input([2], { name: 'y' });
const sum = new layers.Add({ name: 'add' })([inner(x), y]);
const last = new layers.Dense(1, { name: 'out', trainable: false })(ops.relu(sum));
const model = new keras.Model([x, y], [last, sum], { name: 'f' });
class Own extends keras.Model {
  readonly dense = new layers.Dense(2);
  override call(inputs: keras.Tensor): keras.Tensor {
    return this.dense(inputs);
  }
}

/** Names in boxes, and edges between them. */
function graphOf(dot: string): { boxes: string[]; edges: string[]; frames: string[] } {
  const names = new Map([...dot.matchAll(/^(n\d+) \[label=.*?<b>(.*?)<\/b>/gm)].map(([, id, name]) => [id, name]));
  return {
    boxes: [...names.values()],
    edges: [...dot.matchAll(/^(n\d+) -> (n\d+) \[penwidth=2\];$/gm)].map(([, from, to]) => `${names.get(from)} ${names.get(to)}`),
    frames: [...dot.matchAll(/^subgraph (\S+) \{$/gm)].map(([, name]) => name),
  };
}
const box = (text: string): string => `<table border="0" cellborder="1" bgcolor="black" cellpadding="10">${text}</table>`;
const title = (span: number, text: string): string =>
  `<tr><td colspan="${span}" bgcolor="black"><font point-size="16" color="white">${text}</font></td></tr>`;

describe('modelToDot', () => {
  it('gives Keras\'s text for a Sequential', () => {
    const node = (id: number, name: string) =>
      `n${id} [label=<${box(title(1, `<b>${name}</b> (Dense)`))}>, fontname=Helvetica, border=0, margin=0];`;
    expect(utils.modelToDot(inner)).toBe(
      ['digraph G {', 'rankdir=TB;', 'concentrate=true;', 'dpi=200;', 'splines=ortho;', 'node [shape=record];',
        node(0, 'a'), node(1, 'b'), 'n0 -> n1 [penwidth=2];', '}', ''].join('\n'),
    );
  });

  it('connects the operations of functional models', () => {
    const relu = last.history!.call.inputs[0].history!.call.operation.name;
    expect(graphOf(utils.modelToDot(model))).toEqual({
      boxes: ['x', 'inner', 'y', 'add', relu, 'out'], edges: ['x inner', 'inner add', 'y add', `add ${relu}`, `${relu} out`], frames: [],
    });
  });

  it('draws nested models in frames, with edges to what is in them', () => {
    const [gx, gy] = [keras.Input([4], { name: 'gx' }), keras.Input([2], { name: 'gy' })];
    const outer = new keras.Model([gx, gy], new layers.Concatenate({ name: 'cat' })(model([gx, gy])), { name: 'g' });
    const { edges, frames } = graphOf(utils.modelToDot(outer, { expandNested: true }));
    expect(frames).toEqual(['cluster_f', 'cluster_inner']);
    for (const edge of ['gx x', 'gy y', 'x a', 'a b', 'b add', 'out cat', 'add cat']) expect(edges).toContain(edge);
    expect(utils.modelToDot(inner, { subgraph: true })).toMatch(/^subgraph cluster_inner \{\nstyle=dashed;\nlabel=inner;\nlabeljust=l;\nn0/);
  });

  it('shows shapes, dtypes, activations and what is trained', () => {
    const dot = utils.modelToDot(model, { showShapes: true, showDtype: true, showLayerActivations: true, showTrainable: true, rankdir: 'LR', dpi: 96 });
    expect(dot).toContain(title(4, '<b>out</b> (Dense)'));
    for (const text of ['rankdir=LR;', 'dpi=96;', 'Activation: <b>linear</b>', 'Input shape: <b>[(None, 2), (None, 2)]</b>',
      'Output shape: <b>(None, 4)</b>', 'Output dtype: <b>float32</b>', 'bgcolor="forestgreen"', '<b>Non-trainable</b>']) expect(dot).toContain(text);
    expect(utils.modelToDot(model, { showLayerNames: false })).toContain('<b>Add</b>');
  });

  it('shows a subclassed model as one box, and refuses one that is not built', () => {
    const own = new Own({ name: 'own' });
    expect(() => utils.modelToDot(own)).toThrow('the model "own" is not built');
    own.build([null, 3]);
    const dot = utils.modelToDot(own, { showShapes: true });
    expect(graphOf(dot)).toEqual({ boxes: ['own'], edges: [], frames: [] });
    expect(dot).toContain('Input shape: <b>?</b>');
  });

  it.each([[{ rankdir: 'XY' }, /rankdir must be/], [{ dpi: 0 }, /dpi must be a number > 0/], [{ splines: 'x' }, /splines must be/],
    [{ showShape: true }, /did you mean 'showShapes'/]])('refuses %j', (options, message) => {
    expect(() => utils.modelToDot(model, options as never)).toThrow(message);
  });
});

describe('plotModel', () => {
  it('writes SVG, PNG of the resolution that is asked for, and text', async () => {
    const [svg, png, dot] = ['svg', 'png', 'dot'].map((ending) => join(folder, `model.${ending}`)) as [string, string, string];
    await utils.plotModel(model, svg, { showLayerNames: true });
    expect(readFileSync(svg, 'utf8')).toMatch(/<svg[^]*>inner<\/text>[^]*<\/svg>/);
    await utils.plotModel(model, png, { dpi: 72 });
    const { width, height, format } = await sharp(png).metadata();
    await utils.plotModel(model, { toFile: png, dpi: 144 });
    const large = await sharp(png).metadata();
    expect(format).toBe('png');
    expect([large.width / width, large.height / height].map((ratio) => Math.round(ratio * 10) / 10)).toEqual([2, 2]);
    await utils.plotModel(model, dot);
    expect(readFileSync(dot, 'utf8')).toBe(utils.modelToDot(model, { showLayerNames: false }));
  });

  it('refuses formats that there are not', async () => {
    await expect(utils.plotModel(model, join(folder, 'model.xyz'))).rejects.toThrow(/plotModel: cannot write .*model\.xyz/);
  });
});
