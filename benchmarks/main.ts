// `npm run bench`: measures Keratin and every peer found on this machine side by side, prints a table and writes rows.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measure, type Failure, type Row } from './measure.js';
import { failureLines, floorLines, partsTable, table } from './report.js';
import { findPeers, keratin, peerNames, type System } from './systems.js';
import { workloads } from './workloads.js';

const usage = `Usage: npm run bench -- [options]
  --only a,b        workloads to run (${workloads.map((w) => w.name).join(', ')}); default: all
  --peers LIST      none, all, or names (${peerNames.join(', ')}); default: all that are installed
  --python PATH     interpreter whose packages are the Python peers; default: that of 'npm run peers'
  --rounds N        rounds, each in fresh processes; default: 5
  --json FILE       write the rows as a JSON array`;

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      peers: { type: 'string', default: 'all' },
      python: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds must be an integer >= 1, received ${values.rounds}`);
  return { ...values, rounds };
}

/** The items of a comma-separated list, each of which has to be one of `known`. */
function choose(option: string, list: string, known: readonly string[]): string[] {
  const names = list.split(',');
  for (const name of names) {
    if (!known.includes(name)) throw new Error(`${option}: unknown '${name}'; known are ${known.join(', ')}`);
  }
  return names;
}

function selectPeers(list: string, python: string | undefined): System[] {
  if (list === 'none') return [];
  const found = findPeers(python);
  if (list === 'all') return found;
  return choose('--peers', list, peerNames).map((name) => {
    const peer = found.find((p) => p.name === name);
    if (!peer) throw new Error(`--peers: ${name} is not installed here; 'npm run peers' installs it`);
    return peer;
  });
}

async function main(): Promise<void> {
  const { only, peers, python, rounds, json, help } = options();
  if (help) return console.log(usage);
  const names = only ? choose('--only', only, workloads.map((w) => w.name)) : null;
  const floors = workloads.flatMap((w) => (names?.includes(w.name) && w.floor ? [w.floor] : []));
  const chosen = names ? workloads.filter((w) => [...names, ...floors].includes(w.name)) : workloads;
  const systems = [keratin, ...selectPeers(peers, python)];
  const systemNames = systems.map((s) => s.name);
  const cores = cpus();
  const processor = `${cores[0]?.model ?? 'unknown processor'}, ${cores.length} cores`;
  console.log(`${processor}; ${rounds} round${rounds > 1 ? 's' : ''}; ${systemNames.join(', ')}`);
  if (systems.length === 1 && peers === 'all') console.log("No peer found; 'npm run peers' installs them.");

  const rows: Row[] = [];
  const failures: Failure[] = [];
  for (const workload of chosen) {
    console.log(`measuring ${workload.name}`);
    const result = await measure(workload, systems, rounds);
    rows.push(...result.rows);
    failures.push(...result.failures);
  }
  console.log(`\n${table(chosen, systemNames, rows)}`);
  const parts = partsTable(systemNames, rows);
  if (parts !== '') console.log(`\n${parts}`);
  const floorText = floorLines(chosen, rows);
  if (floorText !== '') console.log(`\n${floorText}`);
  if (failures.length > 0) console.log(`\n${failureLines(failures)}`);
  if (json) writeFileSync(json, `${JSON.stringify(rows, null, 1)}\n`);
  if (failures.some((f) => f.system === keratin.name)) process.exitCode = 1;
}

main().catch((error: Error) => {
  console.error(`${error.message}\n\n${usage}`);
  process.exitCode = 1;
});
