export const EXIT = {
  done: 0,
  /** It ran, but failed or found nothing feasible. */
  failed: 1,
  /** The user's input is wrong. */
  badInput: 2,
  /** Ctrl-C; partial results are kept. */
  interrupted: 130,
} as const;
