/* Whose segment is this: its values, its key, and the way to its connection, of which every step is a miss in the cache
 * if nobody has asked for it before. */
#include "conn.h"

enum drop
tcp_parse(const struct tcp *t, const struct ip_arrival *ip, struct tcp_arrival *a)
{
	const struct ip_packet *p = &ip->packet;
	enum drop drop = seg_parse(&a->seg, &a->key.rport, &a->key.lport, p->l4, p->l4_len, p->src, p->dst,
	                           ip->l4_verified);

	if (drop != DROP_TAKEN)
		return drop;
	a->seg.ce = (p->tos & 3) == 3;
	memcpy(a->key.remote, p->src, 16);
	a->key.local = ip->own;
	a->key.ip6 = !addr_is_ip4(p->src);
	a->hash = tcp_hash(t, &a->key);
	a->guess = TABLE_NONE;
	table_prefetch(&t->table, a->hash);
	return DROP_TAKEN;
}

void
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

uint32_t
tcp_find(const struct tcp *t, const struct key *key, uint64_t hash)
{
	struct table_probe p;
	uint32_t i;

	for (i = table_first(&t->table, hash, &p); i != TABLE_NONE; i = table_next(&t->table, &p)) {
		if (i & TW_BIT ? tw_is(tw_at(t, i & ~TW_BIT), key) : key_equal(&conn_at(t, i)->key, key))
			return i;
	}
	return TABLE_NONE;
}
