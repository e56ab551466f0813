/** What a command prints when it is given nothing, and after its help. */
export const PREDICT_START = `
To start, name a deployment and a workload:
  dynosim predict --model meta-llama/Llama-3.1-8B --gpu h100_sxm --preset chat --rps 5
  dynosim predict -c deployment.yaml
All options: dynosim predict --help. The fields of a file: dynosim schema predict.
`;

export const RECOMMEND_START = `
To start, name a model, the GPUs you may use, a workload and what it must hold:
  dynosim recommend --model meta-llama/Llama-3.1-8B --gpu h100_sxm,l40s --max-gpus 8 \\
    --preset chat --rps 10 --ttft-p95 1500 --tpot-p95 50 --minimize usd_per_hour
  dynosim recommend -c goal.yaml
All options: dynosim recommend --help. The fields of a file: dynosim schema recommend.
`;
