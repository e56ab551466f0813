import type { Redis } from 'ioredis';
import { InputError } from '../../base/inputError.ts';

/** How long the first connection may take before the user is told. */
const CONNECT_MS = 5_000;

/** The address without its credentials: what may appear in messages and logs. */
export function publicAddress(url: string): string {
  const { protocol, hostname, port } = parse(url);
  return `${protocol}//${hostname}${port === '' ? '' : `:${port}`}`;
}

/**
 * Connects to Redis or Valkey; user, password and TLS (`rediss:`) are in the URL.
 * @throws InputError in one line when the packages are not installed, or nobody answers.
 */
export async function connectRedis(url: string): Promise<Redis> {
  parse(url);
  const { Redis } = await loadQueuePackage(() => import('ioredis'));
  // BullMQ's workers want blocking commands to wait for a server that comes back (docs.bullmq.io/guide/connections).
  const redis = new Redis(url, { maxRetriesPerRequest: null, enableReadyCheck: true, connectTimeout: CONNECT_MS });
  let cause = 'no answer';
  redis.on('error', (error) => {
    cause = error.message;
  });
  const answered = await Promise.race([
    redis.ping().then(
      () => true,
      (error: Error) => {
        cause = error.message;
        return false;
      },
    ),
    new Promise<boolean>((resolve) => setTimeout(resolve, CONNECT_MS, false)),
  ]);
  if (answered) return redis;
  redis.disconnect();
  throw new InputError({
    path: '--queue',
    message: `cannot reach ${publicAddress(url)}: ${withoutSecrets(cause, url)}`,
  });
}

/** Loads an optional package. @throws InputError that says what to install. */
export async function loadQueuePackage<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new InputError({ path: '--queue', message: 'needs two more packages', hint: 'npm install bullmq ioredis' });
  }
}

/** Another connection to the same server, which comes back by itself when it is lost. */
export function anotherConnection(redis: Redis): Redis {
  const other = redis.duplicate();
  other.on('error', () => undefined);
  return other;
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === 'redis:' || url.protocol === 'rediss:') && url.hostname !== '') return url;
  throw new InputError({
    path: '--queue',
    message: 'must be a URL like redis://host:6379 or rediss://user:password@host',
  });
}

function withoutSecrets(message: string, url: string): string {
  const { password } = parse(url);
  return password === ''
    ? message
    : message.replaceAll(decodeURIComponent(password), '***').replaceAll(password, '***');
}
