// Checks the compiled kernels: every external symbol must live in the namespace of its instruction set, nothing may run at load time, and
// no two families may define one symbol. A shared inline function emitted with AVX-512 code could otherwise be the copy that the linker
// keeps for all, and so could the function of one family that has the name of another's.
import path from 'node:path';
import { isasOf, sources } from './native-sources.mjs';
import { isProgram, output, root } from './helpers/process.mjs';

/** What is wrong with one line of `nm` (`[address] type name`), or null. */
function problemOf(line, isa) {
  const [, type, symbol] = /^[0-9a-f]* *([a-zA-Z]) (.+)$/.exec(line.trim()) ?? [];
  if (!symbol) return null;
  const name = symbol.replace(/^__Z/, '_Z').replace(/^_(?=_cxa)/, ''); // Mach-O puts an underscore before every name
  if (/^_GLOBAL__(sub_)?I_|^_Z\d+__static_initialization/.test(name)) return 'has a static initialiser';
  if (/^_?_cxa_(guard|atexit)/.test(name)) return 'has a static object with a constructor or destructor';
  if ((type === 'u' || type === 'V') && /^_ZN7keratin\d+k[A-Z]/.test(name)) return null; // a constant of native/base is data, not code
  const isExternal = type === type.toUpperCase() || type === 'u' || type === 'v' || type === 'w';
  if (!isExternal || !name.startsWith('_Z')) return null; // local, or a plain C function such as memcpy
  const inNamespace = new RegExp(`^_Z(Z|GV|T[A-Z])*N[rVKRO]*7keratin${isa.length}${isa}`).test(name);
  return inNamespace ? null : `${type === 'U' ? 'uses' : 'defines'} a symbol outside keratin::${isa}`;
}

/** Problems in the kernels' objects of the local build, one line each. */
export function checkObjects(arch = process.arch) {
  const { kernels, table } = sources();
  return isasOf(arch).flatMap(({ name: isa }) => {
    const objects = kernels.map((file) => linesOf(`build/Release/obj.target/kernels_${isa}/${file.replace(/\.cc$/, '.o')}`));
    const tables = linesOf(`build/Release/obj.target/table_${isa}/${table.replace(/\.cc$/, '.o')}`);
    return [...[...objects, tables].flatMap((object) => checkObject(object, isa)), ...checkShared(objects, isa)];
  });
}

/** What `nm` says about a file. */
const linesOf = (file) => ({ file, lines: output('nm', [path.join(root, file)]).split('\n') });

function checkObject({ file, lines }, isa) {
  return lines.flatMap((line) => {
    const problem = problemOf(line, isa);
    return problem ? [`${file}: ${problem}: ${line.trim().split(' ').at(-1)}`] : [];
  });
}

/** Weak symbols of an instruction set that several files define: the linker keeps one of them, whether they are the same or not. */
function checkShared(objects, isa) {
  const definedIn = new Map();
  return objects.flatMap(({ file, lines }) => lines.flatMap((line) => {
    const [, symbol] = /^[0-9a-f]+ [WVu] (\S+)$/.exec(line.trim()) ?? [];
    if (!symbol?.includes(`7keratin${isa.length}${isa}`)) return [];
    const other = definedIn.get(symbol);
    definedIn.set(symbol, file);
    return other ? [`${file}: defines what ${other} defines too: ${symbol}`] : [];
  }));
}

if (isProgram(import.meta.url)) {
  const problems = checkObjects();
  problems.forEach((problem) => console.error(problem));
  process.exit(problems.length ? 1 : 0);
}
