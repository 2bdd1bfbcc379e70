/* Timeouts, RFC 9293 §3.10.8: retransmission (RFC 6298 §5), zero-window probes (§3.8.6.1), delayed ACK, keep-alive
 * (§3.8.4), user timeout, and the limit of an orphan in FIN-WAIT-2. */
#include "internal.h"

#include <errno.h>

/* What an option leaves open is what the configuration says by then. */
static uint32_t
option_or(uint32_t option, uint32_t configured)
{
	return option != 0 ? option : configured;
}

/* R2: how often the same octets are sent again before the connection is given up (§3.8.3). */
static uint32_t
limit(const struct fns_conn *c)
{
	const struct fns_config *cf = tcp_of(c)->config;

	if (!flagged(c, C_SYN_ACKED))
		return option_or(conn_options(c)->syn_retries, cf->syn_retries);
	return flagged(c, C_ORPHAN) ? cf->orphan_retries : cf->retries;
}

static void
retransmit(struct fns_conn *c)
{
	struct recovery *r = conn_has_recovery(c);

	if (c->snd.una == c->snd.max && conn_unacked(c) == 0 &&
	    !in(c, SYN_SENT | FIN_WAIT_1 | CLOSING | LAST_ACK))
		return;
	if (recover_timer(c))
		return;
	if (c->backoff >= limit(c)) {
		conn_end(c, conn_class_by_state(c, CLASS_timeout_syn_sent), ETIMEDOUT, false);
		return;
	}
	c->tail = TAIL_RTO;
	counter_add(&tcp_of(c)->stats.timeouts, 1);
	if (c->recorded)
		recorder_tally_of(c)->timeouts++;
	cc_timeout(c);
	c->backoff++;
	if (c->backoff == tcp_of(c)->config->r1) { /* MUST-20, SHLD-9 */
		c->error = ETIMEDOUT;
		conn_report(c, FNS_SOFT_ERROR);
	}
	c->snd.nxt = c->snd.una;
	c->recover = c->snd.max;
	c->dupacks = 0;
	unflag(c, C_RECOVERY | C_REXMIT | C_TIMING);
	if (r != NULL) {
		r->sacked.used = 0; /* the peer may have reneged (RFC 2018 §8) */
		r->rexmitted = r->again = r->high = c->snd.una;
		r->prr_flight = 0;
	}
	conn_arm(c, RETRANSMIT, rto_us(tcp_of(c), c));
	conn_dirty(c);
}

static void
persist(struct fns_conn *c)
{
	if (c->snd.una != c->snd.max)
		return;
	if (c->backoff >= limit(c)) { /* ack.c keeps it below while a peer that is ours to serve answers */
		conn_end(c, conn_class_by_state(c, CLASS_timeout_syn_sent), ETIMEDOUT, false);
		return;
	}
	if (c->snd.wnd == 0) {
		counter_add(&tcp_of(c)->stats.probes, 1);
		flag(c, C_PROBE);
		c->backoff++; /* SHLD-30 */
	} else {
		flag(c, C_FORCE);
		c->more = c->unpushed = 0; /* nothing has come in all that time */
	}
	conn_arm(c, PERSIST, rto_us(tcp_of(c), c));
	conn_dirty(c);
}

/* backoff counts keep-alive probes without an answer: nothing is outstanding, so it has no other use. */
static void
keepalive(struct fns_conn *c)
{
	const struct fns_config *cf = tcp_of(c)->config;
	const struct fns_options *o = conn_options(c);
	uint32_t interval_ms = option_or(o->keepalive_interval_ms, cf->keepalive_interval_ms);

	if (in(c, SYN_SENT | SYN_RECEIVED)) { /* it has run since OPEN: open_ms */
		conn_end(c, conn_class_by_state(c, CLASS_timeout_syn_sent), ETIMEDOUT, false);
		return;
	}
	if (!in(c, ESTABLISHED | CLOSE_WAIT | FIN_WAIT_1 | FIN_WAIT_2) || o->keepalive != FNS_ON)
		return;
	conn_arm(c, KEEPALIVE, (uint64_t)interval_ms * 1000);
	if (c->snd.una != c->snd.max || conn_unacked(c) > 0)
		return; /* MUST-26: not idle */
	if (c->backoff >= option_or(o->keepalive_probes, cf->keepalive_probes)) {
		conn_end(c, CLASS_timeout_keepalive, ETIMEDOUT, true);
		return;
	}
	c->backoff++;
	counter_add(&tcp_of(c)->stats.probes, 1);
	flag(c, C_PROBE);
	conn_dirty(c);
}

void
keepalive_begin(struct fns_conn *c)
{
	const struct fns_options *o = conn_options(c);

	conn_stop(c, KEEPALIVE);
	if (o->keepalive == FNS_ON)
		conn_arm(c, KEEPALIVE, (uint64_t)o->keepalive_ms * 1000);
}

void
conn_options_changed(struct fns_conn *c)
{
	const struct fns_options *o = conn_options(c);

	if (!in(c, SYN_SENT | SYN_RECEIVED)) /* there it is open_ms, which stays what it was */
		conn_stop(c, KEEPALIVE);
	if (in(c, ESTABLISHED | CLOSE_WAIT | FIN_WAIT_1 | FIN_WAIT_2))
		keepalive_begin(c);
	conn_stop(c, USER_TIMEOUT);
	if (o->user_timeout_ms != 0 && c->snd.una != c->snd.max)
		conn_arm(c, USER_TIMEOUT, (uint64_t)o->user_timeout_ms * 1000);
	c->rcv.wnd = min_u32(c->rcv.wnd, o->rcv_buf);
	conn_dirty(c); /* Nagle or the cork may have gone */
}

static void
due(struct fns_conn *c, enum deadline d)
{
	record_timeout(c, d);
	switch (d) {
	case RETRANSMIT:
		retransmit(c);
		break;
	case PERSIST:
		persist(c);
		break;
	case DELAYED_ACK:
		if (flagged(c, C_ACK_LATER))
			flag(c, C_ACK_NOW);
		conn_dirty(c);
		break;
	case KEEPALIVE:
		keepalive(c);
		break;
	case USER_TIMEOUT:
		conn_end(c, CLASS_timeout_user, ETIMEDOUT, false);
		break;
	case ORPHAN_LIMIT:
		if (in(c, FIN_WAIT_2)) /* silent, and straight to CLOSED (T-30) */
			conn_end(c, CLASS_timeout_fin_wait_2, 0, false);
		else /* no reset: it goes on as any orphan (T-18) */
			conn_lingered(c);
		break;
	case DEADLINES:
		break;
	}
}

/* The tick of its first deadline; 0: none runs. */
static inline uint32_t
first_due(const struct fns_conn *c)
{
	uint32_t first = c->deadline[0];

	for (unsigned i = 1; i < DEADLINES - 1; i++) {
		if (c->deadline[i] != 0 && (first == 0 || seq_lt(c->deadline[i], first)))
			first = c->deadline[i];
	}
	return first;
}

static void
timeouts_of(struct fns_conn *c)
{
	uint32_t now = tcp_of(c)->now, next;

	for (enum deadline d = 0; d < DEADLINES && !in(c, ENDED); d++) {
		uint32_t at = conn_deadline(c, d);

		if (at == 0 || !tick_due(at, now))
			continue;
		conn_stop(c, d);
		due(c, d);
	}
	next = first_due(c);
	if (next != 0)
		conn_timer(tcp_of(c), c, next);
}

/* Some at a time, so that their lines and, of those that may end, their slots of the table are fetched together.  Of most
 * that come out of the wheel nothing is due: it was stopped since, or put off. */
void
tcp_timeouts(struct tcp *t, unsigned budget)
{
	struct fns_conn *c[16];
	uint64_t hash[16];
	unsigned n, late;

	if (!wheel_may_expire(&t->wheel, t->now))
		return;
	do {
		uint32_t i;

		for (n = 0; n < 16 && n < budget && (i = wheel_expire(&t->wheel, t->now)) != WHEEL_NONE;
		     n++) {
			c[n] = conn_at(t, i);
			conn_prefetch(t, i);
		}
		late = 0;
		for (unsigned k = 0; k < n; k++) {
			uint32_t first = first_due(c[k]);

			if (first == 0)
				continue;
			if (!tick_due(first, t->now)) {
				conn_timer(t, c[k], first);
				continue;
			}
			hash[late] = tcp_hash(t, &c[k]->key);
			if (in(c[k], FIN_WAIT_2))
				table_prefetch(&t->table, hash[late]);
			c[late++] = c[k];
		}
		for (unsigned k = 0; k < late; k++) {
			t->arriving = conn_index(c[k]);
			t->arriving_hash = hash[k];
			timeouts_of(c[k]);
		}
		t->arriving = TABLE_NONE;
		budget -= n;
	} while (n == 16);
}
