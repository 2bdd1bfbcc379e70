/* Frames and the driver's word about them (hostile-inputs A). */
#include "net.h"

static void
syn__to_us__goes_up(void **unused)
{
	static const struct {
		const char *src, *dst;
		uint8_t port;
	} rows[] = {
		{PEER4, ME4, 0},
		{PEER6, ME6, 0},
		{"203.0.113.5", ME4, 0},
		{"fe80::9", LINK6, 0},
		{PEER4, ME4, 1},
		{"fe80::9", "fe80::ff:fe00:2", 1}, /* the weak model; another link's link-local */
	};
	struct made m;

	(void)unused;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct net n;

		net_up(&n);
		made_syn(&m, rows[i].port == 0 ? MAC0 : MAC1, rows[i].src, rows[i].dst);
		assert_drop(arrive_flagged(&n, rows[i].port, 0, &m), DROP_TAKEN, "row %zu", i);
		assert_int_equal(n.arrival.kind, IP_SEGMENT);
		assert_int_equal(n.arrival.port, rows[i].port);
		assert_false(n.arrival.l4_verified);
		assert_memory_equal(n.arrival.packet.src, addr(rows[i].src).ip, 16);
		assert_memory_equal(n.arrival.packet.dst, addr(rows[i].dst).ip, 16);
		assert_int_equal(n.arrival.packet.l4_len, 20);
		assert_ptr_equal(n.arrival.packet.l4, n.in + m.len - 20);
		assert_silent(&n);
		net_down(&n);
	}
}

static void
hostile__A01__every_length(void **unused)
{
	static const char *const ends[][2] = {{PEER4, ME4}, {PEER6, ME6}};
	struct made m;

	(void)unused;
	for (size_t v = 0; v < COUNT(ends); v++) {
		struct net n;
		size_t whole;

		net_up(&n);
		made_syn(&m, MAC0, ends[v][0], ends[v][1]);
		whole = m.len;
		for (size_t len = 1; len < whole; len++) {
			enum drop why;

			m.len = len;
			why = arrive(&n, &m);
			assert_true(len >= 14 || why == DROP_L2_RUNT);
			assert_true(why != DROP_TAKEN);
			assert_int_equal(n.arrival.kind, IP_HANDLED);
		}
		assert_silent(&n);
		net_down(&n);
	}
}

static void
hostile__A03__types(void **unused)
{
	static const struct {
		uint16_t type;
		enum drop why;
	} rows[] = {
		{0, DROP_L2_LENGTH},      {46, DROP_L2_LENGTH},   {1500, DROP_L2_LENGTH},
		{0x05ff, DROP_L2_LENGTH}, {0x0600, DROP_L2_TYPE}, {0x0801, DROP_L2_TYPE},
		{0x0805, DROP_L2_TYPE},   {0x0842, DROP_L2_TYPE}, {0x22f0, DROP_L2_TYPE},
		{0x6003, DROP_L2_TYPE},   {0x8035, DROP_L2_TYPE}, {0x809b, DROP_L2_TYPE},
		{0x8100, DROP_L2_VLAN},   {0x88a8, DROP_L2_VLAN}, {0x8137, DROP_L2_TYPE},
		{0x86dc, DROP_L2_TYPE},   {0x86de, DROP_L2_TYPE}, {0x8808, DROP_L2_TYPE},
		{0x8809, DROP_L2_TYPE},   {0x8847, DROP_L2_TYPE}, {0x8863, DROP_L2_TYPE},
		{0x8864, DROP_L2_TYPE},   {0x888e, DROP_L2_TYPE}, {0x88cc, DROP_L2_TYPE},
		{0x88e5, DROP_L2_TYPE},   {0x88f7, DROP_L2_TYPE}, {0x8906, DROP_L2_TYPE},
		{0x9000, DROP_L2_TYPE},   {0xffff, DROP_L2_TYPE},
	};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	for (size_t i = 0; i < COUNT(rows); i++) {
		made_syn(&m, MAC0, PEER4, ME4);
		put_u16(m.at + 12, rows[i].type);
		assert_drop(arrive(&n, &m), rows[i].why, "type %04x", rows[i].type);
	}
	assert_silent(&n);
	net_down(&n);
}

static void
hostile__A03__giant(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_syn(&m, MAC0, PEER4, ME4);
	memset(m.at + m.len, 0, sizeof(m.at) - m.len);
	m.len = 1514;
	assert_drop(arrive(&n, &m), DROP_TAKEN, "1514");
	m.len = 1515;
	assert_drop(arrive(&n, &m), DROP_L2_GIANT, "1515");
	made_syn(&m, MAC1, PEER4, ME4);
	m.len = 9014; /* the MTU is the port's */
	assert_drop(arrive_flagged(&n, 1, 0, &m), DROP_TAKEN, "9014");
	m.len = 9015;
	assert_drop(arrive_flagged(&n, 1, 0, &m), DROP_L2_GIANT, "9015");
	net_down(&n);
}

static void
hostile__A04__link_addresses(void **unused)
{
	static const uint8_t ip6_group[6] = {0x33, 0x33, 0xff, 0, 0, 1}, ip4_group[6] = {1, 0, 0x5e, 0, 0, 1};
	static const uint8_t bridge[6] = {1, 0x80, 0xc2, 0, 0, 0}, group[6] = {3, 0, 0, 0, 0, 0x99};
	static const struct row {
		const char *name, *src, *dst;
		const uint8_t *to, *from;
		enum drop why;
	} rows[] = {
		{"broadcast", PEER4, ME4, ALL, PEER, DROP_L2_NOT_OURS},
		{"broadcast, v6", PEER6, ME6, ALL, PEER, DROP_L2_NOT_OURS},
		{"another's", PEER4, ME4, OTHER, PEER, DROP_L2_NOT_OURS},
		{"the other port's", PEER4, ME4, MAC1, PEER, DROP_L2_NOT_OURS},
		{"IPv4 group", PEER4, ME4, ip4_group, PEER, DROP_L2_NOT_OURS},
		{"bridge group", PEER4, ME4, bridge, PEER, DROP_L2_NOT_OURS},
		{"IPv6 group", PEER6, ME6, ip6_group, PEER, DROP_L2_NOT_OURS},
		{"IPv6 group, v4", PEER4, ME4, ip6_group, PEER, DROP_L2_NOT_OURS},
		{"IPv6 group, and to it", PEER6, "ff02::1:ff00:1", ip6_group, PEER, DROP_IP6_MULTICAST},
		{"from a group", PEER4, ME4, MAC0, group, DROP_L2_SOURCE},
		{"from all", PEER6, ME6, MAC0, ALL, DROP_L2_SOURCE},
		{"from ourselves", PEER4, ME4, MAC0, MAC0, DROP_L2_SOURCE},
		{"to all from ourselves", PEER4, ME4, ALL, MAC0, DROP_L2_SOURCE},
	};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	for (size_t i = 0; i < COUNT(rows); i++) {
		made_syn(&m, rows[i].to, rows[i].src, rows[i].dst);
		memcpy(m.at + 6, rows[i].from, 6);
		assert_drop(arrive(&n, &m), rows[i].why, "%s", rows[i].name);
		assert_int_equal(n.arrival.kind, IP_HANDLED);
	}
	assert_silent(&n);
	assert_int_equal(n.ip.neigh.used, 0);
	net_down(&n);
}

static void
port__that_is_not__dropped(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_syn(&m, MAC0, PEER4, ME4);
	assert_drop(arrive_flagged(&n, 2, 0, &m), DROP_L2_NOT_OURS, "port 2");
	assert_drop(arrive_flagged(&n, 255, 0, &m), DROP_L2_NOT_OURS, "port 255");
	net_down(&n);
}

static void
hostile__A05__padding_is_cut_off(void **unused)
{
	static const uint8_t tcp[21] = {0x30, 0x39, 0, 80, [12] = 0x50, 0x18, [20] = 'x'};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_packet(&m, MAC0, PEER4, ME4, 6, 64, tcp, sizeof(tcp), 16);
	memset(m.at + m.len, 0xee, 60 - m.len);
	m.len = 60;
	assert_drop(arrive(&n, &m), DROP_TAKEN, "v4");
	assert_int_equal(n.arrival.packet.l4_len, 21);
	assert_int_equal(n.arrival.packet.l4[20], 'x');
	made_packet(&m, MAC0, PEER6, ME6, 6, 64, tcp, sizeof(tcp), 16);
	memset(m.at + m.len, 0xee, 5);
	m.len += 5;
	assert_drop(arrive(&n, &m), DROP_TAKEN, "v6");
	assert_int_equal(n.arrival.packet.l4_len, 21);
	net_down(&n);
}

enum { IP_GOOD = FNS_FRAME_IP_CKSUM_GOOD, L4_GOOD = FNS_FRAME_L4_CKSUM_GOOD, BAD = FNS_FRAME_CKSUM_BAD };

/* The driver's verdicts on good packets, on those whose TCP sum is wrong, and those whose IPv4 header's is.  The sum of
 * TCP itself is verified above, unless l4_verified says that it was. */
static void
hostile__A06__verdicts(void **unused)
{
	enum { FINE, TCP_WRONG, IP_WRONG };
	static const struct row {
		uint16_t flags;
		uint8_t wrong;
		bool v6;
		enum drop why;
		bool verified;
	} rows[] = {
		{0, FINE, false, DROP_TAKEN, false},
		{IP_GOOD, FINE, false, DROP_TAKEN, false},
		{L4_GOOD, FINE, false, DROP_TAKEN, true},
		{IP_GOOD | L4_GOOD, FINE, false, DROP_TAKEN, true},
		{BAD, FINE, false, DROP_TCP_CKSUM,
	         false}, /* software may think otherwise: it was not asked */
		{BAD | IP_GOOD | L4_GOOD, FINE, false, DROP_TCP_CKSUM, false},
		{0, TCP_WRONG, false, DROP_TAKEN, false},
		{IP_GOOD, TCP_WRONG, false, DROP_TAKEN, false},
		{BAD, TCP_WRONG, false, DROP_TCP_CKSUM, false},
		{BAD | IP_GOOD, TCP_WRONG, false, DROP_TCP_CKSUM, false},
		{0, IP_WRONG, false, DROP_IP4_CKSUM, false},
		{L4_GOOD, IP_WRONG, false, DROP_IP4_CKSUM, false},
		{BAD, IP_WRONG, false, DROP_IP4_CKSUM, false},
		{BAD | IP_GOOD, IP_WRONG, false, DROP_IP4_CKSUM, false},
		{BAD | L4_GOOD, IP_WRONG, false, DROP_IP4_CKSUM, false},
		{0, FINE, true, DROP_TAKEN, false},
		{L4_GOOD, FINE, true, DROP_TAKEN, true},
		{BAD, FINE, true, DROP_TCP_CKSUM, false},
		{0, TCP_WRONG, true, DROP_TAKEN, false},
		{BAD, TCP_WRONG, true, DROP_TCP_CKSUM, false},
		{BAD | L4_GOOD, TCP_WRONG, true, DROP_TCP_CKSUM, false},
	};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];

		made_syn(&m, MAC0, r->v6 ? PEER6 : PEER4, r->v6 ? ME6 : ME4);
		if (r->wrong == TCP_WRONG)
			m.at[m.len - 1] ^= 1;
		if (r->wrong == IP_WRONG)
			m.at[14 + 10] ^= 1;
		assert_drop(arrive_flagged(&n, 0, r->flags, &m), r->why, "row %zu", i);
		assert_int_equal(n.arrival.kind, r->why == DROP_TAKEN ? IP_SEGMENT : IP_HANDLED);
		assert_int_equal(n.arrival.l4_verified, r->verified);
	}
	assert_silent(&n);
	net_down(&n);
}

/* The reason is the first that holds: whose a packet is comes before its checksum. */
static void
hostile__A06__bad_and_not_ours(void **unused)
{
	static const uint8_t echo[8] = {8};
	static const uint8_t echo6[8] = {128};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_syn(&m, MAC0, PEER4, "192.0.2.77");
	assert_drop(arrive_flagged(&n, 0, BAD, &m), DROP_IP4_NOT_OURS, "v4");
	made_syn(&m, MAC0, PEER6, "2001:db8::77");
	assert_drop(arrive_flagged(&n, 0, BAD, &m), DROP_IP6_NOT_OURS, "v6");
	made_icmp(&m, MAC0, PEER4, ME4, echo, sizeof(echo));
	assert_drop(arrive_flagged(&n, 0, BAD, &m), DROP_ICMP_CKSUM, "echo");
	made_icmp(&m, MAC0, PEER6, ME6, echo6, sizeof(echo6));
	assert_drop(arrive_flagged(&n, 0, BAD, &m), DROP_ICMP_CKSUM, "echo, v6");
	assert_silent(&n);
	net_down(&n);
}

static void
hostile__B07__other_protocols(void **unused)
{
	static const uint8_t protocols[] = {0, 2, 4, 17, 41, 47, 50, 51, 58, 103, 132, 255};
	static const uint8_t protocols6[] = {1, 4, 17, 41, 47, 50, 51, 103, 132, 255};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	for (size_t i = 0; i < COUNT(protocols); i++) {
		made_packet(&m, MAC0, PEER4, ME4, protocols[i], 64, (const uint8_t[20]){0x45}, 20, 64);
		assert_drop(arrive(&n, &m), DROP_IP4_PROTOCOL, "protocol %u", protocols[i]);
	}
	for (size_t i = 0; i < COUNT(protocols6); i++) {
		made_packet(&m, MAC0, PEER6, ME6, protocols6[i], 64, (const uint8_t[20]){0x45}, 20, 64);
		assert_drop(arrive(&n, &m), DROP_IP6_PROTOCOL, "next header %u", protocols6[i]);
	}
	assert_silent(&n);
	net_down(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syn__to_us__goes_up),
		cmocka_unit_test(hostile__A01__every_length),
		cmocka_unit_test(hostile__A03__types),
		cmocka_unit_test(hostile__A03__giant),
		cmocka_unit_test(hostile__A04__link_addresses),
		cmocka_unit_test(port__that_is_not__dropped),
		cmocka_unit_test(hostile__A05__padding_is_cut_off),
		cmocka_unit_test(hostile__A06__verdicts),
		cmocka_unit_test(hostile__A06__bad_and_not_ours),
		cmocka_unit_test(hostile__B07__other_protocols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
