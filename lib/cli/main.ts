#!/usr/bin/env node
// `npx keratin`: the commands, their options and exit codes (0, 1 for what failed, 2 for what was not understood). Nothing of the library
// is imported before a command runs: `doctor` tells why it cannot be.
import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
/** Options as they were given. */
export type Given = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
/** What a module of a command exports. @returns the exit code. */
export type Run = (args: readonly string[], given: Given) => Promise<number>;

interface Command {
  readonly usage: string;
  readonly about: string;
  /** How many arguments it takes. */
  readonly arguments: number;
  readonly options: Options;
  /** Lines of help for its options. */
  readonly help: readonly string[];
  readonly load: () => Promise<{ run: Run }>;
}

const FORMAT: Options = { format: { type: 'string' } };
const READING: Options = { import: { type: 'string', multiple: true }, unsafe: { type: 'boolean' } };
const READING_HELP = [
  '--import MODULE  a module to import first, which registers classes and functions of yours; may be repeated',
  '--unsafe         run functions that the file holds as source (safeMode: false)',
];
const FORMAT_HELP = '--format FORMAT  the format, where the ending of the name does not tell it';

const COMMANDS: Readonly<Record<string, Command>> = {
  inspect: {
    usage: 'inspect FILE', about: 'what a file has: layers, shapes, parameters, optimizer, and what is not supported', arguments: 1,
    options: { ...FORMAT, ...READING, json: { type: 'boolean' }, weights: { type: 'boolean' } },
    help: [FORMAT_HELP, ...READING_HELP, '--weights        list each weight', '--json           print it as JSON'],
    load: () => import('./inspect.js'),
  },
  summary: {
    usage: 'summary FILE', about: "Keras's table of a model", arguments: 1,
    options: { ...FORMAT, ...READING, 'expand-nested': { type: 'boolean' }, 'show-trainable': { type: 'boolean' } },
    help: [FORMAT_HELP, ...READING_HELP, '--expand-nested  list layers of models in the model too', '--show-trainable tell which layers are trained'],
    load: () => import('./summary.js'),
  },
  convert: {
    usage: 'convert IN OUT', about: 'a model, weights or tensors into another format, which the ending of OUT tells', arguments: 2,
    options: { ...FORMAT, ...READING, model: { type: 'string' }, overwrite: { type: 'boolean' } },
    help: [FORMAT_HELP, ...READING_HELP, '--model FILE     the model that weights are for, where IN has weights alone', '--overwrite      replace OUT'],
    load: () => import('./convert.js'),
  },
  doctor: {
    usage: 'doctor', about: 'whether all works here, and what mends it', arguments: 0,
    options: { json: { type: 'boolean' } },
    help: ['--json           print it as JSON'],
    load: () => import('./doctor.js'),
  },
};

function help(): string {
  const width = Math.max(...Object.values(COMMANDS).map(({ usage }) => usage.length));
  const lines = Object.values(COMMANDS).map(({ usage, about }) => `  ${usage.padEnd(width)}  ${about}`);
  return ['Usage: keratin COMMAND', '', ...lines, '', '  COMMAND --help, --version'].join('\n');
}
const helpOf = ({ usage, about, help: lines }: Command): string =>
  [`Usage: keratin ${usage} [options]`, '', `  ${about}`, '', ...[...lines, '--help'].map((line) => `  ${line}`)].join('\n');

/** What was not understood. */
class UsageError extends Error {}

async function execute(name: string, command: Command, args: readonly string[]): Promise<number> {
  let parsed: { values: Given; positionals: string[] };
  try {
    const options: Options = { ...command.options, help: { type: 'boolean', short: 'h' } };
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`);
  }
  const { values, positionals } = parsed;
  if (values.help === true) {
    console.log(helpOf(command));
    return 0;
  }
  if (positionals.length !== command.arguments)
    throw new UsageError(`${name}: expected ${command.usage}, received ${positionals.length === 0 ? 'no arguments' : positionals.join(' ')}`);
  return (await command.load()).run(positionals, values);
}

async function dispatch([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    console.log(help());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    console.log((await import('./package.js')).version());
    return 0;
  }
  if (Object.hasOwn(COMMANDS, name)) return execute(name, COMMANDS[name]!, args);
  const { didYouMean } = await import('../base/errors.js');
  throw new UsageError(`there is no command '${name}'${didYouMean(name, Object.keys(COMMANDS))}`);
}

try {
  process.exitCode = await dispatch(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(`keratin: ${error instanceof Error ? error.message : String(error)}`);
  if (isUsage) console.error('keratin --help lists the commands');
  else if (process.env.KERATIN_DEBUG !== undefined && error instanceof Error) console.error(error.stack);
  process.exitCode = isUsage ? 2 : 1;
}
