/* The next hop and the source address (RFC 1122 §3.3.1, RFC 9293 MUST-44). */
#include "net.h"

static void
with_gateways(struct net *n)
{
	net_config(n);
	memcpy(n->config.port[0].gateway4, addr("192.0.2.254").ip, 16);
	memcpy(n->config.port[0].gateway6, addr("fe80::fe").ip, 16);
	memcpy(n->config.port[1].gateway4, addr("198.51.100.62").ip, 16);
	net_address(&n->config.port[0], "10.0.0.1", 8);
	net_address(&n->config.port[1], "10.1.2.1", 24);
	net_address(&n->config.port[1], "10.1.0.1", 16);
	net_start(n);
}

static void
route__next_hop_and_source(void **unused)
{
	static const struct {
		const char *remote;
		uint8_t port;
		const char *next_hop, *source;
	} rows[] = {
		{PEER4, 0, PEER4, ME4},
		{"198.51.100.9", 1, "198.51.100.9", "198.51.100.1"},
		{PEER6, 0, PEER6, ME6},
		{"2001:db8:1::9", 1, "2001:db8:1::9", "2001:db8:1::1"},
		/* the longest prefix, on whichever port, wherever it is listed */
		{"10.9.9.9", 0, "10.9.9.9", "10.0.0.1"},
		{"10.1.9.9", 1, "10.1.9.9", "10.1.0.1"},
		{"10.1.2.9", 1, "10.1.2.9", "10.1.2.1"},
		/* off link: the first gateway, and the address on its prefix */
		{"203.0.113.5", 0, "192.0.2.254", ME4},
		{"198.51.100.64", 0, "192.0.2.254", ME4},
		{"2001:db8:9::9", 0, "fe80::fe", ME6},
		/* the first port's link */
		{"fe80::9", 0, "fe80::9", LINK6},
		{"fe80::fe", 0, "fe80::fe", LINK6},
		/* the gateway itself */
		{"192.0.2.254", 0, "192.0.2.254", ME4},
	};
	struct net n;

	(void)unused;
	with_gateways(&n);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ip_route r;

		if (!ip_route(&n.ip, addr(rows[i].remote).ip, &r))
			fail_msg("%s: no route", rows[i].remote);
		assert_int_equal(r.port, rows[i].port);
		assert_int_equal(r.mtu, rows[i].port ? 9000 : 1500);
		if (memcmp(r.next_hop, addr(rows[i].next_hop).ip, 16) != 0 ||
		    memcmp(r.source, addr(rows[i].source).ip, 16) != 0)
			fail_msg("%s: another way", rows[i].remote);
	}
	net_down(&n);
}

static void
route__ours__by_the_loop(void **unused)
{
	static const char *const ours[] = {
		ME4, ME6, LINK6, "198.51.100.1", "2001:db8:1::1", "fe80::ff:fe00:2"};
	struct net n;
	struct ip_route r;

	(void)unused;
	with_gateways(&n);
	for (size_t i = 0; i < COUNT(ours); i++) {
		assert_true(ip_route(&n.ip, addr(ours[i]).ip, &r));
		assert_int_equal(r.port, LOOP_PORT);
		assert_memory_equal(r.source, addr(ours[i]).ip, 16);
	}
	net_down(&n);
}

static void
route__none(void **unused)
{
	static const char *const remotes[] = {
		"0.0.0.0",
		"::",
		"0.1.2.3",
		"127.0.0.1",
		"::1",
		"224.0.0.1",
		"239.255.255.250",
		"240.0.0.1",
		"255.255.255.255",
		"ff02::1",
		"ff0e::1",
		"192.0.2.255",
		"192.0.2.0",
		"198.51.100.63",
		"10.255.255.255",
		"10.1.2.255",
		"::192.0.2.9",
		"fe80:1::9", /* in fe80::/10, but not on the link */
	};
	struct net n;
	struct ip_route r;

	(void)unused;
	with_gateways(&n);
	for (size_t i = 0; i < COUNT(remotes); i++)
		if (ip_route(&n.ip, addr(remotes[i]).ip, &r))
			fail_msg("%s", remotes[i]);
	net_down(&n);
}

static void
route__no_gateway__on_link_only(void **unused)
{
	struct net n;
	struct ip_route r;

	(void)unused;
	net_up(&n);
	assert_true(ip_route(&n.ip, addr(PEER4).ip, &r));
	assert_false(ip_route(&n.ip, addr("203.0.113.5").ip, &r));
	assert_true(ip_route(&n.ip, addr(PEER6).ip, &r));
	assert_false(ip_route(&n.ip, addr("2001:db8:9::9").ip, &r));
	net_down(&n);
}

/* A gateway on the second port alone; a gateway without an address of its family to speak from is none. */
static void
route__gateway__needs_a_source(void **unused)
{
	struct net n;
	struct ip_route r;

	(void)unused;
	net_config(&n);
	n.config.port[0].address_count = 0;
	net_address(&n.config.port[0], ME4, 24);
	memcpy(n.config.port[0].gateway6, addr("fe80::fe").ip, 16);
	memcpy(n.config.port[1].gateway4, addr("203.0.113.254").ip,
	       16); /* not on its link, and so configured */
	net_start(&n);
	assert_false(ip_route(&n.ip, addr("2001:db8:9::9").ip, &r));
	assert_true(ip_route(&n.ip, addr("203.0.113.5").ip, &r));
	assert_int_equal(r.port, 1);
	assert_memory_equal(r.source, addr("198.51.100.1").ip, 16);
	net_down(&n);
}

/* A link-local address that is configured, and first, is not the one that speaks to the world. */
static void
route__gateway__source_of_larger_scope(void **unused)
{
	struct net n;
	struct ip_route r;

	(void)unused;
	net_config(&n);
	n.config.port[0].address_count = 0;
	net_address(&n.config.port[0], "fe80::1", 64);
	net_address(&n.config.port[0], ME6, 64);
	memcpy(n.config.port[0].gateway6, addr("fe80::fe").ip, 16);
	net_start(&n);
	assert_true(ip_route(&n.ip, addr("2001:db8:9::9").ip, &r));
	assert_memory_equal(r.source, addr(ME6).ip, 16);
	assert_true(ip_route(&n.ip, addr("fe80::9").ip, &r));
	assert_memory_equal(r.source, addr("fe80::1").ip, 16);
	net_down(&n);
}

/* Of equal prefixes the first counts, on whichever port; each keeps its broadcast addresses. */
static void
route__equal_prefixes(void **unused)
{
	static const char *const broadcast[] = {"192.0.2.0", "192.0.2.255", "198.51.100.0", "198.51.100.63"};
	struct net n;
	struct ip_route r;

	(void)unused;
	net_config(&n);
	net_address(&n.config.port[0], "192.0.2.2", 24);
	net_address(&n.config.port[0], "192.0.2.3", 24);
	net_address(&n.config.port[0], "2001:db8::2", 64);
	net_address(&n.config.port[1], "192.0.2.4", 24);
	net_address(&n.config.port[1], "192.0.2.65", 26);
	net_start(&n);
	assert_int_equal(n.ip.on_links, 5);
	assert_true(ip_route(&n.ip, addr(PEER4).ip, &r));
	assert_int_equal(r.port, 0);
	assert_memory_equal(r.source, addr(ME4).ip, 16);
	assert_true(ip_route(&n.ip, addr(PEER6).ip, &r));
	assert_memory_equal(r.source, addr(ME6).ip, 16);
	assert_true(ip_route(&n.ip, addr("192.0.2.99").ip, &r));
	assert_int_equal(r.port, 1);
	assert_memory_equal(r.source, addr("192.0.2.65").ip, 16);
	assert_true(ip_route(&n.ip, addr("192.0.2.63").ip, &r)); /* all ones, but behind another prefix */
	assert_false(ip_route(&n.ip, addr("192.0.2.127").ip, &r));
	for (size_t i = 0; i < COUNT(broadcast); i++)
		if (ip_route(&n.ip, addr(broadcast[i]).ip, &r))
			fail_msg("%s", broadcast[i]);
	net_down(&n);
}

/* Prefixes of length 0 hold only their own family. */
static void
route__prefix_of_length_0(void **unused)
{
	struct net n;
	struct ip_route r;

	(void)unused;
	net_config(&n);
	n.config.port[0].address_count = 0;
	n.config.port_count = 1;
	net_address(&n.config.port[0], ME6, 0);
	net_start(&n);
	assert_false(ip_route(&n.ip, addr(PEER4).ip, &r));
	assert_true(ip_route(&n.ip, addr("2001:db8:9::9").ip, &r));
	assert_memory_equal(r.next_hop, addr("2001:db8:9::9").ip, 16);
	net_down(&n);
}

static void
confirm__keeps_the_next_hop_reachable(void **unused)
{
	struct net n;

	(void)unused;
	with_gateways(&n);
	net_resolve(&n, 0, "192.0.2.254", PEER);
	net_resolve(&n, 0, PEER4, PEER);
	n.ip.now_us += 20 * SECOND;
	ip_confirm(&n.ip, addr("203.0.113.5").ip);
	ip_confirm(&n.ip, addr("127.0.0.1").ip); /* no route, no harm */
	n.ip.now_us += 20 * SECOND;
	ip_timeouts(&n.ip);
	assert_int_equal(net_find(&n, 0, "192.0.2.254")->state, NEIGH_REACHABLE);
	assert_int_equal(net_find(&n, 0, PEER4)->state, NEIGH_STALE);
	net_down(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(route__next_hop_and_source),
		cmocka_unit_test(route__ours__by_the_loop),
		cmocka_unit_test(route__none),
		cmocka_unit_test(route__no_gateway__on_link_only),
		cmocka_unit_test(route__gateway__needs_a_source),
		cmocka_unit_test(route__gateway__source_of_larger_scope),
		cmocka_unit_test(route__equal_prefixes),
		cmocka_unit_test(route__prefix_of_length_0),
		cmocka_unit_test(confirm__keeps_the_next_hop_reachable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
