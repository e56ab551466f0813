import fc from 'fast-check';

/** Properties draw the same cases in every run, so that a failure is of the change at hand; `DYNOSIM_SEED=n` draws others. */
fc.configureGlobal({ seed: Number(process.env.DYNOSIM_SEED ?? 1) });
