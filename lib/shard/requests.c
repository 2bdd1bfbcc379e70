/* What a shard answers (request.h): a piece a turn, from where the piece before ended. */
#include "requests.h"

#include <errno.h>
#include <string.h>

#include "histogram.h"

_Static_assert(FNS_STATES == STATE_COUNT, "a row for each state");
_Static_assert(sizeof(((struct fns_ages *)0)->bucket) == sizeof(((struct histogram *)0)->bucket),
               "ages are a histogram");

void
requests_serve(struct fns_shard *s)
{
	struct fns_request *r = mailbox_first(&s->mailbox);

	if (r != NULL && r->serve(s, r))
		mailbox_done(&s->mailbox, r);
}

bool
fns_shard_post(struct fns_shard *s, struct fns_request *r)
{
	return mailbox_post(&s->mailbox, r);
}

const char *
fns_state_name(size_t number)
{
	return number < STATE_COUNT ? state_name((uint16_t)(1u << number)) : "?";
}

/* The functions return the rows that there are. */
_Static_assert(sizeof(((struct fns_counters *)0)->fate) >= DROP_COUNT * sizeof(struct fns_stat),
               "room for all");
_Static_assert(sizeof(((struct fns_counters *)0)->close) >= CLASS_COUNT * sizeof(struct fns_stat),
               "room for all");

static bool
serve_counters(struct fns_shard *s, struct fns_request *request)
{
	struct fns_counters *r = (struct fns_counters *)request;

	r->stats = fns_shard_stats(s, r->stat, sizeof(r->stat) / sizeof(r->stat[0]));
	r->fates = fns_shard_fates(s, r->fate, sizeof(r->fate) / sizeof(r->fate[0]));
	r->closes = fns_shard_closes(s, r->close, sizeof(r->close) / sizeof(r->close[0]));
	return true;
}

void
fns_ask_counters(struct fns_counters *r)
{
	*r = (struct fns_counters){.request.serve = serve_counters};
}

static struct fns_addr
addr_of(const uint8_t ip[16], uint16_t port)
{
	struct fns_addr a = {.port = port};

	memcpy(a.ip, ip, sizeof(a.ip));
	return a;
}

static void
add_age(struct fns_ages *ages, const struct tcp *t, const struct key *key, uint64_t age_us)
{
	if (ages->count == 0 || age_us > ages->max_us) {
		ages->local = addr_of(tcp_local(t, key), key->lport);
		ages->remote = addr_of(key->remote, key->rport);
		ages->max_us = age_us;
	}
	ages->count++;
	ages->sum_us += age_us;
	ages->bucket[histogram_bucket(age_us)]++;
}

uint64_t
fns_ages_quantile(const struct fns_ages *ages, unsigned permille)
{
	struct histogram h = {.count = ages->count, .sum = ages->sum_us, .max = ages->max_us};

	memcpy(h.bucket, ages->bucket, sizeof(h.bucket));
	return histogram_quantile(&h, permille);
}

void
fns_ages_merge(struct fns_ages *to, const struct fns_ages *from)
{
	if (from->count > 0 && (to->count == 0 || from->max_us > to->max_us)) {
		to->local = from->local;
		to->remote = from->remote;
		to->max_us = from->max_us;
	}
	to->count += from->count;
	to->sum_us += from->sum_us;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
}

static bool
alive(const struct fns_conn *c)
{
	return !(c->marks & M_GONE) && !in(c, ENDED);
}

static uint64_t
conn_age_us(const struct fns_conn *c)
{
	return (uint64_t)(tcp_of(c)->now - c->opened) << TICK_SHIFT;
}

static uint64_t
tw_age_us(const struct tcp *t, const struct tw *w)
{
	uint64_t left = tick_due(tw_due(t, w), t->now) ? 0 : (uint64_t)(tw_due(t, w) - t->now) << TICK_SHIFT;
	uint64_t all = (uint64_t)t->config->time_wait_ms * 1000;

	return left < all ? all - left : 0;
}

/* The end of a piece that begins at `at`, of things that were `fresh` at most. */
static uint32_t
piece_end(uint32_t at, uint32_t fresh, uint32_t *budget)
{
	uint32_t n = at < fresh ? fresh - at : 0;

	n = n < *budget ? n : *budget;
	*budget -= n;
	return at + n;
}

static bool
serve_states(struct fns_shard *s, struct fns_request *request)
{
	struct fns_states *r = (struct fns_states *)request;
	const struct tcp *t = &s->tcp;
	uint32_t budget = REQUEST_PIECE, end = piece_end(r->at[0], t->conns.fresh, &budget);

	for (; r->at[0] < end; r->at[0]++) {
		const struct fns_conn *c = conn_at(t, r->at[0]);

		if (alive(c))
			add_age(&r->state[__builtin_ctz(c->state)], t, &c->key, conn_age_us(c));
	}
	end = piece_end(r->at[1], t->tws.fresh, &budget);
	for (; r->at[1] < end; r->at[1]++) {
		const struct tw *w = tw_at(t, r->at[1]);
		struct key key;

		tw_key(w, &key);
		if (tw_is_live(w))
			add_age(&r->state[STATE_TIME_WAIT], t, &key, tw_age_us(t, w));
	}
	r->state[STATE_LISTEN].count = counter_read(&t->state[STATE_LISTEN]);
	return r->at[0] >= t->conns.fresh && r->at[1] >= t->tws.fresh;
}

void
fns_ask_states(struct fns_states *r)
{
	memset(r, 0, sizeof(*r));
	r->request.serve = serve_states;
}

static bool
matches(const struct fns_addr *want, const uint8_t ip[16], uint16_t port)
{
	return (addr_is_zero(want->ip) || addr_equal(want->ip, ip)) &&
	       (want->port == 0 || want->port == port);
}

static bool
passes(const struct fns_conns *r, const struct tcp *t, const struct key *key, unsigned state, uint64_t age_us)
{
	return (r->states == 0 || (r->states >> state & 1)) && age_us >= r->older_us &&
	       matches(&r->local, tcp_local(t, key), key->lport) &&
	       matches(&r->remote, key->remote, key->rport);
}

static void
add_tw(struct fns_conns *r, const struct tcp *t, const struct key *key, uint64_t age_us)
{
	r->row[r->rows++] = (struct fns_status){.local = addr_of(tcp_local(t, key), key->lport),
	                                        .remote = addr_of(key->remote, key->rport),
	                                        .state = state_name(TIME_WAIT),
	                                        .age_us = age_us,
	                                        .orphan = true,
	                                        .peer_fin = true};
}

static bool
serve_conns(struct fns_shard *s, struct fns_request *request)
{
	struct fns_conns *r = (struct fns_conns *)request;
	const struct tcp *t = &s->tcp;
	uint32_t budget = REQUEST_PIECE, end = piece_end(r->at[0], t->conns.fresh, &budget);

	for (; r->at[0] < end && r->rows < r->room; r->at[0]++) {
		const struct fns_conn *c = conn_at(t, r->at[0]);

		if (alive(c) && passes(r, t, &c->key, (unsigned)__builtin_ctz(c->state), conn_age_us(c)))
			fns_status(c, &r->row[r->rows++]);
	}
	end = r->at[0] < t->conns.fresh ? r->at[1] : piece_end(r->at[1], t->tws.fresh, &budget);
	for (; r->at[1] < end && r->rows < r->room; r->at[1]++) {
		const struct tw *w = tw_at(t, r->at[1]);
		struct key key;

		tw_key(w, &key);
		if (tw_is_live(w) && passes(r, t, &key, STATE_TIME_WAIT, tw_age_us(t, w)))
			add_tw(r, t, &key, tw_age_us(t, w));
	}
	r->end = r->at[0] >= t->conns.fresh && r->at[1] >= t->tws.fresh;
	return r->end || r->rows == r->room;
}

void
fns_ask_conns(struct fns_conns *r)
{
	r->request.serve = serve_conns;
	r->rows = 0;
	r->end = false;
}

static size_t
copy_resets(const struct reset_log *log, struct fns_reset *to)
{
	uint32_t n = log->noted < FNS_RESETS ? log->noted : FNS_RESETS;

	for (uint32_t i = 0; i < n; i++)
		to[i] = log->note[(log->noted - n + i) % FNS_RESETS];
	return n;
}

static bool
serve_resets(struct fns_shard *s, struct fns_request *request)
{
	struct fns_resets *r = (struct fns_resets *)request;

	r->conns = copy_resets(&s->tcp.reset_log[RESET_CONN], r->conn);
	r->strays = copy_resets(&s->tcp.reset_log[RESET_STRAY], r->stray);
	r->now_us = s->tcp.now_us;
	return true;
}

void
fns_ask_resets(struct fns_resets *r)
{
	r->request.serve = serve_resets;
}

static bool
serve_records(struct fns_shard *s, struct fns_request *request)
{
	struct fns_records *r = (struct fns_records *)request;

	r->rows +=
		recorder_page(&s->tcp.recorder, &r->at, REQUEST_PIECE, r->row + r->rows, r->room - r->rows);
	r->end = r->at >= s->tcp.recorder.rings.fresh;
	return r->end || r->rows == r->room;
}

void
fns_ask_records(struct fns_records *r)
{
	r->request.serve = serve_records;
	r->rows = 0;
	r->end = false;
}

static bool
serve_record(struct fns_shard *s, struct fns_request *request)
{
	struct fns_record_copy *r = (struct fns_record_copy *)request;

	if (recorder_find(&s->tcp.recorder, &r->at, REQUEST_PIECE, r->id, &r->record))
		r->error = 0;
	else if (r->at < s->tcp.recorder.rings.fresh)
		return false;
	return true;
}

void
fns_ask_record(struct fns_record_copy *r, uint64_t id)
{
	r->request.serve = serve_record;
	r->id = id;
	r->at = 0;
	r->error = -ENOENT;
}

static bool
serve_reconfigure(struct fns_shard *s, struct fns_request *request)
{
	const struct fns_reconfigure *r = (const struct fns_reconfigure *)request;

	fns_config_adopt(&s->config, &r->config);
	return true;
}

void
fns_ask_reconfigure(struct fns_reconfigure *r, const struct fns_config *cf)
{
	r->request.serve = serve_reconfigure;
	r->config = *cf;
}
