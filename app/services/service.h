/* What a service is: an application inside the daemon, written against finesse.h alone.
 *
 * A connection of a service has a visit, taken from a pool that is made at the start, and its reports come to the
 * service's `serve` until the service closes it.  Nothing is allocated while frames come. */
#ifndef FINESSED_SERVICE_H
#define FINESSED_SERVICE_H

#include <time.h>

#include <finesse/finesse.h>

#include "client.h"
#include "counter.h"
#include "pool.h"

#define SERVICES_MAX  64
#define SCRATCH_BYTES 32768

/* A connection as its service knows it; the service's own struct begins with it. */
struct visit {
	struct service *service;
	uint64_t touched_us; /* its last report */
	uint32_t index;      /* in the pool */
	bool peer_fin;       /* nothing follows what can be received now */
	bool ending;         /* half-closed by a drain: what still comes is taken and not served */
	bool closed;         /* by us: of the reports only FNS_CLOSED still comes */
};

struct service;
struct services;

struct service_kind {
	const char *name;
	size_t visit_bytes;
	/* Reports; with FNS_CLOSED, calls that would send or close do nothing.  visit_close ends it. */
	void (*serve)(struct fns_conn *, unsigned reports, struct visit *);
	/* The daemon wants to stop: close what is idle, let work finish.  Called when that begins and a few times a
	 * second after that; `quiet`: nothing moved for a while, nothing is unread or unacknowledged. */
	void (*drain)(struct fns_conn *, struct visit *, bool quiet);
	/* Part of a request has come: that is work, however long the rest takes; NULL: nobody knows what a request is. */
	bool (*asked)(const struct visit *);
	/* Octets that it has still to send and could not yet; NULL: none, or nobody knows. */
	uint64_t (*left)(const struct visit *);
	/* After each turn of the shard, of a service that opens connections itself; NULL: it listens. */
	void (*turn)(struct service *, struct fns_shard *);
	/* Before a connection is forgotten, with its last status; NULL: nothing to do. */
	void (*ended)(struct fns_conn *, struct visit *);
};

extern const struct service_kind echo_kind, discard_kind, chargen_kind, daytime_kind, http_kind, client_kind;

struct service {
	const struct service_kind *kind;
	struct services *all;
	struct fns_listener *listener;
	struct fns_options options;
	uint64_t body_bytes;       /* http */
	struct client_plan client; /* client; start_us counts from services_start */
	uint16_t port;
};

/* The services of one worker. */
struct services {
	struct service each[SERVICES_MAX];
	unsigned count;
	struct pool visits;
	size_t visits_bytes;
	bool draining;
	uint64_t quiet_us; /* while draining: services_quiet_us */

	uint64_t now_us; /* set by the worker before each turn */
	time_t wall_s;
	counter discarded; /* octets that came after a drain had half-closed; read by the main thread */
	uint64_t refused;  /* connections that found no visit; the pool is as large as the shard's, so none */

	time_t date_s; /* http: the last second that was written out, and how */
	char date[32];
	uint8_t scratch[SCRATCH_BYTES]; /* for what is composed and sent at once */
};

/* Adds a service, whose own settings the caller fills in; before services_start. */
struct service *services_add(struct services *, const struct service_kind *, uint16_t port);

/* Octets of zeroed memory, aligned to 64, that services_start wants for this many connections. */
size_t services_bytes(const struct services *, uint32_t connections);

/* Listens with every service, from all->now_us on.  0, or -errno and *port, the one that failed. */
int services_start(struct services *, struct fns_shard *, void *memory, uint32_t connections, uint16_t *port);

/* After each turn of the shard; and when it is to be turned at the latest for what services want to open. */
void services_turn(struct services *, struct fns_shard *);
uint64_t services_due(const struct services *);
uint64_t client_due(const struct service *);

/* Stops listening and opening. */
void services_unlisten(struct services *);

/* One connection's part in a drain.  True: it was told to close. */
bool services_drain_one(struct services *, struct fns_conn *);

/* The visit of a connection; NULL: it has none yet. */
struct visit *services_visit(struct services *, const struct fns_conn *);
bool services_asked(const struct visit *);
/* Nothing moved for so long, nothing is unread, unacknowledged or half asked for. */
bool services_quiet(const struct services *, const struct fns_conn *, const struct visit *,
                    uint64_t quiet_us);
/* How long nothing moves on a connection that a drain with this deadline takes for idle. */
uint64_t services_quiet_us(uint64_t deadline_us);

/* A visit for a connection that is about to be opened with visit_report as its handler; NULL: there is none left. */
struct visit *visit_take(struct service *);
void visit_give(struct visit *);
fns_handler visit_report;

/* FIN after what is queued; input that nobody will read is taken, so that it does not turn the FIN into a reset. */
void visit_close(struct fns_conn *, struct visit *);

/* Two ways to drain: work that goes on is let finish, then the peer is told with a FIN that there will be no more, and
 * no request that crosses it is answered with a reset; or it never ends by itself, and is ended. */
void visit_drain_quiet(struct fns_conn *, struct visit *, bool quiet);
void visit_drain_now(struct fns_conn *, struct visit *, bool quiet);

/* Takes everything that can be received. */
void visit_swallow(struct fns_conn *);

#endif
