/* What a client is to do, in one worker, and what came of it (client.c). */
#ifndef FINESSED_CLIENT_H
#define FINESSED_CLIENT_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include <finesse/finesse.h>

#include "counter.h"

/* When all is sent and enough has come: closes at once with FIN or with a reset; half-closes, or waits, until the peer's
 * FIN; leaves it to others. */
enum client_close { CLIENT_FIN, CLIENT_RST, CLIENT_HALF, CLIENT_PEER, CLIENT_NEVER };

#define CLIENT_FOREVER UINT64_MAX

/* Why a connection was never established. */
#define CLIENT_ERRORS(X)                                                                                     \
	X(ECONNREFUSED)                                                                                      \
	X(ECONNRESET)                                                                                        \
	X(ETIMEDOUT)                                                                                         \
	X(ECONNABORTED)                                                                                      \
	X(EADDRINUSE)                                                                                        \
	X(EADDRNOTAVAIL)                                                                                     \
	X(ENETUNREACH)                                                                                       \
	X(EHOSTUNREACH)
enum {
#define X(error) CLIENT_##error,
	CLIENT_ERRORS(X)
#undef X
		CLIENT_OTHER,
	CLIENT_ERROR_COUNT
};

#define CLIENT_CLASSES 64 /* as many close classes as there may be */

/* Written by the worker, read by any thread. */
struct client_counts {
	counter opened, established, live;
	counter octets_sent, octets_received;
	counter late;  /* opens of the rate that were left out, since they would have been too late */
	counter waits; /* times that no port, or no room, was free for another */
	counter wrong; /* connections that were not echoed what they sent */
	counter failed[CLIENT_ERROR_COUNT];
	counter closed[CLIENT_CLASSES]; /* in the order of fns_class_name; their sum is opened - live */
	counter first_us, last_us;      /* of the worker's clock: the first open, the last end */
	atomic_bool done;               /* it opens no more, and all have ended */
};

struct client_plan {
	struct fns_addr target;
	uint16_t local_port;  /* 0: chosen */
	bool read;            /* what comes; else it stays unread */
	bool check;           /* what comes must be what was sent */
	uint8_t close;        /* enum client_close */
	uint32_t connections; /* at once */
	uint64_t total;       /* in all; CLIENT_FOREVER */
	uint64_t send_bytes, receive_bytes;
	uint64_t start_us,
		for_us;       /* start_us counts from services_start; for_us, from there: CLIENT_FOREVER */
	uint64_t interval_ns; /* between two opens */

	/* the worker's own */
	uint64_t begun, next_ns;
	struct client_counts count;
};

#endif
