import { InputError } from '../../src/base/inputError.ts';

/** What a user is told of the mistake that `run` finds; `no error` when it finds none. */
export function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return 'no error';
}
