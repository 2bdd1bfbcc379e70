/* ICMP (RFC 792, RFC 1122 §3.2.2 and §4.2.3.9) and ICMPv6 (RFC 4443): what a message means to TCP, and which packet of
 * ours it quotes. */
#include "icmp.h"

#include "cksum.h"
#include "cursor.h"
#include "ip6.h"

#define ICMP_HEADER  8 /* of echo and of every error */
#define QUOTE_TCP    8 /* what must be quoted of TCP: ports and sequence number (RFC 792) */
#define ECHO_REPLY   0
#define ECHO_REPLY_6 129

struct meaning {
	uint8_t type, code_first, code_last;
	enum icmp_kind kind;
};

/* A type that is not here is not acted upon: source quench (MUST-55, RFC 6633), redirects, router advertisements. */
static const struct meaning meanings4[] = {
	{3, 0, 1, ICMP_SOFT},     /* net, host unreachable */
	{3, 2, 3, ICMP_HARD},     /* protocol, port unreachable */
	{3, 4, 4, ICMP_TOO_BIG},  /* fragmentation needed */
	{3, 5, 8, ICMP_SOFT},     /* source route failed, net or host unknown, source isolated */
	{3, 9, 10, ICMP_HARD},    /* net, host administratively prohibited */
	{3, 11, 12, ICMP_SOFT},   /* net, host unreachable for this type of service */
	{3, 13, 13, ICMP_HARD},   /* communication administratively prohibited (RFC 1812 §5.2.7.1) */
	{3, 14, 15, ICMP_SOFT},   /* precedence (same) */
	{8, 0, 0, ICMP_ECHO},     /* the receiver answers it (RFC 1122 §3.2.2.6) */
	{11, 0, 0, ICMP_EXPIRED}, /* time exceeded in transit */
	{11, 1, 1, ICMP_SOFT},    /* ... in reassembly */
	{12, 0, 2, ICMP_SOFT},    /* parameter problem */
};

static const struct meaning meanings6[] = {
	{1, 0, 0, ICMP_SOFT},      /* no route */
	{1, 1, 1, ICMP_HARD},      /* administratively prohibited */
	{1, 2, 3, ICMP_SOFT},      /* beyond scope of source, address unreachable */
	{1, 4, 6, ICMP_HARD},      /* port, source address policy, reject route */
	{2, 0, 255, ICMP_TOO_BIG}, /* the receiver ignores the code (§3.2) */
	{3, 0, 0, ICMP_EXPIRED},   /* hop limit exceeded in transit */
	{3, 1, 1, ICMP_SOFT},      /* reassembly time exceeded */
	{4, 0, 0, ICMP_SOFT},      /* erroneous header field */
	{4, 1, 1, ICMP_HARD},      /* next header not known there: TCP is not spoken */
	{4, 2, 2, ICMP_SOFT},      /* unrecognized option */
	{128, 0, 0, ICMP_ECHO},    /* the receiver answers it (§4.2) */
	{135, 0, 255, ICMP_ND},    /* solicitation: nd_parse judges the code */
	{136, 0, 255, ICMP_ND},    /* advertisement */
};

static enum drop
find_meaning(enum icmp_kind *kind, const struct meaning *m, size_t n, uint8_t type, uint8_t code)
{
	enum drop fate = DROP_ICMP_TYPE;

	for (; n > 0; n--, m++) {
		if (type != m->type)
			continue;
		fate = DROP_ICMP_CODE;
		if (code >= m->code_first && code <= m->code_last) {
			*kind = m->kind;
			return DROP_TAKEN;
		}
	}
	return fate;
}

/* The first octets of TCP in a quoted IPv4 packet, or NULL.  Its checksum is not verified: routers change what it covers;
 * and its length may be anything that has room for what we read, as most of the packet is not quoted. */
static const uint8_t *
quoted4(struct flow *flow, struct cursor *c)
{
	const uint8_t *p = cursor_take(c, IP4_HEADER), *tcp;
	size_t header;

	if (p == NULL || p[0] >> 4 != 4)
		return NULL;
	header = (size_t)(p[0] & 0x0f) * 4;
	if (header < IP4_HEADER || cursor_take(c, header - IP4_HEADER) == NULL)
		return NULL;
	tcp = cursor_take(c, QUOTE_TCP);
	if (tcp == NULL || get_u16(p + 2) < header + QUOTE_TCP || p[9] != PROTO_TCP)
		return NULL;
	if (get_u16(p + 6) & 0x3fff) /* we send no fragments; and a later one would have no ports */
		return NULL;
	addr_from_ip4(flow->local, p + 12);
	addr_from_ip4(flow->remote, p + 16);
	return tcp;
}

/* We send no extension headers: behind the fixed one stands TCP. */
static const uint8_t *
quoted6(struct flow *flow, struct cursor *c)
{
	const uint8_t *p = cursor_take(c, IP6_HEADER), *tcp;

	if (p == NULL || p[0] >> 4 != 6)
		return NULL;
	tcp = cursor_take(c, QUOTE_TCP);
	if (tcp == NULL || get_u16(p + 4) < QUOTE_TCP || p[6] != PROTO_TCP)
		return NULL;
	memcpy(flow->local, p + 8, 16);
	memcpy(flow->remote, p + 24, 16);
	return tcp;
}

static enum drop
parse_quote(struct icmp *icmp, const uint8_t *quote, size_t len, bool v6)
{
	struct cursor c = cursor_of(quote, len);
	const uint8_t *tcp = v6 ? quoted6(&icmp->flow, &c) : quoted4(&icmp->flow, &c);

	if (tcp == NULL)
		return DROP_ICMP_QUOTE;
	icmp->flow.lport = get_u16(tcp);
	icmp->flow.rport = get_u16(tcp + 2);
	icmp->seq = get_u32(tcp + 4);
	return DROP_TAKEN;
}

enum drop
icmp_parse(struct icmp *icmp, const struct ip_packet *ip)
{
	const uint8_t *p = ip->l4;
	size_t len = ip->l4_len;
	uint64_t sum;
	enum drop fate;

	if (len < ICMP_HEADER)
		return DROP_ICMP_SHORT;
	sum = ip->v6 ? cksum_pseudo(ip->src, ip->dst, PROTO_ICMP6, len) : 0;
	if (cksum_fold(cksum_add(sum, p, len)) != 0)
		return DROP_ICMP_CKSUM;
	*icmp = (struct icmp){.type = p[0], .code = p[1], .body = p + 4, .body_len = (uint16_t)(len - 4)};
	if (ip->v6)
		fate = find_meaning(&icmp->kind, meanings6, sizeof(meanings6) / sizeof(meanings6[0]), p[0],
		                    p[1]);
	else
		fate = find_meaning(&icmp->kind, meanings4, sizeof(meanings4) / sizeof(meanings4[0]), p[0],
		                    p[1]);
	if (fate != DROP_TAKEN || icmp->kind == ICMP_ECHO || icmp->kind == ICMP_ND)
		return fate;
	if (icmp->kind == ICMP_TOO_BIG)
		icmp->mtu = ip->v6 ? get_u32(p + 4) : get_u16(p + 6); /* RFC 4443 §3.2, RFC 1191 §4 */
	return parse_quote(icmp, p + ICMP_HEADER, len - ICMP_HEADER, ip->v6);
}

size_t
icmp_echo_reply(uint8_t *at, const struct icmp *request, const uint8_t src[16], const uint8_t dst[16])
{
	bool v4 = addr_is_ip4(src);
	size_t len = 4 + (size_t)request->body_len;
	uint64_t sum = v4 ? 0 : cksum_pseudo(src, dst, PROTO_ICMP6, len);

	at[0] = v4 ? ECHO_REPLY : ECHO_REPLY_6;
	at[1] = 0;
	put_u16(at + 2, 0);
	memcpy(at + 4, request->body, request->body_len);
	put_u16(at + 2, cksum_fold(cksum_add(sum, at, len)));
	return len;
}
