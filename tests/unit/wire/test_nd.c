/* Neighbour discovery: hostile row D11, and the messages that are built. */
#include "icmp.h"

#include "octets.h"

enum { SOLICITATION = 135, ADVERTISEMENT = 136 };

#define OPTIONS_MAX 40

static const uint8_t MAC[6] = {2, 0, 0, 0, 0, 0x0a};
static const uint8_t UNSPECIFIED[16];
static const uint8_t ALL_NODES[16] = {0xff, 0x02, [15] = 1};
static const uint8_t SOLICITED_NODE[16] = {0xff, 0x02, [11] = 1, [12] = 0xff, [15] = 1};

/* A message as it arrives. */
struct arriving {
	uint8_t type, code, flags;
	uint8_t hops; /* hop limit 255 less these */
	bool atomic;
	const uint8_t *src;
	const uint8_t *dst;    /* NULL: as is right for the type */
	const uint8_t *target; /* same */
	uint8_t options[OPTIONS_MAX];
	size_t options_len;
	size_t cut; /* octets that are missing at the end */
};

static enum drop
parse(struct nd *nd, const struct arriving *a)
{
	size_t len = 24 + a->options_len - a->cut;
	uint8_t whole[24 + OPTIONS_MAX] = {a->type, a->code, 0, 0, a->flags};
	struct ip_packet ip = {.protocol = PROTO_ICMP6,
	                       .ttl = (uint8_t)(255 - a->hops),
	                       .v6 = true,
	                       .atomic = a->atomic};
	bool advert = a->type == ADVERTISEMENT;
	struct icmp icmp;
	struct octets o;
	enum drop fate;

	memcpy(whole + 8, a->target != NULL ? a->target : advert ? BOB6 : ALICE6, 16);
	memcpy(whole + 24, a->options, a->options_len);
	memcpy(ip.src, a->src, 16);
	memcpy(ip.dst, a->dst != NULL ? a->dst : advert ? ALICE6 : SOLICITED_NODE, 16);
	put_u16(whole + 2, naive_l4_cksum(ip.src, ip.dst, PROTO_ICMP6, whole, len));
	o = octets_of(whole, len);
	ip.l4 = o.at;
	ip.l4_len = (uint16_t)o.len;
	memset(nd, 0xee, sizeof(*nd));
	fate = icmp_parse(&icmp, &ip);
	if (fate == DROP_TAKEN) {
		assert_int_equal(icmp.kind, ICMP_ND);
		fate = nd_parse(nd, &icmp, &ip);
	}
	octets_free(&o);
	return fate;
}

#define SOLICIT    .type = SOLICITATION, .src = BOB6
#define ADVERT     .type = ADVERTISEMENT, .src = BOB6
#define PROBE      .type = SOLICITATION, .src = UNSPECIFIED

#define SOURCE_MAC 1, 1, 2, 0, 0, 0, 0, 0x0a
#define TARGET_MAC 2, 1, 2, 0, 0, 0, 0, 0x0a

static void
nd_parse__solicitation__is_read(void **state)
{
	const struct arriving a = {SOLICIT, .flags = 0xff, .options = {SOURCE_MAC}, .options_len = 8};
	struct nd nd;

	(void)state;
	assert_int_equal(parse(&nd, &a), DROP_TAKEN);
	assert_false(nd.advert);
	assert_false(nd.solicited || nd.override); /* reserved bits there */
	assert_true(nd.has_mac);
	assert_memory_equal(nd.mac, MAC, 6);
	assert_memory_equal(nd.target, ALICE6, 16);
}

static void
nd_parse__advertisement__is_read(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags <= 255; flags++) {
		struct arriving a = {ADVERT, .options = {TARGET_MAC}, .options_len = 8};
		struct nd nd;

		a.flags = (uint8_t)flags;
		assert_int_equal(parse(&nd, &a), DROP_TAKEN);
		assert_true(nd.advert);
		assert_int_equal(nd.solicited, !!(flags & 0x40));
		assert_int_equal(nd.override, !!(flags & 0x20));
		assert_true(nd.has_mac);
		assert_memory_equal(nd.mac, MAC, 6);
		assert_memory_equal(nd.target, BOB6, 16);
	}
}

static const struct {
	const char *what;
	enum drop fate;
	bool has_mac;
	struct arriving a;
} arrivals[] = {
	{"solicitation without options", DROP_TAKEN, false, {SOLICIT}},
	{"advertisement without options", DROP_TAKEN, false, {ADVERT}},
	{"probe", DROP_TAKEN, false, {PROBE}},
	{"solicitation to us alone",
         DROP_TAKEN,
         true,
         {SOLICIT, .dst = ALICE6, .options = {SOURCE_MAC}, .options_len = 8}},
	{"hop limit 254", DROP_ND_HOP_LIMIT, false, {SOLICIT, .hops = 1}},
	{"hop limit 0", DROP_ND_HOP_LIMIT, false, {SOLICIT, .hops = 255}},
	{"hop limit 64 in advertisement", DROP_ND_HOP_LIMIT, false, {ADVERT, .hops = 191}},
	{"code 1 in solicitation", DROP_ICMP_CODE, false, {SOLICIT, .code = 1}},
	{"code 255 in advertisement", DROP_ICMP_CODE, false, {ADVERT, .code = 255}},
	{"in a fragment header", DROP_IP6_FRAGMENT, false, {SOLICIT, .atomic = true}},
	{"advertisement in a fragment header", DROP_IP6_FRAGMENT, false, {ADVERT, .atomic = true}},
	{"target all nodes", DROP_ND_TARGET, false, {SOLICIT, .target = ALL_NODES}},
	{"target solicited node", DROP_ND_TARGET, false, {SOLICIT, .target = SOLICITED_NODE}},
	{"advertisement of a group", DROP_ND_TARGET, false, {ADVERT, .target = ALL_NODES}},
	{"option of length 0", DROP_ND_OPTION, false, {SOLICIT, .options = {1, 0}, .options_len = 8}},
	{"option of length 0, unknown",
         DROP_ND_OPTION,
         false,
         {SOLICIT, .options = {200, 0}, .options_len = 8}},
	{"option of length 0, second",
         DROP_ND_OPTION,
         false,
         {SOLICIT, .options = {SOURCE_MAC, 14, 0}, .options_len = 16}},
	{"option beyond the message", DROP_ND_OPTION, false, {SOLICIT, .options = {1, 2}, .options_len = 8}},
	{"option of 255", DROP_ND_OPTION, false, {ADVERT, .options = {2, 255}, .options_len = 40}},
	{"a tail of one octet",
         DROP_ND_OPTION,
         false,
         {SOLICIT, .options = {SOURCE_MAC, 1}, .options_len = 9}},
	{"a tail of seven octets",
         DROP_ND_OPTION,
         false,
         {SOLICIT, .options = {SOURCE_MAC, 1, 1}, .options_len = 15}},
	{"address of two units", DROP_ND_OPTION, false, {SOLICIT, .options = {1, 2}, .options_len = 16}},
	{"address of a group",
         DROP_ND_SOURCE,
         false,
         {SOLICIT, .options = {1, 1, 0x33, 0x33, 0, 0, 0, 1}, .options_len = 8}},
	{"address of a group in advertisement",
         DROP_ND_SOURCE,
         false,
         {ADVERT, .options = {2, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, .options_len = 8}},
	{"address of zeros", DROP_ND_SOURCE, false, {SOLICIT, .options = {1, 1}, .options_len = 8}},
	{"unknown options are skipped",
         DROP_TAKEN,
         true,
         {SOLICIT, .options = {14, 1, 1, 2, 3, 4, 5, 6, 200, 2, [24] = 1, 1, 2, 0, 0, 0, 0, 0x0a},
          .options_len = 32}},
	{"target address in solicitation is none",
         DROP_TAKEN,
         false,
         {SOLICIT, .options = {TARGET_MAC}, .options_len = 8}},
	{"source address in advertisement is none",
         DROP_TAKEN,
         false,
         {ADVERT, .options = {SOURCE_MAC}, .options_len = 8}},
	{"two addresses: the first stands",
         DROP_TAKEN,
         true,
         {SOLICIT, .options = {SOURCE_MAC, 1, 1, 2, 9, 9, 9, 9, 9}, .options_len = 16}},
	{"probe with an address", DROP_ND_SOURCE, false, {PROBE, .options = {SOURCE_MAC}, .options_len = 8}},
	{"probe to all nodes", DROP_ND_SOURCE, false, {PROBE, .dst = ALL_NODES}},
	{"probe to us alone", DROP_ND_SOURCE, false, {PROBE, .dst = ALICE6}},
	{"probe with a nonce (RFC 7527)",
         DROP_TAKEN,
         false,
         {PROBE, .options = {14, 1, 1, 2, 3, 4, 5, 6}, .options_len = 8}},
	{"advertisement to all nodes, solicited",
         DROP_ND_UNSOLICITED,
         false,
         {ADVERT, .dst = ALL_NODES, .flags = 0x40}},
	{"advertisement to all nodes",
         DROP_TAKEN,
         true,
         {ADVERT, .dst = ALL_NODES, .flags = 0x20, .options = {TARGET_MAC}, .options_len = 8}},
};

static void
hostile__D11__table_of_arrivals__judged(void **state)
{
	(void)state;
	assert_true(COUNT(arrivals) >= 25);
	for (size_t i = 0; i < COUNT(arrivals); i++) {
		struct nd nd;

		assert_drop(parse(&nd, &arrivals[i].a), arrivals[i].fate, "%s", arrivals[i].what);
		if (arrivals[i].fate != DROP_TAKEN)
			continue;
		assert_int_equal(nd.has_mac, arrivals[i].has_mac);
		if (nd.has_mac)
			assert_memory_equal(nd.mac, MAC, 6);
	}
}

/* Cut short at every octet: of the fixed part, and of an option. */
static void
hostile__D11__every_length__judged(void **state)
{
	static const uint8_t types[] = {SOLICITATION, ADVERTISEMENT};

	(void)state;
	for (size_t t = 0; t < sizeof(types); t++) {
		for (size_t len = 4; len <= 32; len++) {
			struct arriving a = {SOLICIT, .options = {SOURCE_MAC}, .options_len = 8,
			                     .cut = 32 - len};
			enum drop expected = len < 24                 ? DROP_ICMP_SHORT
			                     : len == 24 || len == 32 ? DROP_TAKEN
			                                              : DROP_ND_OPTION;
			struct nd nd;

			a.type = types[t];
			assert_drop(parse(&nd, &a), expected, "type %u, length %zu", types[t], len);
		}
	}
}

/* RFC 4291 §2.7.1: ff02::1:ff00:0/104.  Every octet of the prefix counts, none behind it does. */
static void
hostile__D11__probe_to_almost_solicited_node__is_dropped(void **state)
{
	(void)state;
	for (size_t i = 0; i < 16; i++) {
		uint8_t dst[16];
		struct arriving a = {PROBE};
		struct nd nd;

		memcpy(dst, SOLICITED_NODE, 16);
		dst[i] ^= 0x04;
		a.dst = dst;
		assert_drop(parse(&nd, &a), i < 13 ? DROP_ND_SOURCE : DROP_TAKEN, "octet %zu", i);
	}
}

static void
nd_build__every_choice__octet_for_octet_and_back(void **state)
{
	(void)state;
	for (unsigned choice = 0; choice < 16; choice++) {
		struct nd nd = {.advert = choice & 1,
		                .solicited = choice & 2,
		                .override = choice & 4,
		                .has_mac = choice & 8,
		                .mac = {2, 0, 0, 0, 0, 0x0a}},
			  back;
		size_t len = nd.has_mac ? 32 : 24;
		struct octets o = octets_blank(len);
		struct ip_packet ip = {.protocol = PROTO_ICMP6, .ttl = 255, .v6 = true, .l4 = o.at};
		struct icmp icmp;

		memcpy(nd.target, ALICE6, 16);
		memcpy(ip.src, BOB6, 16);
		memcpy(ip.dst, nd.advert ? ALICE6 : SOLICITED_NODE, 16);
		memset(o.at, 0xee, len);
		assert_int_equal(nd_build(o.at, &nd, ip.src, ip.dst), len);
		ip.l4_len = (uint16_t)len;
		assert_int_equal(o.at[0], nd.advert ? ADVERTISEMENT : SOLICITATION);
		assert_int_equal(o.at[4],
		                 nd.advert ? (nd.solicited ? 0x40 : 0) | (nd.override ? 0x20 : 0) : 0);
		assert_int_equal(o.at[5] | o.at[6] | o.at[7], 0);
		if (nd.has_mac)
			assert_int_equal(get_u16(o.at + 24), nd.advert ? 0x0201 : 0x0101);
		assert_int_equal(icmp_parse(&icmp, &ip), DROP_TAKEN);
		assert_int_equal(nd_parse(&back, &icmp, &ip), DROP_TAKEN);
		assert_int_equal(back.advert, nd.advert);
		assert_int_equal(back.solicited, nd.advert && nd.solicited);
		assert_int_equal(back.override, nd.advert && nd.override);
		assert_int_equal(back.has_mac, nd.has_mac);
		assert_memory_equal(back.target, ALICE6, 16);
		if (nd.has_mac)
			assert_memory_equal(back.mac, MAC, 6);
		octets_free(&o);
	}
}

static void
hostile__D11__random_options__progress(void **state)
{
	uint64_t seed = 8;
	unsigned taken = 0;

	(void)state;
	for (int n = 0; n < 200000; n++) {
		struct arriving a = {SOLICIT, .options_len = random_u32(&seed) % (OPTIONS_MAX + 1)};
		struct nd nd;

		random_fill(&seed, a.options, sizeof(a.options));
		for (size_t i = 0; i < OPTIONS_MAX; i += 8) {
			a.options[i] &= 3;
			a.options[i + 1] &= 3;
		}
		taken += parse(&nd, &a) == DROP_TAKEN;
	}
	assert_true(taken > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nd_parse__solicitation__is_read),
		cmocka_unit_test(nd_parse__advertisement__is_read),
		cmocka_unit_test(hostile__D11__table_of_arrivals__judged),
		cmocka_unit_test(hostile__D11__every_length__judged),
		cmocka_unit_test(hostile__D11__probe_to_almost_solicited_node__is_dropped),
		cmocka_unit_test(nd_build__every_choice__octet_for_octet_and_back),
		cmocka_unit_test(hostile__D11__random_options__progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
