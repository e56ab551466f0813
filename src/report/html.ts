import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ReportPageData } from './pageData.ts';

/** The page's program, as the build writes it: one file with its own styles and charts. */
const BUNDLE = 'web/report.js';

/**
 * The page as one HTML file that works offline: the program and the data inside, nothing loaded from elsewhere.
 * @param bundle the program's text, see `readReportBundle`
 */
export function renderHtml(data: ReportPageData, bundle: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeHtml(data.title)}</title>
</head>
<body>
<div id="app"><noscript>This page draws its charts with JavaScript. ${escapeHtml(data.headline)}</noscript></div>
<script type="application/json" id="report-data">${escapeScript(JSON.stringify(data))}</script>
<script>${bundle.replaceAll(/<(?=\/script|!--)/gi, '\\x3c')}</script>
</body>
</html>
`;
}

/**
 * Reads the built program from beside this module, or from the project's `dist` when running from the sources.
 * @throws Error when the project has not been built.
 */
export async function readReportBundle(): Promise<string> {
  const places = [`../${BUNDLE}`, `../../dist/${BUNDLE}`].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  for (const place of places) {
    const text = await readFile(place, 'utf8').catch(() => null);
    if (text !== null) return text;
  }
  throw new Error(`the report page's program is missing: run "npm run build" (looked for ${places.join(' and ')})`);
}

/** JSON is safe inside a script element once no `<` can start a tag or a comment. */
function escapeScript(json: string): string {
  return json.replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
