/**
 * The YAML of a goal: the sections of a predict file, in which tunable fields may be domains and almost everything may
 * be left out, and what is wanted of the answer.
 */
import { z } from 'zod';
import { conditions, domainFields, plainFields } from './fields.ts';
import { ALGORITHMS } from './knobs/goalKnobs.ts';
import { plannerSchema } from './plannerSchema.ts';
import { sections } from './predictSchema.ts';

const { number, choice } = plainFields;
const direction = z.enum(['minimize', 'maximize']);

const rule = z.strictObject({
  metric: z.string().min(1).optional().meta({ description: 'Leaf of the report, e.g. p95_ttft_ms or usd_per_hour.' }),
  knob: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Numeric field of the candidate, in the words of this file.' }),
  min: z.number().nullable().optional(),
  max: z.number().nullable().optional(),
  when: conditions.optional().meta({ description: 'Knobs and the values (one or a list) at which the rule applies.' }),
});

const constraintPath = 'optimization.constraints';

export const recommendSchema = z
  .strictObject({
    ...sections(domainFields),
    planner: plannerSchema(domainFields).optional(),
    optimization: z
      .strictObject({
        objectives: z
          .array(
            z.union([
              z.string().min(1),
              z.strictObject({ metric: z.string().min(1), direction: direction.optional() }),
            ]),
          )
          .min(1)
          .optional()
          .meta({ description: 'Metrics that span the frontier; the first is what the pick is best in.' }),
        constraints: z
          .strictObject({
            min_candidate_gpus: number(`${constraintPath}.min_candidate_gpus`).optional(),
            max_candidate_gpus: number(`${constraintPath}.max_candidate_gpus`).optional(),
            max_usd_per_hour: number(`${constraintPath}.max_usd_per_hour`).nullable().optional(),
            rules: z.array(rule).optional(),
          })
          .optional(),
      })
      .optional(),
    optimizer: z
      .strictObject({
        algorithm: choice('optimizer.algorithm', ALGORITHMS).optional(),
        seed: number('optimizer.seed').optional(),
        max_passes: number('optimizer.max_passes').nullable().optional(),
      })
      .optional(),
  })
  .meta({ title: 'dynosim recommend', description: 'A goal: model, GPUs, workload, SLO and what to optimise.' });

export type RecommendInput = z.infer<typeof recommendSchema>;
