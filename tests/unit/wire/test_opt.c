/* TCP options: what is built has the layout of Linux or FreeBSD, and comes back as it was; each known kind is read. */
#include "opts.h"

#define MSS    .has_mss = true, .mss = 1460
#define WS     .has_wscale = true, .wscale = 8
#define TS     .has_ts = true, .ts_val = 0x01020304, .ts_ecr = 0x05060708
#define PACKED .packed = true
#define SACKP  .has_sack_permitted = true
#define BLOCK                                                                                                \
	{                                                                                                    \
		0xa1a2a3a4, 0xb1b2b3b4                                                                       \
	}

#define MSS_OCTETS   2, 4, 0x05, 0xb4
#define TS_OCTETS    8, 10, 1, 2, 3, 4, 5, 6, 7, 8
#define BLOCK_OCTETS 0xa1, 0xa2, 0xa3, 0xa4, 0xb1, 0xb2, 0xb3, 0xb4

/* packetdrill compares these exactly: tests of google/packetdrill, as Linux writes them. */
static const struct {
	struct opt opt;
	size_t len;
	uint8_t octets[OPT_MAX];
} layouts[] = {
	{{0}, 0, {0}},
	{{MSS}, 4, {MSS_OCTETS}},
	{{WS}, 4, {1, 3, 3, 8}},
	{{SACKP}, 4, {1, 1, 4, 2}},
	{{TS}, 12, {1, 1, TS_OCTETS}},
	{{MSS, WS}, 8, {MSS_OCTETS, 1, 3, 3, 8}},
	{{MSS, SACKP}, 8, {MSS_OCTETS, 1, 1, 4, 2}},
	{{MSS, SACKP, WS}, 12, {MSS_OCTETS, 1, 1, 4, 2, 1, 3, 3, 8}},
	{{MSS, TS}, 16, {MSS_OCTETS, 1, 1, TS_OCTETS}},
	{{MSS, TS, SACKP}, 16, {MSS_OCTETS, 4, 2, TS_OCTETS}},
	{{MSS, TS, WS}, 20, {MSS_OCTETS, 1, 1, TS_OCTETS, 1, 3, 3, 8}},
	{{MSS, TS, SACKP, WS}, 20, {MSS_OCTETS, 4, 2, TS_OCTETS, 1, 3, 3, 8}},
	{{.sacks = 1, .sack = {BLOCK}}, 12, {1, 1, 5, 10, BLOCK_OCTETS}},
	{{TS, .sacks = 1, .sack = {BLOCK}}, 24, {1, 1, TS_OCTETS, 1, 1, 5, 10, BLOCK_OCTETS}},
	{{TS, .sacks = 3, .sack = {BLOCK, BLOCK, BLOCK}},
         40,
         {1, 1, TS_OCTETS, 1, 1, 5, 26, BLOCK_OCTETS, BLOCK_OCTETS, BLOCK_OCTETS}},
	{{.sacks = 4, .sack = {BLOCK, BLOCK, BLOCK, BLOCK}},
         36,
         {1, 1, 5, 34, BLOCK_OCTETS, BLOCK_OCTETS, BLOCK_OCTETS, BLOCK_OCTETS}},
	/* the fourth block has no room beside timestamps (RFC 2018 §3) */
	{{TS, .sacks = 4, .sack = {BLOCK, BLOCK, BLOCK, BLOCK}},
         40,
         {1, 1, TS_OCTETS, 1, 1, 5, 26, BLOCK_OCTETS, BLOCK_OCTETS, BLOCK_OCTETS}},
	/* as FreeBSD writes them, which its own suite compares as exactly */
	{{PACKED, MSS}, 4, {MSS_OCTETS}},
	{{PACKED, MSS, WS}, 8, {MSS_OCTETS, 1, 3, 3, 8}},
	{{PACKED, MSS, SACKP}, 8, {MSS_OCTETS, 4, 2, 0, 0}},
	{{PACKED, MSS, SACKP, WS}, 12, {MSS_OCTETS, 1, 3, 3, 8, 4, 2, 0, 0}},
	{{PACKED, MSS, TS}, 16, {MSS_OCTETS, 1, 1, TS_OCTETS}},
	{{PACKED, MSS, TS, SACKP}, 16, {MSS_OCTETS, 4, 2, TS_OCTETS}},
	{{PACKED, MSS, TS, WS}, 20, {MSS_OCTETS, 1, 3, 3, 8, 1, 1, TS_OCTETS}},
	{{PACKED, MSS, TS, SACKP, WS}, 20, {MSS_OCTETS, 1, 3, 3, 8, 4, 2, TS_OCTETS}},
	{{PACKED, TS}, 12, {1, 1, TS_OCTETS}},
	{{PACKED, TS, .sacks = 1, .sack = {BLOCK}}, 24, {1, 1, TS_OCTETS, 1, 1, 5, 10, BLOCK_OCTETS}},
};

static void
opt_build__table_of_layouts__octet_for_octet(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(layouts); i++) {
		struct octets o = octets_blank(layouts[i].len);

		assert_int_equal(opt_size(&layouts[i].opt), layouts[i].len);
		assert_int_equal(opt_build(o.at, &layouts[i].opt), layouts[i].len);
		if (layouts[i].len > 0)
			assert_memory_equal(o.at, layouts[i].octets, layouts[i].len);
		octets_free(&o);
	}
}

/* All 16 choices of options times 0 to 4 blocks, in both layouts. */
static void
opt_build__every_choice__is_bounded_and_comes_back(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (unsigned choice = 0; choice < 2 * 16 * 5; choice++) {
		struct opt opt = {
			.has_mss = choice & 1,
			.has_wscale = choice & 2,
			.has_sack_permitted = choice & 4,
			.has_ts = choice & 8,
			.sacks = (uint8_t)(choice / 16 % 5),
			.packed = choice >= 16 * 5,
		};
		size_t size = opt_size(&opt);
		struct octets o = octets_blank(size);
		struct opt back;

		opt.mss = opt.has_mss ? (uint16_t)random_u32(&seed) : 0;
		opt.wscale = opt.has_wscale ? (uint8_t)(random_u32(&seed) % 15) : 0;
		opt.ts_val = opt.has_ts ? random_u32(&seed) : 0;
		opt.ts_ecr = opt.has_ts ? random_u32(&seed) : 0;
		for (size_t i = 0; i < opt.sacks; i++)
			opt.sack[i] = (struct opt_block){random_u32(&seed), random_u32(&seed)};
		assert_true(size <= OPT_MAX && size % 4 == 0);
		assert_int_equal(opt_build(o.at, &opt), size);
		back = parse(o.at, size);
		/* no more is left out than does not fit */
		if (back.sacks < opt.sacks)
			assert_true(size + (back.sacks == 0 ? 12 : 8) > OPT_MAX);
		opt.sacks = back.sacks;
		assert_same(&back, &opt);
		octets_free(&o);
	}
}

/* What other systems send. */
static void
opt_parse__orders_of_other_systems__are_read(void **state)
{
	static const uint8_t bsd[] = {MSS_OCTETS, 1, 3, 3, 8, 4, 2, TS_OCTETS};
	static const uint8_t windows[] = {MSS_OCTETS, 1, 3, 3, 8, 1, 1, 4, 2};
	static const uint8_t scripts[] = {MSS_OCTETS, 4, 2, 1, 1, 1, 3, 3, 8};
	static const uint8_t mac[] = {MSS_OCTETS, 1, 3, 3, 8, 1, 1, TS_OCTETS, 4, 2, 0, 0};
	static const struct opt all = {MSS, WS, TS, SACKP}, no_ts = {MSS, WS, SACKP};
	struct opt opt;

	(void)state;
	opt = parse(bsd, sizeof(bsd));
	assert_same(&opt, &all);
	opt = parse(windows, sizeof(windows));
	assert_same(&opt, &no_ts);
	opt = parse(scripts, sizeof(scripts));
	assert_same(&opt, &no_ts);
	opt = parse(mac, sizeof(mac));
	assert_same(&opt, &all);
}

/* MUST-64: options stand on any octet. */
static void
opt_parse__every_alignment__is_read(void **state)
{
	static const uint8_t options[] = {TS_OCTETS, MSS_OCTETS, 4, 2, 3, 3, 8, 5, 10, BLOCK_OCTETS};
	static const struct opt all = {TS, MSS, SACKP, WS, .sacks = 1, .sack = {BLOCK}};

	(void)state;
	for (size_t nops = 0; nops + sizeof(options) <= OPT_MAX; nops++) {
		uint8_t octets[OPT_MAX];
		struct opt opt;

		memset(octets, 1, nops);
		memcpy(octets + nops, options, sizeof(options));
		opt = parse(octets, nops + sizeof(options));
		assert_same(&opt, &all);
	}
}

/* The short way is taken for timestamps in front and aligned, or nearly so, with whatever follows. */
static void
opt_parse__short_way__equals_the_long_one(void **state)
{
	static const uint8_t ts[12] = {1, 1, TS_OCTETS};
	static const uint8_t follow[][12] = {{1, 1, 5, 10, BLOCK_OCTETS}, {TS_OCTETS}, {0}, {1, 1, 4, 2}};
	uint64_t seed = 2;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint8_t octets[OPT_MAX];
		struct opt each = {0}, is;
		size_t len = random_u32(&seed) % (OPT_MAX + 1);

		for (size_t at = 0; at < len; at++)
			octets[at] = (uint8_t)(random_u32(&seed) % (i % 2 ? 12 : 256));
		memcpy(octets, ts, len < 12 ? len : 12);
		if (i % 4 == 0 && len >= 24)
			memcpy(octets + 12, follow[random_u32(&seed) % COUNT(follow)], 12);
		if (i % 8 == 0)
			octets[random_u32(&seed) % 4] ^= 1;
		opt_parse_each(&each, octets, len);
		is = parse(octets, len);
		assert_same(&is, &each);
	}
}

static void
opt_parse__end_of_options__ends_them(void **state)
{
	static const uint8_t octets[] = {MSS_OCTETS, 0, 3, 3, 8, 8, 0, 255};
	static const struct opt mss = {MSS};
	struct opt opt = parse(octets, sizeof(octets));

	(void)state;
	assert_same(&opt, &mss);
}

static void
opt_parse__nothing__is_nothing(void **state)
{
	static const struct opt none = {0};
	struct opt opt = parse(NULL, 0);

	(void)state;
	assert_same(&opt, &none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opt_build__table_of_layouts__octet_for_octet),
		cmocka_unit_test(opt_build__every_choice__is_bounded_and_comes_back),
		cmocka_unit_test(opt_parse__orders_of_other_systems__are_read),
		cmocka_unit_test(opt_parse__every_alignment__is_read),
		cmocka_unit_test(opt_parse__short_way__equals_the_long_one),
		cmocka_unit_test(opt_parse__end_of_options__ends_them),
		cmocka_unit_test(opt_parse__nothing__is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
