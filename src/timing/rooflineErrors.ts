import { SHIPPED_CALIBRATION } from './calibration.ts';

/** How far run means under the shipped fit are from measured servers of kinds that the fit has not seen, as a sentence. */
export function rooflineCaveat(): string {
  const { data, bands } = SHIPPED_CALIBRATION;
  const range = ([low, high]: readonly [number, number]): string => `${low} to ${high} times`;
  return (
    `pass times are a roofline fitted to ${data.points} measured servers: of a server of another kind 80 % of mean TPOT lie ` +
    `within ${range(bands.others.tpot)} the prediction, of mean TTFT within ${range(bands.others.ttft)}`
  );
}
