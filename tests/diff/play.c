/* One script with one side: the peer's frames, and the form into which what comes out is brought.
 *
 * What differs between two endpoints and says nothing is left out: ISN (numbers are relative), values of timestamps,
 * IP identification, the window unless it is zero, the order of options, and when within SETTLE_MS something is sent.
 * What stays: order and number of segments, flags, numbers, text, which options there are, MSS and SACK blocks. */
#include "diff.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "arp.h"
#include "cursor.h"
#include "eth.h"
#include "icmp.h"
#include "ip4.h"
#include "ip6.h"

#include <finesse/finesse.h>

const uint8_t mac_ours[6] = {0x02, 0, 0, 0, 0, 1};
const uint8_t mac_theirs[6] = {0x02, 0, 0, 0, 0, 2};

uint8_t
play_pattern(bool from_peer, uint32_t place)
{
	uint32_t x = (place + (from_peer ? 77777 : 1)) * 2654435761u;

	return (uint8_t)(x >> 24);
}

const char *
errno_name(int error)
{
	switch (error) {
	case 0:
		return "0";
	case EAGAIN:
		return "EAGAIN";
	default:
		return strerrorname_np(error);
	}
}

/* The peer's frames */

static size_t
begin_frame(const struct play *p, uint8_t *frame, uint8_t protocol, size_t l4_len)
{
	eth_build(frame, mac_ours, mac_theirs, p->script->set.v6 ? ETH_IP6 : ETH_IP4);
	if (p->script->set.v6) {
		ip6_build(frame + ETH_HEADER, p->theirs, p->ours, protocol,
		          protocol == PROTO_ICMP6 ? 255 : 64, 0, l4_len);
		return ETH_HEADER + IP6_HEADER;
	}
	ip4_build(frame + ETH_HEADER, p->theirs, p->ours, protocol, 64, 0, l4_len);
	return ETH_HEADER + IP4_HEADER;
}

static void
put_tcp_cksum(const struct play *p, uint8_t *l4, size_t len)
{
	bool v6 = p->script->set.v6;
	uint32_t sum = PROTO_TCP + (uint32_t)len;

	for (unsigned i = v6 ? 0 : 12; i < 16; i += 2)
		sum += (uint32_t)get_u16(p->ours + i) + get_u16(p->theirs + i);
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? l4[i] : (uint32_t)l4[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put_u16(l4 + 16, (uint16_t)~sum);
}

static void
add_options(struct play *p, const struct arrival *a, struct seg *s)
{
	const struct settings *set = &p->script->set;
	bool syn = a->flags & SYN;

	if (syn) {
		s->opt.has_mss = set->mss > 0;
		s->opt.mss = (uint16_t)set->mss;
		s->opt.has_wscale = set->offer_ws;
		s->opt.wscale = 7;
		s->opt.has_sack_permitted = set->offer_sack;
		p->ts_in = set->offer_ts;
	}
	s->opt.has_ts = (syn ? set->offer_ts : p->ts_in && p->ts_out) && !a->no_ts;
	s->opt.ts_val = 0xfffffff0u + (uint32_t)p->passed_ms + (uint32_t)a->ts_off; /* wraps at once */
	s->opt.ts_ecr = a->flags & ACK ? p->ts_seen : 0;
	if (a->sack[0] != a->sack[1])
		s->opt.sack[s->opt.sacks++] =
			(struct opt_block){p->iss[a->port] + a->sack[0], p->iss[a->port] + a->sack[1]};
}

static void
arrive(struct play *p, const struct arrival *a)
{
	uint8_t frame[2048] = {0}, head[SEG_HEADER + OPT_MAX] = {0};
	struct seg s = {.flags = (uint8_t)a->flags, .up = (uint16_t)a->up};
	size_t at, len;

	p->isn += a->rebase;
	s.seq = p->isn + a->seq;
	s.ack = a->flags & ACK ? p->iss[a->port] + a->ack : 0;
	s.wnd = (uint16_t)(a->wnd < 0 ? p->script->set.window : a->wnd);
	add_options(p, a, &s);
	len = seg_build(head, (uint16_t)(PORT_REMOTE + a->port), PORT_LOCAL, &s);
	at = begin_frame(p, frame, PROTO_TCP, len + a->len);
	memcpy(frame + at, head, len);
	for (uint32_t i = 0; i < a->len; i++)
		frame[at + len + i] = play_pattern(true, a->seq - 1 + (a->flags & SYN ? 1 : 0) + i);
	put_tcp_cksum(p, frame + at, len + a->len);
	p->side->arrive(p, frame, at + len + a->len);
}

/* Neighbours: whoever asks for the peer gets its address. */

static void
answer_arp(struct play *p, struct cursor rest)
{
	struct arp q, a = {.op = ARP_REPLY};
	uint8_t frame[ETH_MIN] = {0};

	if (arp_parse(&q, &rest) || q.op != ARP_REQUEST || memcmp(q.target_ip, p->theirs + 12, 4) != 0)
		return;
	memcpy(a.sender_mac, mac_theirs, 6);
	memcpy(a.sender_ip, q.target_ip, 4);
	memcpy(a.target_mac, q.sender_mac, 6);
	memcpy(a.target_ip, q.sender_ip, 4);
	eth_build(frame, mac_ours, mac_theirs, ETH_ARP);
	arp_build(frame + ETH_HEADER, &a);
	p->side->arrive(p, frame, sizeof(frame));
}

static void
answer_solicit(struct play *p, const struct ip_packet *packet)
{
	struct nd q, a = {.advert = true, .solicited = true, .override = true, .has_mac = true};
	struct icmp message;
	uint8_t frame[ETH_HEADER + IP6_HEADER + ND_SIZE] = {0};
	size_t at;

	if (icmp_parse(&message, packet) || message.kind != ICMP_ND || nd_parse(&q, &message, packet) ||
	    q.advert || memcmp(q.target, p->theirs, 16) != 0)
		return;
	memcpy(a.target, p->theirs, 16);
	memcpy(a.mac, mac_theirs, 6);
	at = begin_frame(p, frame, PROTO_ICMP6, ND_SIZE);
	nd_build(frame + at, &a, p->theirs, packet->src);
	p->side->arrive(p, frame, sizeof(frame));
}

/* The peer asks for the endpoint, as it would have before it sent anything; from then on the endpoint knows it. */
static void
hello(struct play *p)
{
	uint8_t frame[ETH_HEADER + IP6_HEADER + ND_SIZE] = {0};
	struct arp request = {.op = ARP_REQUEST};
	struct nd solicit = {.has_mac = true};
	size_t at;

	if (p->script->set.v6) {
		memcpy(solicit.target, p->ours, 16);
		memcpy(solicit.mac, mac_theirs, 6);
		at = begin_frame(p, frame, PROTO_ICMP6, ND_SIZE);
		nd_build(frame + at, &solicit, p->theirs, p->ours);
		p->side->arrive(p, frame, sizeof(frame));
		return;
	}
	memcpy(request.sender_mac, mac_theirs, 6);
	memcpy(request.sender_ip, p->theirs + 12, 4);
	memcpy(request.target_ip, p->ours + 12, 4);
	eth_build(frame, mac_ours, mac_theirs, ETH_ARP);
	arp_build(frame + ETH_HEADER, &request);
	p->side->arrive(p, frame, ETH_MIN);
}

/* What comes out */

struct written {
	char *at;
	size_t left;
};

static void write_text(struct written *, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
write_text(struct written *w, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(w->at, w->left, format, args);
	va_end(args);
	if (n > 0 && (size_t)n < w->left) {
		w->at += n;
		w->left -= (size_t)n;
	}
}

/* A SYN tells the ISS; a second one with another is the next incarnation, whose numbers should be above the old. */
static void
learn(struct play *p, unsigned port, const struct seg *s, struct written *w)
{
	if (p->iss_known[port] && s->seq != p->iss[port])
		write_text(w, "(next ISS %s) ", (int32_t)(s->seq - p->iss[port]) > 0 ? "above" : "below");
	p->iss[port] = s->seq;
	p->iss_known[port] = true;
	p->ts_out = s->opt.has_ts;
}

static void
write_options(const struct play *p, const struct seg *s, struct written *w)
{
	const struct opt *o = &s->opt;

	if (o->has_mss)
		write_text(w, " mss %u", o->mss);
	if (o->has_sack_permitted)
		write_text(w, " sackOK");
	if (o->has_wscale)
		write_text(w, " ws");
	if (o->has_ts)
		write_text(w, " ts");
	for (unsigned i = 0; i < o->sacks; i++)
		write_text(w, " sack %u:%u", o->sack[i].left - p->isn, o->sack[i].right - p->isn);
	if (o->illegal)
		write_text(w, " illegal-option");
}

static bool
text_is_right(const struct play *p, unsigned port, const struct seg *s)
{
	uint32_t place = s->seq - p->iss[port] - 1 + (s->flags & SYN ? 1 : 0);

	for (uint32_t i = 0; i < s->text_len; i++)
		if (s->text[i] != play_pattern(false, place + i))
			return false;
	return place + s->text_len <= p->written || s->text_len == 0;
}

static void
note_segment(struct play *p, const struct seg *s, uint16_t to)
{
	static const char letters[] = "FSRP.UEW";
	struct outcome *o = p->now;
	unsigned port = (uint16_t)(to - PORT_REMOTE) % PORTS;
	struct written w;
	uint32_t seq;

	if (o->sends == SENDS_MAX)
		return;
	w = (struct written){o->sent[o->sends++], TEXT_ROOM};
	if (s->flags & SYN)
		learn(p, port, s, &w);
	if (s->opt.has_ts)
		p->ts_seen = s->opt.ts_val;
	for (unsigned bit = 0; bit < 8; bit++)
		if (s->flags & 1u << bit)
			write_text(&w, "%c", letters[bit]);
	seq = s->seq - p->iss[port];
	if (s->seq == 0)
		write_text(&w, " zero");
	else
		write_text(&w, " %u:%u", seq, seq + s->text_len);
	if (s->flags & ACK)
		write_text(&w, " ack %u", s->ack - p->isn);
	else if (s->ack)
		write_text(&w, " ack-field-set");
	if (!s->wnd && !(s->flags & RST))
		write_text(&w, " win 0");
	write_options(p, s, &w);
	if (to != PORT_REMOTE)
		write_text(&w, " port %u", port);
	if (!text_is_right(p, port, s))
		write_text(&w, " WRONG TEXT");
}

void
play_frame(struct play *p, const uint8_t *octets, size_t len)
{
	struct cursor rest = cursor_of(octets, len);
	struct ip_packet ip;
	struct eth eth;
	struct seg s;
	uint16_t from, to;

	if (eth_parse(&eth, &rest))
		return;
	if (eth.type == ETH_ARP && !p->script->set.v6)
		answer_arp(p, rest);
	if (eth.type != (p->script->set.v6 ? ETH_IP6 : ETH_IP4))
		return;
	if (p->script->set.v6 ? ip6_parse(&ip, &rest) : ip4_parse(&ip, &rest, false))
		return;
	if (ip.protocol == PROTO_ICMP6)
		answer_solicit(p, &ip);
	if (ip.protocol != PROTO_TCP)
		return;
	if (seg_parse(&s, &from, &to, ip.l4, ip.l4_len, ip.src, ip.dst, false)) {
		if (p->now->sends < SENDS_MAX)
			strcpy(p->now->sent[p->now->sends++], "NO VALID SEGMENT");
		return;
	}
	note_segment(p, &s, to);
}

/* The run */

void
play(struct play *p, const struct script *t, const struct side *side)
{
	struct fns_addr a;

	memset(p, 0, sizeof(*p));
	p->script = t;
	p->side = side;
	p->isn = 0xfffffff0; /* the peer's numbers wrap in every script that has some text */
	p->now = &p->outcome[0];
	fns_addr_parse(&a, t->set.v6 ? "2001:db8:1::1" : "198.51.100.1", 1);
	memcpy(p->ours, a.ip, 16);
	fns_addr_parse(&a, t->set.v6 ? "2001:db8:1::2" : "198.51.100.2", 1);
	memcpy(p->theirs, a.ip, 16);
	side->start(p);
	if (!t->set.stranger)
		hello(p);
	side->pass(p, 20);
	for (unsigned i = 0; i < t->steps; i++) {
		const struct step *s = &t->step[i];
		unsigned ms = s->verb == WAIT ? s->n : s->at_once ? 0 : SETTLE_MS;

		p->now = &p->outcome[i];
		if (s->verb == ARRIVE)
			arrive(p, &s->a);
		else if (s->verb != WAIT)
			side->call(p, s, p->now->result);
		side->pass(p, ms);
		p->passed_ms += ms;
		p->now->state = s->at_once ? "" : side->state(p); /* to ask the kernel takes milliseconds */
	}
	side->end(p);
}
