import { describe, expect, it } from 'vitest';
import { withMaxOutput } from './maxOutput.ts';
import { makePreset } from './presets.ts';

const chat = makePreset('chat', 500, 1);

describe('withMaxOutput', () => {
  const asked = (rule: Parameters<typeof withMaxOutput>[1]) =>
    Array.from(withMaxOutput(chat, rule, 2048).maxOutputTokens);
  const outputs = Array.from(chat.outputTokens);

  it('asks for what the rule says, never for less than is generated', () => {
    expect(asked('exact')).toEqual(outputs);
    expect(asked({ fixed: 200 })).toEqual(outputs.map((tokens) => Math.max(tokens, 200)));
    expect(asked({ factor: 1.5 })).toEqual(outputs.map((tokens) => Math.ceil(tokens * 1.5)));
    expect(asked({ factor: 0.5 })).toEqual(outputs);
    expect(asked('context')).toEqual(outputs.map((tokens, i) => Math.max(tokens, 2048 - chat.inputTokens[i])));
    expect(asked({ factor: 1e12 })[0]).toBe(2 ** 31 - 1);
  });

  it('has the digest of the original when nothing changes', () => {
    expect(withMaxOutput(chat, 'exact', 2048).digest).toBe(chat.digest);
    expect(withMaxOutput(chat, { fixed: 9999 }, 2048).digest).not.toBe(chat.digest);
  });
});
