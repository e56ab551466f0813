import { join } from 'node:path';
import { readReportBundle, renderHtml } from '../report/html.ts';
import type { ReportPageData } from '../report/pageData.ts';

/** Files by name, and what could not be written, for standard error. */
export interface OutputFiles {
  readonly files: Map<string, string>;
  readonly notes: readonly string[];
}

/** Where files go when the user says nothing: the same input rewrites the same files. */
export function defaultDirectory(command: string, configHash: string): string {
  return join('dynosim-output', `${command}-${configHash.slice(0, 8)}`);
}

/** A machine-readable file and its page. Run from the sources, the page's program may not have been built: then there is none. */
export async function withPage(files: Map<string, string>, page: ReportPageData): Promise<OutputFiles> {
  try {
    files.set('report.html', renderHtml(page, await readReportBundle()));
    return { files, notes: [] };
  } catch (error) {
    return { files, notes: [`no report.html: ${(error as Error).message}`] };
  }
}

export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Colours are for a terminal whose user has not asked for none (no-color.org). */
export function wantsColor(): boolean {
  return process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb';
}

export function note(quiet: boolean, text: string): void {
  if (!quiet) process.stderr.write(`${text}\n`);
}
