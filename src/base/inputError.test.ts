import { expect, it } from 'vitest';
import { formatIssue, InputError } from './inputError.ts';

it('reads file:line:column path: message (hint), leaving out what is unknown', () => {
  const issue = {
    file: 'a.yaml',
    line: 12,
    column: 9,
    path: 'traffic.load',
    message: 'must be greater than 0, got -3',
  };
  expect(formatIssue(issue)).toBe('a.yaml:12:9 traffic.load: must be greater than 0, got -3');
  expect(formatIssue({ file: 'a.jsonl', line: 3, message: 'is not JSON' })).toBe('a.jsonl:3: is not JSON');
  expect(formatIssue({ path: '--gpu', message: 'unknown "h2000"', hint: 'did you mean "h200_sxm"?' })).toBe(
    '--gpu: unknown "h2000" (did you mean "h200_sxm"?)',
  );
  expect(formatIssue({ message: 'nothing to do' })).toBe('nothing to do');
});

it('carries one issue or many', () => {
  expect(new InputError({ message: 'a' }).issues).toEqual([{ message: 'a' }]);
  const many = new InputError([{ message: 'a' }, { message: 'b' }]);
  expect(many.issues).toHaveLength(2);
  expect(many.message).toBe('a\nb');
  expect(many).toBeInstanceOf(Error);
});
