// Stands in for the runtime in emit_test: prints what gmModel holds, calls every level's functions and prints what they
// did.
#include "runtime/abi/Step.h"

#include <inttypes.h>
#include <stdio.h>

static int barriers;
void gmBarrier(GmStep *step, int64_t thread) {
  barriers += 1;
  step->claim = 0;
}

int main(void) {
  const GmModel *model = &gmModel;
  printf("abi %u target %s vocab %" PRId64 " context %" PRId64 "\n", model->abi_version, model->target,
         model->vocab_tokens, model->context_tokens);
  printf("pages of %" PRId64 ", table of %" PRId64 ", weights %" PRId64 " ops %" PRId64 " %" PRId64 " %" PRId64
         " blocks %" PRId64 "\n",
         model->page_bytes, model->table_entries, model->weight_bytes, model->decode_bytes, model->decode_ops,
         model->prefill_ops, model->block_tokens);
  printf("classes");
  for (int64_t i = 0; i < model->page_class_count; ++i)
    printf(" %" PRId64 ":%" PRId64 ":%" PRId64, model->page_classes[i].window_tokens, model->page_classes[i].page_slots,
           model->page_classes[i].table_begin);
  printf("\nreads");
  for (int64_t i = 0; i < model->cache_read_count; ++i)
    printf(" %" PRId64 ":%" PRId64, model->cache_reads[i].window_tokens, model->cache_reads[i].block_bytes);
  printf("\n");
  for (uint32_t i = 0; i < model->level_count; ++i) {
    const GmLevel *level = &model->levels[i];
    printf("level %s features %" PRIx64 " arena %" PRId64 " chunk %" PRId64 " rows %" PRId64 "\n", level->name,
           level->features, level->arena_bytes, level->max_chunk_tokens, level->max_last_rows);
    float logits[2] = {0, 0};
    GmStep step = {.token_count = 20 + i, .logits = logits, .threads = 1};
    barriers = 0;
    level->decode(&step, 3);
    level->prefill(&step, 4);
    uint64_t sink = 0;
    level->read((const uint8_t *)model, 4096, &sink);
    printf("decode %g prefill %g barriers %d read %" PRIu64 "\n", (double)logits[0], (double)logits[1], barriers, sink);
  }
  return 7;
}
