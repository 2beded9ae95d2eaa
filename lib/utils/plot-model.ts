// plotModel: a picture of a model's graph.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkOptions, show } from '../base/errors.js';
import { loadSharp } from '../data/sharp.js';
import type { Model } from '../models/model.js';
import { dotOf, GRAPH_OPTIONS, type GraphOptions } from './model-to-dot.js';
import { optionalPackage } from './optional-package.js';

/** Options of `plotModel`. */
export interface PlotModelOptions extends GraphOptions {
  /** Path of the picture; the ending says the format: `.svg`, `.dot`, or one that sharp writes, such as `.png`. Default `'model.png'`. */
  toFile?: string | URL;
}

/** What is used of the package @viz-js/viz. */
interface Viz {
  renderString(dot: string, options: { format: string }): string;
}

/** Graphviz in WebAssembly. @throws a message that says how to install the package, where it is absent. */
const loadViz = async (where: string): Promise<Viz> =>
  (await optionalPackage<{ instance(): Promise<Viz> }>(where, 'pictures of graphs', '@viz-js/viz')).instance();

/**
 * Draws a model's graph into a file: SVG, PNG and what else the package sharp writes, or text for Graphviz (`.dot`). The package
 * @viz-js/viz lays the graph out, no program has to be installed.
 *
 * ```ts
 * await keras.utils.plotModel(model, 'model.svg', { showShapes: true });
 * ```
 * @throws when the model is not built, for options that do not exist or are out of range, without the packages @viz-js/viz or (unless the
 * file is SVG) sharp, and for formats that sharp does not write.
 */
export async function plotModel(model: Model, toFile?: string | URL | PlotModelOptions, options: PlotModelOptions = {}): Promise<void> {
  const where = 'plotModel';
  const named = typeof toFile === 'string' || toFile instanceof URL ? { ...options, toFile } : { ...toFile, ...options };
  checkOptions(where, named, [...GRAPH_OPTIONS, 'toFile']);
  const { toFile: given = 'model.png', showLayerNames = false, ...rest } = named;
  if (!(typeof given === 'string' && given !== '') && !(given instanceof URL))
    throw new TypeError(`${where}: toFile must be a path, received ${show(given)}`);
  const file = typeof given === 'string' ? given : fileURLToPath(given);
  const format = path.extname(file).slice(1).toLowerCase() || 'png';
  const dot = dotOf(where, model, { ...rest, showLayerNames });
  const picture = await pictureOf(where, dot, format, file);
  await mkdir(path.dirname(path.resolve(file)), { recursive: true });
  await writeFile(file, picture);
}

/** Boxes are made for Helvetica; where it is not installed, other fonts take its place, of which DejaVu Sans is a sixth wider. */
const FONT_SCALE = 0.84;
const fitted = (svg: string): string =>
  svg.replace(/font-size="([\d.]+)"/g, (_, size: string) => `font-size="${(Number(size) * FONT_SCALE).toFixed(2)}"`);

async function pictureOf(where: string, dot: string, format: string, file: string): Promise<string | Uint8Array> {
  if (format === 'dot' || format === 'gv') return dot;
  const svg = fitted((await loadViz(where)).renderString(dot, { format: 'svg' }));
  if (format === 'svg') return svg;
  const sharp = await loadSharp(where);
  try {
    return await sharp(Buffer.from(svg)).toFormat(format === 'jpg' ? 'jpeg' : format).toBuffer();
  } catch (error) {
    throw new Error(`${where}: cannot write ${show(file)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
