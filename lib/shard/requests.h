/* Serving of requests. */
#ifndef FNS_REQUESTS_H
#define FNS_REQUESTS_H

#include "shard.h"

/* Objects that a piece looks at: about 20 us. */
#define REQUEST_PIECE 1024u

/* A piece of the oldest request. */
void requests_serve(struct fns_shard *);

#endif
