import { expect, it } from 'vitest';
import { retractionOrder } from './retractionOrder.ts';

it('keeps most tokens first, of equal ones the shortest prompt: victims are popped from the end', () => {
  const running = [
    { request: 0, inputTokens: 500, generated: 3 },
    { request: 1, inputTokens: 100, generated: 3 },
    { request: 2, inputTokens: 900, generated: 40 },
    { request: 3, inputTokens: 500, generated: 3 },
    { request: 4, inputTokens: 10, generated: 2 },
  ];
  expect(retractionOrder(running).map(({ request }) => request)).toEqual([2, 1, 0, 3, 4]);
});
