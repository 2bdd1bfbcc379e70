/* Congestion control: an algorithm is four functions over cwnd, ssthresh and cc_acked of a connection.  When to
 * retransmit what is not its affair (recover.c, sack.c).  Slow start and what surrounds it is the same for all (cc.c):
 * byte counting (RFC 3465), no growth that the application does not use (RFC 7661 §4), IW10 (RFC 6928). */
#ifndef FNS_CC_H
#define FNS_CC_H

#include <stdbool.h>
#include <stdint.h>

struct fns_conn;

struct cc {
	const char *name;
	void (*avoid)(struct fns_conn *, uint32_t octets); /* acknowledged in congestion avoidance */
	uint32_t (*reduced)(const struct fns_conn *);      /* ssthresh after a loss, or a mark */
};

extern const struct cc cc_newreno, cc_cubic; /* RFC 5681; RFC 9438 */

/* Index, from 1, of the algorithm of that name as enum fns_congestion has it; 0: nobody of that name. */
uint8_t cc_find(const char *name);

void cc_begin(struct fns_conn *);                  /* ESTABLISHED: initial window */
void cc_acked(struct fns_conn *, uint32_t octets); /* newly delivered, not in recovery; SND.UNA has moved */
void cc_lost(struct fns_conn *);                   /* a fast recovery begins: sets ssthresh and cwnd */
void cc_timeout(struct fns_conn *);                /* RETRANSMIT was due: sets ssthresh and cwnd */
void cc_idle(struct fns_conn *); /* text to send, and nothing outstanding (RFC 5681 §4.1) */

#endif
