/* Whose an address is: sources that cannot be, destinations that are not ours (hostile-inputs B04, B05, C07, C10). */
#include "net.h"

#include "ours.h"

static void
hostile__B04__martian_sources(void **unused)
{
	static const char
		*const sources[] =
			{
				"0.0.0.0",
				"0.0.0.1",
				"0.255.255.255",
				"127.0.0.1",
				"127.255.255.255",
				"224.0.0.1",
				"239.255.255.255",
				"240.0.0.1",
				"254.1.2.3",
				"255.255.255.255",
				"192.0.2.255",
				"192.0.2.0",
				"198.51.100.63",
				"198.51.100.0", /* also of the other port */
				ME4,
				"198.51.100.1", /* ourselves (LAND) */
			};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	for (size_t i = 0; i < COUNT(sources); i++) {
		made_syn(&m, MAC0, sources[i], ME4);
		assert_drop(arrive(&n, &m), DROP_IP4_SOURCE, "%s", sources[i]);
		assert_int_equal(n.arrival.kind, IP_HANDLED);
	}
	assert_silent(&n);
	assert_int_equal(n.ip.neigh.used, 0);
	net_down(&n);
}

static void
source__unicast__taken(void **unused)
{
	static const char *const sources[] = {
		"1.0.0.0",     "126.255.255.255", "128.0.0.1",     "223.255.255.255", "192.0.2.254",
		"192.0.3.255", "198.51.100.127",  "198.51.100.62", "10.255.255.255",  "169.254.1.1",
	};
	static const char *const sources6[] = {"2001:db8::ffff", "2002::1", "fd00::1", "64:ff9b::c000:209",
	                                       "1::"};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	for (size_t i = 0; i < COUNT(sources); i++) {
		made_syn(&m, MAC0, sources[i], ME4);
		assert_drop(arrive(&n, &m), DROP_TAKEN, "%s", sources[i]);
	}
	for (size_t i = 0; i < COUNT(sources6); i++) {
		made_syn(&m, MAC0, sources6[i], ME6);
		assert_drop(arrive(&n, &m), DROP_TAKEN, "%s", sources6[i]);
	}
	net_down(&n);
}

static void
hostile__B05__destinations(void **unused)
{
	static const struct {
		const char *dst;
		enum drop why;
	} rows[] = {
		{"192.0.2.255", DROP_IP4_BROADCAST},     {"192.0.2.0", DROP_IP4_BROADCAST},
		{"198.51.100.63", DROP_IP4_BROADCAST},   {"198.51.100.0", DROP_IP4_BROADCAST},
		{"255.255.255.255", DROP_IP4_BROADCAST}, {"224.0.0.1", DROP_IP4_BROADCAST},
		{"239.1.2.3", DROP_IP4_BROADCAST},       {"192.0.2.2", DROP_IP4_NOT_OURS},
		{"198.51.100.64", DROP_IP4_NOT_OURS},    {"127.0.0.1", DROP_IP4_NOT_OURS},
		{"0.0.0.0", DROP_IP4_NOT_OURS},          {"203.0.113.255", DROP_IP4_NOT_OURS},
	};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int broadcast = 0; broadcast < 2; broadcast++) {
			made_syn(&m, broadcast ? ALL : MAC0, PEER4, rows[i].dst);
			assert_drop(arrive(&n, &m), rows[i].why, "%s", rows[i].dst);
			assert_int_equal(n.arrival.kind, IP_HANDLED);
		}
	assert_silent(&n);
	net_down(&n);
}

/* RFC 3021: a /31 has two hosts and no broadcast; nor has a /32. */
static void
prefix__31_and_32__no_broadcast(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_config(&n);
	n.config.port[0].address_count = 0;
	net_address(&n.config.port[0], "192.0.2.0", 31);
	net_address(&n.config.port[0], "192.0.2.255", 32);
	net_start(&n);
	made_syn(&m, MAC0, "192.0.2.1", "192.0.2.0");
	assert_drop(arrive(&n, &m), DROP_TAKEN, "31");
	made_syn(&m, MAC0, "192.0.2.1", "192.0.2.255");
	assert_drop(arrive(&n, &m), DROP_TAKEN, "32");
	net_down(&n);
}

static void
hostile__C07__martian_sources(void **unused)
{
	static const struct {
		const char *src, *dst;
	} rows[] = {
		{"ff02::1", ME6},
		{"ff0e::9", ME6},
		{"::", ME6},
		{"::1", ME6},
		{"::192.0.2.9", ME6},
		{ME6, ME6},
		{"2001:db8:1::1", ME6},
		{LINK6, LINK6},
		{LINK6, ME6},
		{"fe80::9", ME6},
		{PEER6, LINK6},
		{"::ffff:192.0.2.9", ME6},
		{"::ffff:192.0.2.1", ME6},
	};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	for (size_t i = 0; i < COUNT(rows); i++) {
		made_syn(&m, MAC0, rows[i].src, rows[i].dst);
		assert_int_equal(get_u16(m.at + 12), 0x86dd);
		assert_drop(arrive(&n, &m), DROP_IP6_SOURCE, "%s > %s", rows[i].src, rows[i].dst);
		assert_int_equal(n.arrival.kind, IP_HANDLED);
	}
	assert_silent(&n);
	net_down(&n);
}

static void
hostile__C07__destinations(void **unused)
{
	static const struct {
		const char *src, *dst;
		uint8_t port;
		enum drop why;
	} rows[] = {
		{PEER6, "2001:db8::2", 0, DROP_IP6_NOT_OURS},
		{PEER6, "::1", 0, DROP_IP6_NOT_OURS},
		{PEER6, "::", 0, DROP_IP6_NOT_OURS},
		{PEER6, "ff02::1", 0, DROP_IP6_MULTICAST},
		{PEER6, "ff02::1:ff00:1", 0, DROP_IP6_MULTICAST},
		{PEER6, "ff0e::1", 0, DROP_IP6_MULTICAST},
		{"fe80::9", LINK6, 1, DROP_IP6_NOT_OURS}, /* port 0's own, on port 1's link */
		{"fe80::9", "fe80::1", 0, DROP_IP6_NOT_OURS},
	};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	for (size_t i = 0; i < COUNT(rows); i++) {
		made_syn(&m, rows[i].port ? MAC1 : MAC0, rows[i].src, rows[i].dst);
		assert_drop(arrive_flagged(&n, rows[i].port, 0, &m), rows[i].why, "%s", rows[i].dst);
	}
	assert_silent(&n);
	net_down(&n);
}

/* An IPv4-mapped address in an IPv6 header is not the IPv4 host; nor are equal low octets the same address. */
static void
hostile__C10__families_do_not_mix(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_syn(&m, MAC0, PEER6, "::ffff:192.0.2.1");
	assert_drop(arrive(&n, &m), DROP_IP6_NOT_OURS, "mapped");
	made_syn(&m, MAC0, PEER6, "2001:db8::c000:201");
	assert_drop(arrive(&n, &m), DROP_IP6_NOT_OURS, "low 32 bits");
	made_syn(&m, MAC0, PEER6, "::192.0.2.1");
	assert_drop(arrive(&n, &m), DROP_IP6_NOT_OURS, "compatible");
	assert_silent(&n);
	net_down(&n);
}

static void
ours__every_address_on_every_port(void **unused)
{
	static const struct {
		const char *text;
		bool ours;
	} rows[] = {
		{ME4, true},
		{ME6, true},
		{"198.51.100.1", true},
		{"2001:db8:1::1", true},
		{LINK6, true},
		{"fe80::ff:fe00:2", true},
		{PEER4, false},
		{PEER6, false},
		{"fe80::1", false},
		{"0.0.0.0", false},
		{"::", false},
		{"ff02::1", false},
	};
	struct net n;

	(void)unused;
	net_up(&n);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(ip_is_ours(&n.ip, addr(rows[i].text).ip), rows[i].ours);
	net_down(&n);
}

static void
prefix__every_length(void **unused)
{
	struct addr a = addr("2001:db8:5555:aaaa:5555:aaaa:5555:aaaa"), b = addr("170.85.170.85");

	(void)unused;
	for (unsigned bits = 0; bits <= 128; bits++)
		for (unsigned flip = 0; flip < 128; flip++) {
			struct fns_prefix p = {.bits = (uint8_t)bits};
			struct addr x = a;

			memcpy(p.ip, a.ip, 16);
			x.ip[flip / 8] ^= (uint8_t)(0x80 >> flip % 8);
			assert_int_equal(prefix_has(&p, x.ip), flip >= bits);
		}
	for (unsigned bits = 0; bits <= 32; bits++)
		for (unsigned flip = 0; flip < 32; flip++) {
			struct fns_prefix p = {.bits = (uint8_t)bits};
			struct addr x = b;

			memcpy(p.ip, b.ip, 16);
			x.ip[12 + flip / 8] ^= (uint8_t)(0x80 >> flip % 8);
			assert_int_equal(prefix_has(&p, x.ip), flip >= bits);
			assert_false(prefix_has(&p, a.ip)); /* the other family, whatever the length */
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile__B04__martian_sources),
		cmocka_unit_test(source__unicast__taken),
		cmocka_unit_test(hostile__B05__destinations),
		cmocka_unit_test(prefix__31_and_32__no_broadcast),
		cmocka_unit_test(hostile__C07__martian_sources),
		cmocka_unit_test(hostile__C07__destinations),
		cmocka_unit_test(hostile__C10__families_do_not_mix),
		cmocka_unit_test(ours__every_address_on_every_port),
		cmocka_unit_test(prefix__every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
