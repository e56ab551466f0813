import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adaptPage } from '../../src/report/adaptPage.ts';
import { renderHtml } from '../../src/report/html.ts';
import { predictPage, type ReportPageData, recommendPage } from '../../src/report/pageData.ts';
import { handmadeAdaptation } from '../support/handmadeAdaptation.ts';
import { handmadeAnswer, handmadeDetail } from '../support/handmadeAnswer.ts';

const CHROMIUM = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));
const ARGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

if (CHROMIUM === undefined) console.warn('no Chromium found (set CHROMIUM_PATH): the report page is not tested');

describe.skipIf(CHROMIUM === undefined)('report.html in headless Chromium (skipped where none is installed)', () => {
  let directory: string;
  let browser: Browser;
  let bundle: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dynosim-report-'));
    bundle = await buildBundle();
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ARGS.split(' ') });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function open(
    data: ReportPageData,
    options: { colorScheme?: 'light' | 'dark'; width?: number } = {},
  ): Promise<{ page: Page; problems: string[] }> {
    const file = join(directory, 'report.html');
    await writeFile(file, renderHtml(data, bundle));
    const context = await browser.newContext({
      offline: true,
      colorScheme: options.colorScheme ?? 'light',
      viewport: { width: options.width ?? 1200, height: 900 },
    });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:') && !request.url().startsWith('data:')) problems.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector('h1');
    return { page, problems };
  }

  it('answers a goal: finding, charts, tables; offline, without a complaint in the console', async () => {
    const { page, problems } = await open(recommendPage(handmadeAnswer(), handmadeDetail()));
    expect(await page.title()).toBe('dynosim: 4x TP2 h200_sxm');
    expect(await page.getAttribute('html', 'lang')).toBe('en');
    expect(await page.textContent('h1')).toBe('8 GPUs at $29.44/h meet the SLO; 7 do not');
    expect(await page.locator('[role=img] svg').count()).toBe(7);
    expect(await page.locator('table').count()).toBe(2);
    expect(await page.getByText(/4x TP2 h200_sxm \(the pick\)/).count()).toBe(1);
    expect(problems).toEqual([]);
  });

  it('shows a candidate under the pointer', async () => {
    const { page } = await open(recommendPage(handmadeAnswer(), null));
    const chart = page.locator('[role=img]').first();
    // The pick is drawn last but for its label: the largest diamond of the chart, found by its colour.
    const pick = chart.locator('path[fill="#12805c"]').last();
    await pick.hover();
    await page.waitForSelector('text=/cost \\(USD\\/h\\): 29.4/');
  });

  it('shows one deployment, in the dark and on a phone, nothing wider than the screen', async () => {
    const { page, problems } = await open(predictPage(handmadeDetail(), '2x TP2 h200_sxm', 'handmade'), {
      colorScheme: 'dark',
      width: 390,
    });
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(17, 21, 26)');
    expect(await page.locator('[role=img] svg').count()).toBe(6);
    expect(problems).toEqual([]);
  });

  it('shows a schedule against the load, its switches and what each costs, also on a phone', async () => {
    for (const width of [1200, 390]) {
      const { page, problems } = await open(adaptPage(handmadeAdaptation(), 'two moods', 'test'), { width });
      expect(await page.textContent('h1')).toMatch(/^The schedule costs 35 % less than the best static deployment/);
      expect(await page.locator('[role=img] svg').count()).toBe(3);
      expect(await page.getByText('What runs when: the schedule changes 2 times in 2 h').count()).toBe(1);
      expect(await page.getByText("the schedule's estimates add up to 2.0 % more than its simulation").count()).toBe(1);
      expect(await page.getByText('What each switch is estimated to cost: $0.30 in all').count()).toBe(1);
      expect(await page.locator('svg text', { hasText: '4x TP1' }).count()).toBeGreaterThan(0);
      expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      expect(problems).toEqual([]);
    }
  });

  it('shows hostile text as text', async () => {
    const hostile = '</script><img src=x onerror=document.title="taken">';
    const data = { ...predictPage(handmadeDetail(), hostile, hostile), warnings: [hostile] };
    const { page, problems } = await open(data);
    expect(await page.title()).toContain('</script>');
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.getByText(hostile, { exact: true }).count()).toBe(1);
    expect(problems).toEqual([]);
  });
});

/** The page's program, built into memory: the test needs no earlier `npm run build` and leaves none behind. */
async function buildBundle(): Promise<string> {
  const built = await build({ configFile: 'vite.report.config.ts', logLevel: 'error', build: { write: false } });
  const [{ output }] = built as unknown as { output: { type: string; fileName: string; code: string }[] }[];
  return output.find(({ fileName }) => fileName === 'report.js')!.code;
}
