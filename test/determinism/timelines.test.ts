import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { describe, expect, it } from 'vitest';
import { timelineHashes } from './timelines.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

describe('the same scenario gives the same timeline', () => {
  it('the first time and after hundreds of others in a process', () => {
    const first = timelineHashes();
    for (let again = 2; again < 5; again++) timelineHashes();
    expect(timelineHashes()).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(70);
  });

  it('in two worker threads at once', async () => {
    const inThread = (): Promise<string[]> =>
      new Promise((resolve, reject) => {
        const worker = new Worker(new URL('./timelineWorker.mjs', import.meta.url));
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    const [one, other] = await Promise.all([inThread(), inThread()]);
    expect(one).toEqual(timelineHashes());
    expect(other).toEqual(one);
  });

  it.skipIf(CHROMIUM === undefined)('in headless Chromium (skipped where none is installed)', async () => {
    const bundle = await build({
      logLevel: 'silent',
      configFile: false,
      build: {
        write: false,
        lib: { entry: new URL('./timelines.ts', import.meta.url).pathname, formats: ['iife'], name: 'dynosim' },
      },
    });
    const outputs = Array.isArray(bundle) ? bundle[0] : bundle;
    if (!('output' in outputs)) throw new Error('vite gave no bundle');
    const browser = await chromium.launch({
      executablePath: CHROMIUM!,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    try {
      const page = await browser.newPage();
      await page.addScriptTag({ content: outputs.output[0].code });
      const hashes = await page.evaluate('dynosim.timelineHashes()');
      expect(hashes).toEqual(timelineHashes());
    } finally {
      await browser.close();
    }
  });
});
