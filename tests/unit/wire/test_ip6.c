/* IPv6: hostile rows C01 to C06 and C09. */
#include "ip6.h"

#include "octets.h"

#define CHAIN_MAX 600

enum { HBH = 0, TCP = 6, ROUTE = 43, FRAG = 44, ESP = 50, AH = 51, ICMP6 = 58, NONE = 59, DEST = 60 };

/* A packet from Alice to Bob; `next` says what stands first in the payload. */
static struct octets
packet(uint8_t next, const uint8_t *payload, size_t len)
{
	struct octets o = octets_blank(40 + len);

	put_u32(o.at, 0x6b8fedcb); /* traffic class b8, flow label */
	put_u16(o.at + 4, (uint16_t)len);
	o.at[6] = next;
	o.at[7] = 64;
	memcpy(o.at + 8, ALICE6, 16);
	memcpy(o.at + 24, BOB6, 16);
	if (len > 0)
		memcpy(o.at + 40, payload, len);
	return o;
}

static enum drop
parse(struct ip_packet *ip, const struct octets *o)
{
	struct cursor c = cursor_of(o->at, o->len);

	memset(ip, 0xee, sizeof(*ip));
	return ip6_parse(ip, &c);
}

static enum drop
parse_payload(uint8_t next, const uint8_t *payload, size_t len)
{
	struct octets o = packet(next, payload, len);
	struct ip_packet ip;
	enum drop fate = parse(&ip, &o);

	octets_free(&o);
	return fate;
}

static void
ip6_parse__every_field__is_read(void **state)
{
	struct octets o = packet(TCP, (const uint8_t *)"0123456789", 10);
	struct cursor c = cursor_of(o.at, o.len);
	struct ip_packet ip;

	(void)state;
	o.at[7] = 37;
	memset(&ip, 0xee, sizeof(ip));
	assert_int_equal(ip6_parse(&ip, &c), DROP_TAKEN);
	assert_memory_equal(ip.src, ALICE6, 16);
	assert_memory_equal(ip.dst, BOB6, 16);
	assert_int_equal(ip.protocol, PROTO_TCP);
	assert_int_equal(ip.ttl, 37);
	assert_int_equal(ip.tos, 0xb8);
	assert_true(ip.v6);
	assert_false(ip.atomic);
	assert_ptr_equal(ip.l4, o.at + 40);
	assert_int_equal(ip.l4_len, 10);
	assert_int_equal(cursor_left(&c), 0);
	octets_free(&o);
}

static void
hostile__A01__every_length__is_short_below_40(void **state)
{
	static const uint8_t text[40];

	(void)state;
	for (size_t len = 0; len <= 80; len++) {
		struct octets whole = packet(TCP, text, sizeof(text)), o = octets_of(whole.at, len);
		enum drop expected = len < 40 ? DROP_IP6_SHORT : len < 80 ? DROP_IP6_LENGTH : DROP_TAKEN;
		struct ip_packet ip;

		assert_drop(parse(&ip, &o), expected, "length %zu", len);
		octets_free(&whole);
		octets_free(&o);
	}
}

static void
ip6_parse__every_version__but_6_is_dropped(void **state)
{
	(void)state;
	for (unsigned version = 0; version <= 15; version++) {
		struct octets o = packet(TCP, (const uint8_t *)"x", 1);
		struct ip_packet ip;

		o.at[0] = (uint8_t)(version << 4 | 0x0b);
		assert_drop(parse(&ip, &o), version == 6 ? DROP_TAKEN : DROP_IP6_VERSION, "version %u",
		            version);
		octets_free(&o);
	}
}

/* RFC 8200 §3: the hop limit of a packet that has arrived does not matter. */
static void
ip6_parse__hop_limit_zero__is_taken(void **state)
{
	struct octets o = packet(TCP, (const uint8_t *)"x", 1);
	struct ip_packet ip;

	(void)state;
	o.at[7] = 0;
	assert_int_equal(parse(&ip, &o), DROP_TAKEN);
	octets_free(&o);
}

/* Zero would be a jumbogram; shorter than the frame cuts off a trailer (A05); longer is a lie. */
static void
hostile__C01_A05__every_payload_length__judged(void **state)
{
	static const uint8_t text[64];

	(void)state;
	for (unsigned len = 0; len <= 65535; len += len < 200 ? 1 : 97) {
		struct octets o = packet(TCP, text, sizeof(text));
		struct ip_packet ip;
		enum drop expected = len == 0 || len > sizeof(text) ? DROP_IP6_LENGTH : DROP_TAKEN;

		put_u16(o.at + 4, (uint16_t)len);
		assert_drop(parse(&ip, &o), expected, "payload length %u", len);
		if (expected == DROP_TAKEN)
			assert_int_equal(ip.l4_len, len);
		octets_free(&o);
	}
}

/* A payload that ends within an extension header, of which the frame has more. */
static void
hostile__C01__payload_ends_within_extension__is_dropped(void **state)
{
	static const uint8_t payload[48] = {TCP, 1, 0x1e, 12};
	static const uint8_t kinds[] = {HBH, DEST, ROUTE};

	(void)state;
	for (size_t k = 0; k < sizeof(kinds); k++) {
		for (uint16_t len = 1; len <= sizeof(payload); len++) {
			struct octets o = packet(kinds[k], payload, sizeof(payload));
			struct ip_packet ip;

			if (kinds[k] == ROUTE)
				o.at[43] = 0;
			put_u16(o.at + 4, len);
			assert_drop(parse(&ip, &o), len < 16 ? DROP_IP6_EXTENSION : DROP_TAKEN,
			            "kind %u, length %u", kinds[k], len);
			octets_free(&o);
		}
	}
}

/* The length octet of each extension header, 0 to 255, in payloads of many sizes; and a chain that never ends. */
static void
hostile__C02__every_extension_length__advances_or_is_dropped(void **state)
{
	static const uint8_t kinds[] = {HBH, DEST, ROUTE};
	static const size_t sizes[] = {1, 7, 8, 9, 16, 100, 255, 256, 257, 264, 265, 300, CHAIN_MAX};

	(void)state;
	for (size_t k = 0; k < sizeof(kinds); k++) {
		for (size_t s = 0; s < COUNT(sizes); s++) {
			for (unsigned units = 0; units <= 255; units++) {
				uint8_t payload[CHAIN_MAX] = {TCP, (uint8_t)units};
				size_t header = 8 + 8 * (size_t)units;
				enum drop expected =
					header <= sizes[s] && header <= 256 ? DROP_TAKEN : DROP_IP6_EXTENSION;

				if (kinds[k] != ROUTE) { /* one option to be skipped, over all of it */
					payload[2] = 0x1e;
					payload[3] = (uint8_t)(header - 4);
				}
				assert_drop(parse_payload(kinds[k], payload, sizes[s]), expected,
				            "kind %u, units %u of %zu octets", kinds[k], units, sizes[s]);
			}
		}
	}
}

struct link {
	uint8_t kind, units;
};

/* Lays the headers of a chain out, harmless each, with 4 octets of TCP behind them.  Returns its length. */
static size_t
lay_out(uint8_t payload[CHAIN_MAX], const struct link *links, size_t n, uint8_t last)
{
	size_t at = 0;

	memset(payload, 0, CHAIN_MAX);
	for (size_t i = 0; i < n; i++) {
		size_t len = 8 + 8 * (size_t)links[i].units;

		payload[at] = i + 1 < n ? links[i + 1].kind : last;
		if (links[i].kind != FRAG)
			payload[at + 1] = links[i].units;
		if (links[i].kind == HBH || links[i].kind == DEST) {
			payload[at + 2] = 0x1e;
			payload[at + 3] = (uint8_t)(len - 4);
		}
		at += len;
	}
	return at + 4;
}

static const struct {
	enum drop fate;
	size_t n;
	struct link links[9];
} chains[] = {
	{DROP_TAKEN, 1, {{HBH, 0}}},
	{DROP_TAKEN, 1, {{DEST, 0}}},
	{DROP_TAKEN, 1, {{ROUTE, 0}}},
	{DROP_TAKEN, 1, {{FRAG, 0}}},
	{DROP_TAKEN, 2, {{DEST, 0}, {DEST, 0}}},
	{DROP_TAKEN,
         5,
         {{HBH, 0}, {DEST, 0}, {ROUTE, 0}, {FRAG, 0}, {DEST, 0}}},      /* as RFC 8200 §4.1 has it */
	{DROP_TAKEN, 4, {{DEST, 0}, {FRAG, 0}, {ROUTE, 0}, {DEST, 0}}}, /* any order "must be attempted" */
	{DROP_TAKEN, 2, {{HBH, 15}, {DEST, 15}}},                       /* 256 octets */
	{DROP_IP6_EXTENSION, 2, {{HBH, 15}, {DEST, 16}}},               /* 264 */
	{DROP_IP6_EXTENSION, 3, {{HBH, 15}, {DEST, 15}, {FRAG, 0}}},
	{DROP_IP6_EXTENSION, 2, {{HBH, 0}, {HBH, 0}}},
	{DROP_IP6_EXTENSION, 2, {{DEST, 0}, {HBH, 0}}},
	{DROP_IP6_EXTENSION, 2, {{FRAG, 0}, {HBH, 0}}},
	{DROP_IP6_EXTENSION, 2, {{ROUTE, 0}, {HBH, 0}}},
	{DROP_IP6_EXTENSION, 3, {{HBH, 0}, {DEST, 0}, {HBH, 0}}},
	{DROP_IP6_EXTENSION, 2, {{FRAG, 0}, {FRAG, 0}}},
	{DROP_IP6_EXTENSION, 3, {{FRAG, 0}, {DEST, 0}, {FRAG, 0}}},
	{DROP_IP6_EXTENSION, 2, {{ROUTE, 0}, {ROUTE, 0}}},
	{DROP_IP6_EXTENSION, 3, {{DEST, 0}, {DEST, 0}, {DEST, 0}}},
	{DROP_IP6_EXTENSION,
         9,
         {{DEST, 0}, {DEST, 0}, {DEST, 0}, {DEST, 0}, {DEST, 0}, {DEST, 0}, {DEST, 0}, {DEST, 0}, {DEST, 0}}},
	{DROP_IP6_EXTENSION,
         9,
         {{HBH, 0}, {HBH, 0}, {HBH, 0}, {HBH, 0}, {HBH, 0}, {HBH, 0}, {HBH, 0}, {HBH, 0}, {HBH, 0}}},
	{DROP_IP6_EXTENSION, 6, {{HBH, 0}, {DEST, 0}, {ROUTE, 0}, {FRAG, 0}, {DEST, 0}, {ROUTE, 0}}},
};

static void
hostile__C02_C03__table_of_chains__judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(chains); i++) {
		uint8_t payload[CHAIN_MAX];
		size_t len = lay_out(payload, chains[i].links, chains[i].n, TCP);
		struct octets o = packet(chains[i].links[0].kind, payload, len);
		struct ip_packet ip;

		assert_drop(parse(&ip, &o), chains[i].fate, "chain %zu", i);
		if (chains[i].fate == DROP_TAKEN) {
			assert_int_equal(ip.protocol, TCP);
			assert_int_equal(ip.l4_len, 4);
			assert_ptr_equal(ip.l4, o.at + o.len - 4);
		}
		octets_free(&o);
	}
}

/* Each chain that is good, cut short at every octet. */
static void
hostile__C02__chain_cut_short__is_never_taken_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(chains); i++) {
		uint8_t payload[CHAIN_MAX];
		size_t len = lay_out(payload, chains[i].links, chains[i].n, TCP);

		if (chains[i].fate != DROP_TAKEN)
			continue;
		for (size_t cut = 1; cut < len - 4; cut++)
			assert_drop(parse_payload(chains[i].links[0].kind, payload, cut), DROP_IP6_EXTENSION,
			            "chain %zu at %zu", i, cut);
		/* nothing behind it is for the protocol to judge */
		assert_int_equal(parse_payload(chains[i].links[0].kind, payload, len - 4), DROP_TAKEN);
	}
}

/* The six or fourteen octets of options in one header. */
static const struct {
	enum drop fate;
	uint8_t units;
	uint8_t octets[14];
} options_table[] = {
	{DROP_TAKEN, 0, {0, 0, 0, 0, 0, 0}},      /* Pad1 six times */
	{DROP_TAKEN, 0, {1, 4, 0, 0, 0, 0}},      /* PadN of six */
	{DROP_TAKEN, 0, {1, 0, 1, 0, 1, 0}},      /* PadN of two, three times */
	{DROP_TAKEN, 0, {5, 2, 0, 0, 1, 0}},      /* router alert */
	{DROP_TAKEN, 0, {1, 4, 9, 9, 9, 9}},      /* what padding holds is not looked at */
	{DROP_IP6_OPTION, 0, {1, 5, 0, 0, 0, 0}}, /* PadN beyond the header by one */
	{DROP_IP6_OPTION, 0, {1, 255, 0, 0, 0, 0}},
	{DROP_IP6_OPTION, 0, {0, 0, 0, 0, 0, 1}}, /* one octet of tail: a type without a length */
	{DROP_IP6_OPTION, 0, {1, 3, 0, 0, 0, 5}},
	{DROP_IP6_OPTION, 0, {0x1e, 3, 0, 0, 0, 0x1e}},
	{DROP_IP6_OPTION, 0, {0x1e, 5, 0, 0, 0, 0}}, /* an option beyond the header */
	{DROP_TAKEN, 0, {0x1e, 4, 0, 0, 0, 0}},
	{DROP_TAKEN, 1, {1, 5, 0, 0, 0, 0, 0, 0x1e, 5, 0, 0, 0, 0, 0}}, /* seven octets of padding */
	{DROP_IP6_OPTION,
         1,
         {1, 6, 0, 0, 0, 0, 0, 0, 0x1e, 4, 0, 0, 0, 0}}, /* eight: padding that aligns nothing */
	{DROP_IP6_OPTION, 1, {1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
	{DROP_IP6_OPTION, 1, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
	{DROP_IP6_OPTION, 1, {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0}}, /* a flood of small ones */
	{DROP_IP6_OPTION,
         1,
         {1, 4, 0, 0, 0, 0, 0, 0, 0x1e, 4, 0, 0, 0, 0}}, /* PadN and Pad1 count together */
	{DROP_TAKEN,
         1,
         {1, 1, 0, 0x1e, 1, 0, 1, 1, 0, 0x1e, 3, 0, 0, 0}}, /* with an option between they begin anew */
	{DROP_IP6_OPTION, 1, {0xc2, 4, 0, 1, 0, 0, 1, 4, 0, 0, 0, 0, 0, 0}}, /* jumbo payload */
	{DROP_IP6_OPTION, 1, {0x1e, 0, 0x1e, 0, 0x1e, 0, 0x1e, 0, 0x1e, 0, 0x1e, 0, 0x1e, 1}},
	{DROP_TAKEN, 1, {0x1e, 0, 0x1e, 0, 0x1e, 0, 0x1e, 0, 0x1e, 0, 0x1e, 0, 0x1e, 0}},
};

static void
hostile__C03__table_of_options__judged(void **state)
{
	static const uint8_t kinds[] = {HBH, DEST};

	(void)state;
	for (size_t k = 0; k < sizeof(kinds); k++) {
		for (size_t i = 0; i < COUNT(options_table); i++) {
			size_t len = 8 + 8 * (size_t)options_table[i].units;
			uint8_t payload[20] = {TCP, options_table[i].units};

			memcpy(payload + 2, options_table[i].octets, len - 2);
			assert_drop(parse_payload(kinds[k], payload, len + 4), options_table[i].fate,
			            "options %zu in %u", i, kinds[k]);
		}
	}
}

/* Routing headers of every type, left and not left. */
static void
hostile__C04__routing_header__only_without_segments_left(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= 255; type++) {
		for (unsigned left = 0; left <= 255; left++) {
			uint8_t payload[28] = {TCP, 2, (uint8_t)type, (uint8_t)left};

			assert_drop(parse_payload(ROUTE, payload, sizeof(payload)),
			            left == 0 ? DROP_TAKEN : DROP_IP6_ROUTING, "type %u, left %u", type,
			            left);
		}
	}
}

/* Offset and M flag: only neither is atomic.  Reserved bits and identification do not matter. */
static void
hostile__C05__every_fragment_field__only_atomic_is_taken(void **state)
{
	(void)state;
	for (unsigned field = 0; field <= 65535; field++) {
		uint8_t payload[12] = {TCP, 0xff, [4] = 0xde, 0xad, 0xbe, 0xef};
		struct octets o;
		struct ip_packet ip;
		bool atomic = (field & ~6u) == 0;

		put_u16(payload + 2, (uint16_t)field);
		o = packet(FRAG, payload, sizeof(payload));
		assert_drop(parse(&ip, &o), atomic ? DROP_TAKEN : DROP_IP6_FRAGMENT, "%04x", field);
		if (atomic) {
			assert_true(ip.atomic);
			assert_int_equal(ip.protocol, TCP);
			assert_int_equal(ip.l4_len, 4);
		}
		octets_free(&o);
	}
}

/* A first fragment without the whole chain, one that nests another, one with nothing in it. */
static void
hostile__C05__fragments_of_odd_content__are_fragments(void **state)
{
	static const uint8_t next[] = {TCP, DEST, FRAG, HBH, ROUTE, NONE, ICMP6, ESP};

	(void)state;
	for (size_t i = 0; i < sizeof(next); i++) {
		for (size_t len = 8; len <= 24; len++) {
			const uint8_t payload[24] = {next[i], 0, 0, 1, 0, 0, 0, 1, TCP, 200};

			assert_drop(parse_payload(FRAG, payload, len), DROP_IP6_FRAGMENT,
			            "next %u, length %zu", next[i], len);
		}
	}
}

/* All 256 types: the two highest bits decide for all but padding. */
static void
hostile__C06__every_option_type__by_its_action_bits(void **state)
{
	static const uint8_t kinds[] = {HBH, DEST};

	(void)state;
	for (size_t k = 0; k < sizeof(kinds); k++) {
		for (unsigned type = 2; type <= 255; type++) {
			const uint8_t payload[12] = {TCP, 0, (uint8_t)type, 4, 1, 2, 3, 4};

			assert_drop(parse_payload(kinds[k], payload, sizeof(payload)),
			            type < 0x40 ? DROP_TAKEN : DROP_IP6_OPTION, "type %02x in %u", type,
			            kinds[k]);
		}
	}
}

/* What is no extension header that we walk is the protocol, whatever it is; behind an extension header too. */
static void
hostile__C06_C09__every_next_header__ends_the_chain(void **state)
{
	(void)state;
	for (unsigned next = 0; next <= 255; next++) {
		const uint8_t payload[16] = {(uint8_t)next, 0, 0x1e, 4, 0, 0, 0, 0, TCP, 0, 0x1e, 4};
		struct octets o = packet(DEST, payload, sizeof(payload));
		struct ip_packet ip;
		enum drop fate = parse(&ip, &o);

		if (next == NONE) {
			assert_int_equal(fate, DROP_IP6_NO_NEXT);
		} else if (next == HBH) {
			assert_int_equal(fate, DROP_IP6_EXTENSION);
		} else {
			if (next == ROUTE)
				assert_int_equal(fate, DROP_IP6_ROUTING); /* 4 left */
			else if (next == FRAG)
				assert_int_equal(fate, DROP_IP6_FRAGMENT);
			else
				assert_int_equal(fate, DROP_TAKEN);
			if (fate == DROP_TAKEN)
				assert_int_equal(ip.protocol, next == DEST ? TCP : next);
		}
		octets_free(&o);
	}
}

static void
hostile__C09__no_next_header_and_ESP_and_AH__are_not_entered(void **state)
{
	static const uint8_t before_tcp[24] = {TCP, 4};
	struct octets o;
	struct ip_packet ip;

	(void)state;
	assert_int_equal(parse_payload(NONE, before_tcp, 24), DROP_IP6_NO_NEXT);
	o = packet(AH, before_tcp, 24);
	assert_int_equal(parse(&ip, &o), DROP_TAKEN);
	assert_int_equal(ip.protocol, AH);
	octets_free(&o);
	o = packet(ESP, before_tcp, 24);
	assert_int_equal(parse(&ip, &o), DROP_TAKEN);
	assert_int_equal(ip.protocol, ESP);
	octets_free(&o);
}

static void
ip6_build__any__octet_for_octet_and_back(void **state)
{
	static const uint8_t expected[8] = {0x6b, 0x90, 0, 0, 0x05, 0xb4, 6, 63};
	struct octets o = octets_blank(40 + 1460);
	struct ip_packet ip;

	(void)state;
	memset(o.at, 0xee, o.len);
	ip6_build(o.at, ALICE6, BOB6, PROTO_TCP, 63, 0xb9, 1460);
	assert_memory_equal(o.at, expected, sizeof(expected));
	assert_memory_equal(o.at + 8, ALICE6, 16);
	assert_memory_equal(o.at + 24, BOB6, 16);
	assert_int_equal(parse(&ip, &o), DROP_TAKEN);
	assert_int_equal(ip.tos, 0xb9);
	assert_int_equal(ip.l4_len, 1460);
	octets_free(&o);
}

static void
hostile__C02__million_random_chains__stay_inside(void **state)
{
	static const uint8_t likely[] = {HBH, DEST, ROUTE, FRAG, TCP, 0, 0, 1, 2, 3};
	uint64_t seed = 4;
	unsigned taken = 0;

	(void)state;
	for (int n = 0; n < 1000000; n++) {
		struct octets o = octets_blank(40 + random_u32(&seed) % 80);
		struct cursor c = cursor_of(o.at, o.len);
		struct ip_packet ip;

		o.at[0] = 0x60;
		put_u16(o.at + 4, (uint16_t)(o.len - 40));
		for (size_t i = 40; i < o.len; i++) {
			uint32_t r = random_u32(&seed);

			o.at[i] = r & 0x300 ? likely[r % COUNT(likely)] : (uint8_t)r;
		}
		o.at[6] = likely[random_u32(&seed) % 4];
		if (ip6_parse(&ip, &c) == DROP_TAKEN) {
			taken++;
			assert_true(ip.l4 >= o.at + 48 && ip.l4 + ip.l4_len == o.at + o.len);
		}
		octets_free(&o);
	}
	assert_true(taken > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ip6_parse__every_field__is_read),
		cmocka_unit_test(hostile__A01__every_length__is_short_below_40),
		cmocka_unit_test(ip6_parse__every_version__but_6_is_dropped),
		cmocka_unit_test(ip6_parse__hop_limit_zero__is_taken),
		cmocka_unit_test(hostile__C01_A05__every_payload_length__judged),
		cmocka_unit_test(hostile__C01__payload_ends_within_extension__is_dropped),
		cmocka_unit_test(hostile__C02__every_extension_length__advances_or_is_dropped),
		cmocka_unit_test(hostile__C02_C03__table_of_chains__judged),
		cmocka_unit_test(hostile__C02__chain_cut_short__is_never_taken_whole),
		cmocka_unit_test(hostile__C03__table_of_options__judged),
		cmocka_unit_test(hostile__C04__routing_header__only_without_segments_left),
		cmocka_unit_test(hostile__C05__every_fragment_field__only_atomic_is_taken),
		cmocka_unit_test(hostile__C05__fragments_of_odd_content__are_fragments),
		cmocka_unit_test(hostile__C06__every_option_type__by_its_action_bits),
		cmocka_unit_test(hostile__C06_C09__every_next_header__ends_the_chain),
		cmocka_unit_test(hostile__C09__no_next_header_and_ESP_and_AH__are_not_entered),
		cmocka_unit_test(ip6_build__any__octet_for_octet_and_back),
		cmocka_unit_test(hostile__C02__million_random_chains__stay_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
