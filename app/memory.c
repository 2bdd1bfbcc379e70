/* Memory of shards (memory.h). */
#include <sys/mman.h>

#include "memory.h"

void *
memory_take(size_t bytes, void *unused)
{
	void *memory;

	(void)unused;
	memory = mmap(NULL, bytes == 0 ? 1 : bytes, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	/* advice: a kernel without either goes on with small pages and larger dumps */
	madvise(memory, bytes, MADV_HUGEPAGE);
	madvise(memory, bytes, MADV_DONTDUMP);
	return memory;
}

void
memory_give(void *memory, size_t bytes, void *unused)
{
	(void)unused;
	munmap(memory, bytes == 0 ? 1 : bytes);
}
