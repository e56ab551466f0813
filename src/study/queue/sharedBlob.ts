import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { gunzipSync, gzipSync } from 'node:zlib';

type TypedArray = Float64Array | Int32Array | Uint8Array;

/** What all trials of a search share, as bytes that are named by their content. */
export interface SharedBlob {
  readonly hash: string;
  readonly bytes: Buffer;
}

export function packShared(shared: unknown): SharedBlob {
  const plain = mapArrays(shared, (array) => array.slice(0) as TypedArray);
  const serialized = serialize(plain);
  return {
    hash: createHash('sha256').update(serialized).digest('hex'),
    bytes: gzipSync(serialized, { level: 1 }),
  };
}

/** The inverse; columns come back on shared memory, so that a machine's threads hold one copy. */
export function unpackShared(bytes: Buffer): unknown {
  return mapArrays(deserialize(gunzipSync(bytes)), (array) => {
    const Kind = array.constructor as new (buffer: ArrayBufferLike) => TypedArray;
    const copy = new Kind(new SharedArrayBuffer(array.byteLength));
    copy.set(array);
    return copy;
  });
}

/** A deep copy of plain data with each typed array replaced. */
function mapArrays(value: unknown, replace: (array: TypedArray) => TypedArray): unknown {
  if (value instanceof Float64Array || value instanceof Int32Array || value instanceof Uint8Array) {
    // Backed by ordinary memory, whatever it was before.
    return replace(value);
  }
  if (Array.isArray(value)) return value.map((item) => mapArrays(item, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapArrays(item, replace)]));
}
