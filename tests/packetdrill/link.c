/* The wire: Ethernet around packetdrill's bare IP packets, a neighbour behind every address, and a judge of what we send. */
#include <stdlib.h>
#include <string.h>

#include "adapter.h"
#include "arp.h"
#include "cksum.h"
#include "eth.h"
#include "icmp.h"
#include "ip4.h"
#include "ip6.h"

#define PIECES 128 /* 64 KiB in segments of 536 octets */

static const uint8_t mac_ours[6] = LINK_MAC_OURS;
static const uint8_t mac_peer[6] = {2, 0, 0, 0, 0, 2};

static struct packet *
packet_of(const void *octets, size_t len, uint64_t at_us)
{
	struct packet *p = calloc(1, sizeof(*p) + len);

	if (p == NULL)
		abort();
	p->at_us = at_us;
	p->len = len;
	memcpy(p->octets, octets, len);
	return p;
}

static void
answer(struct adapter *a, uint16_t type, const void *octets, size_t len)
{
	uint8_t frame[256];

	eth_build(frame, mac_ours, mac_peer, type);
	memcpy(frame + ETH_HEADER, octets, len);
	a->answers = packet_of(frame, ETH_HEADER + len, a->now_us);
}

static void
answer_arp(struct adapter *a, struct cursor *c)
{
	struct arp asked, reply = {.op = ARP_REPLY};
	uint8_t octets[ARP_SIZE];

	if (arp_parse(&asked, c) != DROP_TAKEN || asked.op != ARP_REQUEST)
		return;
	memcpy(reply.sender_mac, mac_peer, 6);
	memcpy(reply.sender_ip, asked.target_ip, 4);
	memcpy(reply.target_mac, mac_ours, 6);
	memcpy(reply.target_ip, asked.sender_ip, 4);
	arp_build(octets, &reply);
	answer(a, ETH_ARP, octets, sizeof(octets));
}

static void
answer_nd(struct adapter *a, const struct ip_packet *ip)
{
	struct nd asked, advert = {.advert = true, .solicited = true, .override = true, .has_mac = true};
	uint8_t octets[IP6_HEADER + ND_SIZE];
	struct icmp icmp;
	size_t len;

	if (icmp_parse(&icmp, ip) != DROP_TAKEN || icmp.kind != ICMP_ND ||
	    nd_parse(&asked, &icmp, ip) != DROP_TAKEN || asked.advert || addr_is_zero(ip->src))
		return;
	memcpy(advert.target, asked.target, 16);
	memcpy(advert.mac, mac_peer, 6);
	len = nd_build(octets + IP6_HEADER, &advert, asked.target, ip->src);
	ip6_build(octets, asked.target, ip->src, PROTO_ICMP6, 255, 0, len);
	answer(a, ETH_IP6, octets, IP6_HEADER + len);
}

/* The peer asks for our address, as it would have before its first packet: so we know where an answer goes. */
static void
greet(struct adapter *a, const struct ip_packet *ip)
{
	struct arp request = {.op = ARP_REQUEST};
	struct nd solicit = {.has_mac = true};
	uint8_t frame[ETH_HEADER + IP6_HEADER + ND_SIZE], *at = frame + ETH_HEADER;
	struct fns_frame rx = {.data = frame, .len = ETH_HEADER + ARP_SIZE};
	size_t len;

	if (memcmp(a->greeted, ip->src, 16) == 0)
		return;
	memcpy(a->greeted, ip->src, 16);
	eth_build(frame, mac_ours, mac_peer, ip->v6 ? ETH_IP6 : ETH_ARP);
	if (ip->v6) {
		memcpy(solicit.target, ip->dst, 16);
		memcpy(solicit.mac, mac_peer, 6);
		len = nd_build(at + IP6_HEADER, &solicit, ip->src, ip->dst);
		ip6_build(at, ip->src, ip->dst, PROTO_ICMP6, 255, 0, len);
		rx.len = (uint16_t)(ETH_HEADER + IP6_HEADER + len);
	} else {
		memcpy(request.sender_mac, mac_peer, 6);
		memcpy(request.sender_ip, ip->src + 12, 4);
		memcpy(request.target_ip, ip->dst + 12, 4);
		arp_build(at, &request);
	}
	turn(a, &rx, 1);
}

static void
check_tcp(const struct adapter *a, const struct ip_packet *ip)
{
	uint64_t sum = cksum_pseudo(ip->src, ip->dst, PROTO_TCP, ip->l4_len);

	if (cksum_fold(cksum_add(sum, ip->l4, ip->l4_len)) != 0)
		adapter_fail(a, "we sent a segment with a wrong TCP checksum");
}

void
link_out(struct adapter *a, const struct fns_frame *frame)
{
	struct cursor c = cursor_of(frame->data, frame->len);
	const uint8_t *packet;
	struct ip_packet ip;
	struct eth eth;
	enum drop fate;

	if (eth_parse(&eth, &c) != DROP_TAKEN)
		adapter_fail(a, "we sent a frame that is none");
	if (eth.type == ETH_ARP) {
		answer_arp(a, &c);
		return;
	}
	packet = c.at;
	fate = eth.type == ETH_IP4 ? ip4_parse(&ip, &c, false) : ip6_parse(&ip, &c);
	if (fate != DROP_TAKEN)
		adapter_fail(a, "we sent a packet that nobody would take: %s", drop_name(fate));
	if (ip.protocol == PROTO_TCP)
		check_tcp(a, &ip);
	if (ip.protocol == PROTO_ICMP6) {
		answer_nd(a, &ip);
		return; /* packetdrill has no use for it */
	}
	*a->last = packet_of(packet, (size_t)(ip.l4 + ip.l4_len - packet), a->now_us); /* without padding */
	a->last = &(*a->last)->next;
}

/* A frame of `len` octets of the packet from `from` on, as a network card would have got it: a segment longer than the
 * MTU came in several. */
static struct fns_frame
piece(uint8_t *at, const uint8_t *packet, size_t headers, const struct ip_packet *ip, size_t from, size_t len,
      bool last)
{
	size_t ip_len = ip->v6 ? IP6_HEADER : IP4_HEADER;
	uint8_t *tcp = at + ETH_HEADER + ip_len;
	uint64_t sum;

	eth_build(at, mac_ours, mac_peer, ip->v6 ? ETH_IP6 : ETH_IP4);
	memcpy(at + ETH_HEADER, packet, headers);
	memcpy(at + ETH_HEADER + headers, packet + headers + from, len);
	(ip->v6 ? ip6_build : ip4_build)(at + ETH_HEADER, ip->src, ip->dst, PROTO_TCP, ip->ttl, ip->tos,
	                                 headers - ip_len + len);
	put_u32(tcp + 4, get_u32(tcp + 4) + (uint32_t)from);
	if (!last)
		tcp[13] &= (uint8_t)~0x09; /* PSH and FIN are the last one's */
	put_u16(tcp + 16, 0);
	sum = cksum_pseudo(ip->src, ip->dst, PROTO_TCP, headers - ip_len + len);
	put_u16(tcp + 16, cksum_fold(cksum_add(sum, tcp, headers - ip_len + len)));
	return (struct fns_frame){.data = at, .len = (uint16_t)(ETH_HEADER + headers + len)};
}

/* Octets of a segment as a card gets them. */
static size_t
most_text(const struct adapter *a, size_t headers)
{
	size_t most = a->config.port[0].mtu - headers;

	return a->options.mss != 0 && a->options.mss < most ? a->options.mss : most;
}

static void
split(struct adapter *a, const uint8_t *packet, const struct ip_packet *ip)
{
	static uint8_t frames[PIECES][9000 + ETH_HEADER];
	struct fns_frame rx[PIECES];
	size_t headers = (ip->v6 ? IP6_HEADER : IP4_HEADER) + (size_t)(ip->l4[12] >> 4) * 4;
	size_t each = most_text(a, headers);
	size_t total = ip->l4_len + (size_t)(ip->v6 ? IP6_HEADER : IP4_HEADER) - headers, from = 0;
	unsigned n = 0;

	do {
		size_t len = total - from < each ? total - from : each;

		rx[n] = piece(frames[n], packet, headers, ip, from, len, from + len == total);
		from += len;
	} while (++n < PIECES && from < total);
	turn(a, rx, n);
}

void
link_in(struct adapter *a, const uint8_t *packet, size_t len)
{
	struct cursor c = cursor_of(packet, len);
	bool v6 = len > 0 && packet[0] >> 4 == 6, known;
	uint8_t whole[9000 + ETH_HEADER];
	struct fns_frame rx;
	struct ip_packet ip;

	if (a->shard == NULL)
		return;
	known = (v6 ? ip6_parse(&ip, &c) : ip4_parse(&ip, &c, false)) == DROP_TAKEN;
	if (known)
		greet(a, &ip);
	if (known && ip.protocol == PROTO_TCP && (len > a->config.port[0].mtu || a->options.mss != 0)) {
		split(a, packet, &ip);
		return;
	}
	if (len > a->config.port[0].mtu)
		return;
	eth_build(whole, mac_ours, mac_peer, v6 ? ETH_IP6 : ETH_IP4);
	memcpy(whole + ETH_HEADER, packet, len);
	rx = (struct fns_frame){.data = whole, .len = (uint16_t)(ETH_HEADER + len)};
	turn(a, &rx, 1);
}
