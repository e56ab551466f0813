import type { Backend } from '../catalog/engineProfile.ts';
import type { OtherFlags } from './flags/flagGroup.ts';
import { SGLANG_OTHER } from './flags/sglangFlags.ts';
import { TRTLLM_OTHER } from './flags/trtllmFlags.ts';
import { VLLM_OTHER } from './flags/vllmFlags.ts';

/** Flags that are no knobs of ours, by backend: those that change no figure, and those whose effect is not modelled. */
export const OTHER_FLAGS: Readonly<Record<Backend, OtherFlags>> = {
  vllm: VLLM_OTHER,
  sglang: SGLANG_OTHER,
  trtllm: TRTLLM_OTHER,
};
