/** How long does it take to time one pass? `npx tsx bench/howFastIsOnePassTimed.ts` prints ns per call, tables warm. */
import { findHardware } from '../src/catalog/hardwareList.ts';
import { findModel } from '../src/catalog/models.ts';
import { PassShape } from '../src/timing/passShape.ts';
import type { ReplicaSpec } from '../src/timing/replica.ts';
import { compileTimer } from '../src/timing/roofline.ts';
import type { StepTimer } from '../src/timing/stepTimer.ts';

const CALLS = 10_000_000;

function replica(model: string, tensor: number): ReplicaSpec {
  const facts = findModel(model);
  return {
    model: facts,
    hardware: findHardware('h200_sxm'),
    parallelism: { tensor, pipeline: 1, attentionData: 1, moeTensor: facts.moe === null ? 1 : tensor, moeExpert: 1 },
    weightDtype: 'fp8',
    expertDtype: 'fp8',
    kvDtype: 'fp8',
  };
}

/** Best of five, so that a busy machine's pauses do not count. The sum keeps the calls from being optimised away. */
function nsPerCall(calls: number, run: (calls: number) => number): { ns: number; sum: number } {
  let ns = Number.POSITIVE_INFINITY;
  let sum = run(calls / 10);
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint();
    sum += run(calls);
    ns = Math.min(ns, Number(process.hrtime.bigint() - start) / calls);
  }
  return { ns, sum };
}

function decodes(timer: StepTimer, calls: number): number {
  let sum = 0;
  let context = 200_000;
  for (let call = 0; call < calls; call++) {
    context += 64;
    sum += timer.decodeNs(64, context, 64 * timer.window);
  }
  return sum;
}

function mixedPasses(timer: StepTimer, shape: PassShape, calls: number): number {
  let sum = 0;
  for (let call = 0; call < calls; call++) {
    shape.clear();
    shape.setDecodes(64, 200_000 + call, 64 * timer.window);
    shape.addChunk(call & 1023, 1 + (call & 511), false);
    sum += timer.passNs(shape);
  }
  return sum;
}

for (const [model, tensor] of [
  ['meta-llama/Llama-3.1-70B', 4],
  ['openai/gpt-oss-120b', 1],
  ['deepseek-ai/DeepSeek-V3', 8],
] as const) {
  const timer = compileTimer(replica(model, tensor));
  const shape = new PassShape(timer.window);
  const decode = nsPerCall(CALLS, (calls) => decodes(timer, calls));
  const mixed = nsPerCall(CALLS / 4, (calls) => mixedPasses(timer, shape, calls));
  const cold = nsPerCall(2000, (calls) => {
    let sum = 0;
    for (let call = 0; call < calls; call++) sum += compileTimer(replica(model, tensor)).decodeNs(64, 1000, 0);
    return sum;
  });
  const checked = Number.isFinite(decode.sum + mixed.sum + cold.sum);
  console.log(
    `${model.padEnd(26)} decodeNs ${decode.ns.toFixed(1)} ns  mixed pass with its shape ${mixed.ns.toFixed(1)} ns  ` +
      `compile and first call ${(cold.ns / 1000).toFixed(1)} us${checked ? '' : '  NOT FINITE'}`,
  );
}
