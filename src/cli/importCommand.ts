import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { formatIssue, InputError } from '../base/inputError.ts';
import { BACKENDS, type Backend } from '../catalog/engineProfile.ts';
import { isPath } from '../config/facts.ts';
import { InputDocument } from '../config/inputDocument.ts';
import { readFacts } from '../config/readFacts.ts';
import { toYaml } from '../config/writeYaml.ts';
import { importAisimulate } from '../deploy/importAisimulate.ts';
import { type Imported, importLaunch, type LaunchText } from '../deploy/importLaunch.ts';
import type { ImportNotes } from '../deploy/importNotes.ts';
import { unwritable, writeFileAtomically } from '../report/writeFiles.ts';
import { EXIT } from './exitCodes.ts';
import { note } from './outputFiles.ts';
import { readInput } from './readInput.ts';

export interface ImportFlags {
  readonly prefill?: string;
  readonly decode?: string;
  readonly gpu?: string;
  readonly engineVersion?: string;
  readonly var: readonly string[];
  readonly output?: string;
  readonly quiet?: true;
}

const KINDS = [...BACKENDS, 'aisimulate'] as const;

/** Prints the configuration that launch commands, or another simulator's file, describe, and what became of each part of them. */
export async function importCommand(kind: string, given: readonly string[], flags: ImportFlags): Promise<number> {
  if (!(KINDS as readonly string[]).includes(kind)) {
    throw new InputError({ path: 'import', message: `must be ${KINDS.join(', ')}, got "${kind}"` });
  }
  const imported = kind === 'aisimulate' ? await readSimulated(given) : await readLaunch(kind as Backend, given, flags);
  const { notes } = imported;
  if (flags.quiet !== true) process.stderr.write(notesInWords(notes));
  if (notes.refused.length > 0) throw new InputError(notes.refused);
  const yaml = `${header(kind, imported)}${toYaml(imported.config)}`;
  if (flags.output === undefined) process.stdout.write(yaml);
  else {
    await writeFileAtomically(flags.output, yaml).catch((error) => {
      throw unwritable('--output', flags.output!, error);
    });
    note(flags.quiet === true, `wrote ${flags.output}`);
  }
  return EXIT.done;
}

async function readLaunch(backend: Backend, given: readonly string[], flags: ImportFlags): Promise<Imported> {
  const { prefill, decode } = flags;
  const sources: { source: string; role?: 'prefill' | 'decode' }[] = [
    ...(given.length === 0 ? [] : [{ source: given.join(' ') }]),
    ...(prefill === undefined ? [] : [{ source: prefill, role: 'prefill' as const }]),
    ...(decode === undefined ? [] : [{ source: decode, role: 'decode' as const }]),
  ];
  if (sources.length === 0) {
    const hint = 'quote it, or give @FILE or - for standard input';
    throw new InputError({ path: `import ${backend}`, message: 'needs the launch command', hint });
  }
  let folder = '.';
  const texts: LaunchText[] = [];
  for (const { source, ...role } of sources) {
    if (source.startsWith('@')) folder = dirname(source.slice(1));
    texts.push({ text: await commandText(source), ...role });
  }
  return importLaunch(backend, texts, {
    facts: readFacts('.'),
    variables: Object.fromEntries(flags.var.map(variable)),
    readOptions: (path) => readMapping(resolve(folder, path)),
    ...(flags.gpu === undefined ? {} : { hardware: flags.gpu }),
    ...(flags.engineVersion === undefined ? {} : { version: flags.engineVersion }),
  });
}

async function commandText(source: string): Promise<string> {
  if (source === '-') return textOf(process.stdin);
  if (!source.startsWith('@')) return source;
  return (await readInput(source.slice(1))).text!;
}

/** The engine's options file. */
function readMapping(path: string): Readonly<Record<string, unknown>> {
  const document = new InputDocument(readText(path), path, []);
  if (typeof document.value !== 'object' || document.value === null || Array.isArray(document.value)) {
    throw new InputError(document.issue([], 'must be a mapping'));
  }
  return document.value as Record<string, unknown>;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError({ file: path, message: `cannot be read: ${(error as NodeJS.ErrnoException).code}` });
  }
}

function variable(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InputError({ path: '--var', message: `must be NAME=value, got "${text}"` });
  return [text.slice(0, equals), text.slice(equals + 1)];
}

async function readSimulated(given: readonly string[]): Promise<Imported> {
  const [file] = given;
  if (file === undefined) throw new InputError({ path: 'import aisimulate', message: 'needs the name of a file' });
  const { text, file: name } = await readInput(file);
  return importAisimulate(text!, name);
}

function header(kind: string, { config }: Imported): string {
  const { engine, traffic } = config as { engine: { hardware?: string; model?: string }; traffic?: unknown };
  const missing = [
    ...(engine.hardware === undefined ? ['--gpu'] : []),
    ...(traffic === undefined ? ['a workload (--trace, --preset, or --isl, --osl and --rps)'] : []),
  ];
  const model =
    engine.model !== undefined && isPath(engine.model) ? [`# engine.model must be the folder of its config.json.`] : [];
  const next = missing.length === 0 ? [] : [`# Not in it: ${missing.join(' and ')}.`];
  return [`# dynosim import ${kind}`, ...next, ...model, '', ''].join('\n');
}

const WIDEST = 60;

function shortened(from: string): string {
  return from.length > WIDEST ? `${from.slice(0, WIDEST - 3)}...` : from;
}

/** What is mapped, assumed and ignored, one line each. */
function notesInWords(notes: ImportNotes): string {
  const all = [...notes.mapped, ...notes.ignored, ...notes.assumed];
  const width = Math.max(0, ...all.map(({ from }) => shortened(from).length));
  const line = (from: string, what: string) => `  ${shortened(from).padEnd(width)}  ${what}\n`;
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? '' : `${title}\n${lines.join('')}`;
  return (
    section(
      'maps',
      notes.mapped.map(({ from, path, value }) => line(from, `${path} = ${JSON.stringify(value)}`)),
    ) +
    section(
      'assumes',
      notes.assumed.map(({ from, reason }) => line(from, reason)),
    ) +
    section(
      'ignores',
      notes.ignored.map(({ from, reason }) => line(from, reason)),
    ) +
    section(
      'refuses',
      notes.refused.map((issue) => `  ${formatIssue(issue)}\n`),
    )
  );
}
