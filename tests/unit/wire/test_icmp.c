/* ICMP and ICMPv6: hostile rows D01, D04, D05, D06; what each type and code means; the echo reply. */
#include "icmp.h"

#include "octets.h"

#define QUOTE_MAX 128

enum { PORT_OURS = 40000, PORT_THEIRS = 80, SEQ = 0x01020304 };

/* A message of Bob's (a router's) to Alice, checksum right. */
static struct octets
message(bool v6, uint8_t type, uint8_t code, const uint8_t *rest, size_t len)
{
	struct octets o = octets_blank(4 + len);

	o.at[0] = type;
	o.at[1] = code;
	if (len > 0)
		memcpy(o.at + 4, rest, len);
	if (v6)
		put_u16(o.at + 2, naive_l4_cksum(BOB6, ALICE6, PROTO_ICMP6, o.at, o.len));
	else
		put_u16(o.at + 2, naive_cksum(o.at, o.len));
	return o;
}

static struct ip_packet
carrier(bool v6, const struct octets *o)
{
	struct ip_packet ip = {.protocol = v6 ? PROTO_ICMP6 : PROTO_ICMP, .ttl = 64, .v6 = v6, .l4 = o->at};

	memcpy(ip.src, v6 ? BOB6 : BOB4, 16);
	memcpy(ip.dst, v6 ? ALICE6 : ALICE4, 16);
	ip.l4_len = (uint16_t)o->len;
	return ip;
}

static enum drop
parse(struct icmp *icmp, bool v6, const struct octets *o)
{
	struct ip_packet ip = carrier(v6, o);

	memset(icmp, 0xee, sizeof(*icmp));
	return icmp_parse(icmp, &ip);
}

/* The quote of a segment from Alice to Bob, `options` octets of IPv4 options in it.  Returns its length. */
static size_t
quote(uint8_t at[QUOTE_MAX], bool v6, size_t options)
{
	size_t header = v6 ? 40 : 20 + options;

	memset(at, 0, QUOTE_MAX);
	if (v6) {
		at[0] = 0x60;
		put_u16(at + 4, 1460);
		at[6] = PROTO_TCP;
		at[7] = 1;
		memcpy(at + 8, ALICE6, 16);
		memcpy(at + 24, BOB6, 16);
	} else {
		at[0] = (uint8_t)(0x40 | header / 4);
		put_u16(at + 2, 1500); /* far more than is quoted */
		put_u16(at + 6, 0x4000);
		at[8] = 1;
		at[9] = PROTO_TCP;
		memcpy(at + 12, ALICE4 + 12, 4);
		memcpy(at + 16, BOB4 + 12, 4);
		memset(at + 20, 1, options);
	}
	put_u16(at + header, PORT_OURS);
	put_u16(at + header + 2, PORT_THEIRS);
	put_u32(at + header + 4, SEQ);
	return header + 8;
}

/* Four octets that mean nothing (or an MTU), then a quote. */
static struct octets
error(bool v6, uint8_t type, uint8_t code, uint32_t second, const uint8_t *quoted, size_t len)
{
	uint8_t rest[4 + 1024];

	put_u32(rest, second);
	memcpy(rest + 4, quoted, len);
	return message(v6, type, code, rest, 4 + len);
}

static void
assert_quoted(const struct icmp *icmp, bool v6)
{
	assert_memory_equal(icmp->flow.local, v6 ? ALICE6 : ALICE4, 16);
	assert_memory_equal(icmp->flow.remote, v6 ? BOB6 : BOB4, 16);
	assert_int_equal(icmp->flow.lport, PORT_OURS);
	assert_int_equal(icmp->flow.rport, PORT_THEIRS);
	assert_int_equal(icmp->seq, SEQ);
}

#define NO_KIND (-1)

/* Which kind each code of a type is; a string of one letter a code: Soft, Hard, too Big, Echo, Nd. */
static const struct {
	bool v6;
	uint8_t type;
	const char *codes;
} kinds[] = {
	{false, 3, "SSHHBSSSSHHSSHSS"},
	{false, 8, "E"},
	{false, 11, "XS"},
	{false, 12, "SSS"},
	{true, 1, "SHSSHHH"},
	{true, 2, NULL}, /* any code is too big */
	{true, 3, "XS"},
	{true, 4, "SHS"},
	{true, 128, "E"},
	{true, 135, NULL}, /* nd_parse judges */
	{true, 136, NULL},
};

static enum drop
expected_fate(bool v6, unsigned type, unsigned code, int *kind)
{
	*kind = NO_KIND;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (kinds[i].v6 != v6 || kinds[i].type != type)
			continue;
		if (kinds[i].codes == NULL) {
			*kind = type == 2 ? ICMP_TOO_BIG : ICMP_ND;
			return DROP_TAKEN;
		}
		if (code >= strlen(kinds[i].codes))
			return DROP_ICMP_CODE;
		switch (kinds[i].codes[code]) {
		case 'S':
			*kind = ICMP_SOFT;
			break;
		case 'X':
			*kind = ICMP_EXPIRED;
			break;
		case 'H':
			*kind = ICMP_HARD;
			break;
		case 'B':
			*kind = ICMP_TOO_BIG;
			break;
		default:
			*kind = ICMP_ECHO;
		}
		return DROP_TAKEN;
	}
	return DROP_ICMP_TYPE;
}

/* Among them source quench (D04); redirect, router advertisement, mask reply (D05). */
static void
hostile__D04_D05__every_type_and_code__means_what_the_RFCs_say(void **state)
{
	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		for (unsigned type = 0; type <= 255; type++) {
			for (unsigned code = 0; code <= 255; code++) {
				uint8_t quoted[QUOTE_MAX];
				size_t len = quote(quoted, v6, 0);
				struct octets o = error(v6, (uint8_t)type, (uint8_t)code, 1400, quoted, len);
				struct icmp icmp;
				int kind;
				enum drop expected = expected_fate(v6, type, code, &kind);

				assert_drop(parse(&icmp, v6, &o), expected, "v6 %d, type %u, code %u", v6,
				            type, code);
				if (expected == DROP_TAKEN) {
					if ((int)icmp.kind != kind)
						fail_msg("v6 %d, type %u, code %u: kind %d", v6, type, code,
						         (int)icmp.kind);
					assert_int_equal(icmp.type, type);
					assert_int_equal(icmp.code, code);
					assert_ptr_equal(icmp.body, o.at + 4);
					assert_int_equal(icmp.body_len, o.len - 4);
					if (kind != ICMP_ECHO && kind != ICMP_ND)
						assert_quoted(&icmp, v6);
				}
				octets_free(&o);
			}
		}
	}
}

/* Named, so that who reads the list of hostile inputs finds them. */
static void
hostile__D04_D05__what_is_not_acted_upon__is_ICMP_TYPE(void **state)
{
	static const struct {
		bool v6;
		uint8_t type;
	} ignored[] = {
		{false, 4},  /* source quench (MUST-55, RFC 6633) */
		{false, 5},  /* redirect */
		{false, 9},  /* router advertisement */
		{false, 18}, /* address mask reply */
		{false, 0},  /* echo reply */
		{false, 13}, /* timestamp */
		{true, 137}, /* redirect */
		{true, 134}, /* router advertisement */
		{true, 129}, /* echo reply */
		{true, 130}, /* multicast listener query */
		{true, 8},   /* IPv4's echo in ICMPv6 */
		{false, 128},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ignored); i++) {
		static const uint8_t rest[40];
		struct octets o = message(ignored[i].v6, ignored[i].type, 0, rest, sizeof(rest));
		struct icmp icmp;

		assert_drop(parse(&icmp, ignored[i].v6, &o), DROP_ICMP_TYPE, "type %u", ignored[i].type);
		octets_free(&o);
	}
}

static void
icmp_parse__too_big__has_the_MTU_as_announced(void **state)
{
	static const uint32_t mtus[] = {0, 1, 67, 68, 551, 552, 576, 1279, 1280, 1400, 1500, 9000, 65535};

	(void)state;
	for (size_t i = 0; i < COUNT(mtus); i++) {
		uint8_t quoted[QUOTE_MAX];
		size_t len = quote(quoted, false, 0);
		struct octets o =
			error(false, 3, 4, 0xabcd0000 | mtus[i], quoted, len); /* the upper half is unused */
		struct icmp icmp;

		assert_int_equal(parse(&icmp, false, &o), DROP_TAKEN);
		assert_int_equal(icmp.mtu, mtus[i]);
		octets_free(&o);
		len = quote(quoted, true, 0);
		o = error(true, 2, 0, 0xab000000 | mtus[i], quoted, len); /* all four octets count */
		assert_int_equal(parse(&icmp, true, &o), DROP_TAKEN);
		assert_int_equal(icmp.mtu, 0xab000000 | mtus[i]);
		octets_free(&o);
	}
}

static void
icmp_parse__other_errors__have_no_MTU(void **state)
{
	uint8_t quoted[QUOTE_MAX];
	size_t len = quote(quoted, false, 0);
	struct octets o = error(false, 3, 1, 1400, quoted, len);
	struct icmp icmp;

	(void)state;
	assert_int_equal(parse(&icmp, false, &o), DROP_TAKEN);
	assert_int_equal(icmp.mtu, 0);
	octets_free(&o);
}

/* Each length of quote with each header length that it can claim. */
static void
hostile__D01__quoted_length_times_header_length__bounded(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 80; len++) {
		for (unsigned ihl = 0; ihl <= 15; ihl++) {
			uint8_t quoted[QUOTE_MAX];
			size_t header = 4 * (size_t)ihl;
			struct octets o;
			struct icmp icmp;
			enum drop expected = ihl >= 5 && len >= header + 8 ? DROP_TAKEN : DROP_ICMP_QUOTE;

			(void)quote(quoted, false, header > 20 ? header - 20 : 0);
			quoted[0] = (uint8_t)(0x40 | ihl);
			o = error(false, 3, 3, 0, quoted, len);
			assert_drop(parse(&icmp, false, &o), expected, "quoted %zu, IHL %u", len, ihl);
			if (expected == DROP_TAKEN)
				assert_quoted(&icmp, false);
			octets_free(&o);
		}
	}
}

static void
hostile__D01__quoted_length_of_IPv6__bounded(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 80; len++) {
		uint8_t quoted[QUOTE_MAX];
		struct octets o;
		struct icmp icmp;

		(void)quote(quoted, true, 0);
		o = error(true, 1, 4, 0, quoted, len);
		assert_drop(parse(&icmp, true, &o), len >= 48 ? DROP_TAKEN : DROP_ICMP_QUOTE, "quoted %zu",
		            len);
		if (len >= 48)
			assert_quoted(&icmp, true);
		octets_free(&o);
	}
}

/* One octet or two of a good quote changed. */
static const struct {
	bool v6;
	size_t at;
	uint16_t value;
	enum drop fate;
} lies[] = {
	{false, 0, 0x0500, DROP_ICMP_QUOTE}, /* version 0 */
	{false, 0, 0x6500, DROP_ICMP_QUOTE}, /* version 6 */
	{false, 2, 0, DROP_ICMP_QUOTE},      /* total length without room for TCP */
	{false, 2, 20, DROP_ICMP_QUOTE},
	{false, 2, 27, DROP_ICMP_QUOTE},
	{false, 2, 28, DROP_TAKEN},
	{false, 2, 65535, DROP_TAKEN},       /* more than is quoted, as is the rule */
	{false, 6, 0x0000, DROP_TAKEN},      /* a router may have cleared DF */
	{false, 6, 0x2000, DROP_ICMP_QUOTE}, /* we send no fragments */
	{false, 6, 0x0001, DROP_ICMP_QUOTE},
	{false, 8, 0x0001, DROP_ICMP_QUOTE}, /* ICMP in the quote: no nesting */
	{false, 8, 0x0011, DROP_ICMP_QUOTE}, /* UDP */
	{false, 8, 0x0004, DROP_ICMP_QUOTE}, /* IP in IP */
	{false, 8, 0x0006, DROP_TAKEN},      /* it died with TTL 0 */
	{false, 10, 0xdead, DROP_TAKEN},     /* its checksum is not looked at */
	{true, 0, 0x4000, DROP_ICMP_QUOTE},  /* version 4 */
	{true, 0, 0x0000, DROP_ICMP_QUOTE},
	{true, 4, 0, DROP_ICMP_QUOTE}, /* payload without room for TCP */
	{true, 4, 7, DROP_ICMP_QUOTE},
	{true, 4, 8, DROP_TAKEN},
	{true, 4, 65535, DROP_TAKEN},
	{true, 6, 0x0001, DROP_ICMP_QUOTE}, /* hop-by-hop options: we send none */
	{true, 6, 0x3c01, DROP_ICMP_QUOTE}, /* destination options */
	{true, 6, 0x2b01, DROP_ICMP_QUOTE}, /* routing */
	{true, 6, 0x2c01, DROP_ICMP_QUOTE}, /* fragment */
	{true, 6, 0x3a01, DROP_ICMP_QUOTE}, /* ICMPv6 */
	{true, 6, 0x0600, DROP_TAKEN},
};

static void
hostile__D01__table_of_lying_quotes__judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lies); i++) {
		uint8_t quoted[QUOTE_MAX];
		size_t len = quote(quoted, lies[i].v6, 0);
		struct octets o;
		struct icmp icmp;

		put_u16(quoted + lies[i].at, lies[i].value);
		o = error(lies[i].v6, lies[i].v6 ? 1 : 3, 0, 0, quoted, len);
		assert_drop(parse(&icmp, lies[i].v6, &o), lies[i].fate, "v6 %d, %04x at %zu", lies[i].v6,
		            lies[i].value, lies[i].at);
		octets_free(&o);
	}
}

/* RFC 4884: a quote padded to 128 octets with extensions behind; RFC 1812: as much as fits in 576. */
static void
icmp_parse__long_quote__is_taken(void **state)
{
	static uint8_t quoted[548];

	(void)state;
	for (size_t len = 28; len <= sizeof(quoted); len += 52) {
		struct octets o;
		struct icmp icmp;
		uint8_t head[QUOTE_MAX];
		size_t head_len = quote(head, false, 0);

		memcpy(quoted, head, head_len);
		o = error(false, 11, 0, 0x00200000, quoted, len);
		assert_int_equal(parse(&icmp, false, &o), DROP_TAKEN);
		assert_quoted(&icmp, false);
		octets_free(&o);
	}
}

static void
icmp_parse__each_bit_flipped__is_not_taken(void **state)
{
	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		uint8_t quoted[QUOTE_MAX];
		size_t len = quote(quoted, v6, 0);
		struct octets o = error(v6, v6 ? 1 : 3, 0, 0, quoted, len);
		struct icmp icmp;

		assert_int_equal(parse(&icmp, v6, &o), DROP_TAKEN);
		for (size_t bit = 0; bit < 8 * o.len; bit++) {
			o.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_drop(parse(&icmp, v6, &o), DROP_ICMP_CKSUM, "v6 %d, bit %zu", v6, bit);
			o.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		octets_free(&o);
	}
}

/* RFC 4443 §2.3: only ICMPv6 has a pseudo header. */
static void
icmp_parse__pseudo_header__only_in_ICMPv6(void **state)
{
	uint8_t rest[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct octets o = message(true, 8, 0, rest, sizeof(rest));
	struct icmp icmp;

	(void)state;
	assert_int_equal(parse(&icmp, false, &o), DROP_ICMP_CKSUM);
	octets_free(&o);
	o = message(false, 128, 0, rest, sizeof(rest));
	assert_int_equal(parse(&icmp, true, &o), DROP_ICMP_CKSUM);
	octets_free(&o);
}

/* Every length from nothing; and the longest that a packet holds. */
static void
hostile__D06__every_echo_length__is_short_below_8(void **state)
{
	static uint8_t rest[65535];

	(void)state;
	for (size_t len = 0; len <= 65515; len += len < 64 ? 1 : len < 65507 - 1000 ? 997 : 1) {
		for (int v6 = 0; v6 <= 1; v6++) {
			struct octets o =
				len < 4 ? octets_blank(len) : message(v6, v6 ? 128 : 8, 0, rest, len - 4);
			struct icmp icmp;

			assert_drop(parse(&icmp, v6, &o), len < 8 ? DROP_ICMP_SHORT : DROP_TAKEN,
			            "length %zu", len);
			if (len >= 8) {
				assert_int_equal(icmp.kind, ICMP_ECHO);
				assert_int_equal(icmp.body_len, len - 4);
			}
			octets_free(&o);
		}
	}
}

/* As long as the request and not an octet longer; identifier, sequence and payload as they came. */
static void
hostile__D06__echo_reply__is_the_request_turned_round(void **state)
{
	uint8_t rest[1472];
	uint64_t seed = 5;

	(void)state;
	random_fill(&seed, rest, sizeof(rest));
	for (int v6 = 0; v6 <= 1; v6++) {
		const uint8_t *us = v6 ? ALICE6 : ALICE4, *them = v6 ? BOB6 : BOB4;

		for (size_t len = 4; len <= sizeof(rest); len += len < 40 ? 1 : 179) {
			struct octets o = message(v6, v6 ? 128 : 8, 0, rest, len),
				      reply = octets_blank(o.len);
			struct icmp icmp;
			uint16_t sum;

			assert_int_equal(parse(&icmp, v6, &o), DROP_TAKEN);
			memset(reply.at, 0xee, reply.len);
			assert_int_equal(icmp_echo_reply(reply.at, &icmp, us, them), o.len);
			assert_int_equal(reply.at[0], v6 ? 129 : 0);
			assert_int_equal(reply.at[1], 0);
			assert_memory_equal(reply.at + 4, rest, len);
			sum = get_u16(reply.at + 2);
			put_u16(reply.at + 2, 0);
			assert_int_equal(sum, v6 ? naive_l4_cksum(us, them, PROTO_ICMP6, reply.at, reply.len)
			                         : naive_cksum(reply.at, reply.len));
			octets_free(&o);
			octets_free(&reply);
		}
	}
}

static void
hostile__D01__random_messages__stay_inside(void **state)
{
	static const uint8_t types[] = {3, 11, 12, 8, 1, 2, 4, 128};
	uint64_t seed = 6;
	unsigned taken = 0;

	(void)state;
	for (int n = 0; n < 300000; n++) {
		uint8_t rest[100];
		bool v6 = n & 1;
		struct octets o;
		struct icmp icmp;

		random_fill(&seed, rest, sizeof(rest));
		rest[4] = (uint8_t)((v6 ? 0x60 : 0x40) | (rest[4] & 0x0f));
		rest[v6 ? 10 : 13] = PROTO_TCP;
		rest[10] &= v6 ? 0xff : 0x40;
		rest[11] = v6 ? rest[11] : 0;
		o = message(v6, types[rest[0] % COUNT(types)], rest[1] % 3, rest,
		            random_u32(&seed) % sizeof(rest));
		taken += parse(&icmp, v6, &o) == DROP_TAKEN;
		octets_free(&o);
	}
	assert_true(taken > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile__D04_D05__every_type_and_code__means_what_the_RFCs_say),
		cmocka_unit_test(hostile__D04_D05__what_is_not_acted_upon__is_ICMP_TYPE),
		cmocka_unit_test(icmp_parse__too_big__has_the_MTU_as_announced),
		cmocka_unit_test(icmp_parse__other_errors__have_no_MTU),
		cmocka_unit_test(hostile__D01__quoted_length_times_header_length__bounded),
		cmocka_unit_test(hostile__D01__quoted_length_of_IPv6__bounded),
		cmocka_unit_test(hostile__D01__table_of_lying_quotes__judged),
		cmocka_unit_test(icmp_parse__long_quote__is_taken),
		cmocka_unit_test(icmp_parse__each_bit_flipped__is_not_taken),
		cmocka_unit_test(icmp_parse__pseudo_header__only_in_ICMPv6),
		cmocka_unit_test(hostile__D06__every_echo_length__is_short_below_8),
		cmocka_unit_test(hostile__D06__echo_reply__is_the_request_turned_round),
		cmocka_unit_test(hostile__D01__random_messages__stay_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
