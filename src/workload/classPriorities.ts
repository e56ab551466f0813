import { makeInt32Column, replaceFields } from './columns.ts';
import type { Workload } from './workload.ts';

/**
 * The workload with each listed class's requests as urgent as its entry says, whatever they said themselves. A class
 * that no request has is named in a warning.
 */
export function withClassPriorities(workload: Workload, ofClass: ReadonlyMap<string, number>): Workload {
  const { count, classNames, classOf, warnings } = workload;
  const given = classNames.map((name) => ofClass.get(name));
  const priorities = makeInt32Column(count);
  for (let i = 0; i < count; i++) priorities[i] = given[classOf[i]] ?? workload.priorities?.[i] ?? 0;
  const unknown = [...ofClass.keys()].filter((name) => !classNames.includes(name));
  const said = unknown.map((name) => `no request is of the class "${name}"; there is ${classNames.join(', ')}`);
  return replaceFields(workload, { priorities, warnings: [...warnings, ...said] });
}
