/* What a connection measures of itself, beyond STATUS: estimators, what is in flight and what of it is thought lost, and
 * the tally of those that are recorded. */
#include "internal.h"
#include "profile.h"

static uint8_t
loss_state(const struct fns_conn *c)
{
	const struct recovery *r = conn_has_recovery(c);

	if (flagged(c, C_RECOVERY))
		return FNS_LOSS_RECOVERY;
	if (seq_lt(c->snd.una, c->recover) && c->backoff > 0)
		return FNS_LOSS_TIMEOUT;
	if (c->cwr)
		return FNS_LOSS_REDUCED;
	return c->dupacks > 0 || (r != NULL && r->sacked.used > 0) ? FNS_LOSS_DISORDER : FNS_LOSS_NONE;
}

static void
flight(const struct fns_conn *c, struct fns_measure *m)
{
	const struct recovery *r = conn_has_recovery(c);

	m->flight = c->snd.max - c->snd.una;
	if (m->loss == FNS_LOSS_TIMEOUT) { /* all that was out then, and is not yet out again */
		m->lost = seq_lt(c->snd.nxt, c->recover) ? c->recover - c->snd.nxt : 0;
		m->lost += c->snd.nxt - c->snd.una;
		m->rexmitted = c->snd.nxt - c->snd.una;
	}
	if (r == NULL)
		return;
	m->sacked = ranges_sum(&r->sacked);
	if (m->loss == FNS_LOSS_RECOVERY) {
		m->rexmitted = seq_gt(r->rexmitted, c->snd.una) ? r->rexmitted - c->snd.una : 0;
		m->lost = m->flight - m->sacked - sack_pipe(c) + m->rexmitted;
	}
}

void
fns_measure(const struct fns_conn *c, struct fns_measure *m)
{
	struct opt timestamps = {.has_ts = flagged(c, C_TS)};
	uint32_t options = (uint32_t)opt_size(&timestamps);
	uint32_t own = conn_options(c)->mss;
	const struct ip_path *path = ip_path(tcp_of(c)->ip, c->key.remote);

	memset(m, 0, sizeof(*m));
	m->timestamps = flagged(c, C_TS);
	m->sack = flagged(c, C_SACK);
	m->scaled = c->snd_scale > 0 || c->rcv_scale > 0;
	m->ecn = c->ecn;
	m->snd_scale = c->snd_scale;
	m->rcv_scale = c->rcv_scale;
	m->snd_text_max = c->mss - options;
	m->rcv_text_max = c->mss - options;
	m->mtu = c->mss + conn_headers(c);
	if (path != NULL) {
		m->mtu = path->mtu;
		m->rcv_text_max = path->mtu - conn_headers(c);
		if (own != 0 && own < m->rcv_text_max)
			m->rcv_text_max = own;
		m->rcv_text_max -= options;
	}
	m->tallied = recorder_tally(c, &m->tally);
	if (in(c, ENDED))
		return;
	m->loss = loss_state(c);
	flight(c, m);
	if (conn_deadline(c, PERSIST) != 0 || c->snd.una == c->snd.max)
		m->probes = c->backoff;
	else
		m->timeouts = c->backoff;
	m->backoff = c->backoff;
	m->delayed_ack_us = tcp_of(c)->config->delayed_ack_ms * 1000;
}
