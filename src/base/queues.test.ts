import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deque } from './deque.ts';
import { EventQueue } from './eventQueue.ts';
import { IndexedHeap } from './indexedHeap.ts';

type Key = readonly [time: number, kind: number, id: number];
const byKey = (a: Key, b: Key): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
const time = fc.oneof(fc.nat(5), fc.constant(Number.POSITIVE_INFINITY));

describe('EventQueue', () => {
  it('pops what a sort would, whatever is pushed in between', () => {
    const step = fc.oneof(fc.tuple(fc.nat(5), fc.nat(3), fc.nat(40)), fc.constant(null));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const queue = new EventQueue();
        const model: Key[] = [];
        for (const key of steps) {
          if (key !== null) {
            queue.push(...key);
            model.push(key);
          } else if (model.length > 0) {
            model.sort(byKey);
            expect([queue.topTime, queue.topKind, queue.topId]).toEqual(model.shift());
            queue.pop();
          }
          expect(queue.size).toBe(model.length);
        }
        if (model.length === 0) expect(queue.topTime).toBe(Number.POSITIVE_INFINITY);
      }),
    );
  });
});

describe('IndexedHeap', () => {
  it('has the smallest key on top after any updates', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.tuple(fc.nat(19), time, fc.nat(3)), { maxLength: 200 }),
        (slots, updates) => {
          const heap = new IndexedHeap(slots);
          const keys = Array.from({ length: slots }, (_, slot): Key => [Number.POSITIVE_INFINITY, 0, slot]);
          for (const [slot, at, kind] of updates) {
            if (slot >= slots) continue;
            heap.update(slot, at, kind);
            keys[slot] = [at, kind, slot];
            // Infinity - Infinity is no order: compare only where something is pending.
            const pending = keys.filter(([each]) => each < Number.POSITIVE_INFINITY).sort(byKey);
            if (pending.length === 0) expect(heap.topTime).toBe(Number.POSITIVE_INFINITY);
            else expect([heap.topTime, heap.topKind, heap.topSlot]).toEqual(pending[0]);
          }
        },
      ),
    );
  });
});

describe('Deque', () => {
  it('behaves like an array', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('front', 'back', 'pop', 'middle'), { maxLength: 200 }), (steps) => {
        const deque = new Deque<number>();
        const model: number[] = [];
        steps.forEach((step, value) => {
          if (step === 'front') {
            deque.pushFront(value);
            model.unshift(value);
          } else if (step === 'back') {
            deque.pushBack(value);
            model.push(value);
          } else if (step === 'middle') {
            const place = value % (model.length + 1);
            deque.insert(place, value);
            model.splice(place, 0, value);
          } else if (model.length > 0) {
            expect(deque.popFront()).toBe(model.shift());
          }
          expect(deque.size).toBe(model.length);
          expect(model.map((_, index) => deque.at(index))).toEqual(model);
        });
      }),
    );
  });
});
