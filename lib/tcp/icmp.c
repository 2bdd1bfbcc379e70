/* What ICMP says of our connections, RFC 9293 §3.9.2.2 (MUST-54 to MUST-56, SHLD-26), with RFC 5927's doubt: the quoted
 * sequence number must be in flight.  In synchronized states every unreachable is soft (RFC 5461). */
#include "internal.h"

#include <errno.h>

#include "profile.h"

static enum drop
too_big(struct fns_conn *c, uint32_t mtu)
{
	bool ip4 = !c->key.ip6;
	uint32_t least = ip4 ? 576 : 1280;

	if (mtu == 0 && ip4)
		mtu = least;                                /* a router from before RFC 1191 */
	if (mtu < least || mtu - conn_headers(c) >= c->mss) /* C08, D03 */
		return DROP_ICMP_MTU;
	conn_set_mtu(c, mtu);
	if (in(c, SYN_SENT | SYN_RECEIVED))
		return DROP_TAKEN; /* a SYN fits everywhere */
	c->snd.nxt = c->snd.una;   /* the same octets, in smaller segments */
	unflag(c, C_TIMING);
	conn_dirty(c);
	return DROP_TAKEN;
}

static bool
ends_open(const struct fns_conn *c, enum icmp_kind kind)
{
	if (!tcp_of(c)->config->icmp_may_reset)
		return false;
	return kind == ICMP_HARD || (kind == ICMP_EXPIRED && profile_says(c, RULE_ttl_is_hard));
}

enum drop
tcp_icmp(struct tcp *t, const struct ip_arrival *a)
{
	struct fns_conn *c;
	struct key key;
	uint32_t i;

	if (!tcp_key(t, &a->error.flow, &key))
		return DROP_ICMP_NO_CONN;
	i = tcp_find(t, &key, tcp_hash(t, &key));
	if (i == TABLE_NONE || (i & TW_BIT))
		return DROP_ICMP_NO_CONN;
	c = conn_at(t, i);
	if (seq_lt(a->error.seq, c->snd.una) || seq_ge(a->error.seq, c->snd.max))
		return DROP_ICMP_NOT_IN_FLIGHT;
	if (a->error.kind == ICMP_TOO_BIG)
		return too_big(c, a->error.mtu);
	if (in(c, SYN_SENT) && ends_open(c, a->error.kind)) {
		conn_end(c, CLASS_unreachable, a->error.kind == ICMP_HARD ? ECONNREFUSED : EHOSTUNREACH,
		         false);
		return DROP_TAKEN;
	}
	c->error = a->error.kind == ICMP_HARD ? ECONNREFUSED : EHOSTUNREACH; /* MUST-47 */
	conn_report(c, FNS_SOFT_ERROR);
	return DROP_TAKEN;
}
