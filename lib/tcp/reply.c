/* Segments without a connection: resets (RFC 9293 §3.5.2, §3.10.7.1) and the ACKs of TIME-WAIT. */
#include "conn.h"
#include "internal.h"

static bool
limited(struct tcp *t)
{
	uint32_t rate = t->config->resets_per_second;
	uint64_t elapsed = t->now_us - t->resets.at_us;

	if (elapsed >= 1000000) {
		t->resets.tokens = rate;
		t->resets.at_us = t->now_us;
	}
	if (t->resets.tokens == 0) {
		counter_add(&t->stats.resets_limited, 1);
		return true;
	}
	t->resets.tokens--;
	return false;
}

static bool
reply(struct tcp *t, const struct key *key, const struct seg *s, uint8_t ttl, uint8_t dscp)
{
	struct ip_out out;

	if (ip_begin(t->ip, key->remote, &out) != IP_OK) {
		counter_add(&t->stats.answers_unsent, 1);
		return false;
	}
	out.header = (uint16_t)seg_build_summed(out.l4, key->lport, key->rport, s, &out.sum);
	out.text = 0;
	ip_finish_tcp(t->ip, &out, key->local, ttl, (uint8_t)(dscp << 2));
	counter_add(&t->stats.segments_sent, 1);
	return true;
}

/* True if it went out; r is what did. */
static bool
reset(struct tcp *t, const struct key *key, const struct seg *s, struct seg *r)
{
	*r = (struct seg){.flags = RST};
	if (limited(t))
		return false;
	if (s->flags & ACK) {
		r->seq = s->ack;
	} else {
		r->flags |= ACK;
		r->ack = s->seq + s->len;
	}
	if (!reply(t, key, r, 64, 0))
		return false;
	counter_add(&t->stats.resets_sent, 1);
	return true;
}

void
reply_reset(struct tcp *t, const struct key *key, const struct seg *s, enum drop why)
{
	struct seg r;

	if (reset(t, key, s, &r))
		reset_note_stray(t, key, true, why == DROP_CLOSED_NO_CONN ? CLOSED : LISTEN, drop_name(why));
}

void
reply_reset_of(struct fns_conn *c, const struct seg *s, const char *why)
{
	struct seg r;

	if (!reset(tcp_of(c), &c->key, s, &r))
		return;
	record_sent(c, &r, 0, false);
	reset_note_conn(c, true, why);
}

void
reply_tw_ack(struct tcp *t, const struct tw *w)
{
	const struct fns_options *o = &t->option[w->options].value; /* MUST-48, MUST-49 */
	struct key key;
	struct seg s = {.seq = w->snd_nxt, .ack = w->rcv_nxt, .flags = ACK, .wnd = w->wnd};

	tw_key(w, &key);
	if (w->ts) {
		s.opt.has_ts = true;
		s.opt.ts_val = tcp_ts_now(t) + iss_ts_offset(t, &key);
		s.opt.ts_ecr = w->ts_recent;
	}
	reply(t, &key, &s, o->ttl, o->dscp);
}
