import { parentPort } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { timelineHashes } = await import('./timelines.ts');
parentPort.postMessage(timelineHashes());
