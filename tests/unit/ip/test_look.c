/* Frames looked at ahead of their turn: whatever they are, the first look says nothing else than the closer one, and that
 * than what arrives (net.h compares them for every frame of these tests). */
#include "net.h"

#include "seg.h"

static uint32_t
random_u32(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 32);
}

static uint32_t
below(uint64_t *seed, size_t n)
{
	return random_u32(seed) % (uint32_t)n;
}

/* A segment with random octets, and what IPv4 may have besides: type of service, options, padding. */
static void
random_segment(struct made *m, uint64_t *seed)
{
	static const char *const from[] = {PEER4,         "203.0.113.5", "192.0.2.255",   "192.0.2.0",
	                                   ME4,           "127.0.0.1",   "198.51.100.63", "255.255.255.255",
	                                   "0.0.0.0",     "224.0.0.1",   "0.1.2.3",       "240.0.0.1",
	                                   "198.51.100.1"};
	static const char *const to[] = {ME4,           ME4,       "198.51.100.1", PEER4,
	                                 "192.0.2.255", "0.0.0.0", "224.0.0.1"};
	bool plain = below(seed, 2) == 0;
	uint8_t l4[300], *ip = m->at + 14;
	size_t len = 20 + below(seed, sizeof(l4) - 19), options = 4 * below(seed, 3);

	for (size_t i = 0; i < sizeof(l4); i++)
		l4[i] = (uint8_t)random_u32(seed);
	l4[12] = (uint8_t)(0x50 + (below(seed, 8) == 0 ? below(seed, 11) << 4 : 0));
	if (below(seed, 5) == 0)
		made_packet(m, MAC0, PEER6, ME6, 6, 64, l4, len, 16);
	else
		made_packet(m, MAC0, from[plain ? below(seed, 2) : below(seed, COUNT(from))],
		            to[plain ? 0 : below(seed, COUNT(to))], 6, 64, l4, len, 16);
	if (ip[0] == 0x45 && !plain) {
		memmove(ip + 20 + options, ip + 20, len);
		memset(ip + 20, 1, options);
		ip[0] = (uint8_t)(0x45 + options / 4);
		put_u16(ip + 2, (uint16_t)(20 + options + len));
		m->len += options;
	}
	if (below(seed, 3) == 0) {
		size_t padding = below(seed, 10);

		memset(m->at + m->len, 0xee, padding);
		m->len += padding;
	}
}

/* One of its headers' octets is another, its length is, or none. */
static void
mutate(struct made *m, uint64_t *seed)
{
	switch (below(seed, 4)) {
	case 0:
		m->at[below(seed, 38)] ^= (uint8_t)(1u << below(seed, 8));
		break;
	case 1:
		m->at[below(seed, 54)] = (uint8_t)random_u32(seed);
		break;
	case 2:
		m->len -= below(seed, m->len);
		break;
	default:
		break;
	}
}

static void
mend(struct made *m)
{
	uint8_t *ip = m->at + 14;

	put_u16(ip + 10, 0);
	put_u16(ip + 10, (uint16_t)~naive_sum(0, ip, 20));
}

static void
look__random_frames__first_and_closer_agree(void **unused)
{
	static const uint8_t ports[] = {0, 0, 0, 0, 1, 2, 7, 8, 255};
	unsigned taken = 0, common = 0;
	uint64_t seed = 1;
	struct made m;
	struct net n;

	(void)unused;
	net_up(&n);
	for (int i = 0; i < 300000; i++) {
		enum drop why;

		random_segment(&m, &seed);
		mutate(&m, &seed);
		if (m.at[14] == 0x45 && m.len >= 34 && below(&seed, 8) > 0)
			mend(&m);
		why = arrive_flagged(&n, ports[below(&seed, COUNT(ports))],
		                     below(&seed, 3) == 0 ? (uint16_t)below(&seed, 8) : 0, &m);
		taken += why == DROP_TAKEN;
		common += n.common;
		n.tx.used = 0;
	}
	assert_true(taken > 30000 && common > 20000 && taken - common > 5000);
	net_down(&n);
}

/* Every octet of the headers, with every value: few of them leave it a frame that needs no closer look. */
static void
look__every_octet__agrees(void **unused)
{
	struct made whole, m;
	struct net n;

	(void)unused;
	net_up(&n);
	made_syn(&whole, MAC0, PEER4, ME4);
	for (unsigned at = 0; at < 54; at++) {
		for (unsigned value = 0; value < 256; value++) {
			m = whole;
			m.at[at] = (uint8_t)value;
			(void)arrive(&n, &m);
			mend(&m);
			(void)arrive(&n, &m);
			n.tx.used = 0;
		}
	}
	net_down(&n);
}

/* What nearly every frame is needs no closer look, with the driver's word and without; and what does need one. */
static void
look__common_frames__first_is_enough(void **unused)
{
	static const struct {
		const char *from, *to;
		uint16_t flags;
		bool common;
	} rows[] = {
		{PEER4, ME4, 0, true},
		{PEER4, ME4, FNS_FRAME_IP_CKSUM_GOOD, true},
		{PEER4, ME4, FNS_FRAME_IP_CKSUM_GOOD | FNS_FRAME_L4_CKSUM_GOOD, true},
		{PEER4, ME4, FNS_FRAME_L4_CKSUM_GOOD, true},
		{"203.0.113.5", ME4, 0, true},
		{PEER4, "198.51.100.1", 0, true},
		{PEER4, ME4, FNS_FRAME_CKSUM_BAD, false},
		{PEER6, ME6, 0, false},
		{PEER4, PEER4, 0, false},
		{ME4, ME4, 0, false},
	};
	struct made m;
	struct net n;

	(void)unused;
	net_up(&n);
	for (size_t i = 0; i < COUNT(rows); i++) {
		made_syn(&m, MAC0, rows[i].from, rows[i].to);
		(void)arrive_flagged(&n, 0, rows[i].flags, &m);
		assert_int_equal(n.common, rows[i].common);
	}
	net_down(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(look__random_frames__first_and_closer_agree),
		cmocka_unit_test(look__every_octet__agrees),
		cmocka_unit_test(look__common_frames__first_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
