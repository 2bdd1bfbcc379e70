/* The calls on descriptors (calls.c). */
#ifndef PD_CALLS_H
#define PD_CALLS_H

#include "adapter.h"

#define CALLS_FDS 1024

void calls_init(void);
int calls_sock(int fd); /* lib/sock's descriptor behind the kernel's, or -1 */
void calls_fill(struct packetdrill_interface *);

/* lib/sock's plug for calls that wait. */
int call_wait(void *adapter, int fd, unsigned events, uint64_t until_us);

/* -ENOTSOCK: not a descriptor of ours. */
int calls_getsockopt(struct adapter *, int fd, int level, int option, void *, socklen_t *);

/* states.c */
void states_write(struct adapter *);

#endif
