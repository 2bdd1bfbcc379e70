/* Memory of shards: large, zeroed, on huge pages where the kernel has them, in no core dump. */
#ifndef FINESSED_MEMORY_H
#define FINESSED_MEMORY_H

#include <stddef.h>

/* As struct fns_config wants them; aligned to a page.  Pages cost nothing until they are touched. */
void *memory_take(size_t bytes, void *unused);
void memory_give(void *memory, size_t bytes, void *unused);

#endif
