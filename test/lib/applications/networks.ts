// The networks of keras.applications against recordings of Keras: configs, weights, files of trained weights, outputs. Each family is a
// test file of its own, networks-<family>.test.ts, since they take long.
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Model, Tensor, Variable } from 'keratin';
import type { GetFileOptions } from '#lib/utils/get-file.js';
import { type RecordedArray, readFixture } from '../../helpers/fixtures.js';

/** What would have been fetched. */
const fetched: GetFileOptions[] = [];
jest.unstable_mockModule('#lib/utils/get-file.js', () => ({
  kerasHome: () => '/',
  getFile: (options: GetFileOptions) => {
    fetched.push(options);
    return Promise.resolve(options.fname);
  },
}));
const keras = await import('keratin');
const { camelKeys, expectClose } = await import('../../helpers/recorded.js');
const { applications, Input, layers, ops } = keras;

interface Case {
  name: string;
  symbol: string;
  options: Record<string, unknown>;
  input?: number[];
  first?: boolean;
  model: string;
  config: string;
  layers: string;
  weights: string;
  parameters: [number, number];
  file?: [fname: string, origin: string, fileHash: string | null];
  images?: { shape: number[]; range: [number, number] };
  outputs?: RecordedArray;
}
const cases = readFixture<Case>('applications').filter(({ model }) => model !== undefined);

/** Text that is the same for the same JSON, as `canonical` in the recorder writes it. */
function canonical(value: unknown): string {
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return bytes.toString('hex');
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Numbers in [0, 1) by a rule. */
function values(shape: readonly number[], number: number, scale = 1, offset = 0): Tensor {
  const numbers = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < numbers.length; i++) numbers[i] = (((i * 7919 + number * 104729) % 10007) / 10007) * scale + offset;
  return ops.reshape(ops.convertToTensor(numbers), [...shape]);
}
/** Numbers by the rule of `fill` in the recorder. */
function fill({ name, shape, dtype }: Variable, number: number): Tensor {
  const inputs = (shape.at(-1) === 1 ? shape.slice(0, 2) : shape.slice(0, -1)).reduce((a, b) => a * b, 1);
  const scale = name.endsWith('kernel') ? Math.sqrt(24 / inputs) : 0.2;
  return ops.cast(values(shape, number, scale, (['gamma', 'moving_variance', 'variance'].includes(name) ? 1 : 0) - scale / 2), dtype);
}

/** Weights of one shape share their values: some networks have gigabytes of them. */
function withoutValues(): void {
  const known = new Map<string, Tensor>();
  jest.spyOn(keras.initializers.Initializer.prototype, 'invoke').mockImplementation((shape, { dtype } = {}) => {
    const key = `${dtype} ${shape.join()}`;
    if (!known.has(key)) known.set(key, ops.zeros([...shape], { dtype: dtype! }));
    return known.get(key)!;
  });
}
const networkOf = async ({ symbol, options, input }: Case): Promise<Model> => {
  const make = (applications as unknown as Record<string, (options: object) => Model | Promise<Model>>)[symbol.split('.').at(-1)!];
  const inputTensor = input === undefined ? {} : { inputTensor: new layers.Rescaling(0.5)(Input(input)) };
  return make({ ...camelKeys(options), ...inputTensor });
};

/** What the names of the families begin with. */
const FAMILIES = {
  convnext: /^ConvNeXt/,
  densenet: /^DenseNet/,
  efficientnet: /^EfficientNetB/,
  'efficientnet-v2': /^EfficientNetV2/,
  inception: /^Inception/,
  mobile: /^MobileNet/,
  nasnet: /^NASNet/,
  resnet: /^ResNet/,
  vgg: /^(VGG|Xception)/,
};
const symbols = [...new Set(cases.map(({ symbol }) => symbol))];
const ofNone = symbols.filter((symbol) => !Object.values(FAMILIES).some((begin) => begin.test(symbol.split('.').at(-1)!)));
if (ofNone.length > 0) throw new Error(`networks of no family: ${ofNone.join(', ')}`);

beforeEach(() => {
  fetched.length = 0;
  keras.utils.clearSession();
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined); // of unusual channels and sizes
  jest.spyOn(keras.Model.prototype, 'loadWeights').mockResolvedValue();
});
afterEach(() => {
  keras.config.setImageDataFormat('channels_last');
  jest.restoreAllMocks();
});

/** Tests of a family's networks. */
export function testNetworks(family: keyof typeof FAMILIES): void {
  describe.each(symbols.filter((symbol) => FAMILIES[family].test(symbol.split('.').at(-1)!)))('%s', (symbol) => {
    const own = cases.filter((one) => one.symbol === symbol);
    it.each(own.map((one) => [JSON.stringify({ ...one.options, input: one.input, first: one.first }), one] as const))(
      'with %s is that of Keras',
      async (_, one) => {
        if (one.images === undefined) withoutValues();
        if (one.first) keras.config.setImageDataFormat('channels_first');
        const model = await networkOf(one);
        const { config } = JSON.parse(model.toJson()) as { config: { layers: { config: { name: string } }[] } };
        const unlike = config.layers.filter((layer, i) => digest(canonical(layer)).slice(0, 3) !== one.layers.slice(3 * i, 3 * i + 3));
        expect(unlike.map((layer) => layer.config.name)).toEqual([]);
        expect([model.name, digest(canonical(config))]).toEqual([one.model, one.config]);
        const weights = model.weights.map((v) => `${v.path} ${v.shape.join()} ${v.dtype} ${Number(v.trainable)}`);
        expect(digest(weights.join('\n'))).toBe(one.weights);
        expect([model.countParams(), model.trainableWeights.reduce((sum, { size }) => sum + size, 0)]).toEqual(one.parameters);
        expect(fetched.map(({ fname, origin, fileHash }) => [fname, origin, fileHash])).toEqual(one.file === undefined ? [] : [one.file]);
        if (one.images === undefined) return;
        model.setWeights(model.weights.map(fill));
        const { shape, range: [low, high] } = one.images;
        const expected = one.outputs!;
        const scale = Math.max(...Array.from(expected.data as Float32Array, Math.abs));
        const images = ops.add(ops.multiply(values(shape, 0), high - low), low);
        expectClose(model(images, { training: false }), expected, { relative: 1e-4, absolute: 2e-5 * scale });
      },
    );
  });
}
