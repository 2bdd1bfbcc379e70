/* Passive OPEN, RFC 9293 §3.10.1: the LISTEN state.  A listener on one address stands before one on any. */
#include "conn.h"

#include <errno.h>
#include <string.h>

enum { IP4 = 1, IP6 = 2 };
enum fit { NONE, ANY, ONE };

static enum fit
fits(const struct tcp *t, const struct fns_listener *l, uint8_t own)
{
	if (l->own != OWN_NONE)
		return l->own == own ? ONE : NONE;
	return l->families & (addr_is_ip4(t->ip->own.addr[own]) ? IP4 : IP6) ? ANY : NONE;
}

/* Of several that fit alike each is found for as many flows as any other: the n-th takes over from those before it for one
 * flow in n. */
struct fns_listener *
listener_find(const struct tcp *t, const struct key *k)
{
	struct fns_listener *found = NULL;
	enum fit best = ANY;
	uint64_t hash = 0;
	unsigned n = 0;

	for (uint32_t i = t->listener_by_port[k->lport]; i != POOL_NONE; i = t->listener[i].next) {
		struct fns_listener *l = &t->listener[i];
		enum fit fit = fits(t, l, k->local);

		if (fit < best)
			continue;
		n = fit > best ? 1 : n + 1;
		best = fit;
		if (n == 2)
			hash = tcp_hash(t, k);
		if (n == 1 || hash % n == 0)
			found = l;
	}
	return found;
}

/* Both would be found for the same SYN, and one of them does not share. */
static bool
clash(const struct fns_listener *a, const struct fns_listener *b)
{
	return a->own == b->own && (a->own != OWN_NONE || a->families & b->families) &&
	       !(a->share && b->share);
}

static bool
is_taken(const struct tcp *t, const struct fns_listener *wanted)
{
	for (uint32_t i = t->listener_by_port[wanted->local.port]; i != POOL_NONE; i = t->listener[i].next) {
		if (clash(&t->listener[i], wanted))
			return true;
	}
	return false;
}

static uint8_t
families(const uint8_t ip[16], const struct fns_options *o)
{
	if (addr_is_ip4(ip))
		return IP4;
	return o != NULL && o->v6_only == FNS_ON ? IP6 : IP4 | IP6;
}

struct fns_listener *
tcp_listen(struct tcp *t, const struct fns_addr *local, const struct fns_options *options,
           fns_handler *handler, void *user)
{
	const uint8_t *ip = local->ip;
	uint8_t own = addr_is_zero(ip) ? OWN_NONE : ip_own(t->ip, ip);
	struct fns_listener *l, wanted = {.local = *local,
	                                  .own = own,
	                                  .families = families(ip, options),
	                                  .share = options != NULL && options->share == FNS_ON,
	                                  .handler = tcp_handler(t, handler),
	                                  .live = true,
	                                  .user = user,
	                                  .tcp = t};
	int set;

	errno = local->port == 0 ? EINVAL : !addr_is_zero(ip) && own == OWN_NONE ? EADDRNOTAVAIL : 0;
	if (errno != 0)
		return NULL;
	if (is_taken(t, &wanted))
		errno = EADDRINUSE;
	else if (t->listener_free == POOL_NONE || wanted.handler == TCP_HANDLERS)
		errno = ENOBUFS;
	if (errno != 0)
		return NULL;
	set = tcp_options_hold(t, options);
	if (set < 0)
		return NULL;
	l = &t->listener[t->listener_free];
	t->listener_free = l->next;
	*l = wanted;
	l->options = (uint16_t)set;
	l->next = t->listener_by_port[local->port];
	t->listener_by_port[local->port] = listener_index(l);
	state_arrow(t, CLOSED, LISTEN);
	counter_add(&t->state[STATE_LISTEN], 1);
	return l;
}

int
fns_listener_options(struct fns_listener *l, const struct fns_options *options)
{
	int set = tcp_options_hold(l->tcp, options);

	if (set < 0)
		return -errno;
	tcp_options_drop(l->tcp, l->options);
	l->options = (uint16_t)set;
	return 0;
}

void
fns_listener_limit(struct fns_listener *l, uint32_t waiting)
{
	l->limit = waiting;
}

void
fns_listener_accepted(struct fns_listener *l)
{
	if (l->waiting > 0)
		l->waiting--;
}

void
fns_unlisten(struct fns_listener *l)
{
	struct tcp *t = l->tcp;
	uint32_t index = listener_index(l), *link = &t->listener_by_port[l->local.port];

	assert(l->live);
	for (uint32_t i = 0; i < t->conns.fresh && l->embryos > 0; i++) {
		struct fns_conn *c = conn_at(t, i);

		if (!(c->marks & M_GONE) && c->state == SYN_RECEIVED && c->listener == index)
			conn_end(c, CLASS_reset_unlisten, ECONNABORTED, true);
	}
	while (*link != index)
		link = &t->listener[*link].next;
	*link = l->next;
	l->next = t->listener_free;
	l->live = false;
	t->listener_free = index;
	tcp_options_drop(t, l->options);
	state_arrow(t, LISTEN, CLOSED);
	counter_sub(&t->state[STATE_LISTEN], 1);
}
