/* What a shard shows: counters, gauges, fates, and the sums that must hold between turns. */
#include <string.h>

#include "shard.h"

struct rows {
	struct fns_stat *row;
	size_t room, n;
};

static void
add(struct rows *r, const char *name, const char *help, enum fns_stat_kind kind, uint64_t value)
{
	if (r->n < r->room)
		r->row[r->n] = (struct fns_stat){name, help, (uint8_t)kind, value};
	r->n++;
}

size_t
fns_shard_stats(const struct fns_shard *s, struct fns_stat *row, size_t room)
{
	const struct tcp *t = &s->tcp;
	struct rows r = {row, room, 0};

	add(&r, "frames_in", "frames that arrived", FNS_STAT_COUNTER, counter_read(&s->frames_in));
	add(&r, "frames_looped", "packets between addresses of our own", FNS_STAT_COUNTER,
	    counter_read(&s->frames_looped));
	add(&r, "frames_out", "frames sent", FNS_STAT_COUNTER, counter_read(&s->frames_out));
#define X(name, help) add(&r, #name, help, FNS_STAT_COUNTER, counter_read(&s->ip.stats.name));
	IP_STATS(X)
#undef X
#define X(name, kind, help) add(&r, #name, help, FNS_STAT_##kind, counter_read(&t->stats.name));
	TCP_STATS(X)
#undef X
#define X(name, text, send)                                                                                  \
	add(&r, "state_" #name, text, FNS_STAT_GAUGE, counter_read(&t->state[STATE_##name]));
	STATE_LIST(X)
#undef X
	return r.n;
}

size_t
fns_shard_fates(const struct fns_shard *s, struct fns_stat *row, size_t room)
{
	struct rows r = {row, room, 0};

	for (unsigned d = 0; d < DROP_COUNT; d++)
		add(&r, drop_name((enum drop)d), drop_help((enum drop)d), FNS_STAT_COUNTER,
		    counter_read(&s->fate[d]));
	return r.n;
}

size_t
fns_shard_closes(const struct fns_shard *s, struct fns_stat *row, size_t room)
{
	struct rows r = {row, room, 0};

	for (size_t i = 0; i < CLASS_COUNT; i++)
		add(&r, fns_class_name(i), fns_class_help(i), FNS_STAT_COUNTER,
		    counter_read(&s->tcp.class[i]));
	return r.n;
}

const char *
shard_sums(const struct fns_shard *s)
{
	const struct tcp *t = &s->tcp;
	const struct tcp_stats *n = &t->stats;
	uint64_t sum = 0;

	for (unsigned d = 0; d < DROP_COUNT; d++)
		sum += counter_read(&s->fate[d]);
	if (sum != counter_read(&s->frames_in) + counter_read(&s->frames_looped))
		return "frames in are not the sum of their fates";
	if (counter_read(&n->opens_active) + counter_read(&n->opens_passive) !=
	    counter_read(&n->conns) + counter_read(&n->ended))
		return "opens are not live and ended connections";
	if (counter_read(&n->conns) + counter_read(&n->dead) != t->conns.used)
		return "live and dead connections are not the pool's";
	if (t->conns.used - counter_read(&n->dead) + t->tws.used != t->table.used)
		return "the table does not hold the live connections and TIME-WAIT entries";
	sum = 0;
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		sum += counter_read(&t->class[i]);
	if (sum != counter_read(&n->ended))
		return "the classes do not sum to the connections that ended";
	sum = 0;
	for (unsigned i = STATE_SYN_SENT; i < STATE_TIME_WAIT; i++)
		sum += counter_read(&t->state[i]);
	if (sum != counter_read(&n->conns))
		return "the states do not sum to the live connections";
	return NULL;
}

struct totals {
	uint64_t pages, queues, recoveries, orphans, live, recorded;
};

static uint64_t
ring_pages(const struct ring *r)
{
	uint32_t last = r->head + (r->reach == 0 ? 0 : r->reach - 1);

	/* An upper bound: between islands pages may be missing. */
	return r->store == POOL_NONE ? 0 : (uint64_t)(last / RING_PAGE - r->head / RING_PAGE) + 2;
}

static const char *
check_conn(const struct fns_conn *c, struct totals *sum)
{
	const struct queues *q = conn_queues(c);
	const struct recovery *r = conn_has_recovery(c);

	if (q != NULL)
		sum->pages += ring_pages(&q->rx) + ring_pages(&q->tx);
	sum->queues += q != NULL;
	sum->recoveries += r != NULL;
	sum->recorded += c->recorded;
	if (in(c, ENDED))
		return NULL;
	sum->live++;
	sum->orphans += flagged(c, C_ORPHAN);
	if (!tcp_is_home(tcp_of(c), &c->key))
		return "a connection is another shard's";
	if (seq_lt(c->snd.nxt, c->snd.una) || seq_lt(c->snd.max, c->snd.nxt))
		return "A1: SND.UNA, SND.NXT and the highest sent are out of order";
	if (in(c, SYNCHRONIZED) && seq_lt(c->rcv.adv, c->rcv.nxt))
		return "B2: the window offered ends before RCV.NXT";
	if (seq_gt(c->snd.max, conn_fin_seq(c) + 1))
		return "A5: sent more than was written";
	if (c->snd.una != c->snd.max && conn_deadline(c, RETRANSMIT) == 0)
		return "A10: something is outstanding and no retransmission timeout runs";
	if (q != NULL && q->rx.reach == 0 && q->tx.reach == 0 && r == NULL)
		return "G1: queues that hold nothing";
	if (q != NULL && (q->rx.reach > RING_MAX || q->tx.reach > RING_MAX))
		return "B3: a ring holds more than it can";
	/* In SYN-RECEIVED the text of a SYN waits for ESTABLISHED. */
	if (r != NULL && r->held.used > 0 &&
	    seq_lt(r->held.at[0].left, c->rcv.nxt + (c->state != SYN_RECEIVED)))
		return "B4: held ranges begin at or before RCV.NXT";
	for (unsigned i = 0; i < DEADLINES - 1; i++) {
		if (c->deadline[i] != 0 &&
		    (!wheel_node_armed(&c->timer) || seq_gt(conn_timer_due(tcp_of(c), c), c->deadline[i])))
			return "G4: a deadline that the wheel would miss";
	}
	return NULL;
}

const char *
fns_shard_check(const struct fns_shard *s)
{
	const struct tcp *t = &s->tcp;
	struct totals sum = {0};
	const char *wrong = shard_sums(s);

	for (uint32_t i = 0; i < t->conns.fresh && wrong == NULL; i++) {
		const struct fns_conn *c = conn_at(t, i);

		if (!(c->marks & M_GONE))
			wrong = check_conn(c, &sum);
	}
	if (wrong != NULL)
		return wrong;
	if (sum.live != counter_read(&t->stats.conns))
		return "S7: live connections found are not those counted";
	if (sum.orphans != counter_read(&t->stats.orphans))
		return "S7: orphans found are not those counted";
	if (sum.recoveries != t->recoveries.used)
		return "G1: recovery blocks in use are not those of the connections";
	if (sum.queues != t->queues.used)
		return "G1: queues in use are not those of the connections";
	if (sum.recorded != t->recorder.table.used)
		return "G1: rings of the flight recorder are not those of the connections recorded";
	if (t->pages.used > sum.pages)
		return "G1: more pages are in use than the connections can hold";
	return NULL;
}

size_t
fns_arrow_count(void)
{
	return ARROW_COUNT;
}

const char *
fns_arrow_name(size_t arrow)
{
	static const char *const name[] = {
#define X(from, to, why) #from " to " #to ": " why,
		ARROW_LIST(X)
#undef X
	};

	return arrow < ARROW_COUNT ? name[arrow] : "?";
}

uint64_t
fns_shard_arrows(const struct fns_shard *s)
{
	return s->tcp.arrows;
}
