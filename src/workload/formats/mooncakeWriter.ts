import { NS_PER_MS } from '../../base/units.ts';
import type { Workload } from '../workload.ts';

/**
 * Writes a workload as Mooncake JSONL, times in ms to the nanosecond. A session's later turns carry `delay` in place of
 * `timestamp`, since when they arrive depends on who serves them. Reading the text back with the same block size gives
 * the same workload, its clock starting at the first arrival, but for what the format has no field for: max output
 * and names of generated text that no next turn repeats.
 */
export function writeMooncake(workload: Workload): string {
  const sessions = sessionNumbers(workload);
  const lines: string[] = [];
  for (let i = 0; i < workload.count; i++) {
    const inputTokens = workload.inputTokens[i];
    const from = workload.blockOffsets[i];
    const to = Math.min(workload.blockOffsets[i + 1], from + Math.ceil(inputTokens / workload.blockTokens));
    const priority = workload.priorities?.[i] ?? 0;
    const isFollowUp = workload.isFollowUp[i] === 1;
    lines.push(
      JSON.stringify({
        ...(isFollowUp ? {} : { timestamp: workload.arrivalNs[i] / NS_PER_MS }),
        ...(sessions[i] < 0 ? {} : { session_id: `s${sessions[i]}` }),
        ...(isFollowUp ? { delay: workload.thinkNs[i] / NS_PER_MS } : {}),
        input_length: inputTokens,
        output_length: workload.outputTokens[i],
        ...(isDefault(workload, i) ? {} : { class: workload.classNames[workload.classOf[i]] }),
        ...(priority === 0 ? {} : { priority }),
        ...(to > from ? { hash_ids: Array.from(workload.blockIds.subarray(from, to)) } : {}),
      }),
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Of the class that a line without one has. */
function isDefault({ classNames, classOf }: Workload, request: number): boolean {
  return classNames[classOf[request]] === 'default';
}

/** Sessions counted from 0 by their first turns; -1 for requests that stand alone. */
function sessionNumbers(workload: Workload): Int32Array {
  const sessions = new Int32Array(workload.count).fill(-1);
  let count = 0;
  for (let i = 0; i < workload.count; i++) {
    const next = workload.nextTurn[i];
    if (next < 0) continue;
    if (sessions[i] < 0) {
      sessions[i] = count;
      count += 1;
    }
    sessions[next] = sessions[i];
  }
  return sessions;
}
