/* Neighbour solicitations and advertisements (RFC 4861 §4.3, §4.4, §4.6.1), and when they are valid (§7.1; RFC 6980). */
#include "icmp.h"

#include "cksum.h"
#include "cursor.h"
#include "eth.h"

#define SOLICITATION   135
#define ADVERTISEMENT  136
#define ND_FIXED       24 /* octets of a message without options */
#define SOLICITED      0x40
#define OVERRIDE       0x20
#define OPTION_SOURCE  1 /* link-layer address of the sender of a solicitation ... */
#define OPTION_TARGET  2 /* ... and of the target of an advertisement */
#define ETHERNET_UNITS 1 /* length of either for Ethernet, in eights of octets (RFC 2464 §6) */

static bool
is_solicited_node(const uint8_t addr[16])
{
	static const uint8_t prefix[13] = {0xff, 0x02, [11] = 0x01, [12] = 0xff};

	return memcmp(addr, prefix, sizeof(prefix)) == 0;
}

static bool
is_station(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return !eth_is_group(mac) && memcmp(mac, zero, sizeof(zero)) != 0;
}

/* Options of other types are skipped, and of doubles the first stands. */
static enum drop
parse_options(struct nd *nd, const uint8_t *options, size_t len)
{
	struct cursor c = cursor_of(options, len);
	uint8_t wanted = nd->advert ? OPTION_TARGET : OPTION_SOURCE;

	while (cursor_left(&c) > 0) {
		const uint8_t *head = cursor_take(&c, 8);

		if (head == NULL || head[1] == 0 || cursor_take(&c, (head[1] - 1u) * 8u) == NULL)
			return DROP_ND_OPTION;
		if (head[0] != wanted || nd->has_mac)
			continue;
		if (head[1] != ETHERNET_UNITS)
			return DROP_ND_OPTION;
		if (!is_station(head + 2))
			return DROP_ND_SOURCE;
		memcpy(nd->mac, head + 2, sizeof(nd->mac));
		nd->has_mac = true;
	}
	return DROP_TAKEN;
}

enum drop
nd_parse(struct nd *nd, const struct icmp *icmp, const struct ip_packet *ip)
{
	enum drop fate;

	if (ip->ttl != 255)
		return DROP_ND_HOP_LIMIT;
	if (ip->atomic)
		return DROP_IP6_FRAGMENT; /* RFC 6980 §5 */
	if (icmp->code != 0)
		return DROP_ICMP_CODE;
	if (icmp->body_len < ND_FIXED - 4)
		return DROP_ICMP_SHORT;
	*nd = (struct nd){.advert = icmp->type == ADVERTISEMENT};
	memcpy(nd->target, icmp->body + 4, sizeof(nd->target));
	if (addr_is_multicast(nd->target))
		return DROP_ND_TARGET;
	fate = parse_options(nd, icmp->body + ND_FIXED - 4, icmp->body_len - (size_t)(ND_FIXED - 4));
	if (fate != DROP_TAKEN)
		return fate;
	if (nd->advert) {
		nd->solicited = icmp->body[0] & SOLICITED;
		nd->override = icmp->body[0] & OVERRIDE;
		return nd->solicited && addr_is_multicast(ip->dst) ? DROP_ND_UNSOLICITED : DROP_TAKEN;
	}
	if (addr_is_zero(ip->src) && (nd->has_mac || !is_solicited_node(ip->dst)))
		return DROP_ND_SOURCE; /* duplicate address detection has a form of its own (RFC 4862 §5.4.2) */
	return DROP_TAKEN;
}

size_t
nd_build(uint8_t at[ND_SIZE], const struct nd *nd, const uint8_t src[16], const uint8_t dst[16])
{
	size_t len = nd->has_mac ? ND_SIZE : ND_FIXED;

	memset(at, 0, len);
	at[0] = nd->advert ? ADVERTISEMENT : SOLICITATION;
	if (nd->advert)
		at[4] = (uint8_t)((nd->solicited ? SOLICITED : 0) | (nd->override ? OVERRIDE : 0));
	memcpy(at + 8, nd->target, sizeof(nd->target));
	if (nd->has_mac) {
		at[24] = nd->advert ? OPTION_TARGET : OPTION_SOURCE;
		at[25] = ETHERNET_UNITS;
		memcpy(at + 26, nd->mac, sizeof(nd->mac));
	}
	put_u16(at + 2, cksum_fold(cksum_add(cksum_pseudo(src, dst, PROTO_ICMP6, len), at, len)));
	return len;
}
