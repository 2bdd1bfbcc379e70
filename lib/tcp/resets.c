/* The log of resets: the last 64 of connections, and the last 64 without one. */
#include "internal.h"

static struct fns_reset *
note(struct tcp *t, enum reset_kind kind, const struct key *key)
{
	struct reset_log *log = &t->reset_log[kind];
	struct fns_reset *n = &log->note[log->noted++ % FNS_RESETS];
	const uint8_t *local = tcp_local(t, key);

	*n = (struct fns_reset){.at_us = t->now_us, .local.port = key->lport, .remote.port = key->rport};
	memcpy(n->local.ip, local, sizeof(n->local.ip));
	memcpy(n->remote.ip, key->remote, sizeof(n->remote.ip));
	return n;
}

void
reset_note_conn(struct fns_conn *c, bool sent, const char *why)
{
	struct fns_reset *n = note(tcp_of(c), RESET_CONN, &c->key);

	n->sent = sent;
	n->why = why;
	n->state = state_name(c->state);
	n->unread = conn_unread(c);
	n->unacked = conn_unacked(c);
}

void
reset_note_stray(struct tcp *t, const struct key *key, bool sent, uint16_t state, const char *why)
{
	struct fns_reset *n = note(t, RESET_STRAY, key);

	n->sent = sent;
	n->why = why;
	n->state = state_name(state);
}
