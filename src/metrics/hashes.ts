import { canonicalJson } from '../base/canonicalJson.ts';
import { Sha256, sha256Hex } from '../base/sha256.ts';
import type { RequestLog } from '../engine/requestLog.ts';
import type { Report } from './report.ts';

/**
 * SHA-256 over every request's arrival, first scheduling, first and last token (each column as little-endian float64)
 * and outcome (one byte each): two runs with this in common took the same course.
 */
export function timelineHash(log: RequestLog): string {
  const hash = new Sha256();
  for (const column of [log.arrivalNs, log.scheduledNs, log.firstTokenNs, log.lastTokenNs]) {
    hash.update(littleEndian(column));
  }
  return hash.update(log.outcome).hex();
}

/** SHA-256 of the canonical JSON of the report without its hashes, error bands, `wall_ms` and `dynosim_version`. */
export function resultHash(report: Omit<Report, 'result_hash'>): string {
  const {
    wall_ms: _wall,
    dynosim_version: _version,
    config_hash: _config,
    timeline_hash: _timeline,
    result_hash: _result,
    ...content
  } = report as Report;
  const provenance = { ...content.provenance, error_band: null, intervals: null };
  return sha256Hex(canonicalJson({ ...content, provenance }));
}

function littleEndian(column: Float64Array): Uint8Array {
  const bytes = new Uint8Array(column.length * 8);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < column.length; index++) view.setFloat64(index * 8, column[index], true);
  return bytes;
}
