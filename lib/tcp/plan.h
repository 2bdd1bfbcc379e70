/* What a connection may send next, derived from its TCB alone (plan.c).  Output builds it (output.c). */
#ifndef FNS_PLAN_H
#define FNS_PLAN_H

#include "internal.h"

/* Who sends, looked up once: as long as it sends in one go, SND.UNA and what is queued stay as they are. */
struct sender {
	struct tcp *t;
	struct fns_conn *c;
	const struct option_set *by;
	struct queues *q; /* NULL: none */
	uint32_t end;     /* our FIN's place */
	uint32_t all;     /* SND.NXT when text and FIN are out */
};

struct plan {
	uint32_t seq, text;
	uint32_t full; /* octets of text that a segment could have had */
	uint8_t flags;
	bool rexmit; /* out of turn: SND.NXT stays */
	bool more;   /* another segment of new text will follow now */
};

/* In one of the states in which output may send some of `what`; which they are is known when this is compiled. */
static inline bool
may(const struct fns_conn *c, unsigned what)
{
#define X(name, text, send) | (((send)&what) != 0 ? name : 0u)
	return in(c, 0 STATE_LIST(X));
#undef X
}

/* All text and the FIN have gone out. */
static inline bool
is_all_out(const struct sender *s)
{
	return s->c->snd.nxt == s->all && s->c->snd.max == s->all;
}

/* Nothing to send, seen without a plan: all is out, and nothing is owed. */
static inline bool
is_quiet(const struct sender *s)
{
	const struct fns_conn *c = s->c;

	return (c->flags & (C_RST_DUE | C_ACK_NOW | C_PROBE | C_REXMIT | C_RECOVERY | C_SYN_ACKED)) ==
	               C_SYN_ACKED &&
	       is_all_out(s) && c->tail != TAIL_PROBE_DUE;
}

/* The next segment; false: none may go now. */
bool plan_next(const struct sender *, struct plan *);

/* The SACK blocks that a segment of this connection carries now, into o. */
void plan_sack_blocks(const struct fns_conn *, struct opt *o);

/* Full segments that have gone out in a row, unpushed; one alone is not pushed. */
struct row {
	uint32_t sent, push_after; /* 0: not asked yet */
};
void plan_push(const struct sender *, struct plan *, struct row *); /* of a full one */

/* What holds the sender up now, for the tally. */
enum pace plan_pace(const struct fns_conn *);

#endif
