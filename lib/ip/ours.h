/* Whose an address is: ours, a neighbour's, everybody's, nobody's (RFC 1122 §3.2.1.3, RFC 4291 §2.4). */
#ifndef FNS_OURS_H
#define FNS_OURS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <finesse/config.h>

#include "cursor.h"
#include "flow.h"
#include "ip.h"

void own_init(struct ip *);   /* ip->port, ip->own and ip->on_link, from the configuration */
void route_init(struct ip *); /* ip->gateway and ip->path, from these */

/* The prefix of ip->on_link that holds the address; NULL. */
const struct on_link *on_link_of(const struct ip *, const uint8_t addr[16]);

/* fe80:: with the EUI-64 of the MAC (RFC 4291 appendix A). */
void link_local_of(uint8_t addr[16], const uint8_t mac[6]);

/* fe80::/10 */
static inline bool
is_link_local(const uint8_t addr[16])
{
	return addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80;
}

bool prefix_has(const struct fns_prefix *, const uint8_t addr[16]);

/* An address of this port, its link-local one included: what ARP and ND answer for. */
bool port_has(const struct fns_port_config *, const uint8_t addr[16]);

/* On the link of this port: in one of its prefixes, or fe80::/64. */
bool port_on_link(const struct fns_port_config *, const uint8_t addr[16]);

/* The address of the port that speaks to `next`: the one in whose prefix it lies, else the first of its family with
 * more than the link's scope, else (IPv6) the link-local one.  False: none of that family. */
bool port_source(const struct fns_port_config *, const uint8_t next[16], uint8_t source[16]);

/* The first address of the port, of this family, with more than the link's scope. */
bool port_source_far(const struct fns_port_config *, bool ip4, uint8_t source[16]);

/* 255.255.255.255, or all ones (or zeros, as in 4.2BSD) behind the prefix of a port. */
bool is_broadcast_of(const struct ip *, const uint8_t ip4[4]);

static inline bool
is_broadcast(const struct ip *ip, const uint8_t ip4[4])
{
	uint32_t host;

	memcpy(&host, ip4, 4);
	host &= ip->broadcast;
	return (host == 0 || host == ip->broadcast) && is_broadcast_of(ip, ip4);
}

/* One station's address: not unspecified, loopback, this-network, reserved, a group's or broadcast. */
static inline bool
is_unicast4(const struct ip *ip, const uint8_t ip4[4])
{
	return ip4[0] != 0 && ip4[0] != 127 && ip4[0] < 224 && !is_broadcast(ip, ip4);
}

static inline bool
is_unicast6(const uint8_t addr[16])
{
	static const uint8_t
		compatible[12]; /* ::/96: unspecified, loopback, IPv4-compatible (RFC 4291 §2.5.5.1) */

	return addr[0] != 0xff && memcmp(addr, compatible, 12) != 0;
}

static inline bool
is_unicast(const struct ip *ip, const uint8_t addr[16])
{
	return addr_is_ip4(addr) ? is_unicast4(ip, addr + 12) : is_unicast6(addr);
}

/* ff02::1:ff00:0/104 with the last three octets of addr (RFC 4291 §2.7.1), and the MAC of an IPv6 group (RFC 2464 §7). */
void solicited_node(uint8_t group[16], const uint8_t addr[16]);
void group_mac(uint8_t mac[6], const uint8_t group[16]);
extern const uint8_t all_nodes[16]; /* ff02::1 */

/* A MAC that one other station may have: not a group's, zero or the port's own. */
bool mac_is_peer(const struct fns_port_config *, const uint8_t mac[6]);

#endif
