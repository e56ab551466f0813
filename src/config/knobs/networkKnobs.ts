import { COUNT, type Knob, POSITIVE } from '../knob.ts';

/** What transfers share. Everything left out is the hardware's own, of the first pool. */
export const NETWORK_KNOBS = [
  { path: 'network.gpus_per_node', domain: COUNT, default: 8, tunable: true, about: 'GPUs of one node.' },
  {
    path: 'network.scale_up_gpus',
    domain: COUNT,
    default: null,
    tunable: true,
    about: "GPUs that NVLink joins; 1 = no NVLink; null is the hardware's.",
  },
  {
    path: 'network.scale_up_gb_per_second',
    domain: POSITIVE,
    unit: 'GB/s',
    default: null,
    tunable: true,
    about: "NVLink of one GPU and direction; null is the hardware's.",
  },
  { path: 'network.nics_per_node', domain: COUNT, default: 8, tunable: true, about: 'Network cards of one node.' },
  {
    path: 'network.nic_gb_per_second',
    domain: POSITIVE,
    unit: 'GB/s',
    default: null,
    tunable: true,
    about: "One card and direction; null is the hardware's network per GPU times GPUs over cards.",
  },
  {
    path: 'network.nodes_per_leaf',
    domain: COUNT,
    default: null,
    tunable: true,
    about: 'Nodes under one leaf switch; null is all of them.',
  },
  {
    path: 'network.oversubscription',
    domain: { kind: 'number', min: 1 },
    default: 1,
    tunable: true,
    about: "Bandwidth of a leaf's nodes over that of its way up; 1 never blocks.",
  },
] as const satisfies readonly Knob[];
