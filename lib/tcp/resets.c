/* The log of resets: the last 64 of connections, and the last 64 without one. */
#include "internal.h"

static struct fns_reset *
note(struct tcp *t, enum reset_kind kind, const struct flow *flow)
{
	struct reset_log *log = &t->reset_log[kind];
	struct fns_reset *n = &log->note[log->noted++ % FNS_RESETS];

	*n = (struct fns_reset){.at_us = t->now_us, .local.port = flow->lport, .remote.port = flow->rport};
	memcpy(n->local.ip, flow->local, sizeof(n->local.ip));
	memcpy(n->remote.ip, flow->remote, sizeof(n->remote.ip));
	return n;
}

void
reset_note_conn(struct fns_conn *c, bool sent, const char *why)
{
	struct fns_reset *n = note(c->tcp, RESET_CONN, &c->flow);

	n->sent = sent;
	n->why = why;
	n->state = state_name(c->state);
	n->unread = c->rx.len;
	n->unacked = c->tx.len;
}

void
reset_note_stray(struct tcp *t, const struct flow *flow, bool sent, uint16_t state, const char *why)
{
	struct fns_reset *n = note(t, RESET_STRAY, flow);

	n->sent = sent;
	n->why = why;
	n->state = state_name(state);
}
