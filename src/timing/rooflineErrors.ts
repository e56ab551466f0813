/**
 * How far runs under the uncalibrated roofline are from measured servers: closed-loop benchmark runs of vLLM, TensorRT-LLM
 * and SGLang on H100 to B300, replayed whole (`npm run evidence:simulated-accuracy`, 2026-11-23). The TPOT constants were
 * fitted to the same points; held out by (model, GPU) the error is 14.2 % (`npm run evidence:accuracy`). Nothing was
 * fitted to TTFT.
 */
export const ROOFLINE_ERRORS = {
  points: 923,
  /** Mean absolute error of mean TPOT, as a share. */
  tpotMape: 0.133,
  /** Median of predicted / measured - 1 of mean TTFT. */
  ttftBias: -0.442,
} as const;

/** The same as a sentence for reports. */
export function rooflineCaveat(): string {
  const { points, tpotMape, ttftBias } = ROOFLINE_ERRORS;
  const percent = (share: number): string => `${Math.round(100 * Math.abs(share))} %`;
  return (
    `pass times are an uncalibrated roofline: against ${points} measured servers mean TPOT is off by ${percent(tpotMape)}, ` +
    `mean TTFT is ${percent(ttftBias)} too low at the median (no front-end time)`
  );
}
