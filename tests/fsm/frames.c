/* Frames of the peer, and the verification of the endpoint's.  Checksums are computed here a second time, in the
 * plainest way, so that a mistake in lib/wire cannot hide itself. */
#include "peer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arp.h"
#include "cursor.h"
#include "eth.h"
#include "icmp.h"
#include "ip4.h"
#include "ip6.h"

uint8_t
peer_pattern(bool from_peer, uint32_t seq)
{
	uint32_t x = (seq + (from_peer ? 0x5bd1e995 : 0)) * 2654435761u;

	return (uint8_t)(x >> 24);
}

static uint32_t
sum16(uint32_t sum, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? octets[i] : (uint32_t)octets[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint32_t
sum_pseudo(const uint8_t src[16], const uint8_t dst[16], uint8_t protocol, size_t len)
{
	bool v4 = addr_is_ip4(src);
	uint32_t sum = sum16(0, src + (v4 ? 12 : 0), v4 ? 4 : 16);

	sum = sum16(sum, dst + (v4 ? 12 : 0), v4 ? 4 : 16);
	return sum + protocol + (uint32_t)len;
}

static struct written
frame_blank(const struct peer *p, uint8_t protocol, uint8_t tos, size_t l4_len, uint8_t **l4)
{
	size_t ip = p->v6 ? IP6_HEADER : IP4_HEADER;
	struct written w = {.len = ETH_HEADER + ip + l4_len};
	uint8_t ours[16], theirs[16];

	w.octets = calloc(1, w.len);
	peer_addresses(p, ours, theirs);
	eth_build(w.octets, mac_ours, mac_theirs, p->v6 ? ETH_IP6 : ETH_IP4);
	if (p->v6)
		ip6_build(w.octets + ETH_HEADER, theirs, ours, protocol, protocol == PROTO_ICMP6 ? 255 : 64,
		          tos, l4_len);
	else
		ip4_build(w.octets + ETH_HEADER, theirs, ours, protocol, 64, tos, l4_len);
	*l4 = w.octets + ETH_HEADER + ip;
	return w;
}

static void
put_cksum(const struct peer *p, uint8_t *l4, size_t len, size_t at, uint8_t protocol, bool bad)
{
	uint8_t ours[16], theirs[16];
	uint32_t sum;

	peer_addresses(p, ours, theirs);
	sum = protocol == PROTO_ICMP ? 0 : sum_pseudo(theirs, ours, protocol, len);
	sum = ~sum16(sum, l4, len) & 0xffff;
	put_u16(l4 + at, (uint16_t)(bad ? sum ^ 0x0100 : sum));
}

/* Fills in what the script left to the library, and notes what was negotiated. */
static void
options_of(struct peer *p, const struct arrival *a, struct seg *s)
{
	bool syn = a->flags & SYN;
	int64_t mss = a->mss == AUTO ? (syn ? p->offer.mss : NONE) : a->mss;
	int64_t ws = a->ws == AUTO ? (syn ? p->offer.ws : NONE) : a->ws;
	bool ts = a->ts_val == AUTO ? (syn ? p->offer.ts : p->ts_in && p->ts_out) : a->ts_val != NONE;

	s->opt.has_mss = mss >= 0;
	s->opt.mss = (uint16_t)mss;
	s->opt.has_wscale = ws >= 0;
	s->opt.wscale = (uint8_t)ws;
	s->opt.has_sack_permitted = a->sack_ok == AUTO ? syn && p->offer.sack : a->sack_ok == 1;
	s->opt.has_ts = ts;
	s->opt.ts_val = a->ts_val >= 0 ? (uint32_t)a->ts_val : p->isn + (uint32_t)(p->now_us / 1000);
	s->opt.ts_ecr = a->ts_ecr >= 0 ? (uint32_t)a->ts_ecr : a->flags & ACK ? p->ts_seen : 0;
	while (s->opt.sacks < 4 && a->sack[s->opt.sacks][0] != a->sack[s->opt.sacks][1]) {
		s->opt.sack[s->opt.sacks].left = p->iss + a->sack[s->opt.sacks][0];
		s->opt.sack[s->opt.sacks].right = p->iss + a->sack[s->opt.sacks][1];
		s->opt.sacks++;
	}
	if (syn && a->seq == 0) { /* the one that opens it, not a stray one */
		p->ts_in = ts;
		p->mss_limit = mss >= 0 ? (uint32_t)mss : p->v6 ? 1220 : 536;
	}
}

struct written
frame_segment(struct peer *p, const struct arrival *a)
{
	struct seg s = {.seq = p->isn + a->seq,
	                .ack = p->iss + a->ack,
	                .up = a->up,
	                .flags = (uint8_t)a->flags};
	uint8_t head[SEG_HEADER + OPT_MAX] = {0}, *l4;
	size_t len, padded = (a->raw_len + 3) & ~(size_t)3;
	struct written w;

	s.wnd = a->wnd == AUTO ? p->wnd : (uint16_t)a->wnd;
	if (!(a->flags & ACK) && !a->ack)
		s.ack = 0;
	options_of(p, a, &s);
	len = seg_build(head, a->port ? a->port : p->rport, p->lport, &s);
	if (len + padded > sizeof(head))
		peer_fail(p, HERE, "%zu octets of options do not fit", len + padded - SEG_HEADER);
	if (a->raw_len)
		memcpy(head + len, a->raw, a->raw_len);
	len += padded;
	head[12] = (uint8_t)(len / 4 << 4 | (a->reserved & 15));
	w = frame_blank(p, PROTO_TCP, a->tos, len + a->len, &l4);
	memcpy(l4, head, len);
	for (uint32_t i = 0; i < a->len; i++) /* text of a SYN stands behind it */
		l4[len + i] = peer_pattern(true, a->seq + (a->flags & SYN ? 1 : 0) + i) ^ a->garble;
	put_cksum(p, l4, len + a->len, 16, PROTO_TCP, a->bad_cksum);
	return w;
}

struct written
frame_icmp(struct peer *p, enum icmp_error kind, uint32_t seq, uint32_t mtu)
{
	static const struct {
		uint8_t type4, code4, type6, code6;
	} as[] = {
		[NET_UNREACHABLE] = {3, 0, 1, 0},    [HOST_UNREACHABLE] = {3, 1, 1, 3},
		[PROTO_UNREACHABLE] = {3, 2, 4, 1},  [PORT_UNREACHABLE] = {3, 3, 1, 4},
		[PROHIBITED] = {3, 13, 1, 1},        [TIME_EXCEEDED] = {11, 0, 3, 0},
		[PARAMETER_PROBLEM] = {12, 0, 4, 0}, [TOO_BIG] = {3, 4, 2, 0},
		[SOURCE_QUENCH] = {4, 0, 4, 2},
	};
	size_t ip = p->v6 ? IP6_HEADER : IP4_HEADER, len = 8 + ip + 8;
	uint8_t protocol = p->v6 ? PROTO_ICMP6 : PROTO_ICMP, *m, *quote, ours[16], theirs[16];
	struct written w = frame_blank(p, protocol, 0, len, &m);

	peer_addresses(p, ours, theirs);
	m[0] = p->v6 ? as[kind].type6 : as[kind].type4;
	m[1] = p->v6 ? as[kind].code6 : as[kind].code4;
	put_u32(m + 4, mtu);
	quote = m + 8;
	if (p->v6)
		ip6_build(quote, ours, theirs, PROTO_TCP, 63, 0, 1000);
	else
		ip4_build(quote, ours, theirs, PROTO_TCP, 63, 0, 1000);
	put_u16(quote + ip, p->lport);
	put_u16(quote + ip + 2, p->rport);
	put_u32(quote + ip + 4, p->iss + seq);
	put_cksum(p, m, len, 2, protocol, false);
	return w;
}

/* Neighbours */

struct written
frame_hello(struct peer *p)
{
	struct arp request = {.op = ARP_REQUEST};
	struct nd solicit = {.has_mac = true};
	struct written w = {.len = ETH_HEADER + ARP_SIZE};
	uint8_t ours[16], theirs[16], *l4;

	peer_addresses(p, ours, theirs);
	if (p->v6) {
		memcpy(solicit.target, ours, 16);
		memcpy(solicit.mac, mac_theirs, 6);
		w = frame_blank(p, PROTO_ICMP6, 0, ND_SIZE, &l4);
		nd_build(l4, &solicit, theirs, ours);
		return w;
	}
	memcpy(request.sender_mac, mac_theirs, 6);
	memcpy(request.sender_ip, theirs + 12, 4);
	memcpy(request.target_ip, ours + 12, 4);
	w.octets = calloc(1, w.len);
	eth_build(w.octets, mac_ours, mac_theirs, ETH_ARP);
	arp_build(w.octets + ETH_HEADER, &request);
	return w;
}

static struct written
answer_arp(const uint8_t theirs[16], struct cursor rest)
{
	struct arp q, a = {.op = ARP_REPLY};
	struct written w = {.len = ETH_HEADER + ARP_SIZE};

	if (arp_parse(&q, &rest) || q.op != ARP_REQUEST || memcmp(q.target_ip, theirs + 12, 4))
		return (struct written){0};
	memcpy(a.sender_mac, mac_theirs, 6);
	memcpy(a.sender_ip, q.target_ip, 4);
	memcpy(a.target_mac, q.sender_mac, 6);
	memcpy(a.target_ip, q.sender_ip, 4);
	w.octets = calloc(1, w.len);
	eth_build(w.octets, mac_ours, mac_theirs, ETH_ARP);
	arp_build(w.octets + ETH_HEADER, &a);
	return w;
}

static struct written
answer_solicit(const struct peer *p, const uint8_t theirs[16], struct cursor rest)
{
	struct nd q, a = {.advert = true, .solicited = true, .override = true, .has_mac = true};
	struct ip_packet packet;
	struct icmp message;
	struct written w;
	uint8_t *l4;

	if (ip6_parse(&packet, &rest) || packet.protocol != PROTO_ICMP6 || icmp_parse(&message, &packet) ||
	    message.kind != ICMP_ND || nd_parse(&q, &message, &packet) || q.advert ||
	    memcmp(q.target, theirs, 16))
		return (struct written){0};
	memcpy(a.target, theirs, 16);
	memcpy(a.mac, mac_theirs, 6);
	w = frame_blank(p, PROTO_ICMP6, 0, ND_SIZE, &l4);
	nd_build(l4, &a, theirs, packet.src);
	return w;
}

struct written
frame_neighbour_answer(struct peer *p, const uint8_t *octets, size_t len)
{
	uint8_t ours[16], theirs[16];
	struct cursor rest = cursor_of(octets, len);
	struct eth eth;

	peer_addresses(p, ours, theirs);
	if (p->deaf || eth_parse(&eth, &rest))
		return (struct written){0};
	if (eth.type == ETH_ARP && !p->v6)
		return answer_arp(theirs, rest);
	if (eth.type == ETH_IP6 && p->v6)
		return answer_solicit(p, theirs, rest);
	return (struct written){0};
}

/* Reading */

static void
verify_ip(struct peer *p, const uint8_t *octets, size_t len, struct ip_packet *ip)
{
	const uint8_t *h = octets + ETH_HEADER;
	struct cursor rest = cursor_of(h, len - ETH_HEADER);
	uint8_t ours[16], theirs[16];
	size_t whole;
	enum drop d = p->v6 ? ip6_parse(ip, &rest) : ip4_parse(ip, &rest, false);

	if (d)
		peer_fail(p, HERE, "IP header out: %s", drop_name(d));
	if (!p->v6 && sum16(0, h, IP4_HEADER) != 0xffff)
		peer_fail(p, HERE, "IPv4 header checksum out is wrong");
	if (!p->v6 && (get_u16(h + 6) != 0x4000 || get_u16(h + 4) != 0))
		peer_fail(p, HERE, "DF is not set alone, or the identification is not 0");
	peer_addresses(p, ours, theirs);
	if (!addr_equal(ip->src, ours) || !addr_equal(ip->dst, theirs))
		peer_fail(p, HERE, "addresses out are not ours and the peer's");
	if (memcmp(octets, mac_theirs, 6) || memcmp(octets + 6, mac_ours, 6))
		peer_fail(p, HERE, "Ethernet addresses out are not the peer's and ours");
	whole = (size_t)(ip->l4 - octets) + ip->l4_len;
	if (whole - ETH_HEADER > p->config.port[0].mtu)
		peer_fail(p, HERE, "%zu octets out are more than the MTU", whole - ETH_HEADER);
	if (len != (whole < ETH_MIN ? ETH_MIN : whole))
		peer_fail(p, HERE, "frame of %zu octets for a packet of %zu", len, whole - ETH_HEADER);
	for (size_t i = whole; i < len; i++)
		if (octets[i])
			peer_fail(p, HERE, "padding out is not zero (A08)");
}

static void
verify_text(struct peer *p, const struct seg *s)
{
	uint32_t at = s->seq - p->iss + (s->flags & SYN ? 1 : 0);

	if (s->text_len > p->mss_limit && p->mss_limit >= 216)
		peer_fail(p, HERE, "%u octets of text where the peer's MSS is %u", s->text_len, p->mss_limit);
	for (uint32_t i = 0; i < s->text_len; i++)
		if (s->text[i] != peer_pattern(false, at + i))
			peer_fail(p, HERE, "octet %u out is not what the application sent", at + i);
	if (at + s->text_len > p->written + 1 && s->text_len)
		peer_fail(p, HERE, "octets out that the application never sent");
	p->text_out += s->text_len;
}

/* Rules for any segment: which options it may bear, and that the window's right edge never moves left. */
static void
verify_segment(struct peer *p, const struct seg *s)
{
	bool syn = s->flags & SYN, rst = s->flags & RST;
	uint32_t edge;

	if (s->opt.illegal)
		peer_fail(p, HERE, "illegal option out");
	if (!syn && (s->opt.has_mss || s->opt.has_wscale || s->opt.has_sack_permitted))
		peer_fail(p, HERE, "an option of SYNs on another segment (MUST-65)");
	if (!syn && !rst && s->opt.has_ts != (p->ts_in && p->ts_out))
		peer_fail(p, HERE, "timestamps: negotiated %d, present %d", p->ts_in && p->ts_out,
		          s->opt.has_ts);
	if (s->opt.has_ts && !rst && !(s->flags & ACK) && s->opt.ts_ecr)
		peer_fail(p, HERE, "TSecr without ACK must be 0");
	if (!(s->flags & ACK) && s->ack)
		peer_fail(p, HERE, "acknowledgment number without ACK must be 0");
	if (s->up && !(s->flags & URG))
		peer_fail(p, HERE, "urgent pointer without URG");
	if (rst || !(s->flags & ACK))
		return;
	edge = s->ack + (syn || !p->scaled ? s->wnd : (uint32_t)s->wnd << p->scale);
	if (p->edge_known && (int32_t)(edge - p->edge) < 0)
		peer_fail(p, HERE, "the window's right edge moved left by %u (SHLD-14)", p->edge - edge);
	p->edge = edge;
	p->edge_known = true;
}

/* Learns ISS and what was negotiated from a SYN that goes out.  An option counts when both sides sent it; the peer's
 * SYN came before (passive), or comes later. */
static void
learn(struct peer *p, const struct seg *s)
{
	if (!p->iss_known || (s->flags & ACK && s->seq != p->iss)) {
		p->iss = s->seq;
		p->iss_known = true;
		p->edge_known = false;
	}
	p->ts_out = s->opt.has_ts;
	p->scaled = s->opt.has_wscale && p->offer.ws >= 0;
	p->scale = p->scaled ? s->opt.wscale : 0;
}

bool
frame_read(struct peer *p, const uint8_t *octets, size_t len, struct sent *sent)
{
	struct ip_packet ip;
	struct seg *s = &sent->seg;
	uint16_t from, to;
	enum drop d;

	if (get_u16(octets + 12) != (p->v6 ? ETH_IP6 : ETH_IP4) ||
	    octets[ETH_HEADER + (p->v6 ? 6 : 9)] != PROTO_TCP)
		return false;
	verify_ip(p, octets, len, &ip);
	if (sum16(sum_pseudo(ip.src, ip.dst, PROTO_TCP, ip.l4_len), ip.l4, ip.l4_len) != 0xffff)
		peer_fail(p, HERE, "TCP checksum out is wrong");
	d = seg_parse(s, &from, &to, ip.l4, ip.l4_len, ip.src, ip.dst, true);
	if (d)
		peer_fail(p, HERE, "TCP header out: %s", drop_name(d));
	if (ip.l4[12] & 15)
		peer_fail(p, HERE, "reserved bits out are not zero");
	if (from != p->lport)
		peer_fail(p, HERE, "from port %u", from);
	if (to == p->rport) {
		if (s->flags & SYN)
			learn(p, s);
		verify_segment(p, s);
		verify_text(p, s);
	}
	p->segments_out++;
	*sent = (struct sent){.at_us = p->now_us, .seg = *s, .rport = to, .tos = ip.tos, .ttl = ip.ttl};
	sent->seg.text = NULL;
	return true;
}
