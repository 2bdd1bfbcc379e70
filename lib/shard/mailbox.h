/* A ring of pointers with one writer and one reader: requests on their way to a shard. */
#ifndef FNS_MAILBOX_H
#define FNS_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <finesse/request.h>

_Static_assert((FNS_MAILBOX & (FNS_MAILBOX - 1)) == 0, "positions wrap where the ring does");

struct mailbox {
	_Alignas(64) _Atomic uint32_t posted; /* written by the posting thread, read by the shard's */
	_Alignas(64) _Atomic uint32_t taken;  /* written by the shard's, read by the posting one */
	struct fns_request *slot[FNS_MAILBOX];
};

bool mailbox_post(struct mailbox *, struct fns_request *);

/* The oldest that is not done; NULL: none.  The shard's thread, as is the next. */
struct fns_request *mailbox_first(const struct mailbox *);
/* It is done, and no longer ours. */
void mailbox_done(struct mailbox *, struct fns_request *);

#endif
