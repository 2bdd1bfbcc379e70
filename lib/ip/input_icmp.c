/* ICMP and ICMPv6 arrive: echo is answered here, errors go up (RFC 1122 §3.2.2, RFC 4443, RFC 5927). */
#include "input.h"

#include <string.h>

#include "flow.h"
#include "output.h"
#include "ours.h"

#define SECOND UINT64_C(1000000)

/* Takes a token if there is one: `rate` a second, as many at once. */
static bool
limit_take(struct ip_limit *l, uint32_t rate, uint64_t now_us)
{
	uint64_t elapsed = now_us - l->at_us, fresh;

	if (rate == 0)
		return false;
	if (elapsed >= SECOND) {
		l->tokens = rate;
		l->at_us = now_us;
	} else {
		fresh = elapsed * rate / SECOND;
		l->at_us += fresh * SECOND / rate; /* what is not yet a whole token goes on counting */
		l->tokens = fresh + l->tokens < rate ? (uint32_t)fresh + l->tokens : rate;
	}
	if (l->tokens == 0)
		return false;
	l->tokens--;
	return true;
}

/* Through route and neighbour cache as everything else: that the request came from some MAC proves nothing. */
static enum ip_verdict
begin_reply(struct ip *ip, const struct ip_arrival *a, struct ip_path *by_link, struct ip_out *out)
{
	struct ip_route r = {.port = a->port, .mtu = ip->config->port[a->port].mtu};

	if (!is_link_local(a->packet.dst))
		return ip_begin(ip, a->packet.src, out);
	memcpy(r.next_hop, a->packet.src, 16); /* the link it came from is the one */
	path_set(ip, by_link, a->packet.src, &r);
	return ip_begin_by(ip, by_link, out);
}

static enum drop
answer_echo(struct ip *ip, const struct ip_arrival *a, const struct icmp *request)
{
	const struct ip_packet *p = &a->packet;
	struct ip_path by_link;
	struct ip_out out;
	size_t len;

	if (p->v6 && is_link_local(p->src) != is_link_local(p->dst))
		return DROP_IP6_SOURCE;
	if (!limit_take(&ip->echo, ip->config->icmp_per_second, ip->now_us))
		return DROP_ICMP_RATE;
	if (begin_reply(ip, a, &by_link, &out) != IP_OK || ip_room(&out) < p->l4_len) {
		counter_add(&ip->stats.replies_unsent, 1);
		return DROP_TAKEN;
	}
	len = icmp_echo_reply(out.l4, request, p->dst, p->src);
	ip_finish(ip, &out, a->own, p->v6 ? PROTO_ICMP6 : PROTO_ICMP, 64, p->tos & 0xfc, len);
	counter_add(&ip->stats.echo_replies_sent, 1);
	return DROP_TAKEN;
}

/* An error is about a packet of ours, of the family that brings it. */
static enum drop
error_arrives(const struct ip *ip, struct ip_arrival *a)
{
	const struct flow *flow = &a->error.flow;

	if (addr_is_ip4(flow->local) == a->packet.v6 || addr_is_ip4(flow->remote) == a->packet.v6)
		return DROP_ICMP_QUOTE;
	if (!ip_is_ours(ip, flow->local))
		return DROP_ICMP_QUOTE;
	a->kind = IP_ERROR;
	return DROP_TAKEN;
}

enum drop
icmp_arrives(struct ip *ip, struct ip_arrival *a, bool group)
{
	enum drop why = icmp_parse(&a->error, &a->packet);

	if (why != DROP_TAKEN)
		return why;
	if (a->error.kind == ICMP_ND)
		return nd_arrives(ip, a, &a->error);
	if (group)
		return DROP_IP6_MULTICAST;
	if (addr_is_zero(a->packet.src))
		return DROP_IP6_SOURCE;
	if (a->error.kind == ICMP_ECHO)
		return answer_echo(ip, a, &a->error);
	return error_arrives(ip, a);
}
