/* Congestion control: an algorithm is four functions over cwnd, ssthresh and cc_acked of a connection.  When to
 * retransmit what is not its affair (ack.c, sack.c). */
#ifndef FNS_CC_H
#define FNS_CC_H

#include <stdint.h>

struct fns_conn;

struct cc {
	const char *name;
	void (*begin)(struct fns_conn *);                  /* ESTABLISHED: initial window */
	void (*acked)(struct fns_conn *, uint32_t octets); /* new octets acknowledged, not in recovery */
	void (*lost)(struct fns_conn *);    /* a fast recovery begins: sets ssthresh and cwnd */
	void (*timeout)(struct fns_conn *); /* RETRANSMIT was due: sets ssthresh and cwnd */
};

extern const struct cc
	cc_newreno; /* RFC 5681 with byte counting (RFC 3465, L = 2), initial window of RFC 6928 */

const struct cc *cc_find(const char *name); /* NULL: nobody of that name */

#endif
