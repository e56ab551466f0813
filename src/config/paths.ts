import { InputError } from '../base/inputError.ts';

/** Steps into plain data: keys of mappings, indexes of lists. */
export type Path = readonly (string | number)[];

/** Splits a dotted path; a name in a list of pools becomes its index. */
export function stepsOf(path: string, root: unknown): Path {
  const steps: (string | number)[] = [];
  let value = root;
  for (const part of path.split('.')) {
    let step: string | number = part;
    if (Array.isArray(value)) {
      const named = value.findIndex((item) => (item as { name?: unknown } | null)?.name === part);
      step = named >= 0 ? named : /^\d+$/.test(part) ? Number(part) : part;
    }
    steps.push(step);
    value = (value as Record<string | number, unknown> | null | undefined)?.[step];
  }
  return steps;
}

/** What stands at a dotted path; undefined where nothing does. */
export function valueAt(tree: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((node, step) => (node as Record<string, unknown> | null | undefined)?.[step], tree);
}

/** A copy of `container` with `value` at `path`; mappings on the way are made. @throws InputError, naming `label`, for a list without that element. */
export function withValue(container: unknown, path: Path, value: unknown, label: string): unknown {
  if (path.length === 0) return value;
  const [step, ...rest] = path;
  if (Array.isArray(container)) {
    if (typeof step !== 'number' || step > container.length) {
      throw new InputError({
        path: label,
        message: `"${step}" is neither an index nor the name of an element of the list`,
      });
    }
    return [...container.slice(0, step), withValue(container[step], rest, value, label), ...container.slice(step + 1)];
  }
  const map = typeof container === 'object' && container !== null ? (container as Record<string, unknown>) : {};
  const child = Object.hasOwn(map, step) ? map[step] : undefined;
  return { ...map, [step]: withValue(child, rest, value, label) };
}

/** A copy of `container` without what is at `path`. */
export function withoutValue(container: unknown, path: Path): unknown {
  const [step, ...rest] = path;
  if (Array.isArray(container)) {
    return container.map((item, index) => (index === step && rest.length > 0 ? withoutValue(item, rest) : item));
  }
  if (typeof container !== 'object' || container === null || !Object.hasOwn(container, step)) return container;
  const { [step]: child, ...others } = container as Record<string, unknown>;
  return rest.length === 0 ? others : { ...others, [step]: withoutValue(child, rest) };
}
