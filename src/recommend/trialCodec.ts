import { canonicalJson } from '../base/canonicalJson.ts';
import { sha256Hex } from '../base/sha256.ts';
import { configHash } from '../config/configHash.ts';
import type { Facts } from '../config/facts.ts';
import type { Report } from '../metrics/report.ts';
import type { TrialCodec } from '../study/store/storedRunner.ts';
import type { TrialJob, TrialResult } from './trialTask.ts';

/**
 * How a search's trials are kept in a study.
 * @param sourceDigest of the requests before load and limits: with the configuration it decides the workload.
 */
export function trialCodec(sourceDigest: string, facts: Facts): TrialCodec<TrialJob, TrialResult> {
  return {
    facts(job) {
      const { config, ...how } = job;
      const hash = configHash(config, sourceDigest, facts);
      return {
        key: sha256Hex(canonicalJson({ ...how, config: hash })),
        kind: job.kind,
        contentHash: hash,
        config,
        seed: config.seed,
      };
    },
    encode({ evaluation, ...figures }) {
      const { passes } = figures;
      if (evaluation.status !== 'full') return { passes, report: null, rest: { evaluation, figures } };
      const { report, ...others } = evaluation;
      return { passes, report, rest: { evaluation: others, figures } };
    },
    decode({ report, rest }) {
      const { evaluation, figures } = rest as { evaluation: object; figures: object };
      const whole = report === null ? evaluation : { ...evaluation, report: report as Report };
      return { ...figures, evaluation: whole } as TrialResult;
    },
  };
}
