/**
 * Does the coupling map know the best two moves together? Around the pick of each of the five spaces the map is drawn as
 * `explain` draws it; then every two moves that a notch up or down allows are simulated. Is the map's best pair among the
 * three best of all?
 *
 * `npm run evidence:coupling -- 2` looks at one space.
 */
import { loadWorkload } from '../src/config/buildWorkload.ts';
import { catalogFacts } from '../src/config/facts.ts';
import { parseRecommend } from '../src/config/loadPredict.ts';
import { couplingsOf } from '../src/insight/coupling.ts';
import { Laboratory } from '../src/insight/laboratory.ts';
import { logGain, tryMoves } from '../src/insight/sensitivity.ts';
import { isExact } from '../src/recommend/floors.ts';
import { recommend } from '../src/recommend/recommend.ts';
import { searchSpaces } from './searchSpaces.ts';

const REQUESTS = 1500;
const BEST = 3;

const only = process.argv[2] === undefined ? null : Number(process.argv[2]);
let known = 0;
let spaces = 0;
for (const [index, { name, yaml }] of searchSpaces(REQUESTS).entries()) {
  if (only !== null && index !== only) continue;
  const config = parseRecommend(yaml, 'space.yaml', [], catalogFacts);
  const traffic = {
    ...config.traffic,
    load: { type: 'trace_timestamps', speedup: 1, spread: 'none' } as const,
    max_output_tokens: 'exact' as const,
  };
  const source = await loadWorkload(traffic, config.seed, '.', catalogFacts.model(config.model).contextLength);
  const { pick, goal } = await recommend(config, source, catalogFacts, { threads: 2, version: 'evidence' });
  if (pick === null) throw new Error(`nothing is feasible in ${name}`);
  const metric = goal.objectives.map((objective) => objective.metric).find((each) => !isExact(each))!;

  const laboratory = new Laboratory(source, catalogFacts, 'evidence');
  const base = laboratory.report(pick.config)!;
  const tried = tryMoves(laboratory, pick.config);
  const [map] = couplingsOf(laboratory, pick.config, base, tried, metric).sort(
    (a, b) => b.gain_together - a.gain_together,
  );
  const drawn = laboratory.effort.simulations;

  const pairs: { names: string; gain: number }[] = [];
  tried.forEach(({ move: first }, n) => {
    for (const { move: second } of tried.slice(n + 1)) {
      if (first.knob === second.knob) continue;
      const both = laboratory.report(second.apply(first.apply(pick.config)));
      const gain = both === null ? null : logGain(metric, base, both);
      if (gain !== null) pairs.push({ names: `${first.label} with ${second.label}`, gain: Math.exp(gain) });
    }
  });
  pairs.sort((a, b) => b.gain - a.gain);
  // Of equal pairs the map may name any.
  const rank = 1 + pairs.filter(({ gain }) => gain > map.gain_together * (1 + 1e-9)).length;
  spaces += 1;
  if (rank <= BEST) known += 1;
  const factor = (gain: number): string => `x${gain.toFixed(3)}`;
  console.log(
    `\n${name}: ${pick.shape}, ${metric}; the map took ${drawn} simulations, all ${pairs.length} pairs ${laboratory.effort.simulations}`,
  );
  console.log(`  the map's best: ${map.first} with ${map.second} ${factor(map.gain_together)}, number ${rank} of all`);
  for (const { names, gain } of pairs.slice(0, BEST)) console.log(`  measured: ${names} ${factor(gain)}`);
}
console.log(`\nin ${known} of ${spaces} spaces the map's best pair is among the ${BEST} best (aim: 4 of 5)`);
