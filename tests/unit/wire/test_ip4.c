/* IPv4: hostile rows B01 to B03, B06 to B08, B12, B16, and A05. */
#include "ip4.h"

#include "octets.h"

/* `options` octets of header options (filled with NOP) and `payload` octets from Alice to Bob; checksum right. */
static struct octets
packet(size_t options, size_t payload)
{
	size_t header = 20 + options;
	struct octets o = octets_blank(header + payload);

	o.at[0] = (uint8_t)(0x40 | header / 4);
	put_u16(o.at + 2, (uint16_t)o.len);
	put_u16(o.at + 4, 0x1234);
	put_u16(o.at + 6, 0x4000);
	o.at[8] = 64;
	o.at[9] = 6;
	memcpy(o.at + 12, ALICE4 + 12, 4);
	memcpy(o.at + 16, BOB4 + 12, 4);
	memset(o.at + 20, 1, options);
	for (size_t i = 0; i < payload; i++)
		o.at[header + i] = (uint8_t)i;
	put_u16(o.at + 10, naive_cksum(o.at, header));
	return o;
}

/* Over as much of the header as the header says there is, and as is there. */
static void
checksum(struct octets *o)
{
	size_t header = 4 * (size_t)(o->at[0] & 0x0f);

	put_u16(o->at + 10, 0);
	put_u16(o->at + 10, naive_cksum(o->at, header < o->len ? header : o->len));
}

static enum drop
parse(struct ip_packet *ip, const struct octets *o)
{
	struct cursor c = cursor_of(o->at, o->len);

	memset(ip, 0xee, sizeof(*ip));
	return ip4_parse(ip, &c, false);
}

/* Sets one field of a good packet of 20 octets of payload, makes the checksum right, and parses. */
static enum drop
parse_with(size_t at, uint16_t value)
{
	struct octets o = packet(0, 20);
	struct ip_packet ip;
	enum drop fate;

	put_u16(o.at + at, value);
	checksum(&o);
	fate = parse(&ip, &o);
	octets_free(&o);
	return fate;
}

static void
ip4_parse__every_field__is_read(void **state)
{
	struct octets o = packet(8, 25);
	struct cursor c = cursor_of(o.at, o.len);
	struct ip_packet ip;

	(void)state;
	o.at[1] = 0xb9;
	o.at[8] = 37;
	checksum(&o);
	memset(&ip, 0xee, sizeof(ip));
	assert_int_equal(ip4_parse(&ip, &c, false), DROP_TAKEN);
	assert_memory_equal(ip.src, ALICE4, 16);
	assert_memory_equal(ip.dst, BOB4, 16);
	assert_int_equal(ip.protocol, PROTO_TCP);
	assert_int_equal(ip.ttl, 37);
	assert_int_equal(ip.tos, 0xb9);
	assert_false(ip.v6);
	assert_false(ip.atomic);
	assert_ptr_equal(ip.l4, o.at + 28);
	assert_int_equal(ip.l4_len, 25);
	assert_int_equal(cursor_left(&c), 0);
	octets_free(&o);
}

static void
hostile__A01__every_length__is_short_below_20(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 60; len++) {
		struct octets whole = packet(0, 40), o = octets_of(whole.at, len);
		struct ip_packet ip;
		enum drop expected = len < 20 ? DROP_IP4_SHORT : len < 60 ? DROP_IP4_LENGTH : DROP_TAKEN;

		assert_drop(parse(&ip, &o), expected, "length %zu", len);
		octets_free(&whole);
		octets_free(&o);
	}
}

static void
hostile__A05__trailer_behind_the_packet__is_cut_off(void **state)
{
	(void)state;
	for (size_t trailer = 0; trailer <= 40; trailer++) {
		struct octets whole = packet(0, 1), o = octets_blank(whole.len + trailer);
		struct cursor c = cursor_of(o.at, o.len);
		struct ip_packet ip;

		memset(o.at, 0xee, o.len);
		memcpy(o.at, whole.at, whole.len);
		assert_int_equal(ip4_parse(&ip, &c, false), DROP_TAKEN);
		assert_int_equal(ip.l4_len, 1);
		assert_int_equal(cursor_left(&c), trailer);
		octets_free(&whole);
		octets_free(&o);
	}
}

static void
hostile__B01__every_version__but_4_is_dropped(void **state)
{
	(void)state;
	for (unsigned version = 0; version <= 15; version++) {
		assert_drop(parse_with(0, (uint16_t)(version << 12 | 0x0500)),
		            version == 4 ? DROP_TAKEN : DROP_IP4_VERSION, "version %u", version);
	}
}

static void
hostile__B02__header_length_times_total_length__judged(void **state)
{
	static const size_t frames[] = {20, 21, 24, 40, 59, 60, 61, 100};

	(void)state;
	for (size_t f = 0; f < COUNT(frames); f++) {
		const size_t totals[] = {0,         1,
		                         19,        20,
		                         21,        39,
		                         40,        59,
		                         60,        61,
		                         64,        frames[f] - 1,
		                         frames[f], frames[f] + 1,
		                         1500,      65535};

		for (unsigned ihl = 0; ihl <= 15; ihl++) {
			for (size_t t = 0; t < COUNT(totals); t++) {
				size_t header = 4 * (size_t)ihl;
				enum drop expected = header < 20 || header > frames[f] ? DROP_IP4_IHL
				                     : totals[t] < header || totals[t] > frames[f]
				                             ? DROP_IP4_LENGTH
				                             : DROP_TAKEN;
				struct octets o = packet(0, frames[f] - 20);
				struct ip_packet ip;

				memset(o.at + 20, 1, o.len - 20);
				o.at[0] = (uint8_t)(0x40 | ihl);
				put_u16(o.at + 2, (uint16_t)totals[t]);
				checksum(&o);
				assert_drop(parse(&ip, &o), expected, "IHL %u, total %zu, frame %zu", ihl,
				            totals[t], frames[f]);
				if (expected == DROP_TAKEN) {
					assert_int_equal(ip.l4_len, totals[t] - header);
					assert_ptr_equal(ip.l4, o.at + header);
				}
				octets_free(&o);
			}
		}
	}
}

static void
hostile__B03__each_header_bit_flipped__is_not_taken(void **state)
{
	(void)state;
	for (size_t options = 0; options <= 40; options += 20) {
		struct octets o = packet(options, 60);
		struct ip_packet ip;

		assert_int_equal(parse(&ip, &o), DROP_TAKEN);
		for (size_t bit = 0; bit < 8 * (20 + options); bit++) {
			/* version, header length and total length are looked at before the sum */
			bool before = bit < 8 || (bit >= 16 && bit < 32);
			enum drop fate;

			o.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
			fate = parse(&ip, &o);
			if (before)
				assert_int_not_equal(fate, DROP_TAKEN);
			else
				assert_drop(fate, DROP_IP4_CKSUM, "bit %zu", bit);
			o.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		octets_free(&o);
	}
}

static void
hostile__A06__driver_verified__sum_is_not_looked_at(void **state)
{
	struct octets o = packet(0, 20);
	struct cursor c = cursor_of(o.at, o.len);
	struct ip_packet ip;

	(void)state;
	put_u16(o.at + 10, 0);
	assert_int_equal(ip4_parse(&ip, &c, false), DROP_IP4_CKSUM);
	c = cursor_of(o.at, o.len);
	assert_int_equal(ip4_parse(&ip, &c, true), DROP_TAKEN);
	octets_free(&o);
}

static enum drop
parse_options(const uint8_t *options, size_t len)
{
	struct octets o = packet((len + 3) / 4 * 4, 8);
	struct ip_packet ip;
	enum drop fate;

	memcpy(o.at + 20, options, len);
	checksum(&o);
	fate = parse(&ip, &o);
	if (fate == DROP_TAKEN)
		assert_int_equal(ip.l4_len, 8);
	octets_free(&o);
	return fate;
}

#define FORTY_NOPS                                                                                           \
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,   \
		1, 1, 1, 1, 1, 1, 1

static const struct {
	enum drop fate;
	uint8_t octets[40];
	size_t len;
} options_table[] = {
	/* end of options ends them, whatever follows */
	{DROP_TAKEN, {0}, 4},
	{DROP_TAKEN, {0, 7, 0, 0}, 4},
	{DROP_TAKEN, {0, 131, 7, 4, 1, 2, 3, 4}, 8},
	{DROP_TAKEN, {1, 1, 1, 0, 255, 255, 255, 255}, 8},
	{DROP_TAKEN, {FORTY_NOPS}, 40},
	/* record route: pointer below 4, at the end, beyond the option: not acted upon, so of no matter */
	{DROP_TAKEN, {7, 7, 4, 0, 0, 0, 0}, 8},
	{DROP_TAKEN, {7, 7, 0, 0, 0, 0, 0}, 8},
	{DROP_TAKEN, {7, 7, 3, 0, 0, 0, 0}, 8},
	{DROP_TAKEN, {7, 7, 8, 0, 0, 0, 0}, 8},
	{DROP_TAKEN, {7, 7, 255, 0, 0, 0, 0}, 8},
	{DROP_TAKEN, {7, 39, 4}, 40},
	{DROP_TAKEN, {7, 2, 1, 1}, 4},
	/* timestamps: overflow counted to its end, flag unknown, pointer beyond */
	{DROP_TAKEN, {68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 12},
	{DROP_TAKEN, {68, 12, 13, 0xf0, 0, 0, 0, 0, 0, 0, 0, 0}, 12},
	{DROP_TAKEN, {68, 12, 255, 0xff, 0, 0, 0, 0, 0, 0, 0, 0}, 12},
	{DROP_TAKEN, {68, 4, 5, 3}, 4},
	/* router alert, security, stream identifier, and an option without a body */
	{DROP_TAKEN, {148, 4, 0, 0}, 4},
	{DROP_TAKEN, {130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 12},
	{DROP_TAKEN, {136, 4, 0, 0}, 4},
	{DROP_TAKEN, {222, 2, 1, 1}, 4},
	/* ten and more of them */
	{DROP_TAKEN,
         {222, 4, 0, 0, 222, 4, 0, 0, 222, 4, 0, 0, 222, 4, 0, 0, 222, 4, 0, 0,
          222, 4, 0, 0, 222, 4, 0, 0, 222, 4, 0, 0, 222, 4, 0, 0, 222, 4, 0, 0},
         40},
	{DROP_TAKEN,
         {222, 2, 222, 2, 222, 2, 222, 2, 222, 2, 222, 2, 222, 2, 222, 2, 222, 2, 222, 2,
          222, 2, 222, 2, 222, 2, 222, 2, 222, 2, 222, 2, 222, 2, 222, 2, 222, 2, 222, 2},
         40},
	/* source routes: full, empty, completed, behind others */
	{DROP_IP4_SOURCE_ROUTE, {131, 7, 4, 192, 0, 2, 9}, 8},
	{DROP_IP4_SOURCE_ROUTE, {137, 7, 4, 192, 0, 2, 9}, 8},
	{DROP_IP4_SOURCE_ROUTE, {131, 3, 4, 0}, 4},
	{DROP_IP4_SOURCE_ROUTE, {137, 3, 4, 0}, 4},
	{DROP_IP4_SOURCE_ROUTE, {131, 7, 8, 192, 0, 2, 9}, 8},
	{DROP_IP4_SOURCE_ROUTE, {137, 7, 255, 192, 0, 2, 9}, 8},
	{DROP_IP4_SOURCE_ROUTE, {1, 1, 1, 131, 3, 4}, 8},
	{DROP_IP4_SOURCE_ROUTE, {7, 7, 4, 0, 0, 0, 0, 137, 3, 4}, 12},
	{DROP_IP4_SOURCE_ROUTE, {131, 39, 4}, 40},
	{DROP_IP4_SOURCE_ROUTE, {131, 2, 1, 1}, 4},
	/* of which one says no length that can be */
	{DROP_IP4_OPTION, {131, 0, 4, 0}, 4},
	{DROP_IP4_OPTION, {137, 1, 4, 0}, 4},
	{DROP_IP4_OPTION, {131, 40, 4}, 36},
	/* kind is the last octet */
	{DROP_IP4_OPTION, {1, 1, 1, 7}, 4},
	{DROP_IP4_OPTION, {1, 1, 1, 131}, 4},
	{DROP_IP4_OPTION, {1, 1, 1, 255}, 4},
	{DROP_IP4_OPTION, {7, 7, 4, 0, 0, 0, 0, 2}, 8},
	/* a good one, then a bad one */
	{DROP_IP4_OPTION, {148, 4, 0, 0, 7, 0, 0, 0}, 8},
	{DROP_IP4_OPTION, {148, 4, 0, 0, 7, 5, 0, 0}, 8},
};

static void
hostile__B06__table_of_options__judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(options_table); i++) {
		assert_drop(parse_options(options_table[i].octets, options_table[i].len),
		            options_table[i].fate, "options %zu: %u %u %u", i, options_table[i].octets[0],
		            options_table[i].octets[1], options_table[i].octets[2]);
	}
}

/* Each kind with each length it can say: 254 x 256 vectors in 12 octets. */
static void
hostile__B06__every_kind_and_length__judged(void **state)
{
	(void)state;
	for (unsigned kind = 2; kind <= 255; kind++) {
		for (unsigned len = 0; len <= 255; len++) {
			uint8_t options[12] = {(uint8_t)kind, (uint8_t)len};
			enum drop expected = len < 2 || len > sizeof(options) ? DROP_IP4_OPTION
			                     : kind == 131 || kind == 137     ? DROP_IP4_SOURCE_ROUTE
			                                                      : DROP_TAKEN;

			assert_drop(parse_options(options, sizeof(options)), expected, "kind %u, length %u",
			            kind, len);
		}
	}
}

/* What is in the packet is named and not entered. */
static void
hostile__B07__nested_packets__are_one_protocol(void **state)
{
	static const uint8_t protocols[] = {4, 41, 47, 50, 51, 17, 2, 0, 255};

	(void)state;
	for (size_t i = 0; i < sizeof(protocols); i++) {
		struct octets inner = packet(0, 20), o = packet(0, inner.len);
		struct ip_packet ip;

		memcpy(o.at + 20, inner.at, inner.len);
		o.at[9] = protocols[i];
		checksum(&o);
		assert_int_equal(parse(&ip, &o), DROP_TAKEN);
		assert_int_equal(ip.protocol, protocols[i]);
		assert_ptr_equal(ip.l4, o.at + 20);
		assert_int_equal(ip.l4_len, inner.len);
		octets_free(&inner);
		octets_free(&o);
	}
}

/* Flags and offset: 0x8000 reserved, 0x4000 don't fragment, 0x2000 more fragments. */
static const struct {
	uint16_t field;
	enum drop fate;
} fragments[] = {
	{0x0000, DROP_TAKEN},        {0x4000, DROP_TAKEN},
	{0x8000, DROP_TAKEN},        {0xc000, DROP_TAKEN},
	{0x2000, DROP_IP4_FRAGMENT}, /* tiny first fragment (B08) */
	{0x0001, DROP_IP4_FRAGMENT}, /* overlay of flags at offset 8 (B08) */
	{0x2001, DROP_IP4_FRAGMENT}, {0x0002, DROP_IP4_FRAGMENT},
	{0x6000, DROP_IP4_FRAGMENT}, /* DF with MF (B16) */
	{0x4001, DROP_IP4_FRAGMENT}, {0x1fff, DROP_IP4_FRAGMENT},
	{0x3fff, DROP_IP4_FRAGMENT}, {0x1ffd, DROP_IP4_FRAGMENT}, /* ping of death (B10) */
	{0x0100, DROP_IP4_FRAGMENT}, {0x1000, DROP_IP4_FRAGMENT},
	{0xffff, DROP_IP4_FRAGMENT},
};

static void
hostile__B08_B16__flags_and_offsets__no_fragment_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(fragments); i++)
		assert_drop(parse_with(6, fragments[i].field), fragments[i].fate, "%04x", fragments[i].field);
	for (unsigned bit = 0; bit < 14; bit++)
		assert_drop(parse_with(6, (uint16_t)(1u << bit)), DROP_IP4_FRAGMENT, "bit %u", bit);
}

/* Fragments that are empty, odd, or too short for a header: dropped for what they are before anything else. */
static void
hostile__B08_B12__odd_fragments__are_fragments(void **state)
{
	static const struct {
		size_t payload;
		uint16_t field;
	} odd[] = {{0, 0x2000}, {0, 0x0001},  {1, 0x2000}, {7, 0x2001},  {8, 0x2000},
	           {9, 0x2000}, {19, 0x2000}, {8, 0x1fff}, {12, 0x0001}, {64, 0x1ffd}};

	(void)state;
	for (size_t i = 0; i < COUNT(odd); i++) {
		for (size_t options = 0; options <= 8; options += 8) {
			struct octets o = packet(options, odd[i].payload);
			struct ip_packet ip;

			put_u16(o.at + 6, odd[i].field);
			memset(o.at + 20, 255, options); /* and malformed options do not change it */
			checksum(&o);
			assert_int_equal(parse(&ip, &o), DROP_IP4_FRAGMENT);
			octets_free(&o);
		}
	}
}

static void
hostile__B16__every_time_to_live__but_zero_is_taken(void **state)
{
	(void)state;
	for (unsigned ttl = 0; ttl <= 255; ttl++)
		assert_drop(parse_with(8, (uint16_t)(ttl << 8 | 6)), ttl == 0 ? DROP_IP4_TTL : DROP_TAKEN,
		            "TTL %u", ttl);
}

static void
ip4_build__any__octet_for_octet_and_back(void **state)
{
	static const uint8_t expected[] = {0x45, 0x68, 0x05, 0xdc, 0, 0, 0x40, 0,  63,  6,
	                                   0,    0,    192,  0,    2, 1, 198,  51, 100, 2};
	struct octets o = octets_blank(1500);
	struct ip_packet ip;

	(void)state;
	memset(o.at, 0xee, o.len);
	ip4_build(o.at, ALICE4, BOB4, PROTO_TCP, 63, 0x68, 1480);
	assert_int_equal(parse(&ip, &o), DROP_TAKEN);
	assert_int_equal(ip.l4_len, 1480);
	assert_int_equal(ip.tos, 0x68);
	put_u16(o.at + 10, 0);
	assert_memory_equal(o.at, expected, sizeof(expected));
	octets_free(&o);
}

static void
ip4_parse__random_headers__stays_inside(void **state)
{
	uint64_t seed = 3;
	unsigned taken = 0;

	(void)state;
	for (int n = 0; n < 300000; n++) {
		struct octets o = octets_blank(random_u32(&seed) % 80);
		struct cursor c = cursor_of(o.at, o.len);
		struct ip_packet ip;

		random_fill(&seed, o.at, o.len);
		if (o.len >= 20) {
			o.at[0] = 0x40 | (o.at[0] & 0x0f);
			put_u16(o.at + 2, (uint16_t)(o.len - o.at[2] % 4));
			put_u16(o.at + 6, 0);
		}
		if (ip4_parse(&ip, &c, true) == DROP_TAKEN) {
			taken++;
			assert_true(ip.l4 >= o.at + 20 && ip.l4 + ip.l4_len <= o.at + o.len);
		}
		octets_free(&o);
	}
	assert_true(taken > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ip4_parse__every_field__is_read),
		cmocka_unit_test(hostile__A01__every_length__is_short_below_20),
		cmocka_unit_test(hostile__A05__trailer_behind_the_packet__is_cut_off),
		cmocka_unit_test(hostile__B01__every_version__but_4_is_dropped),
		cmocka_unit_test(hostile__B02__header_length_times_total_length__judged),
		cmocka_unit_test(hostile__B03__each_header_bit_flipped__is_not_taken),
		cmocka_unit_test(hostile__A06__driver_verified__sum_is_not_looked_at),
		cmocka_unit_test(hostile__B06__table_of_options__judged),
		cmocka_unit_test(hostile__B06__every_kind_and_length__judged),
		cmocka_unit_test(hostile__B07__nested_packets__are_one_protocol),
		cmocka_unit_test(hostile__B08_B16__flags_and_offsets__no_fragment_is_taken),
		cmocka_unit_test(hostile__B08_B12__odd_fragments__are_fragments),
		cmocka_unit_test(hostile__B16__every_time_to_live__but_zero_is_taken),
		cmocka_unit_test(ip4_build__any__octet_for_octet_and_back),
		cmocka_unit_test(ip4_parse__random_headers__stays_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
