/* What is sent unasked: requests for neighbours, and our addresses once (RFC 5227 §2.3, RFC 4861 §7.2.2, §7.2.6). */
#include "net.h"

static void
request__arp(void **unused)
{
	static const uint8_t request[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,   1, 8, 6,
	                                    0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,   0, 0, 1,
	                                    192,  0,    2,    1,    0,    0,    0, 0, 0, 0, 192, 0, 2, 9};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	assert_int_equal(ip_due(&n.ip), UINT64_MAX);
	neigh_use(&n.ip.neigh, 0, addr(PEER4).ip, n.ip.now_us);
	assert_true(ip_due(&n.ip) <= n.ip.now_us);
	ip_timeouts(&n.ip);
	take_sent(&n, &m);
	assert_int_equal(m.len, 60);
	assert_memory_equal(m.at, request, 42);
	for (int i = 42; i < 60; i++)
		assert_int_equal(m.at[i], 0);
	assert_int_equal(ip_due(&n.ip), n.ip.now_us + SECOND);
	ip_timeouts(&n.ip);
	assert_silent(&n);
	assert_int_equal(counter_read(&n.ip.stats.arp_requests_sent), 1);
	net_down(&n);
}

static void
request__solicitation(void **unused)
{
	static const uint8_t mac[6] = {0x33, 0x33, 0xff, 0, 0, 9};
	static const struct {
		const char *target, *source;
	} rows[] = {{PEER6, ME6}, {"fe80::9", LINK6}};

	(void)unused;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct net n;
		struct made m;

		net_up(&n);
		neigh_use(&n.ip.neigh, 0, addr(rows[i].target).ip, n.ip.now_us);
		ip_timeouts(&n.ip);
		take_sent(&n, &m);
		assert_int_equal(m.len, 86);
		assert_memory_equal(m.at, mac, 6);
		assert_int_equal(m.at[21], 255);
		assert_memory_equal(m.at + 22, addr(rows[i].source).ip, 16);
		assert_memory_equal(m.at + 38, addr("ff02::1:ff00:9").ip, 16);
		assert_int_equal(m.at[54], 135);
		assert_memory_equal(m.at + 62, addr(rows[i].target).ip, 16);
		assert_int_equal(m.at[78], 1);
		assert_memory_equal(m.at + 80, MAC0, 6);
		assert_int_equal(counter_read(&n.ip.stats.nd_solicits_sent), 1);
		net_down(&n);
	}
}

/* A gateway beyond the link's prefixes is asked for from the port's first address. */
static void
request__gateway_off_link(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	neigh_use(&n.ip.neigh, 1, addr("203.0.113.254").ip, n.ip.now_us);
	ip_timeouts(&n.ip);
	assert_int_equal(n.slot[0].port, 1);
	take_sent(&n, &m);
	assert_memory_equal(m.at + 28, addr("198.51.100.1").ip + 12, 4);
	net_down(&n);
}

static void
probe__goes_to_the_known_mac(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	net_resolve(&n, 0, PEER4, PEER);
	n.ip.now_us += 30 * SECOND;
	ip_timeouts(&n.ip);
	neigh_use(&n.ip.neigh, 0, addr(PEER4).ip, n.ip.now_us);
	n.ip.now_us += 5 * SECOND;
	ip_timeouts(&n.ip);
	take_sent(&n, &m);
	assert_memory_equal(m.at, PEER, 6);
	assert_int_equal(m.at[21], 1);
	net_down(&n);
}

/* No request is lost for want of a frame, and none is doubled. */
static void
request__outbox_full__next_turn(void **unused)
{
	struct net n;

	(void)unused;
	net_up(&n);
	net_blanks(&n, 3, 2048);
	for (int i = 0; i < 5; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "192.0.2.%d", 20 + i);
		neigh_use(&n.ip.neigh, 0, addr(text).ip, n.ip.now_us);
	}
	ip_timeouts(&n.ip);
	assert_int_equal(n.tx.used, 3);
	assert_true(ip_due(&n.ip) <= n.ip.now_us);
	n.tx.used = 0;
	ip_timeouts(&n.ip);
	assert_int_equal(n.tx.used, 2);
	assert_int_equal(ip_due(&n.ip), n.ip.now_us + SECOND);
	n.ip.tx = NULL;
	n.ip.now_us += SECOND;
	ip_timeouts(&n.ip);
	assert_int_equal(counter_read(&n.ip.stats.arp_requests_sent), 5);
	net_down(&n);
}

/* All flows to a dead peer together (D13). */
static void
hostile__D13__ten_thousand_flows_one_next_hop(void **unused)
{
	uint64_t end, sent_at = 0;
	struct net n;

	(void)unused;
	net_up(&n);
	for (end = n.ip.now_us + 60 * SECOND; n.ip.now_us < end; n.ip.now_us += 50000) {
		for (int flow = 0; flow < 100; flow++) {
			struct ip_out out;

			assert_int_not_equal(ip_begin(&n.ip, addr(PEER4).ip, &out), IP_OK);
		}
		n.tx.used = 0;
		ip_timeouts(&n.ip);
		assert_true(n.tx.used <= 1);
		if (n.tx.used == 1) {
			assert_true(n.ip.now_us >= sent_at + SECOND);
			sent_at = n.ip.now_us;
		}
	}
	assert_true(counter_read(&n.ip.stats.arp_requests_sent) >= 30); /* three in six seconds */
	net_down(&n);
}

static void
assert_announces(const uint8_t *p, const char *text, const uint8_t mac[6])
{
	struct addr a = addr(text);

	assert_memory_equal(p + 6, mac, 6);
	if (is_v4(&a)) {
		assert_memory_equal(p, ALL, 6);
		assert_int_equal(p[21], 1);
		assert_memory_equal(p + 22, mac, 6);
		assert_memory_equal(p + 28, a.ip + 12, 4);
		assert_memory_equal(p + 38, a.ip + 12, 4);
	} else {
		assert_memory_equal(p, ((const uint8_t[6]){0x33, 0x33, 0, 0, 0, 1}), 6);
		assert_memory_equal(p + 22, a.ip, 16);
		assert_memory_equal(p + 38, addr("ff02::1").ip, 16);
		assert_int_equal(p[54], 136);
		assert_int_equal(p[58], 0x20);
		assert_memory_equal(p + 62, a.ip, 16);
		assert_memory_equal(p + 80, mac, 6);
		assert_checksums(p, 86);
	}
}

static void
announcements__once__in_as_many_turns_as_it_takes(void **unused)
{
	static const char *const texts[] = {
		ME4, ME6, LINK6, "198.51.100.1", "2001:db8:1::1", "fe80::ff:fe00:2"};

	(void)unused;
	for (uint16_t room = 1; room <= 7; room++) {
		size_t sent = 0;
		struct net n;

		net_config(&n);
		n.config.port[0].announce = n.config.port[1].announce = true;
		net_start(&n);
		net_blanks(&n, room, 2048);
		for (int turn = 0; turn < 10; turn++, n.ip.now_us += 1000) {
			if (sent < COUNT(texts))
				assert_true(ip_due(&n.ip) <= n.ip.now_us);
			n.tx.used = 0;
			ip_timeouts(&n.ip);
			for (uint16_t i = 0; i < n.tx.used; i++, sent++) {
				assert_true(sent < COUNT(texts));
				assert_int_equal(n.slot[i].port, sent / 3);
				assert_announces(n.slot[i].data, texts[sent], sent < 3 ? MAC0 : MAC1);
			}
		}
		assert_int_equal(sent, COUNT(texts));
		assert_int_equal(ip_due(&n.ip), UINT64_MAX);
		assert_true(n.ip.announced);
		net_down(&n);
	}
}

static void
announcements__only_where_configured(void **unused)
{
	struct net n;

	(void)unused;
	net_config(&n);
	n.config.port[1].announce = true;
	net_start(&n);
	ip_timeouts(&n.ip);
	assert_int_equal(n.tx.used, 3);
	for (uint16_t i = 0; i < 3; i++)
		assert_int_equal(n.slot[i].port, 1);
	net_down(&n);
	net_up(&n);
	ip_timeouts(&n.ip);
	assert_silent(&n);
	assert_int_equal(ip_due(&n.ip), UINT64_MAX);
	net_down(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request__arp),
		cmocka_unit_test(request__solicitation),
		cmocka_unit_test(request__gateway_off_link),
		cmocka_unit_test(probe__goes_to_the_known_mac),
		cmocka_unit_test(request__outbox_full__next_turn),
		cmocka_unit_test(hostile__D13__ten_thousand_flows_one_next_hop),
		cmocka_unit_test(announcements__once__in_as_many_turns_as_it_takes),
		cmocka_unit_test(announcements__only_where_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
