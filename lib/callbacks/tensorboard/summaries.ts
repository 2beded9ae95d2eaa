// Events of TensorBoard as protocol buffers (tensorflow/core/util/event.proto, framework/summary.proto and tensor.proto).
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Numbers of dtypes in tensor.proto. */
const DTYPE = { float: 1, double: 2, string: 7 } as const;

const nested = (writer: BinaryWriter, field: number, write: (inner: BinaryWriter) => void): void => {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
};

/** A tensor of a summary: bytes of numbers, or strings. */
interface SummaryTensor {
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly content?: Uint8Array;
  readonly strings?: readonly (string | Uint8Array)[];
}
function writeTensor(writer: BinaryWriter, { dtype, shape, content, strings = [] }: SummaryTensor): void {
  writer.tag(1, WireType.Varint).int32(dtype);
  nested(writer, 2, (inner) => {
    for (const size of shape) nested(inner, 2, (dimension) => dimension.tag(1, WireType.Varint).int64(size));
  });
  if (content !== undefined) writer.tag(4, WireType.LengthDelimited).bytes(content);
  for (const item of strings)
    writer.tag(8, WireType.LengthDelimited).bytes(typeof item === 'string' ? Buffer.from(item) : item);
}

/** An event: `wall_time`, `step`, and what else there is in it. */
function event(step: number, write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Bit64).double(Date.now() / 1000);
  if (step !== 0) writer.tag(2, WireType.Varint).int64(step);
  write(writer);
  return writer.finish();
}

/** An event with a value, which the `plugin` of TensorBoard shows. */
function summary(step: number, tag: string, plugin: string, tensor: SummaryTensor, content = ''): Uint8Array {
  return event(step, (writer) => nested(writer, 5, (values) => nested(values, 1, (value) => {
    value.tag(1, WireType.LengthDelimited).string(tag);
    nested(value, 8, (inner) => writeTensor(inner, tensor));
    nested(value, 9, (metadata) => nested(metadata, 1, (data) => {
      data.tag(1, WireType.LengthDelimited).string(plugin);
      if (content !== '') data.tag(2, WireType.LengthDelimited).string(content);
    }));
  })));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The first event of a file. */
export const encodeVersion = (): Uint8Array => event(0, (writer) => {
  writer.tag(3, WireType.LengthDelimited).string('brain.Event:2');
  nested(writer, 10, (source) => source.tag(1, WireType.LengthDelimited).string('keratin'));
});
/** A number. */
export const encodeScalar = (step: number, tag: string, value: number): Uint8Array =>
  summary(step, tag, 'scalars', { dtype: DTYPE.float, shape: [], content: bytesOf(Float32Array.of(value)) });
/** Rows of a bucket's left edge, its right edge and its count. */
export const encodeHistogram = (step: number, tag: string, buckets: Float64Array): Uint8Array =>
  summary(step, tag, 'histograms', { dtype: DTYPE.double, shape: [buckets.length / 3, 3], content: bytesOf(buckets) });
/** PNG files of one size. */
export const encodeImages = (step: number, tag: string, width: number, height: number, files: readonly Uint8Array[]): Uint8Array =>
  summary(step, tag, 'images', { dtype: DTYPE.string, shape: [files.length + 2], strings: [String(width), String(height), ...files] });
/** The JSON of a model. */
export const encodeModelJson = (step: number, tag: string, json: string): Uint8Array =>
  summary(step, tag, 'graph_keras_model', { dtype: DTYPE.string, shape: [], strings: [json] }, '1');
