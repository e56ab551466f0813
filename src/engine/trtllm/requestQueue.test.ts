import { expect, it } from 'vitest';
import { Sequence } from '../sequence.ts';
import { RequestQueue } from './requestQueue.ts';

function queueOf(requests: number): RequestQueue {
  const queue = new RequestQueue();
  for (let request = 0; request < requests; request++)
    queue.join(new Sequence(request, 10 + request, 1, false, 0, 0), false);
  return queue;
}

it('gives out as many as there are places, in order of arrival (test_executor_request_queue::test_get_from_waiting_queue)', () => {
  const queue = queueOf(5);
  queue.fetch(false, 0);
  expect(queue.take(3).map(({ request }) => request)).toEqual([0, 1, 2]);
  expect([queue.size, queue.tokens]).toEqual([2, 13 + 14]);
});

it.each([0, -1])('gives out none where there are %i places (::test_get_from_waiting_queue_edge_cases)', (places) => {
  const queue = queueOf(5);
  queue.fetch(false, 0);
  expect(queue.take(places)).toEqual([]);
  expect(queue.size).toBe(5);
});
