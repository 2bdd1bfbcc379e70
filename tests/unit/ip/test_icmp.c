/* ICMP and ICMPv6: echo is answered within bounds, errors go up, and nothing else is ever sent (hostile-inputs D01, D05 to
 * D07). */
#include "net.h"

static void
made_echo(struct made *m, const uint8_t dst_mac[6], const char *src, const char *dst, size_t len)
{
	uint8_t at[10000];
	struct addr s = addr(src);

	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)(i * 7 + 1);
	at[0] = is_v4(&s) ? 8 : 128;
	at[1] = 0;
	made_icmp(m, dst_mac, src, dst, at, len);
}

static void
echo__answered(void **unused)
{
	static const struct {
		const char *src, *dst;
		size_t len;
	} rows[] = {
		{PEER4, ME4, 8}, {PEER4, ME4, 9},    {PEER4, ME4, 64},       {PEER4, ME4, 1480},
		{PEER6, ME6, 8}, {PEER6, ME6, 1460}, {"fe80::9", LINK6, 64},
	};
	struct made m, r;

	(void)unused;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t header, len;
		struct net n;

		net_up(&n);
		net_resolve(&n, 0, rows[i].src, OTHER); /* not the MAC that the request comes from */
		made_echo(&m, MAC0, rows[i].src, rows[i].dst, rows[i].len);
		header = m.len - rows[i].len;
		m.at[14 + 1] |= header == 34 ? 0xb9 : 0; /* DSCP goes back, ECN does not */
		put_u16(m.at + 14 + 10, header == 34 ? 0 : get_u16(m.at + 24));
		if (header == 34)
			put_u16(m.at + 24, (uint16_t)~naive_sum(0, m.at + 14, 20));
		assert_drop(arrive(&n, &m), DROP_TAKEN, "row %zu", i);
		assert_int_equal(n.arrival.kind, IP_HANDLED);
		take_sent(&n, &r);
		len = header + rows[i].len;
		assert_int_equal(r.len, len < 60 ? 60 : len);
		assert_memory_equal(r.at, OTHER, 6);
		assert_int_equal(r.at[header], header == 34 ? 0 : 129);
		assert_memory_equal(r.at + header + 4, m.at + header + 4, rows[i].len - 4);
		if (header == 34) {
			assert_int_equal(r.at[15], 0xb8);
			assert_memory_equal(r.at + 26, addr(rows[i].dst).ip + 12, 4);
			assert_memory_equal(r.at + 30, addr(rows[i].src).ip + 12, 4);
		} else {
			assert_memory_equal(r.at + 22, addr(rows[i].dst).ip, 16);
			assert_memory_equal(r.at + 38, addr(rows[i].src).ip, 16);
		}
		for (size_t k = len; k < r.len; k++)
			assert_int_equal(r.at[k], 0);
		assert_int_equal(counter_read(&n.ip.stats.echo_replies_sent), 1);
		net_down(&n);
	}
}

/* Link-local addresses are the arrival's link's, not the first port's. */
static void
echo__link_local_on_port_1__answered_there(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	net_resolve(&n, 1, "fe80::9", PEER);
	made_echo(&m, MAC1, "fe80::9", "fe80::ff:fe00:2", 64);
	assert_drop(arrive_flagged(&n, 1, 0, &m), DROP_TAKEN, "echo");
	assert_int_equal(n.slot[0].port, 1);
	take_sent(&n, &m);
	assert_memory_equal(m.at + 6, MAC1, 6);
	net_down(&n);
}

static void
echo__neighbour_unknown__resolved_first(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_echo(&m, MAC0, PEER4, ME4, 64);
	assert_drop(arrive(&n, &m), DROP_TAKEN, "echo");
	assert_silent(&n);
	assert_int_equal(counter_read(&n.ip.stats.replies_unsent), 1);
	assert_int_equal(net_find(&n, 0, PEER4)->state, NEIGH_INCOMPLETE);
	net_down(&n);
}

static void
echo__no_way_back__counted(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_echo(&m, MAC0, "203.0.113.5", ME4, 64); /* no gateway */
	assert_drop(arrive(&n, &m), DROP_TAKEN, "no route");
	net_resolve(&n, 0, PEER4, PEER);
	net_blanks(&n, 0, 2048);
	made_echo(&m, MAC0, PEER4, ME4, 64);
	assert_drop(arrive(&n, &m), DROP_TAKEN, "outbox full");
	net_blanks(&n, 1, 97); /* one octet less than it takes */
	assert_drop(arrive(&n, &m), DROP_TAKEN, "blank too small");
	assert_silent(&n);
	assert_int_equal(counter_read(&n.ip.stats.replies_unsent), 3);
	net_blanks(&n, 1, 98);
	assert_drop(arrive(&n, &m), DROP_TAKEN, "blank just large enough");
	take_sent(&n, &m);
	net_down(&n);
}

/* A request that came through a larger MTU than leads back. */
static void
hostile__D06__echo_beyond_the_mtu_of_the_way_back(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	net_blanks(&n, 1, 16384);
	net_resolve(&n, 0, PEER4, PEER);
	made_echo(&m, MAC1, PEER4, ME4, 1481);
	assert_drop(arrive_flagged(&n, 1, 0, &m), DROP_TAKEN, "1481");
	assert_silent(&n);
	assert_int_equal(counter_read(&n.ip.stats.replies_unsent), 1);
	net_down(&n);
}

static void
hostile__D06__echo_short(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	net_resolve(&n, 0, PEER4, PEER);
	net_resolve(&n, 0, PEER6, PEER);
	for (size_t len = 0; len < 8; len++) {
		made_echo(&m, MAC0, PEER4, ME4, len);
		assert_drop(arrive(&n, &m), DROP_ICMP_SHORT, "%zu", len);
		if (len == 0) /* has no next header */
			continue;
		made_echo(&m, MAC0, PEER6, ME6, len);
		assert_drop(arrive(&n, &m), DROP_ICMP_SHORT, "%zu, v6", len);
	}
	assert_silent(&n);
	net_down(&n);
}

static void
hostile__D06__echo_to_groups(void **unused)
{
	static const uint8_t to_all[6] = {0x33, 0x33, 0, 0, 0, 1};
	static const struct {
		const char *src, *dst;
		const uint8_t *mac;
		enum drop why;
	} rows[] = {
		{PEER4, "192.0.2.255", ALL, DROP_IP4_BROADCAST},
		{PEER4, "255.255.255.255", ALL, DROP_IP4_BROADCAST},
		{PEER4, "192.0.2.255", MAC0, DROP_IP4_BROADCAST},
		{PEER4, "224.0.0.1", MAC0, DROP_IP4_BROADCAST},
		{PEER4, ME4, ALL, DROP_L2_NOT_OURS},
		{PEER6, "ff02::1", to_all, DROP_IP6_MULTICAST},
		{PEER6, "ff02::1:ff00:1", MAC0, DROP_IP6_MULTICAST},
		{PEER6, ME6, to_all, DROP_L2_NOT_OURS},
		{"192.0.2.255", ME4, MAC0, DROP_IP4_SOURCE},
		{"::", ME6, MAC0, DROP_IP6_SOURCE},
		{"fe80::9", ME6, MAC0, DROP_IP6_SOURCE},
	};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	net_resolve(&n, 0, PEER4, PEER);
	net_resolve(&n, 0, PEER6, PEER);
	net_resolve(&n, 0, "fe80::9", PEER);
	for (size_t i = 0; i < COUNT(rows); i++) {
		made_echo(&m, rows[i].mac, rows[i].src, rows[i].dst, 64);
		assert_drop(arrive(&n, &m), rows[i].why, "%s > %s", rows[i].src, rows[i].dst);
	}
	assert_silent(&n);
	net_down(&n);
}

static unsigned
echoes(struct net *n, unsigned count)
{
	unsigned answered = 0;
	struct made m;

	made_echo(&m, MAC0, PEER4, ME4, 8);
	while (count-- > 0) {
		enum drop why = arrive(n, &m);

		assert_true(why == DROP_TAKEN || why == DROP_ICMP_RATE);
		assert_int_equal(n->tx.used, why == DROP_TAKEN);
		answered += n->tx.used;
		n->tx.used = 0;
	}
	return answered;
}

static void
hostile__D06__echo_rate(void **unused)
{
	struct net n;
	unsigned total = 0;

	(void)unused;
	net_up(&n); /* 100 a second */
	net_resolve(&n, 0, PEER4, PEER);
	assert_int_equal(echoes(&n, 1000), 100);
	n.ip.now_us += 9999;
	assert_int_equal(echoes(&n, 10), 0);
	n.ip.now_us += 1;
	assert_int_equal(echoes(&n, 10), 1);
	n.ip.now_us += SECOND / 2;
	assert_int_equal(echoes(&n, 1000), 50);
	n.ip.now_us += 20 * SECOND; /* what was saved up is bounded */
	assert_int_equal(echoes(&n, 1000), 100);
	for (int i = 0; i < 10000; i++) { /* and no part of a token is lost, though it comes in crumbs */
		n.ip.now_us += 300;
		total += echoes(&n, 1);
	}
	assert_int_equal(total, 300);
	n.config.icmp_per_second = 0;
	n.ip.now_us += 20 * SECOND;
	assert_int_equal(echoes(&n, 10), 0);
	net_down(&n);
}

/* An error that quotes a SYN of ours. */
static void
made_error(struct made *m, const char *src, const char *dst, uint8_t type, uint8_t code, uint16_t mtu,
           const char *quoted_src, const char *quoted_dst)
{
	struct addr s = addr(src);
	struct made quote;
	uint8_t at[128] = {type, code};

	made_syn(&quote, MAC0, quoted_src, quoted_dst);
	put_u16(at + 6, mtu);
	memcpy(at + 8, quote.at + 14, quote.len - 14);
	made_packet(m, MAC0, src, dst, is_v4(&s) ? 1 : 58, 64, at, 8 + quote.len - 14, 2);
}

static void
error_about_ours__goes_up(void **unused)
{
	static const struct {
		const char *src, *dst;
		uint8_t type, code;
		enum icmp_kind kind;
	} rows[] = {
		{"203.0.113.1", ME4, 3, 0, ICMP_SOFT},
		{PEER4, ME4, 3, 3, ICMP_HARD},
		{PEER4, ME4, 3, 4, ICMP_TOO_BIG},
		{PEER4, ME4, 11, 0, ICMP_EXPIRED},
		{"2001:db8:9::1", ME6, 1, 0, ICMP_SOFT},
		{PEER6, ME6, 1, 4, ICMP_HARD},
		{PEER6, ME6, 2, 0, ICMP_TOO_BIG},
		{"fe80::9", ME6, 2, 0, ICMP_TOO_BIG}, /* a router may have no other */
	};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr me = addr(rows[i].dst);
		const char *far = is_v4(&me) ? "203.0.113.80" : "2001:db8:9::80";

		made_error(&m, rows[i].src, rows[i].dst, rows[i].type, rows[i].code, 1400, rows[i].dst, far);
		assert_drop(arrive(&n, &m), DROP_TAKEN, "row %zu", i);
		assert_int_equal(n.arrival.kind, IP_ERROR);
		assert_int_equal(n.arrival.error.kind, rows[i].kind);
		assert_memory_equal(n.arrival.error.flow.local, me.ip, 16);
		assert_memory_equal(n.arrival.error.flow.remote, addr(far).ip, 16);
		assert_int_equal(n.arrival.error.flow.lport, 12345);
		assert_int_equal(n.arrival.error.seq, 1);
		if (rows[i].kind == ICMP_TOO_BIG)
			assert_int_equal(n.arrival.error.mtu, 1400);
	}
	assert_silent(&n);
	net_down(&n);
}

static void
hostile__D01__error_about_what_is_not_ours(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_error(&m, PEER4, ME4, 3, 1, 0, PEER4, ME4);
	assert_drop(arrive(&n, &m), DROP_ICMP_QUOTE, "v4");
	made_error(&m, PEER6, ME6, 1, 0, 0, PEER6, ME6);
	assert_drop(arrive(&n, &m), DROP_ICMP_QUOTE, "v6");
	/* IPv6 that quotes mapped addresses, of which the local one would be ours */
	made_error(&m, PEER6, ME6, 1, 0, 0, ME6, PEER6);
	memcpy(m.at + 54 + 8 + 8, addr(ME4).ip, 16);
	memcpy(m.at + 54 + 8 + 24, addr(PEER4).ip, 16);
	made_icmp(&m, MAC0, PEER6, ME6, m.at + 54, m.len - 54);
	assert_drop(arrive(&n, &m), DROP_ICMP_QUOTE, "mapped");
	assert_int_equal(n.arrival.kind, IP_HANDLED);
	assert_silent(&n);
	net_down(&n);
}

/* RFC 1122 §3.2.2: about none of these; nor are D05's acted upon. */
static void
hostile__D07__nothing_is_sent(void **unused)
{
	static const uint8_t to_all[6] = {0x33, 0x33, 0, 0, 0, 1};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	net_resolve(&n, 0, PEER4, PEER);
	net_resolve(&n, 0, PEER6, PEER);
	for (unsigned type = 0; type < 256; type++)
		for (unsigned v6 = 0; v6 < 2; v6++) {
			if (type == (v6 ? 128 : 8) || (v6 && type == 135))
				continue;
			made_error(&m, v6 ? PEER6 : PEER4, v6 ? ME6 : ME4, (uint8_t)type, 0, 0,
			           v6 ? ME6 : ME4, v6 ? PEER6 : PEER4);
			(void)arrive(&n, &m);
			assert_silent(&n);
		}
	made_error(&m, PEER6, "ff02::1", 2, 0, 1280, ME6, PEER6);
	memcpy(m.at, to_all, 6);
	assert_drop(arrive(&n, &m), DROP_IP6_MULTICAST, "too big to all");
	made_error(&m, PEER4, "192.0.2.255", 3, 4, 0, ME4, PEER4);
	assert_drop(arrive(&n, &m), DROP_IP4_BROADCAST, "unreachable to all");
	made_error(&m, "127.0.0.1", ME4, 3, 1, 0, ME4, PEER4);
	assert_drop(arrive(&n, &m), DROP_IP4_SOURCE, "martian");
	made_error(&m, PEER4, ME4, 3, 1, 0, ME4, PEER4);
	put_u16(m.at + 20, 1);
	put_u16(m.at + 24, 0);
	put_u16(m.at + 24, (uint16_t)~naive_sum(0, m.at + 14, 20));
	assert_drop(arrive(&n, &m), DROP_IP4_FRAGMENT, "fragment");
	made_error(&m, PEER4, ME4, 4, 0, 0, ME4, PEER4);
	assert_drop(arrive(&n, &m), DROP_ICMP_TYPE, "source quench (D04)");
	made_error(&m, PEER4, ME4, 5, 1, 0, ME4, PEER4);
	assert_drop(arrive(&n, &m), DROP_ICMP_TYPE, "redirect (D05)");
	assert_silent(&n);
	assert_int_equal(n.ip.neigh.used, 2);
	net_down(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo__answered),
		cmocka_unit_test(echo__link_local_on_port_1__answered_there),
		cmocka_unit_test(echo__neighbour_unknown__resolved_first),
		cmocka_unit_test(echo__no_way_back__counted),
		cmocka_unit_test(hostile__D06__echo_beyond_the_mtu_of_the_way_back),
		cmocka_unit_test(hostile__D06__echo_short),
		cmocka_unit_test(hostile__D06__echo_to_groups),
		cmocka_unit_test(hostile__D06__echo_rate),
		cmocka_unit_test(error_about_ours__goes_up),
		cmocka_unit_test(hostile__D01__error_about_what_is_not_ours),
		cmocka_unit_test(hostile__D07__nothing_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
