import { describe, expect, it } from 'vitest';
import { assignRanks, expectedRequests, type RankLoad } from './rankAssignment.ts';

const loadsOf = (requests: readonly number[], tokens: readonly number[]): RankLoad[] =>
  requests.map((count, rank) => ({ requests: count, tokens: tokens[rank] }));

/** Requests that each rank is given, in the order in which it gets them. */
function byRank(prompts: readonly number[], ranks: readonly RankLoad[]): number[][] {
  const given: number[][] = ranks.map(() => []);
  for (const { request, rank } of assignRanks(prompts, ranks)) given[rank].push(request);
  return given;
}

/** Prompts all alike. */
const equals = (count: number): number[] => Array.from({ length: count }, () => 3);

describe('requests over attention-DP ranks (tests/unittest/_torch/executor/test_executor_request_queue.py)', () => {
  it('an even share, but no less than a rank has (::test_schedule_attention_dp_requests_expected_num_active_calculation)', () => {
    expect(expectedRequests(loadsOf([2, 1, 3, 0], [0, 0, 0, 0]), 2)).toBe(3);
    expect(expectedRequests(loadsOf([0, 0], [0, 0]), 3)).toBe(2);
  });

  it('the longest prompt first, to the fewest tokens (::test_balance_requests_across_ranks_multiple_requests)', () => {
    const ranks = loadsOf([0, 1, 2, 1], [5, 15, 25, 10]);
    expect(expectedRequests(ranks, 3)).toBe(2);
    expect(byRank([3, 6, 2], ranks)).toEqual([[1, 2], [], [], [0]]);
  });

  it.each([
    { requests: [0, 0, 0, 0], count: 7, given: [[0, 1], [2, 3], [4, 5], [6]] },
    { requests: [1, 2, 3, 0], count: 6, given: [[0, 1], [2], [], [3, 4, 5]] },
    {
      requests: [0, 0, 0, 0],
      count: 12,
      given: [
        [0, 1, 3],
        [2, 4, 6],
        [5, 7, 9],
        [8, 10, 11],
      ],
    },
  ])('$count equal ones where $requests are active (::test_attention_dp_scheduling_cases)', ({
    requests,
    count,
    given,
  }) => {
    expect(byRank(equals(count), loadsOf(requests, [10, 15, 20, 25]))).toEqual(given);
  });
});
