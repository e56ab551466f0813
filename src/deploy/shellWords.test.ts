import fc from 'fast-check';
import { expect, test } from 'vitest';
import { messageOf } from '../../test/support/messageOf.ts';
import { shellCommands, shellQuote } from './shellWords.ts';

const words = (text: string, variables?: Record<string, string>) =>
  shellCommands(text, variables).map((command) => command.words);

test.each([
  ['vllm serve M --a 1', [['vllm', 'serve', 'M', '--a', '1']]],
  ['a \\\n  --b \\\n  c', [['a', '--b', 'c']]],
  [`a '{"x": "y z"}' "it's" "q\\"r" e\\ f`, [['a', '{"x": "y z"}', "it's", 'q"r', 'e f']]],
  ['# comment\na # more\nb', [['a'], ['b']]],
  ['a > log 2>&1 &\nb 2>err | c', [['a'], ['b'], ['c']]],
  ['a && b; c', [['a'], ['b'], ['c']]],
  ["a ''", [['a', '']]],
  ['a \'x\'"y"z', [['a', 'xyz']]],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's own
  ['a --port=$PORT "${HOST:-0.0.0.0}" 5$', [['a', '--port=8000', '0.0.0.0', '5$']]],
])('%j', (text, expected) => {
  expect(words(text, { PORT: '8000' })).toEqual(expected);
});

test('assignments hold for their command, exported or bare ones for all that follow', () => {
  expect(shellCommands('MODEL=a/b\nexport X=1 Y=2\nZ=3 run $MODEL')).toEqual([
    { environment: { MODEL: 'a/b', X: '1', Y: '2', Z: '3' }, words: ['run', 'a/b'] },
  ]);
  expect(shellCommands('A=1 run\nrun')[1].environment).toEqual({});
});

test('what is given from outside wins over what the script sets', () => {
  expect(words('TP=2\nrun $TP', { TP: '8' })).toEqual([['run', '8']]);
});

test.each([
  ['run $MODEL', 'the variable MODEL is not set in this command (give its value: --var MODEL=...)'],
  ['run $(nproc)', '$(nproc) cannot be known without running it (write out what it stands for)'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's own
  ['run "${ARGS[@]}"', '${ARGS[@]} cannot be known without running it (write out what it stands for)'],
  ["run 'a", "a quote ' is not closed: 'a"],
  ['run "a', 'a quote " is not closed: '],
])('%s is refused', (text, message) => {
  expect(messageOf(() => shellCommands(text))).toContain(message);
});

test('quoted words are read back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (list) => {
      const text = ['run', ...list.map(shellQuote)].join(' ');
      expect(words(text)).toEqual([['run', ...list.map((word) => word.replaceAll('\r\n', '\n'))]]);
    }),
  );
});
