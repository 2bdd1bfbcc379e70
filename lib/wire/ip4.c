/* IPv4 (RFC 791 §3.1; RFC 1122 §3.2.1, source routes refused against its §3.3.5). */
#include "ip4.h"

#include "cksum.h"
#include "flow.h"

#define OPTION_END      0
#define OPTION_NOP      1
#define OPTION_LSRR     131
#define OPTION_SSRR     137

#define DF              0x4000
#define MF              0x2000
#define FRAGMENT_OFFSET 0x1fff

/* Options that we do not act upon are skipped (RFC 1122 §3.2.1.8), and none is ever echoed. */
static enum drop
walk_options(const uint8_t *options, size_t len)
{
	struct cursor c = cursor_of(options, len);
	const uint8_t *kind, *size;

	while ((kind = cursor_take(&c, 1)) != NULL && *kind != OPTION_END) {
		if (*kind == OPTION_NOP)
			continue;
		size = cursor_take(&c, 1);
		if (size == NULL || *size < 2 || cursor_take(&c, *size - 2u) == NULL)
			return DROP_IP4_OPTION;
		if (*kind == OPTION_LSRR || *kind == OPTION_SSRR)
			return DROP_IP4_SOURCE_ROUTE;
	}
	return DROP_TAKEN;
}

enum drop
ip4_parse(struct ip_packet *ip, struct cursor *c, bool verified)
{
	size_t left = cursor_left(c), header, total;
	const uint8_t *p = c->at;
	enum drop fate;

	if (left < IP4_HEADER)
		return DROP_IP4_SHORT;
	if (p[0] >> 4 != 4)
		return DROP_IP4_VERSION;
	header = (size_t)(p[0] & 0x0f) * 4;
	if (header < IP4_HEADER || header > left)
		return DROP_IP4_IHL;
	total = get_u16(p + 2);
	if (total < header || total > left)
		return DROP_IP4_LENGTH;
	if (!verified &&
	    cksum_fold(header == IP4_HEADER ? cksum_header20(0, p) : cksum_header(0, p, header)) != 0)
		return DROP_IP4_CKSUM;
	if (get_u16(p + 6) & (MF | FRAGMENT_OFFSET))
		return DROP_IP4_FRAGMENT;
	if (header > IP4_HEADER) {
		fate = walk_options(p + IP4_HEADER, header - IP4_HEADER);
		if (fate != DROP_TAKEN)
			return fate;
	}
	if (p[8] == 0)
		return DROP_IP4_TTL;
	(void)cursor_take(c, total);
	ip->protocol = p[9];
	ip->ttl = p[8];
	ip->tos = p[1];
	ip->v6 = ip->atomic = false;
	ip->l4 = p + header;
	ip->l4_len = (uint16_t)(total - header);
	addr_from_ip4(ip->src, p + 12);
	addr_from_ip4(ip->dst, p + 16);
	return DROP_TAKEN;
}

void
ip4_build(uint8_t at[IP4_HEADER], const uint8_t src[16], const uint8_t dst[16], uint8_t protocol, uint8_t ttl,
          uint8_t tos, size_t payload)
{
	uint32_t length = (uint32_t)(IP4_HEADER + payload);
	uint32_t word[5] = {
		0x45000000u | (uint32_t)tos << 16 | length,
		DF, /* RFC 6864 §4.1: an atomic datagram needs no identification */
		(uint32_t)ttl << 24 | (uint32_t)protocol << 16,
		get_u32(src + 12),
		get_u32(dst + 12),
	};

	word[2] |= cksum_number((uint64_t)word[0] + word[1] + word[2] + word[3] + word[4]);
	for (unsigned i = 0; i < 5; i++)
		put_u32(at + 4 * i, word[i]);
}
