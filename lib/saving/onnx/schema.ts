// The messages of ONNX files (onnx/onnx.proto), as tables of fields, and their way to bytes and back. What is not listed is skipped.
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** An operator call. Names of inputs that are left out are empty. */
export interface NodeProto {
  input: string[];
  output: string[];
  name: string;
  opType: string;
  domain: string;
  attribute: AttributeProto[];
}
/** What `AttributeProto.type` says. */
export const ATTRIBUTE = { FLOAT: 1, INT: 2, STRING: 3, TENSOR: 4, GRAPH: 5, FLOATS: 6, INTS: 7, STRINGS: 8 } as const;
/** A named attribute; which field counts, `type` tells. */
export interface AttributeProto {
  name: string;
  type: number;
  f: number;
  i: number;
  s: Uint8Array;
  t: TensorProto | null;
  g: GraphProto | null;
  floats: number[];
  ints: number[];
  strings: Uint8Array[];
  refAttrName: string;
}
/** An array, in one of several fields. */
export interface TensorProto {
  name: string;
  dims: number[];
  dataType: number;
  rawData: Uint8Array | null;
  floatData: number[];
  int32Data: number[];
  int64Data: bigint[];
  doubleData: number[];
  uint64Data: bigint[];
  stringData: Uint8Array[];
  externalData: StringEntry[];
  dataLocation: number;
}
/** A key with a value. */
export interface StringEntry {
  key: string;
  value: string;
}
/** A size: a number, or a name where it is not known. */
export interface DimensionProto {
  dimValue: number | null;
  dimParam: string;
}
/** A name with the type of its value. */
export interface ValueInfoProto {
  name: string;
  type: { tensorType: { elemType: number; shape: { dim: DimensionProto[] } | null } | null } | null;
}
/** Nodes between inputs and outputs. */
export interface GraphProto {
  name: string;
  node: NodeProto[];
  initializer: TensorProto[];
  sparseInitializer: unknown[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  valueInfo: ValueInfoProto[];
}
/** A set of operators with its version. The empty domain is ONNX's own. */
export interface OperatorSetProto {
  domain: string;
  version: number;
}
/** A whole file. */
export interface ModelProto {
  irVersion: number;
  opsetImport: OperatorSetProto[];
  producerName: string;
  producerVersion: string;
  docString: string;
  graph: GraphProto | null;
  metadataProps: StringEntry[];
  functions: unknown[];
}

type Kind = 'int' | 'bigint' | 'float' | 'double' | 'string' | 'bytes';
interface Field {
  readonly number: number;
  readonly key: string;
  readonly kind: Kind | MessageName;
  readonly repeated: boolean;
  /** Numbers that are written even when they are 0, since a message has one of several fields. */
  readonly optional: boolean;
}
type MessageName = keyof typeof TABLES;

/** Fields by message: `number key kind`; `[]` is repeated, `?` may be missing (null). */
const TABLES = {
  Model:
    '1 irVersion int, 2 producerName string, 3 producerVersion string, 6 docString string, 7 graph Graph?, 8 opsetImport OperatorSet[], ' +
    '14 metadataProps Entry[], 25 functions bytes[]',
  OperatorSet: '1 domain string, 2 version int',
  Entry: '1 key string, 2 value string',
  Graph:
    '1 node Node[], 2 name string, 5 initializer Tensor[], 11 input ValueInfo[], 12 output ValueInfo[], 13 valueInfo ValueInfo[], ' +
    '15 sparseInitializer bytes[]',
  Node: '1 input string[], 2 output string[], 3 name string, 4 opType string, 5 attribute Attribute[], 7 domain string',
  Attribute:
    '1 name string, 2 f float, 3 i int, 4 s bytes, 5 t Tensor?, 6 g Graph?, 7 floats float[], 8 ints int[], 9 strings bytes[], ' +
    '20 type int, 21 refAttrName string',
  Tensor:
    '1 dims int[], 2 dataType int, 4 floatData float[], 5 int32Data int[], 6 stringData bytes[], 7 int64Data bigint[], 8 name string, ' +
    '9 rawData bytes?, 10 doubleData double[], 11 uint64Data bigint[], 13 externalData Entry[], 14 dataLocation int',
  ValueInfo: '1 name string, 2 type Type?',
  Type: '1 tensorType TensorType?',
  TensorType: '1 elemType int, 2 shape Shape?',
  Shape: '1 dim Dimension[]',
  Dimension: '1 dimValue int?, 2 dimParam string',
} as const;

const parsed = Object.fromEntries(
  Object.entries(TABLES).map(([name, text]) => [
    name,
    text.split(', ').map((line): Field => {
      const [number, key, kind] = line.split(' ') as [string, string, string];
      return {
        number: Number(number),
        key,
        kind: kind.replace(/[[\]?]/g, '') as Kind,
        repeated: kind.endsWith('[]'),
        optional: kind.endsWith('?'),
      };
    }),
  ]),
) as unknown as Record<MessageName, readonly Field[]>;
const byNumber = Object.fromEntries(
  Object.entries(parsed).map(([name, fields]) => [name, new Map(fields.map((field) => [field.number, field]))]),
) as unknown as Record<MessageName, ReadonlyMap<number, Field>>;
const isMessage = (kind: Field['kind']): kind is MessageName => Object.hasOwn(TABLES, kind);

type Message = Record<string, unknown>;
const WIRE: Record<Kind, WireType> = {
  int: WireType.Varint,
  bigint: WireType.Varint,
  float: WireType.Bit32,
  double: WireType.Bit64,
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
};
const isPacked = (kind: Kind): boolean => WIRE[kind] !== WireType.LengthDelimited;

// ---- writing --------------------------------------------------------------------------------------------------------

function writeScalar(writer: BinaryWriter, kind: Kind, value: unknown): void {
  if (kind === 'int' || kind === 'bigint') writer.int64(value as number);
  else if (kind === 'string') writer.string(value as string);
  else if (kind === 'bytes') writer.bytes(value as Uint8Array);
  else writer[kind](value as number);
}
const isEmpty = (value: unknown): boolean =>
  value === 0 || value === '' || ((Array.isArray(value) || value instanceof Uint8Array) && value.length === 0);

function writeField(writer: BinaryWriter, { number, kind, repeated, optional }: Field, value: unknown): void {
  if (value === undefined || value === null || (!optional && isEmpty(value))) return;
  if (isMessage(kind)) {
    for (const item of repeated ? (value as Message[]) : [value as Message]) {
      writer.tag(number, WireType.LengthDelimited).fork();
      writeMessage(writer, kind, item);
      writer.join();
    }
  } else if (repeated && isPacked(kind)) {
    writer.tag(number, WireType.LengthDelimited).fork();
    for (const item of value as unknown[]) writeScalar(writer, kind, item);
    writer.join();
  } else for (const item of repeated ? (value as unknown[]) : [value]) writeScalar(writer.tag(number, WIRE[kind]), kind, item);
}
function writeMessage(writer: BinaryWriter, name: MessageName, message: Message): void {
  for (const field of parsed[name]) writeField(writer, field, message[field.key]);
}

/** What is written of a message: fields that are left out have their defaults. */
export type Written<T> = { [K in keyof T]?: T[K] extends (infer E)[] ? Written<E>[] : T[K] extends object | null ? Written<T[K]> : T[K] };

/** A file's bytes. */
export function encodeModel(model: Written<ModelProto>): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, 'Model', model);
  return writer.finish();
}

// ---- reading --------------------------------------------------------------------------------------------------------

/** More messages than these no model has; each takes more memory than its bytes. */
const MOST_MESSAGES = 4e6;
/** Messages within each other: graphs of control flow may be nested, but not without end. */
const DEEPEST = 64;

let messagesLeft = 0;

function emptyMessage(name: MessageName): Message {
  const message: Message = {};
  for (const { key, kind, repeated, optional } of parsed[name]) {
    message[key] = repeated ? [] : optional ? null : kind === 'string' ? '' : kind === 'bytes' ? new Uint8Array() : 0;
  }
  return message;
}
function readScalar(reader: BinaryReader, kind: Kind): unknown {
  switch (kind) {
    case 'int': return Number(reader.int64());
    case 'bigint': return BigInt(reader.int64());
    case 'float': return reader.float();
    case 'double': return reader.double();
    case 'string': return reader.string();
    case 'bytes': return reader.bytes();
  }
}
function readField(reader: BinaryReader, { key, kind, repeated }: Field, wire: WireType, message: Message, depth: number): void {
  const add = (value: unknown): void => {
    if (repeated) (message[key] as unknown[]).push(value);
    else message[key] = value;
  };
  if (isMessage(kind)) {
    const end = endOf(reader, reader.uint32());
    add(readMessage(reader, kind, end, depth + 1));
  } else if (repeated && isPacked(kind) && wire === WireType.LengthDelimited) {
    for (const end = endOf(reader, reader.uint32()); reader.pos < end; ) add(readScalar(reader, kind));
  } else {
    if (wire !== WIRE[kind]) throw new RangeError(`the field ${key} has another wire type`);
    add(readScalar(reader, kind));
  }
}
function endOf(reader: BinaryReader, length: number): number {
  if (reader.pos + length > reader.len) throw new RangeError('a message ends after the file does');
  return reader.pos + length;
}
function readMessage(reader: BinaryReader, name: MessageName, end: number, depth: number): Message {
  if (depth > DEEPEST) throw new RangeError('messages are nested too deeply');
  if (--messagesLeft < 0) throw new RangeError('there are too many messages');
  const message = emptyMessage(name);
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    const field = byNumber[name].get(number);
    if (field === undefined) reader.skip(wire, number);
    else if (isMessage(field.kind) && wire !== WireType.LengthDelimited) throw new RangeError(`the field ${field.key} is no message`);
    else readField(reader, field, wire, message, depth);
  }
  if (reader.pos !== end) throw new RangeError('a message is longer than it says');
  return message;
}

/** A file's message. @throws for bytes that are none. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  const reader = new BinaryReader(bytes);
  messagesLeft = MOST_MESSAGES;
  return readMessage(reader, 'Model', reader.len, 0) as unknown as ModelProto;
}
