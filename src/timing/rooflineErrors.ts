import type { Backend } from '../catalog/engineProfile.ts';
import { type Band, bandsFor, type Calibration, extrapolates, groupKey } from './calibration.ts';
import type { ReplicaSpec } from './replica.ts';

/** How far a run's means may be from a real server's, and how far the server is from those that were measured, as sentences. */
export function rooflineCaveats(calibration: Calibration, spec: ReplicaSpec, backend: Backend): string[] {
  const { data, groups, covers } = calibration;
  const { ttft, tpot } = bandsFor(calibration, spec, backend);
  const isMeasured = groups[groupKey(spec, backend)] !== undefined;
  const beyond = extrapolates(covers, spec);
  return [
    `pass times are a roofline fitted to ${data.points} measured runs, ${isMeasured ? 'some' : 'none'} of ${spec.model.id}'s ` +
      `shape on ${spec.hardware.id} with ${backend}: 80 % of such servers' mean TPOT are expected ${range(tpot)} the ` +
      `prediction, of their mean TTFT ${range(ttft)}`,
    ...(beyond.length === 0
      ? []
      : [
          `timing extrapolates to ${beyond.join(', ')}, which no measured run had: its error bands are half as wide again, by assumption`,
        ]),
  ];
}

function range([low, high]: Band): string {
  return `${low.toPrecision(2)} to ${high.toPrecision(3)} times`;
}
