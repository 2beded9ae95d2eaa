// What the published types say of every public function and class: the parameters of calls, as plain data. `npm run fuzz` makes arguments
// from it.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filesBelow } from './ensure.mjs';
import { root } from './process.mjs';

const file = path.join(root, 'build/fuzz/signatures.json');

/**
 * The signatures, from a file while the types are those that it was made of: `[{ path, kind: 'function' | 'class', parameters: [{ name,
 * type }] }]`.
 */
export async function readSignatures() {
  const types = filesBelow('dist', /\.d\.ts$/);
  const hash = createHash('sha256').update(readFileSync(path.join(root, 'scripts/helpers/signatures.mjs')));
  for (const name of types) hash.update(readFileSync(path.join(root, name)));
  const key = hash.digest('hex');
  if (existsSync(file)) {
    const known = JSON.parse(readFileSync(file, 'utf8'));
    if (known.key === key) return known.signatures;
  }
  const { default: ts } = await import('typescript');
  const signatures = new Reader(ts).read(path.join(root, 'dist/index.d.ts'));
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ key, signatures }));
  return signatures;
}

/** Types by their names: what a value of them is made from. */
const NAMED = {
  TensorLike: 'tensor',
  NestedArray: 'tensor',
  Tensor: 'tensor',
  Variable: 'tensor',
  TypedArray: 'tensor',
  Numbers: 'numbers',
  ShapeLike: 'numbers',
  Shape: 'numbers',
  DTypeLike: 'dtype',
  DType: 'dtype',
  KerasTensor: 'symbol',
  Axis: 'axis',
  SymbolicShape: 'numbers',
};
const DEEPEST = 4;

class Reader {
  constructor(ts) {
    this.ts = ts;
  }

  read(entry) {
    const { ts } = this;
    const options = {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      skipLibCheck: true,
      noEmit: true,
    };
    const program = ts.createProgram([entry], options);
    this.checker = program.getTypeChecker();
    this.found = [];
    this.seen = new Set(); // ops.numpy.sum is ops.sum
    this.members(this.checker.getSymbolAtLocation(program.getSourceFile(entry)), []);
    return this.found;
  }

  members(module, at) {
    const { ts, checker } = this;
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const name = [...at, exported.name];
      if (symbol.flags & ts.SymbolFlags.ValueModule) {
        if (name.length < 4) this.members(symbol, name);
        continue;
      }
      if (!(symbol.flags & ts.SymbolFlags.Value)) continue;
      if (this.seen.has(symbol)) continue;
      this.seen.add(symbol);
      const type = checker.getTypeOfSymbol(symbol);
      const made = type.getConstructSignatures();
      const called = type.getCallSignatures();
      const [signature] = made.length > 0 ? made : called;
      if (signature === undefined) continue;
      this.found.push({
        path: name,
        kind: made.length > 0 ? 'class' : 'function',
        parameters: signature.getParameters().map((p) => this.parameter(p)),
      });
    }
  }

  parameter(symbol) {
    const declaration = symbol.valueDeclaration;
    const type = this.checker.getTypeOfSymbol(symbol);
    const rest = declaration !== undefined && this.ts.isParameter(declaration) && declaration.dotDotDotToken !== undefined;
    return { name: symbol.name, rest, type: this.describe(type, 0) };
  }

  describe(type, depth) {
    const { ts, checker } = this;
    const named = NAMED[type.aliasSymbol?.name ?? ''] ?? NAMED[type.symbol?.name ?? ''];
    if (named !== undefined) return named;
    if (depth > DEEPEST) return 'any';
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.TypeParameter)) return 'any';
    if (type.flags & ts.TypeFlags.StringLiteral) return { choice: [type.value] };
    if (type.flags & ts.TypeFlags.StringLike) return 'string';
    if (type.flags & ts.TypeFlags.NumberLike) return 'number';
    if (type.flags & ts.TypeFlags.BooleanLike) return 'boolean';
    if (type.flags & ts.TypeFlags.BigIntLike) return 'bigint';
    if (type.flags & ts.TypeFlags.Null) return 'null';
    if (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return 'undefined';
    if (type.isUnion()) return this.union(type.types, depth);
    if (checker.isTupleType(type)) return { tuple: checker.getTypeArguments(type).map((t) => this.describe(t, depth + 1)) };
    if (checker.isArrayType(type) || type.symbol?.name === 'ReadonlyArray')
      return { array: this.describe(checker.getTypeArguments(type)[0], depth + 1) };
    if (type.getCallSignatures().length > 0) return 'function';
    if (type.isClass() || type.symbol?.flags & ts.SymbolFlags.Class) return { class: type.symbol.name };
    return this.object(type, depth);
  }

  union(types, depth) {
    const parts = types.map((t) => this.describe(t, depth));
    const choice = parts.filter((p) => p.choice !== undefined).flatMap((p) => p.choice);
    const others = [...new Set(parts.filter((p) => p.choice === undefined).map((p) => JSON.stringify(p)))].map((text) => JSON.parse(text));
    const all = [...(choice.length > 0 ? [{ choice }] : []), ...others];
    return all.length === 1 ? all[0] : { union: all.slice(0, 12) };
  }

  object(type, depth) {
    const fields = {};
    for (const property of this.checker.getPropertiesOfType(type).slice(0, 40)) {
      if (/^(__|\[|#)/.test(property.name)) continue;
      fields[property.name] = this.describe(this.checker.getTypeOfSymbol(property), depth + 1);
    }
    return { object: fields };
  }
}
