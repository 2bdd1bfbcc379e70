/* What the tests of lib/ip share: two ports and their addresses, frames made octet by octet without the code under test,
 * each arriving in a block of exactly its size so that AddressSanitizer sees the first read too far, and blanks that are
 * full of somebody's secrets. */
#ifndef FNS_TEST_NET_H
#define FNS_TEST_NET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "arp.h"
#include "cursor.h"
#include "drop.h"
#include "eth.h"
#include "icmp.h"
#include "ip.h"
#include "ip4.h"
#include "ip6.h"
#include "look.h"
#include "out.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECOND       UINT64_C(1000000)
#define BLANKS       8
#define SECRET       0xee

static const uint8_t MAC0[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t MAC1[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t PEER[6] = {2, 0, 0, 0, 0, 0x99};
static const uint8_t OTHER[6] = {2, 0, 0, 0, 0, 0x98};
static const uint8_t ALL[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

#define ME4   "192.0.2.1"
#define PEER4 "192.0.2.9"
#define ME6   "2001:db8::1"
#define PEER6 "2001:db8::9"
#define LINK6 "fe80::ff:fe00:1" /* of MAC0 */

struct addr {
	uint8_t ip[16];
};

static inline struct addr
addr(const char *text)
{
	struct addr a = {.ip = {[10] = 0xff, [11] = 0xff}};

	if (inet_pton(AF_INET, text, a.ip + 12) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, a.ip), 1);
	return a;
}

static inline bool
is_v4(const struct addr *a)
{
	return memcmp(a->ip, (const uint8_t[12]){[10] = 0xff, [11] = 0xff}, 12) == 0;
}

/* The endpoint. */

struct net {
	struct fns_config config;
	struct ip ip;
	void *memory;
	struct fns_frame slot[BLANKS];
	struct fns_outbox tx;
	uint8_t *in; /* the frame that arrived last */
	struct ip_arrival arrival;
	bool common; /* and a first look was enough to see it */
};

static inline void
net_address(struct fns_port_config *p, const char *text, uint8_t bits)
{
	struct fns_prefix *x = &p->address[p->address_count++];

	memcpy(x->ip, addr(text).ip, 16);
	x->bits = bits;
}

static inline void
net_config(struct net *n)
{
	struct fns_port_config *p = n->config.port;

	memset(n, 0, sizeof(*n));
	n->config.neighbours = 64;
	n->config.icmp_per_second = 100;
	n->config.port_count = 2;
	memcpy(p[0].mac, MAC0, 6);
	memcpy(p[1].mac, MAC1, 6);
	p[0].mtu = 1500;
	p[1].mtu = 9000;
	net_address(&p[0], ME4, 24);
	net_address(&p[0], ME6, 64);
	net_address(&p[1], "198.51.100.1", 26);
	net_address(&p[1], "2001:db8:1::1", 64);
}

/* Gives the blanks back, dirty. */
static inline void
net_blanks(struct net *n, uint16_t count, uint16_t room)
{
	for (int i = 0; i < BLANKS; i++) {
		free(n->slot[i].data);
		n->slot[i] = (struct fns_frame){.data = malloc(room), .room = room};
		memset(n->slot[i].data, SECRET, room);
	}
	n->tx = (struct fns_outbox){.slot = n->slot, .room = count};
}

static inline void
net_start(struct net *n)
{
	n->memory = aligned_alloc(64, ip_bytes(&n->config));
	memset(n->memory, 0, ip_bytes(&n->config));
	ip_init(&n->ip, &n->config, n->memory, 0x0123456789abcdef, 1000 * SECOND);
	n->ip.tx = &n->tx;
	net_blanks(n, BLANKS, 2048);
}

static inline void
net_up(struct net *n)
{
	net_config(n);
	net_start(n);
}

static inline void
net_down(struct net *n)
{
	for (int i = 0; i < BLANKS; i++)
		free(n->slot[i].data);
	free(n->in);
	free(n->memory);
}

/* Frames. */

struct made {
	uint8_t at[16384];
	size_t len;
};

static inline uint32_t
naive_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* RFC 9293 §3.1, RFC 8200 §8.1: folded, not complemented. */
static inline uint32_t
naive_pseudo(const uint8_t *ip, size_t len)
{
	uint8_t p[4] = {0, 0, (uint8_t)(len >> 8), (uint8_t)len};
	bool v4 = ip[0] >> 4 == 4;

	p[1] = v4 ? ip[9] : ip[6];
	return v4 ? naive_sum(naive_sum(0, ip + 12, 8), p, 4) : naive_sum(naive_sum(0, ip + 8, 32), p, 4);
}

static inline void
made_eth(struct made *m, const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
	memcpy(m->at, dst, 6);
	memcpy(m->at + 6, src, 6);
	put_u16(m->at + 12, type);
	m->len = 14;
}

/* Ethernet, IP and so many octets, their checksum at `field` (TCP 16, ICMP 2) filled in. */
static inline void
made_packet(struct made *m, const uint8_t dst_mac[6], const char *src, const char *dst, uint8_t protocol,
            uint8_t ttl, const uint8_t *l4, size_t len, size_t field)
{
	struct addr s = addr(src), d = addr(dst);
	uint8_t *ip = m->at + 14;
	bool v4 = is_v4(&s) && is_v4(&d);
	size_t header = v4 ? 20 : 40;

	made_eth(m, dst_mac, PEER, v4 ? 0x0800 : 0x86dd);
	memset(ip, 0, header);
	if (v4) {
		ip[0] = 0x45;
		put_u16(ip + 2, (uint16_t)(20 + len));
		ip[8] = ttl;
		ip[9] = protocol;
		memcpy(ip + 12, s.ip + 12, 4);
		memcpy(ip + 16, d.ip + 12, 4);
		put_u16(ip + 10, (uint16_t)~naive_sum(0, ip, 20));
	} else {
		ip[0] = 0x60;
		put_u16(ip + 4, (uint16_t)len);
		ip[6] = protocol;
		ip[7] = ttl;
		memcpy(ip + 8, s.ip, 16);
		memcpy(ip + 24, d.ip, 16);
	}
	memmove(ip + header, l4, len);
	m->len = 14 + header + len;
	if (len >= field + 2) {
		uint32_t sum = protocol == 1 ? 0 : naive_pseudo(ip, len);

		put_u16(ip + header + field, 0);
		put_u16(ip + header + field, (uint16_t)~naive_sum(sum, ip + header, len));
	}
}

/* A SYN to port 80. */
static inline void
made_syn(struct made *m, const uint8_t dst_mac[6], const char *src, const char *dst)
{
	static const uint8_t syn[20] = {0x30, 0x39, 0, 80, [7] = 1, [12] = 0x50, 0x02, 0x20};

	made_packet(m, dst_mac, src, dst, 6, 64, syn, sizeof(syn), 16);
}

static inline void
made_icmp(struct made *m, const uint8_t dst_mac[6], const char *src, const char *dst, const uint8_t *l4,
          size_t len)
{
	struct addr s = addr(src);

	made_packet(m, dst_mac, src, dst, is_v4(&s) ? 1 : 58, is_v4(&s) ? 64 : 255, l4, len, 2);
}

/* The drop by name, and which case it was. */
#define assert_drop(is, expected, ...) assert_drop_at((is), (expected), __FILE__, __LINE__, __VA_ARGS__)

static inline void
assert_drop_at(enum drop is, enum drop expected, const char *file, int line, const char *form, ...)
{
	char text[128];
	va_list arguments;

	if (is == expected)
		return;
	va_start(arguments, form);
	(void)vsnprintf(text, sizeof(text), form, arguments);
	va_end(arguments);
	print_error("%s: %s, not %s\n", text, drop_name(is), drop_name(expected));
	_fail(file, line);
}

static inline void
assert_segment(const struct ip_segment *s, const struct ip_packet *p, uint8_t own, bool verified)
{
	assert_memory_equal(s->remote, p->src, 16);
	assert_ptr_equal(s->l4, p->l4);
	assert_int_equal(s->len, p->l4_len);
	assert_int_equal(s->own, own);
	assert_int_equal(s->tos, p->tos);
	assert_int_equal(s->v6, p->v6);
	assert_int_equal(s->verified, verified);
	assert_int_equal(cksum_fold(s->pseudo), cksum_fold(cksum_pseudo(p->src, p->dst, 6, p->l4_len)));
}

/* What is seen of a frame ahead of its turn, at the first glance or the second, is what then arrived: `why`, and
 * n->arrival.  True: the first was enough. */
static inline bool
assert_looks_like(const struct net *n, const struct fns_frame *f, enum drop why)
{
	const struct ip_arrival *a = &n->arrival;
	struct ip_segment s;
	enum drop seen = ip_look_closely(&n->ip, f, &s);

	if (seen != DROP_TAKEN || s.l4 != NULL)
		assert_drop(seen, why, "looked at closely");
	assert_int_equal(seen == DROP_TAKEN && s.l4 != NULL, why == DROP_TAKEN && a->kind == IP_SEGMENT);
	if (s.l4 != NULL)
		assert_segment(&s, &a->packet, a->own, a->l4_verified);
	memset(&s, 0x5a, sizeof(s));
	if (!ip_look(&n->ip, f, &s))
		return false;
	assert_drop(DROP_TAKEN, why, "looked at");
	assert_int_equal(a->kind, IP_SEGMENT);
	assert_segment(&s, &a->packet, a->own, a->l4_verified);
	return true;
}

static inline enum drop
arrive_flagged(struct net *n, uint8_t port, uint16_t flags, const struct made *m)
{
	struct fns_frame f = {.len = (uint16_t)m->len, .flags = flags, .port = port};
	enum drop why;

	free(n->in);
	n->in = malloc(m->len);
	memcpy(n->in, m->at, m->len);
	f.data = n->in;
	memset(&n->arrival, 0x5a, sizeof(n->arrival));
	why = ip_arrive(&n->ip, &f, &n->arrival);
	n->common = assert_looks_like(n, &f, why);
	return why;
}

static inline enum drop
arrive(struct net *n, const struct made *m)
{
	return arrive_flagged(n, 0, 0, m);
}

/* What was sent: exactly one frame, which is then given back; or nothing. */

static inline void
assert_silent(const struct net *n)
{
	assert_int_equal(n->tx.used, 0);
}

static inline void
assert_checksums(const uint8_t *p, size_t len)
{
	uint16_t type = get_u16(p + 12);
	const uint8_t *ip = p + 14, *l4 = ip + (type == 0x0800 ? 20 : 40);
	size_t l4_len = type == 0x0800 ? get_u16(ip + 2) - 20u : get_u16(ip + 4);
	uint8_t protocol = type == 0x0800 ? ip[9] : ip[6];

	if (type == 0x0806)
		return;
	assert_true((size_t)(l4 - p) + l4_len <= len);
	if (type == 0x0800)
		assert_int_equal(naive_sum(0, ip, 20), 0xffff);
	assert_int_equal(naive_sum(protocol == 1 ? 0 : naive_pseudo(ip, l4_len), l4, l4_len), 0xffff);
}

static inline void
take_sent(struct net *n, struct made *m)
{
	const struct fns_frame *f = &n->slot[0];

	assert_int_equal(n->tx.used, 1);
	assert_true(f->len >= 60 && f->len <= f->room);
	memcpy(m->at, f->data, f->len);
	m->len = f->len;
	if (!(f->flags & FNS_FRAME_TCP_CKSUM))
		assert_checksums(m->at, m->len);
	for (size_t i = 0; i < n->slot[0].room; i++)
		n->slot[0].data[i] = SECRET;
	n->tx.used = 0;
}

/* A neighbour that has answered: REACHABLE. */
static inline void
net_resolve(struct net *n, uint8_t port, const char *text, const uint8_t mac[6])
{
	struct addr a = addr(text);
	struct neigh_ask ask;
	bool done = false;

	assert_non_null(neigh_use(&n->ip.neigh, port, a.ip, n->ip.now_us));
	while (!done)
		(void)neigh_expire(&n->ip.neigh, n->ip.now_us, &ask, &done);
	assert_true(neigh_learn(&n->ip.neigh, port, a.ip, mac, true, true, false, n->ip.now_us));
	assert_int_equal(neigh_find(&n->ip.neigh, port, a.ip)->state, NEIGH_REACHABLE);
}

static inline const struct neigh *
net_find(struct net *n, uint8_t port, const char *text)
{
	return neigh_find(&n->ip.neigh, port, addr(text).ip);
}

#endif
