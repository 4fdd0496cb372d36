// The contract between generated code and the runtime: one step of a model, and the table of what was compiled.
// Plain C, fixed offsets: the code generator addresses these fields by the GM_STEP_* numbers below.
#ifndef RUNTIME_ABI_STEP_H
#define RUNTIME_ABI_STEP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GM_ABI_VERSION 4u

/// A sequence that a step works on. The slots of its keys and values lie in pages of the pool; for each class of layers
/// (GmPageClass) the table holds, from the class's first entry on, the offset of the page of each run of positions.
typedef struct GmSequence {
  const int64_t *table; ///< [table_entries]; only entries of positions that rows of the step can see are read
  int64_t position;     ///< of its first token in the step
} GmSequence;

/// Everything a step reads and writes. Shared by all threads of the team; constant during the step, but for `claim`.
typedef struct GmStep {
  const uint8_t *weights; ///< the mapped "weights" section
  uint8_t *arena;         ///< GmLevel.arena_bytes, 64-byte aligned
  uint8_t *kv;            ///< the pool of pages, aligned to pages of the machine; a page is zero when it is taken
  const int32_t *tokens;  ///< [token_count] ids, each in [0, vocab): checked by the runtime
  int64_t token_count;    ///< 1 for decode, 1..max_chunk_tokens for prefill
  /// [sequence_count]; each has token_count / sequence_count tokens, one after another. position + tokens <= context.
  const GmSequence *sequences;
  int64_t last_rows; ///< how many rows from first_row on get logits: 0..max_last_rows
  float *logits;     ///< [last_rows, vocab] float32, soft-cap applied
  int64_t threads;   ///< threads that run the entry point together
  void *barrier;     ///< the runtime's; generated code hands it on
  int64_t claim;     ///< next tile of the running phase; gmBarrier sets it to 0
  int64_t first_row; ///< 0..token_count - last_rows; the latter but where a block owes more rows than fit
  /// For each row of the step the last row of its block (itself outside of blocks); null: no blocks. Attentions with a
  /// block mask let a row see all keys up to there. Not read where token_count is 1.
  const int32_t *block_ends;
  float *hidden;          ///< prefill only: [last_rows, hidden_floats], what leaves each layer; null: nobody looks
  int64_t sequence_count; ///< 1 for decode. With more, every row gets logits: last_rows is token_count
  int64_t kv_bytes;       ///< of the pool
} GmStep;

enum {
  GM_STEP_WEIGHTS = 0,
  GM_STEP_ARENA = 8,
  GM_STEP_KV = 16,
  GM_STEP_TOKENS = 24,
  GM_STEP_TOKEN_COUNT = 32,
  GM_STEP_SEQUENCES = 40,
  GM_STEP_LAST_ROWS = 48,
  GM_STEP_LOGITS = 56,
  GM_STEP_THREADS = 64,
  GM_STEP_CLAIM = 80,
  GM_STEP_FIRST_ROW = 88,
  GM_STEP_BLOCK_ENDS = 96,
  GM_STEP_HIDDEN = 104,
  GM_STEP_SEQUENCE_COUNT = 112,
  GM_STEP_KV_BYTES = 120,
};

enum { GM_SEQUENCE_TABLE = 0, GM_SEQUENCE_POSITION = 8, GM_SEQUENCE_BYTES = 16 };

/// Runtime function called by generated code between phases, by every thread of the team. The last thread to arrive
/// sets step->claim to 0 before it lets the others go; all writes before it are visible after it.
void gmBarrier(GmStep *step, int64_t thread);

/// An entry point: every thread of the team calls it with its own index in [0, step->threads). Returns together.
typedef void (*GmEntry)(GmStep *step, int64_t thread);

/// Reads `bytes` (a multiple of 4096) once as fast as the level can and writes something that depends on them to *sink.
/// Only there to measure what the memory gives.
typedef void (*GmRead)(const uint8_t *data, int64_t bytes, uint64_t *sink);

/// One instruction-set level of a target: the same plan, compiled for these CPU features.
typedef struct GmLevel {
  const char *name;  ///< for example "x86-64-v3"
  uint64_t features; ///< bits the CPU must have; their meaning is the target's (gmTargetCpuFeatures)
  GmEntry decode;    ///< token_count == 1
  GmEntry prefill;   ///< any token_count up to max_chunk_tokens
  GmRead read;
  int64_t arena_bytes;
  int64_t max_chunk_tokens;
  int64_t max_last_rows;
} GmLevel;

/// Keys and values that a decode step reads: all attentions with one window together.
typedef struct GmCacheRead {
  int64_t window_tokens; ///< 0: no window, all positions so far
  int64_t block_bytes;   ///< of 32 positions: the cache is read in blocks that begin at multiples of 32
} GmCacheRead;

/// Layers that look equally far back: a page holds all their keys and values of some positions.
typedef struct GmPageClass {
  int64_t window_tokens; ///< a row sees so many positions, its own included; 0: all so far
  int64_t page_slots;    ///< positions of a page
  int64_t table_begin;   ///< entry of the page of position 0 in GmSequence.table
} GmPageClass;

/// What the executable holds. One constant of this type, `gmModel`, is linked into it by gemmac.
typedef struct GmModel {
  uint32_t abi_version;
  uint32_t level_count;
  const GmLevel *levels; ///< best first
  const char *target;    ///< for example "x86_64"
  int64_t vocab_tokens;
  int64_t context_tokens; ///< longest sequence
  int64_t page_bytes;     ///< of a page of keys and values, whatever its class; 0: the model has none
  int64_t table_entries;  ///< of GmSequence.table
  const GmPageClass *page_classes;
  int64_t page_class_count;
  const GmCacheRead *cache_reads;
  int64_t cache_read_count;
  int64_t weight_bytes;  ///< size of the "weights" section
  int64_t decode_bytes;  ///< weight bytes that one decode step reads (without the cache): for bench's bound
  int64_t decode_ops;    ///< multiply and add operations of one decoded token's projections
  int64_t prefill_ops;   ///< the same for a prompt's token whose logits nobody wants: later layers may not run for it
  int64_t block_tokens;  ///< longest block of tokens that the description speaks of; 0: every attention is causal
  int64_t hidden_floats; ///< of one row, all layers side by side: see GmStep.hidden
  /// The runtime's readers of pictures and sound: `gmMedia` where the model takes either, else null, and they are not
  /// linked.
  const struct GmMedia *media;
} GmModel;

extern const GmModel gmModel;

/// The target's device part (targets/NAME/device): which CPU features this machine has, a bit's name (null: no such
/// bit), and the instruction that makes a spinning thread wait a few cycles.
uint64_t gmTargetCpuFeatures(void);
const char *gmTargetFeatureName(unsigned bit);
void gmTargetPause(void);

#ifdef __cplusplus
}
static_assert(offsetof(GmSequence, table) == GM_SEQUENCE_TABLE &&
              offsetof(GmSequence, position) == GM_SEQUENCE_POSITION);
static_assert(sizeof(GmSequence) == GM_SEQUENCE_BYTES);
static_assert(offsetof(GmStep, tokens) == GM_STEP_TOKENS && offsetof(GmStep, token_count) == GM_STEP_TOKEN_COUNT);
static_assert(offsetof(GmStep, sequences) == GM_STEP_SEQUENCES && offsetof(GmStep, last_rows) == GM_STEP_LAST_ROWS);
static_assert(offsetof(GmStep, first_row) == GM_STEP_FIRST_ROW && offsetof(GmStep, block_ends) == GM_STEP_BLOCK_ENDS);
static_assert(offsetof(GmStep, logits) == GM_STEP_LOGITS && offsetof(GmStep, threads) == GM_STEP_THREADS);
static_assert(offsetof(GmStep, claim) == GM_STEP_CLAIM && offsetof(GmStep, hidden) == GM_STEP_HIDDEN);
static_assert(offsetof(GmStep, sequence_count) == GM_STEP_SEQUENCE_COUNT);
static_assert(offsetof(GmStep, kv_bytes) == GM_STEP_KV_BYTES);
static_assert(sizeof(GmStep) == 128);
#endif
#endif
