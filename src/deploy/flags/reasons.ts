/** Why flags of a kind change no figure, or are refused. */
export const PARSERS = 'how requests and answers look, not how fast they come';
export const LOGS = 'logging and metrics';
export const NETWORK = 'where the server listens';
export const LOADING = 'how weights and tokenizer are loaded';
export const KERNELS = 'kernel choices: the timing takes the usual ones';
export const CLUSTER = 'where processes run: parallelism says how many';
export const EVENTS = 'what is told to a router';
export const LORA = 'adapters change memory and step time, which is not modelled';
export const CONTEXT_PARALLEL = 'context parallelism is not modelled';
export const OFFLOAD = 'weights kept outside the GPU are not modelled';
export const NO_GENERATION = 'only text generation is modelled';
