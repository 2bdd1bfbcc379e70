/* The machine that a figure comes from. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stdint.h>

#include <jansson.h>

/* CPU, cores, memory, kernel, hugepages, load; the caller's. */
json_t *machine(void);

/* What the kernel has allocated for objects of all kinds. */
uint64_t machine_slab_bytes(void);

/* Octets of one object of this kind there; 0 if that cannot be seen. */
uint64_t machine_slab_object(const char *kind);

/* Octets in free hugepages of the default size. */
uint64_t machine_hugepages_free(void);

#endif
