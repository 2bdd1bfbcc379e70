/* The flight recorder: a ring of the last 32 events of each connection that is recorded, and which rings are kept when
 * their connections are gone.
 *
 * The rule: live rings are never taken away.  Of ended connections the last 256 that ended abnormally and the last 32
 * that did not are kept.  A new connection that finds no free ring takes that of the oldest graceful one, else of the
 * oldest abnormal one, else it goes unrecorded and is counted. */
#include "recorder.h"

#include <string.h>

#include "internal.h"

enum { GRACEFUL, ABNORMAL };

static struct recording *
at(const struct recorder *r, uint32_t index)
{
	return pool_at(&r->rings, index);
}

/* Pool indices are nobody's to choose, so the table needs no secret here: a spread will do. */
static uint64_t
spread(uint32_t conn)
{
	uint64_t z = (conn + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);

	return z ^ (z >> 29);
}

static uint32_t
find_index(const struct recorder *r, uint32_t conn)
{
	struct table_probe p;
	uint32_t i;

	for (i = table_first(&r->table, spread(conn), &p); i != TABLE_NONE; i = table_next(&r->table, &p)) {
		if (at(r, i)->conn == conn)
			return i;
	}
	return TABLE_NONE;
}

static struct recording *
find(struct fns_conn *c)
{
	uint32_t i = find_index(&tcp_of(c)->recorder, conn_index(c));

	assert(i != TABLE_NONE);
	return at(&tcp_of(c)->recorder, i);
}

uint64_t
recorder_bytes(uint32_t recorders)
{
	return recorders == 0 ? 64 : table_bytes(recorders) + (uint64_t)recorders * sizeof(struct recording);
}

void
recorder_init(struct recorder *r, void *zeroed, uint32_t recorders)
{
	size_t table = recorders == 0 ? 0 : table_bytes(recorders);

	*r = (struct recorder){.kept = {{POOL_NONE, POOL_NONE, 0}, {POOL_NONE, POOL_NONE, 0}}};
	pool_init(&r->rings, (uint8_t *)zeroed + table, sizeof(struct recording), recorders);
	if (recorders > 0)
		table_init(&r->table, zeroed, recorders);
}

static uint32_t
unkeep(struct recorder *r, unsigned kind)
{
	uint32_t i = r->kept[kind].head;

	if (i == POOL_NONE)
		return POOL_NONE;
	r->kept[kind].head = at(r, i)->next;
	if (r->kept[kind].head == POOL_NONE)
		r->kept[kind].tail = POOL_NONE;
	r->kept[kind].used--;
	return i;
}

static void
keep(struct recorder *r, unsigned kind, uint32_t i)
{
	uint32_t most = kind == ABNORMAL ? RECORDS_ABNORMAL : RECORDS_GRACEFUL;

	at(r, i)->next = POOL_NONE;
	if (r->kept[kind].head == POOL_NONE)
		r->kept[kind].head = i;
	else
		at(r, r->kept[kind].tail)->next = i;
	r->kept[kind].tail = i;
	if (++r->kept[kind].used > most) {
		i = unkeep(r, kind);
		at(r, i)->taken = 0;
		pool_give(&r->rings, i);
	}
}

static bool
chosen(struct fns_conn *c)
{
	struct tcp *t = tcp_of(c);

	if (t->config->recorders == 0)
		return false;
	switch ((enum fns_switch)conn_options(c)->record) {
	case FNS_ON:
		return true;
	case FNS_OFF:
		return false;
	case FNS_DEFAULT:
		break;
	}
	return t->config->record_sample > 0 && t->recorder.seen++ % t->config->record_sample == 0;
}

void
recorder_begin(struct fns_conn *c)
{
	struct tcp *t = tcp_of(c);
	struct recorder *r = &t->recorder;
	struct recording *ring;
	uint32_t i;

	if (!chosen(c))
		return;
	i = pool_take(&r->rings);
	if (i == POOL_NONE)
		i = unkeep(r, GRACEFUL);
	if (i == POOL_NONE)
		i = unkeep(r, ABNORMAL);
	if (i == POOL_NONE) {
		counter_add(&t->stats.recordings_refused, 1);
		return;
	}
	ring = at(r, i);
	memset(ring, 0, offsetof(struct recording, event));
	tcp_flow(tcp_of(c), &c->key, &ring->flow);
	ring->conn = conn_index(c);
	ring->id = ++r->ids;
	ring->begun_us = t->now_us;
	ring->iss = c->snd.una;
	ring->state = c->state;
	ring->close_class = CLASS_COUNT;
	ring->taken = 1;
	table_add(&r->table, spread(ring->conn), i); /* as many entries as rings */
	counter_add(&t->stats.recordings, 1);
	c->recorded = 1;
}

void
recorder_end(struct fns_conn *c)
{
	struct recorder *r = &tcp_of(c)->recorder;
	uint32_t conn = conn_index(c), i = find_index(r, conn);

	assert(i != TABLE_NONE);
	table_remove(&r->table, spread(conn), i);
	at(r, i)->conn = POOL_NONE;
	keep(r, class_is_abnormal((enum close_class)c->close_class) ? ABNORMAL : GRACEFUL, i);
	c->recorded = 0;
}

static struct fns_event *
last(struct recording *ring)
{
	return ring->events == 0 ? NULL : &ring->event[(ring->events - 1) % FNS_RECORD_EVENTS];
}

static struct fns_event *
add(struct fns_conn *c, struct recording *ring, enum fns_event_kind kind)
{
	struct fns_event *e = &ring->event[ring->events++ % FNS_RECORD_EVENTS];

	*e = (struct fns_event){.at_us = tcp_of(c)->now_us, .kind = (uint8_t)kind};
	return e;
}

/* A SYN that goes out anew with an ACK, in a simultaneous open, is no repetition. */
static bool
sent_before(const struct recording *ring, const struct seg *s)
{
	uint32_t n = ring->events < FNS_RECORD_EVENTS ? ring->events : FNS_RECORD_EVENTS;

	for (uint32_t i = 0; i < n; i++) {
		const struct fns_event *e = &ring->event[i];

		if (e->kind == FNS_EVENT_SENT && e->flags == s->flags && e->seq == s->seq)
			return true;
	}
	return false;
}

static void
tally_sent(const struct fns_conn *c, struct fns_tally *t, uint32_t text, bool again)
{
	t->segments_sent++;
	t->rexmits += again;
	if (text == 0)
		return;
	t->texts_sent++;
	t->octets_sent += text;
	t->octets_rexmitted += again ? text : 0;
	t->text_sent_us = tcp_of(c)->now_us;
}

static void
tally_arrived(const struct fns_conn *c, struct fns_tally *t, const struct seg *s)
{
	t->segments_received++;
	if (s->flags & ACK)
		t->ack_received_us = tcp_of(c)->now_us;
	if (s->text_len == 0)
		return;
	t->texts_received++;
	t->text_received_max = s->text_len > t->text_received_max ? s->text_len : t->text_received_max;
	t->text_received_us = tcp_of(c)->now_us;
}

struct fns_tally *
recorder_tally_of(struct fns_conn *c)
{
	return &find(c)->tally;
}

void
recorder_rtt(struct fns_conn *c, uint32_t rtt_us)
{
	struct fns_tally *t = &find(c)->tally;

	if (t->min_rtt_us == 0 || rtt_us < t->min_rtt_us)
		t->min_rtt_us = rtt_us;
}

/* The time since the last look goes to what held the sender up then. */
static void
settle(const struct recording *ring, uint64_t now_us, struct fns_tally *t)
{
	uint64_t us = now_us - ring->pace_us;

	t->busy_us += ring->pace != PACE_IDLE ? us : 0;
	t->rcv_wnd_limited_us += ring->pace == PACE_RCV_WND ? us : 0;
	t->snd_buf_limited_us += ring->pace == PACE_SND_BUF ? us : 0;
}

void
recorder_pace(struct fns_conn *c, enum pace pace)
{
	struct recording *ring = find(c);

	settle(ring, tcp_of(c)->now_us, &ring->tally);
	ring->pace = (uint8_t)pace;
	ring->pace_us = tcp_of(c)->now_us;
}

bool
recorder_tally(const struct fns_conn *c, struct fns_tally *t)
{
	const struct recorder *r = &tcp_of(c)->recorder;
	const struct recording *ring;

	if (!c->recorded)
		return false;
	ring = at(r, find_index(r, conn_index(c)));
	*t = ring->tally;
	if (!in(c, ENDED))
		settle(ring, tcp_of(c)->now_us, t);
	return true;
}

void
recorder_sent(struct fns_conn *c, const struct seg *s, uint32_t text, bool again)
{
	struct recording *ring = find(c);
	bool first = (s->flags & SYN) && !sent_before(ring, s);
	struct fns_event *e = add(c, ring, FNS_EVENT_SENT);

	e->seq = s->seq;
	e->ack = s->ack;
	e->len = text;
	e->wnd = (uint32_t)s->wnd << ((s->flags & SYN) ? 0 : c->rcv_scale);
	e->flags = s->flags;
	e->again = again && !first;
	tally_sent(c, &ring->tally, text, again && !first);
	if (s->flags & SYN)
		ring->iss = s->seq; /* another one, if the connection began anew */
}

void
recorder_arrived(struct fns_conn *c, const struct seg *s)
{
	struct recording *ring = find(c);
	struct fns_event *e = add(c, ring, FNS_EVENT_ARRIVED);

	e->seq = s->seq;
	e->ack = (s->flags & ACK) ? s->ack : 0;
	e->len = s->text_len;
	e->wnd = (uint32_t)s->wnd << ((s->flags & SYN) ? 0 : c->snd_scale);
	e->flags = s->flags;
	tally_arrived(c, &ring->tally, s);
	/* SYN-RECEIVED and the states before it are where a SYN's number is the peer's first. */
	if ((s->flags & SYN) && in(c, CLOSED | SYN_SENT | SYN_RECEIVED))
		ring->irs = s->seq;
}

void
recorder_state(struct fns_conn *c, uint16_t from, uint16_t to)
{
	struct recording *ring = find(c);
	struct fns_event *e = add(c, ring, FNS_EVENT_STATE);

	ring->passive = flagged(c, C_PASSIVE);
	e->from = (uint8_t)__builtin_ctz(ring->passive && from == CLOSED ? LISTEN : from);
	e->what = (uint8_t)__builtin_ctz(to);
	ring->state = to;
	tcp_flow(tcp_of(c), &c->key, &ring->flow);
	if (to & (ENDED | LISTEN))
		ring->close_class = c->close_class;
}

/* SENDs in a row are one event, and so are RECEIVEs: an application that reads octet by octet must not push out what
 * is of interest. */
void
recorder_call(struct fns_conn *c, enum fns_call call, size_t octets)
{
	struct recording *ring = find(c);
	struct fns_event *e = last(ring);

	if (e == NULL || e->kind != FNS_EVENT_CALL || e->what != call ||
	    (call != FNS_CALL_SEND && call != FNS_CALL_CONSUME))
		e = add(c, ring, FNS_EVENT_CALL);
	e->what = (uint8_t)call;
	e->len += (uint32_t)octets;
}

void
recorder_timeout(struct fns_conn *c, enum deadline d)
{
	add(c, find(c), FNS_EVENT_TIMEOUT)->what = (uint8_t)d;
}

void
recorder_reports(struct fns_conn *c, unsigned reports)
{
	add(c, find(c), FNS_EVENT_REPORTS)->flags = (uint8_t)reports;
}

static void
describe(const struct recording *ring, struct fns_record_row *row)
{
	memset(row, 0, sizeof(*row));
	row->id = ring->id;
	memcpy(row->local.ip, ring->flow.local, 16);
	memcpy(row->remote.ip, ring->flow.remote, 16);
	row->local.port = ring->flow.lport;
	row->remote.port = ring->flow.rport;
	row->begun_us = ring->begun_us;
	row->state = state_name(ring->state);
	row->passive = ring->passive;
	if (ring->close_class < CLASS_COUNT) {
		row->close_class = fns_class_name(ring->close_class);
		row->abnormal = class_is_abnormal((enum close_class)ring->close_class);
	}
	row->events = ring->events < FNS_RECORD_EVENTS ? ring->events : FNS_RECORD_EVENTS;
	row->lost = ring->events - row->events;
}

size_t
recorder_page(const struct recorder *r, uint32_t *at_ring, uint32_t piece, struct fns_record_row *row,
              size_t room)
{
	size_t n = 0;

	for (; *at_ring < r->rings.fresh && piece > 0 && n < room; ++*at_ring, piece--) {
		if (at(r, *at_ring)->taken)
			describe(at(r, *at_ring), &row[n++]);
	}
	return n;
}

size_t
recorder_list(const struct recorder *r, struct fns_record_row *row, size_t room)
{
	size_t n = 0;

	for (uint32_t i = 0; i < r->rings.fresh; i++) {
		if (!at(r, i)->taken)
			continue;
		if (n < room)
			describe(at(r, i), &row[n]);
		n++;
	}
	return n;
}

bool
recorder_find(const struct recorder *r, uint32_t *at_ring, uint32_t piece, uint64_t id,
              struct fns_record *out)
{
	for (; *at_ring < r->rings.fresh && piece > 0; ++*at_ring, piece--) {
		const struct recording *ring = at(r, *at_ring);

		if (!ring->taken || ring->id != id)
			continue;
		describe(ring, &out->row);
		out->iss = ring->iss;
		out->irs = ring->irs;
		for (uint32_t e = 0; e < out->row.events; e++)
			out->event[e] = ring->event[(out->row.lost + e) % FNS_RECORD_EVENTS];
		return true;
	}
	return false;
}

bool
recorder_copy(const struct recorder *r, uint64_t id, struct fns_record *out)
{
	uint32_t ring = 0;

	return recorder_find(r, &ring, UINT32_MAX, id, out);
}

const char *
fns_event_name(const struct fns_event *e)
{
	static const char *const call[] = {"open",         "send",           "consume", "shutdown(RD)",
	                                   "shutdown(WR)", "shutdown(RDWR)", "close",   "abort"};
	static const char *const timeout[] = {
		[RETRANSMIT] = "retransmission timeout", [PERSIST] = "persist timeout",
		[DELAYED_ACK] = "delayed ACK due",       [KEEPALIVE] = "keep-alive due",
		[USER_TIMEOUT] = "user timeout",         [ORPHAN_LIMIT] = "orphan's time is over"};

	_Static_assert(sizeof(timeout) / sizeof(timeout[0]) == DEADLINES, "each deadline has a name");
	_Static_assert(sizeof(call) / sizeof(call[0]) == FNS_CALL_ABORT + 1, "each call has a name");
	switch ((enum fns_event_kind)e->kind) {
	case FNS_EVENT_SENT:
		return "sent";
	case FNS_EVENT_ARRIVED:
		return "arrived";
	case FNS_EVENT_STATE:
		return e->what < STATE_COUNT ? state_name((uint16_t)(1u << e->what)) : "?";
	case FNS_EVENT_CALL:
		return e->what <= FNS_CALL_ABORT ? call[e->what] : "?";
	case FNS_EVENT_TIMEOUT:
		return e->what < DEADLINES ? timeout[e->what] : "?";
	case FNS_EVENT_REPORTS:
		return "reports";
	}
	return "?";
}

const char *
fns_event_from(const struct fns_event *e)
{
	return e->kind == FNS_EVENT_STATE && e->from < STATE_COUNT ? state_name((uint16_t)(1u << e->from))
	                                                           : "?";
}
