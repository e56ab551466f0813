import { BACKENDS } from '../../catalog/engineProfile.ts';
import { type Knob, SIZE, TEXT } from '../knob.ts';

export const QUANTIZATIONS = ['checkpoint', 'bf16', 'fp8', 'fp8_block', 'nvfp4', 'mxfp4', 'int4', 'int8'] as const;
export const MODES = ['aggregated', 'disaggregated'] as const;

/** What all workers have in common. */
export const ENGINE_KNOBS = [
  {
    path: 'engine.mode',
    domain: { kind: 'choice', choices: MODES },
    tunable: true,
    about: 'One kind of worker, or prefill and decode apart; by default what the workers given imply.',
  },
  {
    path: 'engine.model',
    domain: TEXT,
    about: 'Hugging Face id in the catalog, or path (./...) of a config.json or its folder.',
  },
  {
    path: 'engine.hardware',
    domain: TEXT,
    tunable: true,
    about: 'GPU of workers that name none: catalog id, or path of a hardware file.',
  },
  {
    path: 'engine.backend',
    domain: { kind: 'choice', choices: BACKENDS },
    default: 'vllm',
    tunable: true,
    about: 'Serving engine.',
  },
  {
    path: 'engine.backend_version',
    domain: TEXT,
    about: 'Release of the engine, "0.19.0": its defaults and scheduling rules; by default the newest with a profile.',
  },
  {
    path: 'engine.quantization',
    domain: { kind: 'choice', choices: QUANTIZATIONS },
    default: 'checkpoint',
    tunable: true,
    about: 'Format of the weights; checkpoint is what the model was published in.',
  },
  {
    path: 'engine.context_length',
    domain: SIZE,
    unit: 'tokens',
    default: null,
    engines: {
      vllm: { flag: '--max-model-len' },
      sglang: { flag: '--context-length' },
      trtllm: { flag: '--max_seq_len', yaml: 'max_seq_len' },
    },
    tunable: true,
    about: "Longest prompt plus output; null is the model's own.",
  },
] as const satisfies readonly Knob[];
