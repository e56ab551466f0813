import { expect, it } from 'vitest';
import { withClassPriorities } from './classPriorities.ts';
import { keptRequests } from './keptRequests.ts';
import { WorkloadBuilder } from './workloadBuilder.ts';

const builder = new WorkloadBuilder('hand', 16);
for (const [className, priority] of [
  ['chat', 7],
  ['batch', 7],
  ['chat', 0],
  ['eval', -2],
] as const) {
  builder.add({ arrivalNs: 0, inputTokens: 1, outputTokens: 1, className, priority });
}
const workload = builder.build();

it('takes the place of what the requests of the class say, and of no others', () => {
  const ordered = withClassPriorities(workload, new Map([['chat', -1]]));
  expect(Array.from(ordered.priorities!)).toEqual([-1, 7, -1, -2]);
  expect(ordered.digest).not.toBe(workload.digest);
  expect(ordered.warnings).toEqual(workload.warnings);
});

it('says which class is nobody', () => {
  const { warnings } = withClassPriorities(workload, new Map([['chats', -1]]));
  expect(warnings).toContain('no request is of the class "chats"; there is chat, batch, eval');
});

it('stays with the requests that are kept', () => {
  const kept = keptRequests(
    workload,
    (request) => request !== 1,
    () => 0,
  );
  expect(Array.from(kept.priorities!)).toEqual([7, 0, -2]);
});
