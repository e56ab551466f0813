import { describe, expect, it } from 'vitest';
import { replaceFields } from './columns.ts';
import { firstRequests } from './firstRequests.ts';
import { makePreset } from './presets.ts';

const chat = makePreset('chat', 500, 1);

describe('firstRequests', () => {
  it('keeps a prefix of every column and cuts sessions cleanly, at every length', () => {
    for (let limit = 1; limit <= 60; limit++) {
      const cut = firstRequests(chat, limit);
      expect(cut.count).toBe(limit);
      for (const column of [
        'arrivalNs',
        'inputTokens',
        'outputTokens',
        'maxOutputTokens',
        'thinkNs',
        'isFollowUp',
        'classOf',
      ] as const) {
        expect(Array.from(cut[column])).toEqual(Array.from(chat[column].subarray(0, limit)));
      }
      expect(cut.blockIds).toHaveLength(cut.blockOffsets[limit]);
      expect(new Set(cut.blockIds).size).toBe(cut.blockIdCount);
      expect(Math.max(...cut.blockIds)).toBe(cut.blockIdCount - 1);
      for (let i = 0; i < limit; i++) expect(cut.nextTurn[i]).toBe(chat.nextTurn[i] < limit ? chat.nextTurn[i] : -1);
    }
  });

  it('keeps priorities', () => {
    const urgent = replaceFields(chat, { priorities: Int32Array.from({ length: 500 }, (_, i) => i % 3) });
    expect(Array.from(firstRequests(urgent, 4).priorities!)).toEqual([0, 1, 2, 0]);
  });

  it('keeps workers able to share the columns', () => {
    const cut = firstRequests(chat, 7);
    for (const column of [cut.arrivalNs, cut.nextTurn, cut.blockIds, cut.isFollowUp]) {
      expect(column.buffer).toBeInstanceOf(SharedArrayBuffer);
    }
  });

  it('is the workload itself when it is short enough, and another digest when not', () => {
    expect(firstRequests(chat, 500)).toBe(chat);
    expect(firstRequests(chat, 499).digest).not.toBe(chat.digest);
  });
});
