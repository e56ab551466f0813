import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
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
  const [first] = shellCommands('MODEL=a/b\nexport X=1 Y=2\nZ=3 run $MODEL');
  expect(first).toEqual({ environment: { MODEL: 'a/b', X: '1', Y: '2', Z: '3' }, words: ['run', 'a/b'], unknown: [] });
  expect(shellCommands('A=1 run\nrun')[1].environment).toEqual({});
});

describe('a whole script', () => {
  const SCRIPT = `
cat > options.yaml << END
a: $(not a command)
END
ARGS=(--tp 8  # eight
  --name "a b")
ARGS+=(--last)
SIZE=1
if [[ "$CONC" -ge 16 ]]; then
  SIZE=8
fi
run "\${ARGS[@]}" --size $SIZE
other --known`;
  const runOf = (variables = {}) => shellCommands(SCRIPT, variables).find(({ words }) => words[0] === 'run')!;

  test('has arrays, here-documents, and commands that are known although others are not', () => {
    expect(runOf().words).toEqual(['run', '--tp', '8', '--name', 'a b', '--last', '--size', '']);
    expect(shellCommands(SCRIPT).at(-1)).toMatchObject({ words: ['other', '--known'], unknown: [] });
  });

  test('what it decides on the way is unknown unless it is given', () => {
    expect(runOf().unknown.map(({ message }) => message)).toEqual([
      'the variable SIZE is set in a way that only running it can tell',
    ]);
    const given = runOf({ SIZE: '4', ARGS: '--tp 2' });
    expect(given.words).toEqual(['run', '--tp', '2', '--size', '4']);
    expect(given.unknown).toEqual([]);
  });
});

test('what is given from outside wins over what the script sets', () => {
  expect(words('TP=2\nrun $TP', { TP: '8' })).toEqual([['run', '8']]);
});

test.each([
  ['run $MODEL', 'the variable MODEL is not set in this command'],
  ['run $(nproc) x', '$(nproc) cannot be known without running it'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's own
  ['run ${A%b} x', '${A%b} cannot be known without running it'],
  ['run `a b` x', '`a b` cannot be known without running it'],
])('%s is not known', (text, message) => {
  const [command] = shellCommands(text);
  expect(command.words[0]).toBe('run');
  expect(command.unknown.map((issue) => issue.message)).toEqual([message]);
});

test.each([
  ["run 'a", "a quote ' is not closed: 'a"],
  ['run "a', 'a quote " is not closed: "a'],
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
