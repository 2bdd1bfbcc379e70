/* Whose segment is this: its values, its key, and the way to its connection, of which every step is a miss in the cache
 * if nobody has asked for it before.  Nothing changes by it, so that a burst can be parsed before the first of it arrives. */
#ifndef FNS_FIND_H
#define FNS_FIND_H

#include "conn.h"

/* Has the slot of the table fetched ... */
static inline __attribute__((always_inline)) enum drop
tcp_parse(const struct tcp *t, const struct ip_segment *s, struct tcp_arrival *a)
{
	struct key key = {.local = s->own, .ip6 = s->v6};
	enum drop drop =
		seg_parse_summed(&a->seg, &key.rport, &key.lport, s->l4, s->len, s->pseudo, s->verified);

	if (drop != DROP_TAKEN)
		return drop;
	a->seg.ce = (s->tos & 3) == 3;
	memcpy(key.remote, s->remote, 16);
	a->key = key;
	a->hash = key_hash_begun(t->table_hash, &key);
	a->guess = TABLE_NONE;
	table_prefetch(&t->table, a->hash);
	return DROP_TAKEN;
}

/* ... and this, some time later, what stands there. */
static inline void
tcp_expect(const struct tcp *t, struct tcp_arrival *a)
{
	struct table_probe p;
	uint32_t i = table_first(&t->table, a->hash, &p);

	a->guess = i; /* tags are 16 bits of the hash: this is the one, but for one in some thousands */
	if (i == TABLE_NONE)
		return;
	if (i & TW_BIT)
		__builtin_prefetch(tw_at(t, i & ~TW_BIT), 1);
	else
		conn_prefetch(t, i);
}

#endif
