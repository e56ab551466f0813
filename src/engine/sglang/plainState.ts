import { PageNames } from '../../kv/pageNames.ts';
import { type DraftOutcomes, outcomesOf } from '../draftOutcomes.ts';
import type { EngineSetup } from '../engineSetup.ts';
import { NewTokenRatio } from './newTokenRatio.ts';
import type { PlainBatch, PlainJob } from './plainJob.ts';
import { PlainPool } from './plainPool.ts';
import type { LastBatch } from './poll.ts';
import { RemoteQueue } from './remoteQueue.ts';
import { draftReserve } from './requestLimits.ts';
import { keyedAhead, type SglangConfig } from './sglangConfig.ts';

/** One of the loop's micro-batches (`running_mbs`). */
export interface PlainSlot {
  running: PlainJob[];
  /** `batch_is_full`: no prefill until somebody leaves. */
  isFull: boolean;
  last: PlainBatch | null;
  lastWas: LastBatch;
}

/** What the parts of a plain rank share: its jobs, where they are, and its pool. */
export class PlainState {
  readonly setup: EngineSetup<SglangConfig>;
  readonly names: PageNames;
  readonly pool: PlainPool;
  readonly ratio: NewTokenRatio;
  /** null: no drafts. */
  readonly outcomes: DraftOutcomes | null;
  inbox: PlainJob[] = [];
  waiting: PlainJob[] = [];
  /** By pipeline stage: requests that run together; the loop goes round them. */
  readonly slots: readonly PlainSlot[];
  /** The one whose turn it is. */
  slot: PlainSlot;
  /** Admitted and not finished. */
  readonly admitted = new Set<PlainJob>();
  /** The prompt in progress; neither waiting nor running. */
  chunked: PlainJob | null = null;
  /** Decode workers: what is not running yet. */
  readonly remote: RemoteQueue<PlainJob>;
  /** Of those that run, the ones whose first token, which came with the KV, is not out yet. */
  joined: PlainJob[] = [];
  /** Prefill workers: those whose KV waits to be fetched. */
  readonly held = new Map<number, PlainJob>();

  constructor(setup: EngineSetup<SglangConfig>) {
    const { config, table } = setup;
    this.setup = setup;
    this.names = new PageNames(table.workload, table.namedTokens, config.blockTokens, keyedAhead(config));
    this.pool = new PlainPool(config, this.names, setup.tiers);
    this.remote = new RemoteQueue(config.reservedDecodeTokens, draftReserve(config), this.pool);
    this.outcomes = outcomesOf(config.speculation);
    this.ratio = new NewTokenRatio(config.conservativeness);
    this.slots = Array.from({ length: config.pipelineStages }, () => ({
      running: [],
      isFull: false,
      last: null,
      lastWas: 'none' as const,
    }));
    [this.slot] = this.slots;
  }
}
