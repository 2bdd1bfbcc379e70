/* Whose an address is (RFC 1122 §3.2.1.3, RFC 4291 §2.4). */
#include "ours.h"

#include <string.h>

#include "cksum.h"
#include "cursor.h"
#include "eth.h"
#include "flow.h"

const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};

void
link_local_of(uint8_t addr[16], const uint8_t mac[6])
{
	const uint8_t eui[16] = {0xfe,   0x80,   0,    0,    0,      0,      0,     0, (uint8_t)(mac[0] ^ 2),
	                         mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};

	memcpy(addr, eui, 16);
}

bool
prefix_has(const struct fns_prefix *p, const uint8_t addr[16])
{
	bool ip4 = addr_is_ip4(p->ip);
	unsigned bits = p->bits + (ip4 ? 96u : 0u);
	unsigned whole, rest;

	if (ip4 != addr_is_ip4(addr))
		return false;
	if (bits > 128)
		bits = 128;
	whole = bits / 8;
	rest = bits % 8;
	if (memcmp(p->ip, addr, whole) != 0)
		return false;
	return rest == 0 || ((p->ip[whole] ^ addr[whole]) >> (8 - rest)) == 0;
}

static bool
is_own_link_local(const struct fns_port_config *p, const uint8_t addr[16])
{
	uint8_t own[16];

	if (!is_link_local(addr))
		return false;
	link_local_of(own, p->mac);
	return addr_equal(own, addr);
}

bool
port_has(const struct fns_port_config *p, const uint8_t addr[16])
{
	uint16_t i;

	for (i = 0; i < p->address_count; i++)
		if (addr_equal(p->address[i].ip, addr))
			return true;
	return is_own_link_local(p, addr);
}

bool
port_on_link(const struct fns_port_config *p, const uint8_t addr[16])
{
	static const uint8_t link_prefix[8] = {0xfe, 0x80};
	uint16_t i;

	for (i = 0; i < p->address_count; i++)
		if (prefix_has(&p->address[i], addr))
			return true;
	return memcmp(addr, link_prefix, 8) == 0;
}

bool
port_source_far(const struct fns_port_config *p, bool ip4, uint8_t source[16])
{
	for (uint16_t i = 0; i < p->address_count; i++)
		if (addr_is_ip4(p->address[i].ip) == ip4 && !is_link_local(p->address[i].ip)) {
			memcpy(source, p->address[i].ip, 16);
			return true;
		}
	return false;
}

bool
port_source(const struct fns_port_config *p, const uint8_t next[16], uint8_t source[16])
{
	bool ip4 = addr_is_ip4(next);
	uint16_t i;

	for (i = 0; i < p->address_count; i++)
		if (prefix_has(&p->address[i], next)) {
			memcpy(source, p->address[i].ip, 16);
			return true;
		}
	if (!is_link_local(next) && port_source_far(p, ip4, source))
		return true;
	if (ip4)
		return false;
	link_local_of(source, p->mac);
	return true;
}

static void
own_add(struct ip *ip, const uint8_t addr[16])
{
	uint8_t h = own_hash(addr_fold(addr));

	if (ip_own(ip, addr) != OWN_NONE)
		return;
	while (ip->own.slot[h] != 0)
		h++;
	memcpy(ip->own.addr[ip->own.count], addr, 16);
	ip->own.sum[ip->own.count] = cksum_number_addr(addr);
	if (addr_is_ip4(addr))
		memcpy(&ip->own.ip4[ip->own.count], addr + 12, 4);
	ip->own.slot[h] = ++ip->own.count;
}

static void
on_link_add(struct ip *ip, uint16_t port, const struct fns_prefix *p)
{
	struct on_link l = {.port = (uint8_t)port, .own = ip_own(ip, p->ip), .ip4 = addr_is_ip4(p->ip)};
	unsigned bits = p->bits + (l.ip4 ? 96u : 0u);
	uint8_t mask[16] = {0};
	uint32_t host;
	uint16_t at;

	for (unsigned i = 0; i < bits && i < 128; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	memcpy(l.mask, mask, 16);
	memcpy(l.net, p->ip, 16);
	l.net[0] &= l.mask[0];
	l.net[1] &= l.mask[1];
	if (l.ip4 && p->bits < 31) /* RFC 3021: /31 has none */
		l.host = UINT32_MAX >> p->bits;
	if (l.host != 0) {
		put_u32(mask, l.host);
		memcpy(&host, mask, 4);
		ip->broadcast &= host;
	}
	for (at = 0; at < ip->on_links; at++) /* the first of equal ones is the one that counts */
		if (memcmp(ip->on_link[at].net, l.net, 16) == 0 &&
		    memcmp(ip->on_link[at].mask, l.mask, 16) == 0)
			return;
	for (at = ip->on_links++;
	     at > 0 && __builtin_popcountll(ip->on_link[at - 1].mask[0]) +
	                               __builtin_popcountll(ip->on_link[at - 1].mask[1]) <
	                       (int)bits;
	     at--)
		ip->on_link[at] = ip->on_link[at - 1];
	ip->on_link[at] = l;
}

void
own_init(struct ip *ip)
{
	ip->broadcast = UINT32_MAX;
	for (uint16_t i = 0; i < ip->config->port_count; i++) {
		const struct fns_port_config *p = &ip->config->port[i];
		uint8_t link_local[16], mac[8] = {0};

		for (uint16_t k = 0; k < p->address_count; k++) {
			own_add(ip, p->address[k].ip);
			on_link_add(ip, i, &p->address[k]);
		}
		link_local_of(link_local, p->mac);
		own_add(ip, link_local);
		memcpy(mac, p->mac, 6);
		ip->port[i] = (struct ip_port){eth_word(mac), ETH_HEADER + (uint32_t)p->mtu};
	}
}

static inline bool
holds(const struct on_link *l, const uint64_t addr[2])
{
	return (((addr[0] ^ l->net[0]) & l->mask[0]) | ((addr[1] ^ l->net[1]) & l->mask[1])) == 0;
}

const struct on_link *
on_link_of(const struct ip *ip, const uint8_t addr[16])
{
	bool ip4 = addr_is_ip4(addr);
	uint64_t words[2];

	memcpy(words, addr, 16);
	for (uint16_t i = 0; i < ip->on_links; i++)
		if (ip->on_link[i].ip4 == ip4 && holds(&ip->on_link[i], words))
			return &ip->on_link[i];
	return NULL;
}

bool
is_broadcast_of(const struct ip *ip, const uint8_t ip4[4])
{
	uint32_t number = get_u32(ip4);
	uint8_t addr[16];
	uint64_t words[2];

	if (number == UINT32_MAX)
		return true;
	addr_from_ip4(addr, ip4);
	memcpy(words, addr, 16);
	for (uint16_t i = 0; i < ip->on_links; i++) {
		uint32_t host = ip->on_link[i].host;

		if (host != 0 && ((number & host) == host || (number & host) == 0) &&
		    holds(&ip->on_link[i], words))
			return true;
	}
	return false;
}

void
solicited_node(uint8_t group[16], const uint8_t addr[16])
{
	static const uint8_t prefix[13] = {0xff, 0x02, [11] = 1, [12] = 0xff};

	memcpy(group, prefix, 13);
	memcpy(group + 13, addr + 13, 3);
}

void
group_mac(uint8_t mac[6], const uint8_t group[16])
{
	mac[0] = 0x33;
	mac[1] = 0x33;
	memcpy(mac + 2, group + 12, 4);
}

bool
mac_is_peer(const struct fns_port_config *p, const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return !eth_is_group(mac) && memcmp(mac, zero, 6) != 0 && memcmp(mac, p->mac, 6) != 0;
}
