import { Sha256 } from '../base/sha256.ts';
import type { Workload } from './workload.ts';

/** A page without cross-origin isolation has no SharedArrayBuffer; there the columns are private to the tab. */
function makeBuffer(bytes: number): ArrayBufferLike {
  return typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
}

/** A zeroed column that worker threads can share. */
export function makeFloat64Column(length: number): Float64Array {
  return new Float64Array(makeBuffer(length * 8));
}

/** A zeroed column that worker threads can share. */
export function makeInt32Column(length: number): Int32Array {
  return new Int32Array(makeBuffer(length * 4));
}

/** A zeroed column that worker threads can share. */
export function makeUint8Column(length: number): Uint8Array {
  return new Uint8Array(makeBuffer(length));
}

type Column = Float64Array | Int32Array | Uint8Array;

/** Sealed columns never change, so a workload made from another one hashes only what it replaced. */
const knownDigests = new WeakMap<Column, string>();

function digestOf(column: Column): string {
  let digest = knownDigests.get(column);
  if (digest === undefined) {
    digest = new Sha256().update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength)).hex();
    knownDigests.set(column, digest);
  }
  return digest;
}

/**
 * Makes a workload of finished columns: computes its digest and freezes it. The digest covers everything that can change
 * a simulation, so neither the name nor the warnings.
 */
export function sealWorkload(fields: Omit<Workload, 'digest'>): Workload {
  const columns = [
    fields.arrivalNs,
    fields.inputTokens,
    fields.outputTokens,
    fields.maxOutputTokens,
    fields.blockOffsets,
    fields.blockIds,
    fields.nextTurn,
    fields.isFollowUp,
    fields.thinkNs,
    fields.classOf,
    ...(fields.priorities === undefined ? [] : [fields.priorities]),
  ];
  const head = JSON.stringify([fields.count, fields.blockTokens, fields.blockIdCount, fields.classNames]);
  const digest = new Sha256().update(head);
  for (const column of columns) digest.update(digestOf(column));
  return Object.freeze({ ...fields, digest: digest.hex() });
}

/** The same workload with some fields replaced and its digest renewed. */
export function replaceFields(workload: Workload, fields: Partial<Omit<Workload, 'digest'>>): Workload {
  const { digest: _, ...kept } = workload;
  return sealWorkload({ ...kept, ...fields });
}
