/* Whose segment is this: its values, its key, and the way to its connection, of which every step is a miss in the cache
 * if nobody has asked for it before. */
#include "conn.h"

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
