// The one list of native sources and flags, made from the folders of native/ and from isas.json. binding.gyp and CMakeLists.txt
// both ask this script, so neither names a file. Kernel files are compiled once per instruction set (ISA).
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isProgram, root } from './helpers/process.mjs';

/** Compiler flags of every native file. Contraction is off because results must not depend on what the compiler fuses. */
export const commonFlags = [
  '-std=c++20', '-O3', '-fPIC', '-fno-exceptions', '-fno-rtti', '-ffp-contract=off', '-fvisibility=hidden', '-Wall', '-Wextra',
];

/**
 * The instruction sets built for an architecture (`x64` or `arm64`), best first: `[{ name, flags, cpu }]`. `cpu` are the features that the
 * processor must have, by the names of `__builtin_cpu_supports`.
 */
export function isasOf(arch) {
  const isas = JSON.parse(readFileSync(path.join(root, 'scripts/isas.json'), 'utf8'));
  if (!isas[arch]) throw new Error(`no kernels for the architecture ${arch}: expected ${Object.keys(isas).join(' or ')}`);
  return isas[arch];
}

/** The `.cc` files of a folder under native/, as paths from the root. */
function filesOf(folder) {
  const names = readdirSync(path.join(root, 'native', folder)).filter((name) => name.endsWith('.cc'));
  return names.sort().map((name) => `native/${folder}/${name}`);
}

const tableFile = 'native/exec/isa_table.cc';

/** Files by role: `core` is the executor, `binding` the Node-API layer; `kernels` and `table` are compiled once per ISA. */
export function sources() {
  return {
    core: filesOf('exec').filter((file) => file !== tableFile),
    binding: filesOf('binding'),
    kernels: filesOf('kernels'),
    table: tableFile,
  };
}

/** The macro that lists the kernel families, `F(matmul) F(reduce) ...`: one family a file of native/kernels. */
export const familiesDefine = () =>
  `KR_FAMILIES=${sources().kernels.map((file) => `F(${path.basename(file, '.cc')})`).join(' ')}`;

/** The macro that lists the built ISAs and what each needs, `I(avx2, NEEDS(avx2) NEEDS(fma)) I(baseline, ) ...`, best first. */
export const isasDefine = (isas) =>
  `KR_ISAS=${isas.map(({ name, cpu }) => `I(${name}, ${cpu.map((feature) => `NEEDS(${feature})`).join(' ')})`).join(' ')}`;

/** A static library for build/kernels.gyp; `from` is the path from there to the root. */
function gypLibrary(name, files, isa, defines) {
  const from = '..';
  const flags = [...commonFlags, ...isa.flags];
  return {
    target_name: name,
    type: 'static_library',
    sources: files.map((file) => `${from}/${file}`),
    include_dirs: [`${from}/native`],
    defines: [`KR_ISA=${isa.name}`, ...defines],
    'cflags!': ['-fno-omit-frame-pointer'],
    cflags_cc: flags,
    xcode_settings: { OTHER_CPLUSPLUSFLAGS: flags },
  };
}

/** Writes build/kernels.gyp, two libraries an ISA (a new family then recompiles the table alone), and returns their names. */
function writeGyp(arch) {
  const { kernels, table } = sources();
  const targets = isasOf(arch).flatMap((isa) => [
    gypLibrary(`table_${isa.name}`, [table], isa, [familiesDefine()]),
    gypLibrary(`kernels_${isa.name}`, kernels, isa, []),
  ]);
  mkdirSync(path.join(root, 'build'), { recursive: true });
  writeFileSync(path.join(root, 'build/kernels.gyp'), `${JSON.stringify({ targets }, null, 2)}\n`);
  return targets.map((target) => `build/kernels.gyp:${target.target_name}`);
}

/** The lists as CMake variables. */
function cmake(arch, only) {
  const isas = isasOf(arch).filter(({ name }) => !only || only.split(',').includes(name));
  const { core, binding, kernels, table } = sources();
  const lists = {
    KERATIN_FLAGS: commonFlags, KERATIN_CORE: core, KERATIN_BINDING: binding, KERATIN_KERNELS: kernels, KERATIN_TABLE: [table],
    KERATIN_ISAS: isas.map(({ name }) => name),
    ...Object.fromEntries(isas.map(({ name, flags }) => [`KERATIN_FLAGS_${name}`, flags])),
  };
  const quoted = { KERATIN_FAMILIES_DEFINE: familiesDefine(), KERATIN_ISAS_DEFINE: isasDefine(isas) };
  return [
    ...Object.entries(lists).map(([name, items]) => `set(${name} ${items.join(' ')})`),
    ...Object.entries(quoted).map(([name, text]) => `set(${name} "${text}")`),
  ].join('\n');
}

if (isProgram(import.meta.url)) {
  const [question, arch = process.arch, only] = process.argv.slice(2);
  const answers = {
    addon: () => [...sources().core, ...sources().binding].join('\n'),
    flags: () => commonFlags.join('\n'),
    isas: () => isasDefine(isasOf(arch)),
    gyp: () => writeGyp(arch).join('\n'),
    cmake: () => cmake(arch, only),
  };
  console.log(answers[question]());
}
