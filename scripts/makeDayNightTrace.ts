/**
 * Two days of made-up traffic as a Mooncake trace on standard output: chat by day, long documents by night, the load going
 * up and down with the hours and a little differently on the second day.
 *   npx tsx scripts/makeDayNightTrace.ts > day-night.jsonl
 */

import { exp, pow } from '../src/base/math.ts';
import { RandomStream } from '../src/base/random.ts';

const DAY_S = 86_400;
const BLOCK = 512;
const random = new RandomStream(7, 'day and night');

/** Chat requests a second by the hour: hardly any at night, most in the afternoon. */
function chatPerS(hour: number, day: number): number {
  return 0.05 + (day === 0 ? 1 : 1.05) * 4.5 * exp(-pow((hour - 14.5) / 3.6, 4));
}

/** Documents a second: a batch from 22 to 6 o'clock. */
function documentsPerS(hour: number): number {
  return hour >= 22 || hour < 6 ? 0.5 : 0.01;
}

let block = 100_000;
const SYSTEM_PROMPTS = 4;

interface Request {
  readonly timestamp: number;
  readonly input_length: number;
  readonly output_length: number;
  readonly hash_ids: readonly number[];
}

function own(tokens: number): number[] {
  return Array.from({ length: Math.ceil(tokens / BLOCK) }, () => block++);
}

/** A system prompt of 1024 tokens that many share, then the user's own. */
function chat(timestamp: number): Request {
  const prompt = random.integer(0, SYSTEM_PROMPTS - 1) * 2;
  const length = 1024 + Math.round(Math.min(4000, Math.max(20, random.lognormal(350, 0.8))));
  const output = Math.round(Math.min(1500, Math.max(5, random.lognormal(220, 0.7))));
  return {
    timestamp,
    input_length: length,
    output_length: output,
    hash_ids: [prompt, prompt + 1, ...own(length - 1024)],
  };
}

function document(timestamp: number): Request {
  const length = Math.round(Math.min(30_000, Math.max(2000, random.lognormal(11_000, 0.5))));
  return { timestamp, input_length: length, output_length: random.integer(100, 500), hash_ids: own(length) };
}

/** Arrivals of a Poisson process whose rate changes, by thinning. */
function arrivals(
  ratePerS: (hour: number, day: number) => number,
  most: number,
  make: (timestamp: number) => Request,
): Request[] {
  const made: Request[] = [];
  for (let nowS = random.exponential(1 / most); nowS < 2 * DAY_S; nowS += random.exponential(1 / most)) {
    const hour = (nowS % DAY_S) / 3600;
    if (random.uniform() * most < ratePerS(hour, Math.floor(nowS / DAY_S))) made.push(make(Math.round(nowS * 1000)));
  }
  return made;
}

const requests = [...arrivals(chatPerS, 5, chat), ...arrivals(documentsPerS, 0.5, document)];
requests.sort((a, b) => a.timestamp - b.timestamp);
process.stdout.write(requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
