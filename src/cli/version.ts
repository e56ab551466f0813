import { createRequire } from 'node:module';

/** Of the package this file belongs to; `package.json` is two levels up both in `src` and in `dist`. */
export const VERSION: string = (createRequire(import.meta.url)('../../package.json') as { version: string }).version;
