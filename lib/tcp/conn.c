/* The TCB: birth, states, deadlines, end.  RFC 9293 §3.3.1, §3.3.2. */
#include "conn.h"

#include <errno.h>
#include <string.h>

#include "cc.h"
#include "internal.h"
#include "profile.h"

const char *
state_name(uint16_t state)
{
	switch (state) {
#define X(name, text, send)                                                                                  \
	case name:                                                                                           \
		return text;
		STATE_LIST(X)
#undef X
	}
	return "?";
}

void
state_arrow(struct tcp *t, uint16_t from, uint16_t to)
{
	static const uint8_t arrow[STATE_COUNT][STATE_COUNT] = {
#define X(from, to, why) [STATE_##from][STATE_##to] = ARROW_##from##_##to + 1,
		ARROW_LIST(X)
#undef X
	};
	unsigned taken = arrow[__builtin_ctz(from)][__builtin_ctz(to)];

	assert(taken != 0 && "an arrow that Figure 5 does not have");
	t->arrows |= UINT64_C(1) << (taken - 1);
}

static counter *
gauge(struct tcp *t, uint16_t state)
{
	return &t->state[__builtin_ctz(state)];
}

static uint32_t
rcv_wnd(const struct tcp *t, const struct fns_options *o)
{
	return min_u32(t->config->rcv_wnd_initial, o->rcv_buf);
}

struct fns_conn *
conn_new(struct tcp *t, const struct key *key, uint64_t hash, uint16_t options)
{
	uint32_t i = pool_take(&t->conns);
	struct fns_conn *c;

	if (i == POOL_NONE)
		return NULL;
	if (!table_add(&t->table, hash, i)) {
		pool_give(&t->conns, i);
		return NULL;
	}
	c = conn_at(t, i);
	/* by line: of more at once the compiler makes `rep stos`, which takes its time to begin */
	for (unsigned line = 0; line < CONN_LINES; line++)
		memset((uint8_t *)c + (size_t)line * 64, 0, 64);
	c->key = *key;
	c->home = -(int32_t)(i * CONN_LINES + 1);
	c->state = CLOSED;
	c->opened = t->now;
	c->queues = POOL_NONE;
	c->listener = POOL_NONE;
	c->options = options & (TCP_OPTION_SETS - 1u);
	c->rcv.wnd = rcv_wnd(t, conn_options(c));
	c->quick = profile_says(c, RULE_quick_acks) ? QUICK_ACKS : 0;
	iss_choose(c);
	wheel_node_init(&c->timer);
	tcp_options_again(t, options);
	if (!tcp_is_home(t, key))
		counter_add(&t->stats.wrong_shard, 1);
	recorder_begin(c);
	return c;
}

static uint32_t *
next_of(struct fns_conn *c, enum conn_link link)
{
	return link == BY_DIRTY ? &c->dirty_next : &c->report_next;
}

void
conn_list_add(struct conn_list *l, struct fns_conn *c, enum conn_link link)
{
	uint32_t i = conn_index(c);

	*next_of(c, link) = POOL_NONE;
	if (l->head == POOL_NONE)
		l->head = i;
	else
		*next_of(conn_at(tcp_of(c), l->tail), link) = i;
	l->tail = i;
}

void
conn_dirty(struct fns_conn *c)
{
	if (c->marks & M_DIRTY)
		return;
	c->marks |= M_DIRTY;
	conn_list_add(&tcp_of(c)->dirty, c, BY_DIRTY);
}

void
conn_report(struct fns_conn *c, unsigned reports)
{
	if (flagged(c, C_ORPHAN) || !(c->marks & M_KNOWN))
		reports &= FNS_CLOSED | FNS_LINGERED; /* close: only the last ones still come */
	c->reports = (uint8_t)(c->reports | reports);
	if (c->reports == 0 || (c->marks & M_REPORT))
		return;
	c->marks |= M_REPORT;
	conn_list_add(&tcp_of(c)->reports, c, BY_REPORT);
}

static void
reap_later(struct fns_conn *c)
{
	if (c->marks & M_REAP)
		return;
	c->marks |= M_REAP;
	conn_list_add(&tcp_of(c)->reap, c, BY_REPORT);
}

size_t
fns_class_count(void)
{
	return CLASS_COUNT;
}

const char *
fns_class_name(size_t class)
{
	static const char *const name[] = {
#define X(name, help) #name,
		CLASS_LIST(X)
#undef X
	};

	return class < CLASS_COUNT ? name[class] : "?";
}

const char *
fns_class_help(size_t class)
{
	static const char *const text[] = {
#define X(name, help) help,
		CLASS_LIST(X)
#undef X
	};

	return class < CLASS_COUNT ? text[class] : "?";
}

enum close_class
conn_class_by_state(const struct fns_conn *c, enum close_class of_syn_sent)
{
	_Static_assert(CLASS_timeout_last_ack - CLASS_timeout_syn_sent == STATE_LAST_ACK - STATE_SYN_SENT &&
	                       CLASS_peer_reset_last_ack - CLASS_peer_reset_syn_sent ==
	                               STATE_LAST_ACK - STATE_SYN_SENT,
	               "one class a state, in the order of the states");

	return (enum close_class)((int)of_syn_sent + __builtin_ctz(c->state) - STATE_SYN_SENT);
}

/* Both FINs are acknowledged. */
static enum close_class
graceful(const struct fns_conn *c)
{
	if (c->state == LAST_ACK)
		return c->half ? CLASS_passive_half : c->three ? CLASS_passive_3 : CLASS_passive_4;
	if (c->state == CLOSING)
		return conn_to_itself(c) ? CLASS_self_2 : CLASS_simultaneous;
	return c->half ? CLASS_active_half : c->three ? CLASS_active_3 : CLASS_active_4;
}

void
conn_lingered(struct fns_conn *c)
{
	if (!c->lingering)
		return;
	c->lingering = 0;
	conn_report(c, FNS_LINGERED);
}

static void
watched(struct tcp *t, const struct key *key)
{
	t->watch.close_class = -1;
	t->watch.hit = true;
	memcpy(t->watch.local.ip, tcp_local(t, key), 16);
	memcpy(t->watch.remote.ip, key->remote, 16);
	t->watch.local.port = key->lport;
	t->watch.remote.port = key->rport;
}

/* What a connection leaves behind when it ends; the conn itself waits for its last report and the last frame. */
static void
end(struct tcp *t, struct fns_conn *c, uint16_t state, enum close_class class)
{
	uint32_t unacked = 0;

	memset(c->deadline, 0, sizeof(c->deadline));
	if (wheel_node_armed(&c->timer))
		wheel_disarm(&t->wheel, conn_index(c));
	if (state != TIME_WAIT)
		table_remove(&t->table, conn_hash(c), conn_index(c));
	else if (!tw_enter(c))
		counter_add(&t->stats.time_wait_overflows, 1);
	if (flagged(c, C_ORPHAN))
		counter_sub(&t->stats.orphans, 1);
	counter_sub(&t->stats.conns, 1);
	counter_add(&t->stats.dead, 1);
	counter_add(&t->stats.ended, 1);
	counter_add(&t->class[class], 1);
	if ((int)class == t->watch.close_class)
		watched(t, &c->key);
	if (c->queues != POOL_NONE) {
		struct queues *q = conn_its_queues(c);

		unacked = q->tx.len;
		counter_add(&t->stats.lost_unacked, unacked);
		ring_free(&q->tx, &t->pages);
		ring_truncate(&q->rx, &t->pages);
		conn_drop_recovery(c);
		conn_tidy_its(c, q);
	}
	/* The fields shared by a live and an ended connection change sides here. */
	c->close_class = (uint8_t) class;
	c->lost_unacked = unacked;
	conn_lingered(c);
	conn_report(c, FNS_CLOSED);
}

/* It was in this state. */
static inline void
leave(struct tcp *t, struct fns_conn *c, uint16_t from)
{
	if (from == CLOSED) {
		counter_add(&t->stats.conns, 1);
		return;
	}
	counter_sub(gauge(t, from), 1);
	if (from == SYN_RECEIVED && c->listener != POOL_NONE) {
		t->listener[c->listener].embryos--;
		c->listener = POOL_NONE;
	}
}

/* Where Figure 5 has it. */
static inline uint16_t
drawn(const struct fns_conn *c, uint16_t from)
{
	return from == CLOSED && flagged(c, C_PASSIVE) ? LISTEN : from;
}

static void
move_out(struct fns_conn *c, uint16_t state, enum close_class class)
{
	struct tcp *t = tcp_of(c);
	uint16_t from = c->state;
	uint16_t to = from == SYN_RECEIVED && state == CLOSED && flagged(c, C_PASSIVE) ? LISTEN : state;

	state_arrow(t, drawn(c, from), to);
	leave(t, c, from);
	end(t, c, state, class);
	c->state = state;
	record_state(c, from, to);
}

void
conn_enter(struct fns_conn *c, uint16_t state)
{
	struct tcp *t = tcp_of(c);
	uint16_t from = c->state;

	if (state & ENDED) {
		move_out(c, state, graceful(c));
		return;
	}
	state_arrow(t, drawn(c, from), state);
	leave(t, c, from);
	counter_add(gauge(t, state), 1);
	c->state = state;
	record_state(c, from, state);
	if (state == ESTABLISHED)
		counter_add(&t->stats.established, 1);
	if (state == FIN_WAIT_2) {
		conn_stop(c, USER_TIMEOUT);
		conn_stop(c, ORPHAN_LIMIT);
		conn_lingered(c);
	}
}

void
conn_again(struct fns_conn *c, const struct key *key)
{
	struct tcp *t = tcp_of(c);

	state_arrow(t, c->state, CLOSED);
	state_arrow(t, CLOSED, SYN_SENT);
	counter_sub(gauge(t, c->state), 1);
	counter_add(gauge(t, SYN_SENT), 1);
	table_remove(&t->table, conn_hash(c), conn_index(c));
	table_add(&t->table, tcp_hash(t, key), conn_index(c)); /* there is room: it has just left */
	c->key = *key;
	t->arriving = TABLE_NONE; /* if it was this one, it has another hash now */
	record_state(c, c->state, SYN_SENT);
	c->state = SYN_SENT;
	iss_choose(c);
	c->snd.wnd = c->snd.max_wnd = 0;
	c->backoff = 0;
	unflag(c, C_TS | C_SACK | C_TIMING | C_ACK_NOW | C_ACK_LATER);
	conn_forget_islands(c);
	conn_drop_recovery(c);
	conn_stop(c, RETRANSMIT);
	conn_dirty(c);
}

void
conn_end(struct fns_conn *c, enum close_class class, int error, bool reset)
{
	c->error = (uint8_t)error;
	if (class >= CLASS_peer_reset_syn_sent && class <= CLASS_peer_reset_last_ack)
		reset_note_conn(c, false, fns_class_name(class));
	if (reset && in(c, SYNCHRONIZED | SYN_RECEIVED)) {
		reset_note_conn(c, true, fns_class_name(class));
		flag(c, C_RST_DUE);
		conn_dirty(c);
	}
	move_out(c, CLOSED, class);
}

void
conn_timer_move(struct tcp *t, struct fns_conn *c, uint32_t due)
{
	c->timer_due = (uint16_t)wheel_arm(&t->wheel, conn_index(c), due);
}

struct queues *
conn_attach_queues(struct fns_conn *c)
{
	struct pool *queues = &tcp_of(c)->queues;
	struct queues *q;

	c->queues = pool_take(queues);
	if (c->queues == POOL_NONE)
		return NULL;
	q = pool_at(queues, c->queues);
	ring_init(&q->rx);
	ring_init(&q->tx);
	return q;
}

void
conn_forget_islands(struct fns_conn *c)
{
	struct queues *q = conn_queues(c);

	if (q != NULL)
		ring_truncate(&q->rx, &tcp_of(c)->pages);
}

struct recovery *
conn_recovery(struct fns_conn *c)
{
	struct queues *q = conn_attach(c);
	struct recovery *r;

	if (q == NULL)
		return NULL;
	if (c->troubled)
		return conn_has_recovery(c);
	q->recovery = pool_take(&tcp_of(c)->recoveries);
	if (q->recovery == POOL_NONE) {
		conn_tidy(c);
		return NULL;
	}
	c->troubled = 1;
	r = conn_has_recovery(c);
	memset(r, 0, sizeof(*r));
	r->rexmitted = r->again = r->high = c->snd.una;
	return r;
}

void
conn_tidy_queues(struct fns_conn *c)
{
	const struct queues *q = conn_its_queues(c);
	const struct recovery *r = conn_has_recovery(c);

	if (r != NULL && r->held.used == 0 && r->sacked.used == 0 && !r->has_fin && !r->has_twice &&
	    c->tail != TAIL_PROBED_AGAIN && !flagged(c, C_RECOVERY))
		conn_drop_recovery(c);
	if ((q->rx.reach | q->tx.reach) != 0 || c->troubled)
		return;
	pool_give(&tcp_of(c)->queues, c->queues);
	c->queues = POOL_NONE;
}

void
conn_drop_recovery(struct fns_conn *c)
{
	if (!c->troubled)
		return;
	pool_give(&tcp_of(c)->recoveries, conn_its_queues(c)->recovery);
	c->troubled = 0;
}

void
conn_challenge(struct fns_conn *c)
{
	struct tcp *t = tcp_of(c);
	unsigned period = (unsigned)(t->now_us / 5000000) & 7;

	if (c->challenge_period != period) {
		c->challenge_period = period & 7;
		c->challenges = 0;
	}
	if (c->challenges >= t->config->challenge_acks) {
		counter_add(&t->stats.challenges_limited, 1);
		return;
	}
	c->challenges = (c->challenges + 1) & 15;
	counter_add(&t->stats.challenges_sent, 1);
	flag(c, C_ACK_NOW);
	conn_dirty(c);
}

void
conn_set_mtu(struct fns_conn *c, uint32_t mtu)
{
	uint32_t path = mtu - conn_headers(c), own = conn_options(c)->mss;

	path = own != 0 && own < path ? own : path;
	c->mss = path < c->peer_mss ? (uint16_t)path : c->peer_mss;
}

void
conn_free(struct fns_conn *c)
{
	struct tcp *t = tcp_of(c);
	struct queues *q = conn_queues(c);

	if (c->recorded)
		recorder_end(c);
	counter_sub(&t->stats.dead, 1);
	if (q != NULL) {
		counter_add(&t->stats.lost_unread, q->rx.len);
		ring_free(&q->rx, &t->pages);
		conn_tidy(c);
	}
	tcp_options_drop(t, c->options);
	c->marks = M_GONE;
	pool_give(&t->conns, conn_index(c));
}

/* A report is delivered once; what a handler does may owe further ones, to others or to itself. */
void
tcp_reports(struct tcp *t)
{
	while (t->reports.head != POOL_NONE) {
		struct fns_conn *c = conn_at(t, t->reports.head);
		unsigned reports = c->reports;

		t->reports.head = c->report_next;
		if (t->reports.head != POOL_NONE)
			conn_prefetch(t, t->reports.head);
		c->marks &= (uint8_t)~M_REPORT;
		c->reports = 0;
		if ((reports & FNS_CLOSED) && (c->marks & M_CLOSED))
			continue;
		if (reports & FNS_CLOSED)
			c->marks |= M_CLOSED;
		record_reports(c, reports);
		if ((c->marks & M_KNOWN) && t->handler[c->handler] != NULL)
			t->handler[c->handler](c, reports, c->user);
		if ((reports & FNS_CLOSED) && !(c->marks & M_HELD))
			reap_later(c);
	}
}

void
tcp_reap(struct tcp *t)
{
	uint32_t i = t->reap.head;

	t->reap = (struct conn_list){POOL_NONE, POOL_NONE};
	while (i != POOL_NONE) {
		struct fns_conn *c = conn_at(t, i);

		i = c->report_next;
		if (i != POOL_NONE)
			conn_prefetch(t, i);
		c->marks &= (uint8_t)~M_REAP;
		if (c->marks & M_DIRTY) { /* its last segment found no room: next turn */
			reap_later(c);
			t->reap_waits = true;
		} else {
			conn_free(c);
		}
	}
}

void
fns_hold(struct fns_conn *c)
{
	assert((c->marks & M_CLOSED) && !(c->marks & M_GONE));
	c->marks |= M_HELD;
}

/* For fns_close of a held connection: it is already over. */
void
conn_release(struct fns_conn *c)
{
	c->marks &= (uint8_t)~M_HELD;
	c->marks |= M_GONE;
	reap_later(c);
}
