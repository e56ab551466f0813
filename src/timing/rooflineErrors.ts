import type { Backend } from '../catalog/engineProfile.ts';
import { EXPERT_PARALLEL } from '../catalog/expertParallel.ts';
import { type Band, bandsFor, type Calibration, extrapolates, groupKey } from './calibration.ts';
import { scaleUpGpus } from './collectives.ts';
import { exchangeOf, imbalanceOf, isWideExpertParallel, type ReplicaSpec } from './replica.ts';

/** How far a run's means may be from a real server's, and how far the server is from those that were measured, as sentences. */
export function rooflineCaveats(
  calibration: Calibration,
  spec: ReplicaSpec,
  backend: Backend,
  contextTokens: number,
): string[] {
  const { data, groups, covers } = calibration;
  const { ttft, tpot } = bandsFor(calibration, spec, backend, contextTokens);
  const isMeasured = groups[groupKey(spec, backend)] !== undefined;
  const beyond = extrapolates(covers, spec, contextTokens);
  return [
    `pass times are a roofline fitted to ${data.points} measured runs, ${isMeasured ? 'some' : 'none'} of ${spec.model.id}'s ` +
      `shape on ${spec.hardware.id} with ${backend}: 80 % of such servers' mean TPOT are expected ${range(tpot)} the ` +
      `prediction, of their mean TTFT ${range(ttft)}`,
    ...(beyond.length === 0
      ? []
      : [
          `timing extrapolates to ${beyond.join(', ')}, which no measured run had: its error bands are half as wide again, by assumption`,
        ]),
    ...expertCaveats(spec),
  ];
}

/** What nobody measured about experts spread wide. */
function expertCaveats(spec: ReplicaSpec): string[] {
  if (!isWideExpertParallel(spec)) return [];
  const { tensor, attentionData, moeExpert } = spec.parallelism;
  const domains = Math.ceil((tensor * attentionData) / scaleUpGpus(spec.hardware));
  const where = domains === 1 ? 'one NVLink domain' : `${domains} NVLink domains`;
  const how = exchangeOf(spec) === 'gather' ? 'every token goes to every rank' : 'tokens go to their experts alone';
  const { balanced, unbalanced } = EXPERT_PARALLEL.imbalance;
  return [
    `experts are spread over ${moeExpert} ranks in ${where}: ${how}, at published link rates and latencies, held against no measured server; ` +
      `the busiest rank is taken to get ${share(imbalanceOf(spec))} more tokens than the mean ` +
      `(moe_imbalance; measured for DeepSeek-R1: ${share(balanced.value)} with a balancer, ${share(unbalanced.value)} without)`,
  ];
}

function share(value: number): string {
  return `${Math.round(100 * value)} %`;
}

function range([low, high]: Band): string {
  return `${low.toPrecision(2)} to ${high.toPrecision(3)} times`;
}
