/** Loads whose own field says what they are, so that `type` may be left out: `load: {concurrency: 8}`. */
export const TYPE_BY_FIELD: Readonly<Record<string, string>> = {
  concurrency: 'concurrency',
  requests_per_second: 'poisson',
  speedup: 'trace_timestamps',
  spread: 'trace_timestamps',
};

/** The document with the type of its `traffic.load` filled in where a field implies it. */
export function withLoadType(input: unknown): unknown {
  const traffic = isObject(input) ? input.traffic : undefined;
  const load = isObject(traffic) ? traffic.load : undefined;
  if (!isObject(load) || 'type' in load) return input;
  const field = Object.keys(TYPE_BY_FIELD).find((each) => each in load);
  if (field === undefined) return input;
  const typed = { type: TYPE_BY_FIELD[field], ...load };
  return { ...(input as object), traffic: { ...(traffic as object), load: typed } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
