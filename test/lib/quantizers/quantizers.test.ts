// keras.quantizers: the numbers and configs of Keras, gradients, and mistakes.
import { describe, expect, it } from '@jest/globals';
import { ops, quantizers, type Tensor, vjp } from 'keratin';
import { readFixture, type RecordedArray } from '../../helpers/fixtures.js';
import { callRecorded, expectNumbersClose, tensorOf } from '../../helpers/recorded.js';

interface Call {
  name: string;
  kind: 'call';
  symbol: string;
  args: unknown[];
  input_dtype: 'int8' | null;
  options: Record<string, unknown>;
  output: unknown[];
  dtypes: (string | null)[];
}
interface FormCase { name: string; kind: 'config'; form: Parameters<typeof quantizers.deserialize>[0] }
const recorded = readFixture<Call | FormCase>('quantizers');
const isArray = (value: unknown): value is RecordedArray => typeof value === 'object' && value !== null && 'data' in value;

describe.each(recorded.filter((c): c is Call => c.kind === 'call'))(
  '$name',
  ({ symbol, args, input_dtype: inputDtype, options, output, dtypes }) => {
    it('is what Keras computes', () => {
      const given = args.map((arg) => (isArray(arg) ? (inputDtype === null ? tensorOf(arg) : ops.cast(tensorOf(arg), inputDtype)) : arg));
      const result = callRecorded({ quantizers }, symbol, given, options);
      const list = Array.isArray(result) ? (result as unknown[]) : [result];
      expect(list.length).toBe(output.length);
      output.forEach((expected, i) => {
        if (!isArray(expected)) return expect(list[i]).toEqual(expected);
        const actual = list[i] as Tensor;
        expect([actual.dtype, [...actual.shape]]).toEqual([dtypes[i], [...expected.shape]]);
        return expectNumbersClose(Array.from(ops.cast(actual, 'float64').data, Number), Array.from(expected.data, Number), {
          relative: 1e-6,
          absolute: 1e-7,
        });
      });
    });
  },
);

describe.each(recorded.filter((c): c is FormCase => c.kind === 'config'))('$name', ({ form }) => {
  it('is read and written as Keras does', () => {
    expect(quantizers.serialize(quantizers.deserialize(form))).toEqual(form);
  });
});

describe('quantizers', () => {
  it.each([0, 1, -1])('unpacks what it packed along axis %i', (axis) => {
    const shape = [7, 6];
    const of = (low: number, count: number, dtype: 'int8' | 'uint8') =>
      ops.cast(ops.add(ops.mod(ops.reshape(ops.arange(42), shape), count), low), dtype);
    const pairs = [
      [quantizers.packInt4, quantizers.unpackInt4, of(-8, 16, 'int8'), { axis }],
      [quantizers.packInt4, quantizers.unpackInt4, of(0, 16, 'uint8'), { axis, dtype: 'uint8' as const }],
      [quantizers.packInt2, quantizers.unpackInt2, of(-2, 4, 'int8'), { axis }],
      [quantizers.packInt2, quantizers.unpackInt2, of(0, 4, 'uint8'), { axis, dtype: 'uint8' as const }],
      [quantizers.packTernary, quantizers.unpackTernary, of(-1, 3, 'int8'), { axis }],
    ] as const;
    for (const [pack, unpack, x, options] of pairs) {
      const [packed, packedShape, length] = pack(x, options);
      expect([...packed.shape]).toEqual([...packedShape]);
      expect(length).toBe(shape.at(axis));
      const again = unpack(packed, length, options);
      expect([again.dtype, again.tolist()]).toEqual([x.dtype, x.tolist()]);
    }
  });

  it('lets gradients through fake quantization', () => {
    const x = ops.convertToTensor([[-2, -0.5, 0.25, 3]]);
    const [y, pullback] = vjp(
      (a: Tensor, low: Tensor, high: Tensor) => quantizers.fakeQuantWithMinMaxVars(a, low, high),
      x,
      ops.convertToTensor(-1.5),
      ops.ones([]),
    );
    const [dx, dlow, dhigh] = (pullback as (dy: Tensor) => Tensor[])(ops.onesLike(y));
    expect([dx.tolist(), dlow.item(), dhigh.item()]).toEqual([[[0, 1, 1, 0]], 1, 1]);
  });

  it('rounds float8 in half precision too', () => {
    const y = quantizers.quantizeAndDequantize(ops.convertToTensor([1.06, 1000, -1000, 0.001]), 1, 'float8_e4m3fn', 'float16');
    expect([y.dtype, ops.cast(y, 'float32').tolist()]).toEqual(['float16', [1, 448, -448, 0.001953125]]);
  });

  it('finds quantizers', () => {
    expect(quantizers.get('abs_max_quantizer')).toBeInstanceOf(quantizers.AbsMaxQuantizer);
    expect((quantizers.get('AbsMaxQuantizer', { axis: 1 }) as quantizers.AbsMaxQuantizer).axis).toEqual([1]);
    expect(quantizers.get(null)).toBeNull();
    const [values, scale] = new quantizers.AbsMaxQuantizer({ axis: 0 })([[1, -2], [0.5, 1]]) as Tensor[];
    expect([values.dtype, values.tolist(), [...scale.shape]]).toEqual(['int8', [[127, -127], [63, 64]], [1, 2]]);
  });

  it('refuses mistakes', () => {
    expect(() => quantizers.get('abs_max_quantiser')).toThrow(/AbsMaxQuantizer/);
    expect(() => new quantizers.AbsMaxQuantizer({ valueRange: [-200, 200] })).toThrow(/-128 to 127/);
    for (const valueRange of [3, [1], [1, 2, 3], ['a', 'b'], { length: 2 }]) {
      const options = { valueRange: valueRange as never };
      const message = 'valueRange must be an array of two numbers, received';
      expect(() => quantizers.absMaxQuantize([1], 0, options)).toThrow(`absMaxQuantize: ${message}`);
      expect(() => quantizers.absMaxQuantizeGroupedWithZeroPoint([[1]], 1, options)).toThrow(`absMaxQuantizeGroupedWithZeroPoint: ${message}`);
      expect(() => new quantizers.AbsMaxQuantizer(options)).toThrow(`AbsMaxQuantizer: ${message}`);
    }
    expect(() => new quantizers.Int4QuantizationConfig({ blockSize: 0 })).toThrow(/blockSize/);
    expect(
      () => new quantizers.Int4QuantizationConfig({ weightQuantizer: new quantizers.AbsMaxQuantizer({ valueRange: [-8, 7] }) }),
    ).toThrow(/groups/);
    expect(() => new quantizers.Int4QuantizationConfig({ weightQuantizer: new quantizers.AbsMaxQuantizer(), blockSize: -1 })).toThrow(
      /\[-8, 7\]/,
    );
    expect(() => new quantizers.QuantizationConfig().mode).toThrow(/mode/);
    expect(() => quantizers.packInt4([1, 2])).toThrow(/int8/);
    expect(() => quantizers.quantizeAndDequantize([1], 1, 'float8' as never, 'float32')).toThrow(/float8_e4m3fn/);
    expect(() => quantizers.fakeQuantWithMinMaxVars([1], 0, 1, { numBits: 1 })).toThrow(/numBits/);
    expect(() => new quantizers.Quantizer().getConfig()).toThrow(/getConfig/);
  });
});
