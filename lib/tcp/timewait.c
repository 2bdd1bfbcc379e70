/* TIME-WAIT (RFC 9293 §3.6.1, §3.10.7.4; RFC 1337; RFC 6191) without a connection: an entry of one cache line, and a
 * queue in the order of its deadlines, since all wait equally long. */
#include "internal.h"
#include "profile.h"

void
tw_key(const struct tw *w, struct key *key)
{
	memcpy(key->remote, w->remote, 16);
	key->lport = w->lport;
	key->rport = w->rport;
	key->local = w->local;
	key->ip6 = !addr_is_ip4(w->remote);
}

static uint64_t
length_us(const struct tcp *t)
{
	return (uint64_t)t->config->time_wait_ms * 1000;
}

static void
queue_add(struct tcp *t, uint32_t index)
{
	struct tw *w = tw_at(t, index);

	w->due = tcp_tick_after(t, length_us(t)) & ((1u << TW_DUE_BITS) - 1);
	w->prev = t->tw_tail;
	w->next = POOL_NONE;
	if (t->tw_tail != POOL_NONE)
		tw_at(t, t->tw_tail)->next = index;
	else
		t->tw_head = index;
	t->tw_tail = index;
}

static void
queue_remove(struct tcp *t, const struct tw *w)
{
	if (w->prev != POOL_NONE)
		tw_at(t, w->prev)->next = w->next;
	else
		t->tw_head = w->next;
	if (w->next != POOL_NONE)
		tw_at(t, w->next)->prev = w->prev;
	else
		t->tw_tail = w->prev;
}

bool
tw_enter(struct fns_conn *c)
{
	struct tcp *t = tcp_of(c);
	uint64_t hash = conn_hash(c);
	uint32_t i = pool_take(&t->tws);
	struct tw *w;
	uint32_t adv;

	if (i == POOL_NONE) {
		table_remove(&t->table, hash, conn_index(c));
		state_arrow(t, TIME_WAIT, CLOSED);
		return false;
	}
	table_replace(&t->table, hash, conn_index(c), i | TW_BIT);
	w = tw_at(t, i);
	memcpy(w->remote, c->key.remote, 16);
	w->lport = c->key.lport;
	w->rport = c->key.rport;
	w->local = c->key.local & 0x7fu;
	w->snd_nxt = c->snd.max;
	w->rcv_nxt = c->rcv.nxt;
	w->ts_recent = c->ts_recent;
	w->ts = flagged(c, C_TS);
	w->options = c->options;
	tcp_options_again(t, c->options);
	w->wnd = text_window(c, &t->option[c->options], ACK, &adv);
	counter_add(&t->stats.time_waits, 1);
	counter_add(&t->state[STATE_TIME_WAIT], 1);
	queue_add(t, i);
	return true;
}

static uint64_t
hash_of(const struct tcp *t, const struct tw *w)
{
	struct key key;

	tw_key(w, &key);
	return tcp_hash(t, &key);
}

static void
remove_hashed(struct tcp *t, uint32_t index, uint64_t hash)
{
	struct tw *w = tw_at(t, index);

	queue_remove(t, w);
	table_remove(&t->table, hash, index | TW_BIT);
	tcp_options_drop(t, w->options);
	w->lport = 0;
	pool_give(&t->tws, index);
	counter_sub(&t->stats.time_waits, 1);
	counter_sub(&t->state[STATE_TIME_WAIT], 1);
}

void
tw_remove(struct tcp *t, uint32_t index)
{
	remove_hashed(t, index, hash_of(t, tw_at(t, index)));
}

/* Some at a time, so that their slots of the table are fetched together. */
void
tw_expire(struct tcp *t, unsigned budget)
{
	uint64_t hash[16];
	unsigned n;

	do {
		uint32_t i = t->tw_head;

		for (n = 0; n < 16 && n < budget && i != POOL_NONE; n++) {
			const struct tw *w = tw_at(t, i);

			if (!tick_due(tw_due(t, w), t->now))
				break;
			i = w->next;
			if (i != POOL_NONE)
				__builtin_prefetch(tw_at(t, i), 1);
			hash[n] = hash_of(t, w);
			table_prefetch(&t->table, hash[n]);
		}
		for (unsigned k = 0; k < n; k++) {
			state_arrow(t, TIME_WAIT, CLOSED);
			remove_hashed(t, t->tw_head, hash[k]);
		}
		budget -= n;
	} while (n == 16);
}

/* MAY-2 with RFC 6191 §2: a SYN that is provably newer than all of the old incarnation. */
static bool
is_newer(const struct tw *w, const struct seg *s)
{
	if (w->ts && s->opt.has_ts && s->opt.ts_val != w->ts_recent)
		return seq_gt(s->opt.ts_val, w->ts_recent);
	return seq_gt(s->seq, w->rcv_nxt);
}

/* A FIN with it is the listener's to judge. */
static bool
opens(const struct fns_listener *l, const struct seg *s)
{
	bool fin = (s->flags & FIN) && !options_say(&l->tcp->option[l->options], RULE_syn_fin_opens);

	return (s->flags & (SYN | ACK)) == SYN && !fin;
}

static enum drop
reopen(struct tcp *t, uint32_t index, struct fns_listener *l, const struct key *key, const struct seg *s)
{
	uint32_t floor = tw_at(t, index)->snd_nxt + 65537; /* above all that the old one ever sent (T-52) */

	state_arrow(t, TIME_WAIT, SYN_RECEIVED);
	counter_add(&t->stats.time_wait_reopens, 1);
	tw_remove(t, index);
	return tcp_arrives_listen(t, l, key, s, true, floor);
}

enum drop
tw_arrives(struct tcp *t, uint32_t index, const struct key *key, const struct seg *s)
{
	struct tw *w = tw_at(t, index);
	struct fns_listener *l = listener_find(t, key);
	bool old = w->ts && s->opt.has_ts && seq_lt(s->opt.ts_val, w->ts_recent);

	if (s->flags & RST) {
		if (t->config->rfc1337 || s->seq != w->rcv_nxt)
			return DROP_TIME_WAIT_RST;
		counter_add(&t->stats.resets_received, 1);
		reset_note_stray(t, key, false, TIME_WAIT, "time_wait");
		state_arrow(t, TIME_WAIT, CLOSED);
		tw_remove(t, index);
		return DROP_TAKEN;
	}
	if (l != NULL && opens(l, s) && is_newer(w, s) && l->embryos < t->config->syn_backlog)
		return reopen(t, index, l, key, s);
	if (!(s->flags & ACK) && options_say(&t->option[w->options], RULE_time_wait_needs_ack))
		return DROP_TIME_WAIT_OLD;
	if ((s->flags & (FIN | SYN)) == FIN && !old && s->seq + s->len == w->rcv_nxt) {
		queue_remove(t, w); /* the peer has not seen our last ACK (MUST-13) */
		queue_add(t, index);
		reply_tw_ack(t, w);
		return DROP_TAKEN;
	}
	/* An ACK tells a peer that is out of step; to an ACK in step there is nothing to say. */
	if (old || s->len > 0 || s->seq != w->rcv_nxt)
		reply_tw_ack(t, w);
	return DROP_TIME_WAIT_OLD;
}
