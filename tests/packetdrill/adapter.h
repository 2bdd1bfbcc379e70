/* The adapter's parts: a shard in virtual time, the wire before it, its settings, and the two threads that call.
 *
 * packetdrill calls from its main thread, and from a second one for calls that are expected to block.  One mutex is held
 * inside of every call.  Time is a number: it goes on by one microsecond each time somebody looks at the clock, to the end
 * of each sleep, and, when the next packet is waited for, to the next deadline.  It never goes on while the second
 * thread has something to do. */
#ifndef PD_ADAPTER_H
#define PD_ADAPTER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <finesse/shard.h>
#include <finesse/sock.h>

#include "interface.h"
#include "options.h"

#define PD_NEVER UINT64_MAX

/* Where the second thread is, as far as the clock is concerned. */
enum caller {
	CALLER_AWAY,    /* not here, and it knows when its last call ended */
	CALLER_INSIDE,  /* in a call, running */
	CALLER_WAITING, /* in a call, until woken */
	CALLER_LEAVING, /* out of the call; has not looked at the clock yet */
};

struct packet {
	struct packet *next;
	uint64_t at_us;
	size_t len;
	uint8_t octets[];
};

struct adapter {
	pthread_mutex_t lock;
	pthread_cond_t wake;    /* the second thread, when it waits */
	pthread_cond_t settled; /* the main thread: the other one is away or waits */
	pthread_t main;
	enum caller caller;
	pid_t came_back; /* the second thread, since its call ended and until the main thread has let it write that down */
	uint64_t wake_us; /* when the second thread gives up waiting */

	uint64_t now_us;
	struct fns_shard *shard; /* made by the first socket: settings may come until then */
	struct fns_socks *socks;
	struct options options;
	struct fns_config config;

	bool moved;                   /* there was a turn since the states were written */
	struct packet *first, **last; /* left the shard, not yet seen by packetdrill */
	uint8_t greeted[16];          /* the peer that has told us its MAC */
	struct packet *answers;       /* of the link (ARP, neighbour discovery) to what the last turn asked */
};

/* Says why on standard error, with the virtual time, and ends the script as failed. */
void adapter_fail(const struct adapter *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* turn.c.  With the lock held. */
void turn(struct adapter *, const struct fns_frame *rx, unsigned n); /* at now_us, until nothing is due */
void turn_until(struct adapter *, uint64_t until_us);                /* deadlines in their order */
bool turn_next(struct adapter *); /* to the next deadline; false: there is none */

/* link.c */
#define LINK_MAC_OURS                                                                                        \
	{                                                                                                    \
		2, 0, 0, 0, 0, 1                                                                             \
	}
void link_out(struct adapter *, const struct fns_frame *);         /* a frame that a turn sent */
void link_in(struct adapter *, const uint8_t *packet, size_t len); /* a packet for the shard: turns it */

/* callers.c */
void callers_init(struct adapter *);
void enter(struct adapter *);
void leave(struct adapter *);
void callers_woken(struct adapter *);  /* something happened: whoever waits looks again */
void callers_settle(struct adapter *); /* main thread: until the other one is away or waits */
bool callers_came_back(
	struct adapter *);           /* this is the second thread's first look at the clock after a call */
void callers_rest(struct adapter *); /* main thread, before it sleeps, without the lock */
/* Lets time pass until something happened, or until_us.  False: nothing will ever happen. */
bool callers_wait(struct adapter *, uint64_t until_us);

/* adapter.c */
void adapter_begin(struct adapter *); /* makes the shard if there is none, else takes over changed settings */

#endif
