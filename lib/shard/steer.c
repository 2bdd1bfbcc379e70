/* Which shard owns a flow: receive-side scaling's Toeplitz hash with a key of one repeated 16-bit word. */
#include "shard.h"

/* That key makes the hash symmetric: it depends on the XOR of all 16-bit words alone, linearly, and both halves of its 32
 * bits are equal.  One bit of the word is the key, rotated as far as the bit stands from the left. */
static uint16_t
hash_of(uint16_t key, uint16_t fold)
{
	uint16_t hash = 0;

	for (unsigned bit = 0; bit < 16; bit++) {
		if (fold >> (15 - bit) & 1)
			hash ^= (uint16_t)(key << bit | key >> (16 - bit));
	}
	return hash;
}

void
fns_steer_init(struct fns_steer *s, uint16_t key, unsigned buckets, unsigned shards)
{
	unsigned ones = 0;

	for (unsigned bit = 0; bit < 16; bit++)
		ones += key >> bit & 1u;
	/* with an odd number of ones, and only then, all 65,536 folds have hashes of their own */
	s->key = ones & 1 ? key : key ^ 1;
	s->buckets = (uint16_t)buckets;
	s->shards = (uint16_t)shards;
	for (uint32_t fold = 0; fold < 65536; fold++)
		s->owner[fold] = (uint8_t)(hash_of(s->key, (uint16_t)fold) % buckets % shards);
}

unsigned
fns_steer_owner(const struct fns_steer *s, const struct fns_addr *a, const struct fns_addr *b)
{
	struct flow f = {.lport = a->port, .rport = b->port};

	memcpy(f.local, a->ip, 16);
	memcpy(f.remote, b->ip, 16);
	return s->owner[flow_fold(&f)];
}

bool
fns_shard_owns(const struct fns_shard *s, const struct fns_addr *local, const struct fns_addr *remote)
{
	struct fns_addr from = local == NULL ? (struct fns_addr){.port = 0} : *local;
	struct ip_route r;

	if (s->config.steer == NULL || from.port == 0)
		return true;
	if (addr_is_zero(from.ip)) {
		if (!ip_route(&s->ip, remote->ip, &r))
			return true;
		memcpy(from.ip, r.source, 16);
	}
	return fns_steer_owner(s->config.steer, &from, remote) == s->config.shard;
}
