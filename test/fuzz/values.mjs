// Arguments: plausible ones from the type and the name of a parameter, and hostile ones in their place.
import { inspect } from 'node:util';

export const DTYPES = [
  'bool',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'int8',
  'int16',
  'int32',
  'int64',
  'float16',
  'bfloat16',
  'float32',
  'float64',
  'complex64',
  'complex128',
];
const NUMBERS = [0, 1, 2, 3, 4, 5, -1, -2, 0.5, 0.1, 1e-3, 7];
const NAMED_STRINGS = [
  'relu',
  'softmax',
  'zeros',
  'glorot_uniform',
  'l2',
  'same',
  'valid',
  'channels_last',
  'mse',
  'adam',
  'a b -> b a',
  'ij,jk->ik',
  'ij->ji',
  'foo',
];
/** Thrown by hostile getters and functions: seen in a result, it is the caller's own error. */
export class Hostile extends Error {}
const boom = () => {
  throw new Hostile('thrown by the argument');
};

/** Writes an argument as an error report shows it. */
export function describe(value) {
  try {
    return inspect(value, { depth: 4, breakLength: Infinity, maxArrayLength: 12, maxStringLength: 60 })
      .replaceAll(/\s+/g, ' ')
      .slice(0, 300);
  } catch {
    return '<an object that cannot be shown>';
  }
}

/** Makes arguments for one call. Tensors of a call tend to have one shape, so that most calls get past the first checks. */
export class Values {
  constructor(random, keras) {
    this.random = random;
    this.keras = keras;
    this.base = this.shape();
    this.dtype = random.once(3) ? random.pick(DTYPES) : random.pick(['float32', 'float32', 'int32']);
  }

  shape() {
    const { random } = this;
    return random.list(random.pick([0, 1, 1, 2, 2, 2, 3, 3, 4, 5]), () => random.pick([0, 1, 1, 2, 3, 3, 4, 5, 8, 17]));
  }

  tensor(shape = this.random.once(3) ? this.shape() : this.base, dtype = this.random.once(6) ? this.random.pick(DTYPES) : this.dtype) {
    const { random, keras: { ops } } = this;
    const size = shape.reduce((a, b) => a * b, 1);
    const scale = random.pick([1, 1, 3, 10, 0]);
    const values = random.list(
      Math.min(size, 4096),
      () => Math.round((random.next() * 2 - (dtype.startsWith('u') ? 0 : 1)) * scale * 8) / (random.once(2) ? 8 : 1),
    );
    const whole = /^(u?int|bool)/.test(dtype) ? values.map((v) => Math.trunc(v)) : values;
    const flat = size <= 4096 ? ops.convertToTensor(Float64Array.from(whole), { dtype }) : ops.zeros([size], { dtype });
    return ops.reshape(flat, shape);
  }

  /** A value of a type as scripts/helpers/signatures.mjs describes it. */
  plausible(type = 'any', name = '') {
    const { random } = this;
    if (typeof type === 'string') return this.named(type, name);
    if (type.choice !== undefined) return random.pick(type.choice);
    if (type.union !== undefined) return this.plausible(random.pick(type.union), name);
    if (type.tuple !== undefined) return type.tuple.map((t) => this.plausible(t, name));
    if (type.array !== undefined) return random.list(random.pick([1, 2, 2, 3, this.base.length]), () => this.plausible(type.array, name));
    if (type.class !== undefined) return this.instance(type.class);
    return Object.fromEntries(Object.entries(type.object).filter(() => random.once(3)).map(([key, t]) => [key, this.plausible(t, key)]));
  }

  named(type, name) {
    const { random } = this;
    switch (type) {
      case 'tensor':
        return this.tensorLike();
      case 'number':
        return /axis|axes|dim|k$|index/i.test(name)
          ? random.int(-3, 3)
          : random.once(3)
            ? random.pick(this.base.length > 0 ? this.base : [1])
            : random.pick(NUMBERS);
      case 'numbers':
        return random.once(4) ? random.int(0, 5) : random.once(2) ? [...this.base] : this.shape();
      case 'axis':
        return random.pick([null, 0, -1, 1, [0], [0, 1], [-1]]);
      case 'dtype':
        return random.pick(DTYPES);
      case 'boolean':
        return random.once(2);
      case 'string':
        return random.pick(NAMED_STRINGS);
      case 'bigint':
        return BigInt(random.int(-3, 3));
      case 'null':
        return null;
      case 'undefined':
        return undefined;
      case 'function':
        return random.pick([(x) => x, (...args) => args[0], () => this.tensor(), (a, b) => this.keras.ops.add(a, b ?? a), (a) => [a, a]]);
      case 'symbol':
        return this.symbol();
      default:
        return random.pick([() => this.tensorLike(), () => random.pick(NUMBERS), () => null, () => ({}), () => [1, 2]])();
    }
  }

  tensorLike() {
    const { random, keras } = this;
    if (random.once(12)) return random.pick(NUMBERS);
    if (random.once(12)) return this.tensor(this.base.length > 3 ? [2, 3] : undefined, 'float32').tolist();
    if (random.once(20)) return new keras.Variable(this.tensor());
    if (random.once(20)) return this.symbol();
    return this.tensor();
  }

  symbol() {
    return new this.keras.KerasTensor(this.base.map((d, i) => (i === 0 ? null : d)), this.random.once(4) ? 'int32' : 'float32');
  }

  instance(name) {
    const { keras, random } = this;
    if (name === 'SeedGenerator') return new keras.random.SeedGenerator(random.int(0, 9));
    return random.pick([null, {}, name]);
  }

  /** A value that no parameter expects, or a number at the edge of what there is. */
  hostile() {
    const { random } = this;
    return random.pick([NUMBERS_AT_EDGES, NUMBERS_AT_EDGES, NUMBERS_AT_EDGES, ARRAYS, ARRAYS, THINGS, BUFFERS, TENSORS])(this)();
  }

  /** The arguments with some of them, or of what is in them, made hostile. */
  spoiled(args) {
    const { random } = this;
    const places = [];
    const walk = (container, depth) => {
      for (const key of Object.keys(container)) {
        places.push([container, key]);
        const inner = container[key];
        const isStructure =
          Array.isArray(inner) || (inner !== null && typeof inner === 'object' && Object.getPrototypeOf(inner) === Object.prototype);
        if (isStructure && depth < 3 && Object.keys(inner).length < 40) walk(inner, depth + 1);
      }
    };
    walk(args, 0);
    for (let times = random.pick([1, 1, 1, 2, 3]); times > 0 && places.length > 0; times--) {
      const [container, key] = random.pick(places);
      container[key] = this.hostile();
    }
    if (random.once(12)) args.push(this.hostile());
    return args;
  }
}

const EDGES = [
  NaN,
  Infinity,
  -Infinity,
  -0,
  0.5,
  1.7,
  2.5,
  -1,
  -2,
  127,
  255,
  2 ** 31,
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 32,
  2 ** 32 + 1,
  2 ** 40,
  2 ** 53,
  2 ** 53 - 1,
  -(2 ** 53),
  1e308,
  5e-324,
];
const NUMBERS_AT_EDGES = ({ random }) => () => random.pick(EDGES);
const hole = (length, ...entries) => {
  const list = new Array(length);
  entries.forEach(([at, value]) => (list[at] = value));
  return list;
};
const cyclic = () => {
  const list = [1, 2];
  list.push(list);
  return list;
};
const cyclicObject = () => {
  const object = { axis: 0 };
  object.self = object;
  return object;
};
const revoked = (target) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
/** An array that says something else each time it is read. */
const shifty = () => {
  let reads = 0;
  return new Proxy([0, 1], {
    get: (target, key) => (/^\d+$/.test(String(key)) ? (reads++ % 2 === 0 ? 0 : 2 ** 31 + 0.5) : Reflect.get(target, key)),
  });
};
const ARRAYS = ({ random }) =>
  random.pick([
    () => hole(2, [1, 0]),
    () => hole(3, [0, 0], [2, 1]),
    () => hole(1),
    () => [],
    () => [[]],
    () => [NaN],
    () => [2 ** 31],
    () => [-1],
    () => [0.5, 1],
    () => [0, 0],
    () => [1, undefined],
    () => ['a'],
    () => [null],
    () => [[1, 2], [3]],
    () => [2 ** 16, 2 ** 16],
    () => [2 ** 31, 2 ** 31],
    () => [1n],
    cyclic,
    shifty,
    () => new Array(70).fill(1),
    () => [2 ** 53],
    () => [0, -0],
    () => Object.assign([0, 1], { length: 5 }),
    () => [Symbol('a')],
    () => [() => 0],
    () => new Array(2 ** 20).fill(0),
    () => [Infinity, 1],
  ]);
const THINGS = ({ random }) =>
  random.pick([
    () => undefined,
    () => null,
    () => true,
    () => false,
    () => '',
    () => 'foo',
    () => '0:1',
    () => '2',
    () => Symbol('x'),
    () => 1n,
    () => 2n ** 64n,
    () => ({}),
    cyclicObject,
    () => revoked([]),
    () => revoked({}),
    () => ({ valueOf: () => 2 }),
    () => ({ valueOf: boom }),
    () => ({
      get axis() {
        return boom();
      },
    }),
    () => ({
      get length() {
        return boom();
      },
    }),
    () => Object.create(null),
    () => new Date(0),
    () => new Map(),
    () => Promise.resolve(1),
    () => (x) => x,
    () => boom,
    () => class {},
    () => /x/,
    () =>
      (function* () {
        yield 1;
      })(),
    () => ({ re: 1, im: NaN }),
    () => ({ re: 1 }),
    () => ({ class_name: 'foo', config: {} }),
    () => ({ [Symbol.iterator]: boom }),
    () => new Proxy({}, { get: boom, ownKeys: boom }),
    () => ({ toString: boom }),
    () => Object.freeze([1, 2]),
    () =>
      new (class Odd {
        constructor() {
          this.shape = [2];
          this.dtype = 'float32';
        }
      })(),
    () => ({ spec: { shape: [2 ** 31], dtype: 'float32' } }),
  ]);
function detached(array) {
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}
const resizable = (shrink) => {
  let buffer;
  try {
    buffer = new ArrayBuffer(32, { maxByteLength: 64 });
  } catch {
    return new Float32Array(4);
  }
  const view = new Float32Array(buffer);
  if (shrink) buffer.resize?.(6);
  return view;
};
const BUFFERS = ({ random }) =>
  random.pick([
    () => detached(new Float32Array(8)),
    () => detached(new Int32Array([0, 1])),
    () => resizable(false),
    () => resizable(true),
    () => new Float32Array(new SharedArrayBuffer(32)),
    () => new Int32Array(new SharedArrayBuffer(8)),
    () => new DataView(new ArrayBuffer(8)),
    () => new ArrayBuffer(8),
    () => new Float32Array(0),
    () => Float64Array.of(NaN, Infinity, -0),
    () => BigInt64Array.of(2n ** 62n, -1n),
    () => BigUint64Array.of(2n ** 64n - 1n),
    () => Uint8ClampedArray.of(1, 2),
    () => Int32Array.of(2, 0),
    () => Int32Array.of(-5, 2 ** 30),
    () => new Float32Array(new ArrayBuffer(20), 4, 3),
    () => Buffer.from('abc'),
    () => new (class Float33Array extends Float32Array {})(3),
    () => Uint16Array.of(1, 2, 3),
  ]);
const TENSORS = (values) => {
  const { random, keras: { ops }, keras } = values;
  return random.pick([
    () => ops.zeros([0]),
    () => ops.zeros([3, 0, 2]),
    () => ops.ones([]),
    () => ops.ones(new Array(10).fill(1)),
    () => ops.ones(new Array(31).fill(1)),
    () => ops.full([2, 3], NaN),
    () => ops.full([3], Infinity),
    () => ops.convertToTensor([2 ** 31 - 1, -(2 ** 31)], { dtype: 'int32' }),
    () => ops.convertToTensor([2 ** 40, -1], { dtype: 'int64' }),
    () => ops.convertToTensor([-1, 100], { dtype: 'int32' }),
    ...DTYPES.map((dtype) => () => values.tensor(undefined, dtype)),
    () => values.symbol(),
    () => new keras.KerasTensor([null, null], 'float32'),
    () => new keras.Variable(ops.ones([2])),
    () => values.tensor([1024, 33]),
    () => values.tensor([17, 9, 16, 5]),
  ]);
};
