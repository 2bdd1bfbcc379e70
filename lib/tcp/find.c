/* A segment's connection, or TIME-WAIT entry. */
#include "conn.h"

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
