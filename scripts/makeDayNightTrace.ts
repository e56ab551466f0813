/**
 * Two days of made-up traffic as a Mooncake trace on standard output: chat by day, long documents by night, the load going
 * up and down with the hours. No day is like another: how much there is of either, when it comes and how long it is are
 * drawn for each day, and the load of each half hour besides.
 *   npx tsx scripts/makeDayNightTrace.ts [seed] > day-night.jsonl
 */

import { exp, pow } from '../src/base/math.ts';
import { RandomStream } from '../src/base/random.ts';

const DAY_S = 86_400;
const BLOCK = 512;
const DAYS = 2;
const seed = Number(process.argv[2] ?? 7);
const random = new RandomStream(seed, 'day and night');

/** What is special about a day. */
interface Day {
  /** Factors on the usual rates and prompt lengths. */
  readonly chat: number;
  readonly documents: number;
  readonly chatLength: number;
  readonly documentLength: number;
  /** Hours by which chat and the night's batch come later. */
  readonly chatShift: number;
  readonly batchShift: number;
  /** Factors on the load of each half hour. */
  readonly halfHours: readonly number[];
}

const days = Array.from({ length: DAYS }, (_, day): Day => {
  const mood = new RandomStream(seed, `day ${day}`);
  return {
    chat: mood.lognormal(1, 0.1),
    documents: mood.lognormal(1, 0.15),
    chatLength: mood.lognormal(1, 0.08),
    documentLength: mood.lognormal(1, 0.08),
    chatShift: mood.normal() * 0.5,
    batchShift: mood.normal() * 0.5,
    halfHours: Array.from({ length: 48 }, () => mood.lognormal(1, 0.1)),
  };
});

/** Chat requests a second by the hour: hardly any at night, most in the afternoon. */
function chatPerS(hour: number, { chat, chatShift, halfHours }: Day): number {
  const usual = 0.05 + 4.5 * exp(-pow(Math.abs(hour - 14.5 - chatShift) / 3.6, 4));
  return chat * halfHours[Math.floor(2 * hour)] * usual;
}

/** Documents a second: a batch from about 22 to 6 o'clock. */
function documentsPerS(hour: number, { documents, batchShift, halfHours }: Day): number {
  const isNight = hour >= 22 + batchShift || hour < 6 + batchShift;
  return documents * (isNight ? 0.5 * halfHours[Math.floor(2 * hour)] : 0.01);
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
function chat(timestamp: number, { chatLength }: Day): Request {
  const prompt = random.integer(0, SYSTEM_PROMPTS - 1) * 2;
  const length = 1024 + Math.round(Math.min(4000, Math.max(20, random.lognormal(350 * chatLength, 0.8))));
  const output = Math.round(Math.min(1500, Math.max(5, random.lognormal(220, 0.7))));
  return {
    timestamp,
    input_length: length,
    output_length: output,
    hash_ids: [prompt, prompt + 1, ...own(length - 1024)],
  };
}

function document(timestamp: number, { documentLength }: Day): Request {
  const length = Math.round(Math.min(30_000, Math.max(2000, random.lognormal(11_000 * documentLength, 0.5))));
  return { timestamp, input_length: length, output_length: random.integer(100, 500), hash_ids: own(length) };
}

/** Arrivals of a Poisson process whose rate changes, by thinning. */
function arrivals(
  ratePerS: (hour: number, day: Day) => number,
  make: (timestamp: number, day: Day) => Request,
): Request[] {
  const rates = days.flatMap((day) => day.halfHours.map((_, half) => ratePerS(half / 2 + 0.25, day)));
  const most = 2 * Math.max(...rates);
  const made: Request[] = [];
  for (let nowS = random.exponential(1 / most); nowS < DAYS * DAY_S; nowS += random.exponential(1 / most)) {
    const day = days[Math.floor(nowS / DAY_S)];
    const isTaken = random.uniform() * most < ratePerS((nowS % DAY_S) / 3600, day);
    if (isTaken) made.push(make(Math.round(nowS * 1000), day));
  }
  return made;
}

const requests = [...arrivals(chatPerS, chat), ...arrivals(documentsPerS, document)];
requests.sort((a, b) => a.timestamp - b.timestamp);
process.stdout.write(requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
