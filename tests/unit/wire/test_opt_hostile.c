/* Hostile TCP options: rows E03 to E06, E09, E13 and E14 of the list of hostile inputs. */

#include "opts.h"

#define MSS_OCTETS 2, 4, 0x05, 0xb4

static bool
is_known(unsigned kind)
{
	return (kind >= 2 && kind <= 5) || kind == 8;
}

/* Lengths that each known kind may have. */
static bool
is_right_length(unsigned kind, size_t len)
{
	switch (kind) {
	case 2:
		return len == 4;
	case 3:
		return len == 3;
	case 4:
		return len == 2;
	case 5:
		return len == 10 || len == 18 || len == 26 || len == 34;
	case 8:
		return len == 10;
	default:
		return false;
	}
}

static bool
has_kind(const struct opt *opt, unsigned kind)
{
	switch (kind) {
	case 2:
		return opt->has_mss;
	case 3:
		return opt->has_wscale;
	case 4:
		return opt->has_sack_permitted;
	case 5:
		return opt->sacks > 0;
	case 8:
		return opt->has_ts;
	default:
		return false;
	}
}

/* What came before it stands; what comes behind it is not read. */
static void
hostile__E03__all_kinds_of_length_0_and_1__end_the_parse(void **state)
{
	(void)state;
	for (unsigned kind = 2; kind <= 255; kind++) {
		for (uint8_t len = 0; len <= 1; len++) {
			uint8_t octets[OPT_MAX] = {MSS_OCTETS, (uint8_t)kind, len, 3, 3, 7};
			struct opt opt = parse(octets, sizeof(octets));

			if (!opt.illegal || !opt.has_mss || opt.mss != 1460 || opt.has_wscale)
				fail_msg("kind %u, length %u", kind, len);
			octets[0] = 1; /* and with nothing before it */
			opt = parse(octets + 4, sizeof(octets) - 4);
			assert_true(opt.illegal && !opt.has_mss && !opt.has_wscale);
		}
	}
}

/* Forty options, each of the fewest octets it can have: all are walked, none is illegal, what follows is reached. */
static void
hostile__E03__most_options_there_can_be__all_walked(void **state)
{
	static const uint8_t rows[][2] = {{1, 1}, {4, 2}, {254, 2}};

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++) {
		uint8_t octets[OPT_MAX];
		static const uint8_t mss[] = {2, 4, 5, 180};
		struct opt opt;

		for (size_t i = 0; i < sizeof(octets); i++)
			octets[i] = rows[r][i % 2];
		memcpy(octets + OPT_MAX - sizeof(mss), mss, sizeof(mss));
		opt = parse(octets, OPT_MAX);
		assert_true(!opt.illegal && opt.has_mss && opt.mss == 1460);
	}
}

/* The kind is the last octet, at every data offset. */
static void
hostile__E04__kind_is_last_octet__is_not_read_past(void **state)
{
	(void)state;
	for (size_t len = 1; len <= OPT_MAX; len++) {
		for (unsigned kind = 2; kind <= 255; kind++) {
			uint8_t octets[OPT_MAX];
			struct opt opt;

			memset(octets, 1, sizeof(octets));
			octets[len - 1] = (uint8_t)kind;
			opt = parse(octets, len);
			assert_true(opt.illegal);
			assert_false(is_known(kind) && has_kind(&opt, kind));
		}
	}
}

/* The length reaches beyond the header, by one octet to as many as it can say. */
static void
hostile__E04__length_beyond_header__is_illegal(void **state)
{
	static const uint8_t kinds[] = {2, 3, 4, 5, 8, 19, 254};

	(void)state;
	for (size_t k = 0; k < sizeof(kinds); k++) {
		for (size_t len = 2; len <= OPT_MAX; len += 2) {
			for (size_t size = 2; size <= 255; size++) {
				uint8_t octets[OPT_MAX] = {kinds[k], (uint8_t)size};
				struct opt opt = parse(octets, len);

				assert_int_equal(opt.illegal, size > len);
				assert_int_equal(has_kind(&opt, kinds[k]),
				                 size <= len && is_right_length(kinds[k], size));
			}
		}
	}
}

/* A known kind of wrong length is as good as unknown: skipped, and what follows is read. */
static void
hostile__E05__known_kinds_of_wrong_length__are_skipped(void **state)
{
	static const uint8_t kinds[] = {2, 3, 4, 5, 8};
	unsigned vectors = 0;

	(void)state;
	for (size_t k = 0; k < sizeof(kinds); k++) {
		for (size_t len = 2; len <= OPT_MAX - 4; len++) {
			/* behind it stands a kind that is another */
			const uint8_t behind[4] = {kinds[k] == 2 ? 3 : 2, kinds[k] == 2 ? 3 : 4, 7, 0};
			uint8_t octets[OPT_MAX];
			struct opt opt;

			memset(octets, 0xab, sizeof(octets));
			octets[0] = kinds[k];
			octets[1] = (uint8_t)len;
			memcpy(octets + len, behind, 4);
			opt = parse(octets, len + 4);
			assert_false(opt.illegal);
			assert_int_equal(has_kind(&opt, kinds[k]), is_right_length(kinds[k], len));
			assert_true(has_kind(&opt, behind[0]));
			assert_int_equal(opt.wscale, kinds[k] == 2 ? 7 : kinds[k] == 3 && len == 3 ? 14 : 0);
			assert_int_equal(opt.mss, kinds[k] == 2 ? (len == 4 ? 0xabab : 0) : 0x0700);
			vectors += !is_right_length(kinds[k], len);
		}
	}
	assert_true(vectors >= 60);
}

/* The same with more octets than a header has room for: a caller's mistake, not a peer's. */
static void
opt_parse__five_sack_blocks__are_none(void **state)
{
	uint8_t octets[46] = {5, 42, [42] = 2, [43] = 4, [44] = 5, [45] = 0xb4};
	struct opt opt = parse(octets, sizeof(octets));

	(void)state;
	assert_int_equal(opt.sacks, 0);
	assert_true(opt.has_mss);
}

static void
hostile__E06__doubles__first_stands(void **state)
{
	static const uint8_t mss[] = {MSS_OCTETS, 2, 4, 0, 1};
	static const uint8_t wscale[] = {3, 3, 2, 3, 3, 9};
	static const uint8_t ts[] = {8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 8, 10, 0, 0, 0, 3, 0, 0, 0, 4};
	static const uint8_t permitted[] = {4, 2, 4, 2};
	static const uint8_t sack[] = {5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 5, 18, 0, 0,
	                               0, 3,  0, 0, 0, 4, 0, 0, 0, 5, 0, 0,  0, 6};
	static const uint8_t zeros[] = {2, 4, 0, 0, 2, 4, 5, 0xb4, 3, 3, 0, 3, 3, 9};
	static const uint8_t wrong_first[] = {2, 3, 9, MSS_OCTETS};
	struct opt opt;

	(void)state;
	opt = parse(mss, sizeof(mss));
	assert_int_equal(opt.mss, 1460);
	opt = parse(wscale, sizeof(wscale));
	assert_int_equal(opt.wscale, 2);
	opt = parse(ts, sizeof(ts));
	assert_int_equal(opt.ts_val, 1);
	assert_int_equal(opt.ts_ecr, 2);
	opt = parse(permitted, sizeof(permitted));
	assert_true(opt.has_sack_permitted && !opt.illegal);
	opt = parse(sack, sizeof(sack));
	assert_int_equal(opt.sacks, 1);
	assert_int_equal(opt.sack[0].left, 1);
	assert_int_equal(opt.sack[0].right, 2);
	opt = parse(zeros, sizeof(zeros)); /* a first of value 0 is a first */
	assert_int_equal(opt.mss, 0);
	assert_int_equal(opt.wscale, 0);
	opt = parse(wrong_first, sizeof(wrong_first)); /* one of wrong length is none */
	assert_int_equal(opt.mss, 1460);
}

static void
hostile__E09__every_window_scale__is_at_most_14(void **state)
{
	(void)state;
	for (unsigned shift = 0; shift <= 255; shift++) {
		const uint8_t octets[] = {1, 3, 3, (uint8_t)shift};
		struct opt opt = parse(octets, sizeof(octets));

		assert_true(opt.has_wscale);
		assert_int_equal(opt.wscale, shift > 14 ? 14 : shift);
	}
}

static const struct {
	uint8_t octets[OPT_MAX];
	size_t len;
} unknown[] = {
	/* MD5 (19) */
	{{19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, MSS_OCTETS}, 22},
	/* AO (29) */
	{{29, 16, 1, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, MSS_OCTETS}, 20},
	/* fast open request (34) */
	{{34, 2, MSS_OCTETS}, 6},
	/* fast open cookie (34) */
	{{34, 10, 1, 2, 3, 4, 5, 6, 7, 8, MSS_OCTETS}, 14},
	/* multipath (30) */
	{{30, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, MSS_OCTETS}, 16},
	/* user timeout (28) */
	{{28, 4, 0, 0, MSS_OCTETS}, 8},
	/* experiment (253) */
	{{253, 4, 0xf9, 0x89, MSS_OCTETS}, 8},
	/* experiment (254) */
	{{254, 8, 0xf9, 0x89, 1, 2, 3, 4, MSS_OCTETS}, 12},
	/* echo, echo reply (6, 7) */
	{{6, 6, 0, 0, 0, 1, 7, 6, 0, 0, 0, 2, MSS_OCTETS}, 16},
	/* 255 with no body */
	{{255, 2, MSS_OCTETS}, 6},
	/* NOPs all but MSS */
	{{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,         1,
          1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, MSS_OCTETS},
         40},
};

static void
hostile__E13__unknown_kinds__are_skipped(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(unknown); i++) {
		struct opt opt = parse(unknown[i].octets, unknown[i].len),
			   mss = {.has_mss = true, .mss = 1460};

		assert_same(&opt, &mss);
	}
	for (unsigned kind = 2; kind <= 255; kind++) {
		for (size_t len = 2; len <= OPT_MAX - 4; len++) {
			uint8_t octets[OPT_MAX] = {(uint8_t)kind, (uint8_t)len};
			struct opt opt;

			if (is_known(kind))
				continue;
			memcpy(octets + len, (const uint8_t[]){MSS_OCTETS}, 4);
			opt = parse(octets, len + 4);
			assert_true(opt.has_mss && opt.mss == 1460 && !opt.illegal);
		}
	}
}

static void
hostile__E13__nothing_but_padding__is_nothing(void **state)
{
	static const struct opt none = {0};

	(void)state;
	for (uint8_t kind = 0; kind <= 1; kind++) {
		uint8_t octets[OPT_MAX];
		struct opt opt;

		memset(octets, kind, sizeof(octets));
		opt = parse(octets, sizeof(octets));
		assert_same(&opt, &none);
	}
}

/* The wire gives blocks as they came, whatever they say: to judge them is the scoreboard's affair. */
static void
hostile__E14__blocks_of_any_value__are_given_as_they_came(void **state)
{
	static const struct opt_block values[] = {{1, 2},          {2, 1},
	                                          {7, 7},          {0xfffffff0, 16},
	                                          {0, 0x80000000}, {0xffffffff, 0xffffffff}};

	(void)state;
	for (uint8_t n = 1; n <= 4; n++) {
		for (size_t first = 0; first < COUNT(values); first++) {
			uint8_t octets[OPT_MAX] = {5, (uint8_t)(2 + 8 * n)};
			struct opt opt;

			for (size_t i = 0; i < n; i++) {
				put_u32(octets + 2 + 8 * i, values[(first + i) % COUNT(values)].left);
				put_u32(octets + 6 + 8 * i, values[(first + i) % COUNT(values)].right);
			}
			opt = parse(octets, 2 + 8 * (size_t)n);
			assert_int_equal(opt.sacks, n);
			for (size_t i = 0; i < n; i++) {
				assert_int_equal(opt.sack[i].left, values[(first + i) % COUNT(values)].left);
				assert_int_equal(opt.sack[i].right,
				                 values[(first + i) % COUNT(values)].right);
			}
		}
	}
}

/* Another parser of the same rules, written with an index. */
static struct opt
reference(const uint8_t *p, size_t len)
{
	struct opt opt = {0};

	for (size_t i = 0; i < len && p[i] != 0; i += p[i] == 1 ? 1 : p[i + 1]) {
		if (p[i] == 1)
			continue;
		if (i + 1 == len || p[i + 1] < 2 || i + p[i + 1] > len) {
			opt.illegal = true;
			break;
		}
		if (!is_right_length(p[i], p[i + 1]) || has_kind(&opt, p[i]))
			continue;
		if (p[i] == 2) {
			opt.has_mss = true;
			opt.mss = get_u16(p + i + 2);
		} else if (p[i] == 3) {
			opt.has_wscale = true;
			opt.wscale = p[i + 2] > 14 ? 14 : p[i + 2];
		} else if (p[i] == 4) {
			opt.has_sack_permitted = true;
		} else if (p[i] == 5) {
			opt.sacks = (uint8_t)(p[i + 1] / 8);
			for (size_t b = 0; b < opt.sacks; b++)
				opt.sack[b] = (struct opt_block){get_u32(p + i + 2 + 8 * b),
				                                 get_u32(p + i + 6 + 8 * b)};
		} else {
			opt.has_ts = true;
			opt.ts_val = get_u32(p + i + 2);
			opt.ts_ecr = get_u32(p + i + 6);
		}
	}
	return opt;
}

static void
hostile__E03_E06__million_random_strings__parsed_as_reference_does(void **state)
{
	static const uint8_t likely[] = {0, 1, 2, 3, 4, 5, 8, 10, 18, 26, 34, 254};
	unsigned illegal = 0, legal = 0;
	uint64_t seed = 7;

	(void)state;
	for (int n = 0; n < 1000000; n++) {
		struct octets o = octets_blank(random_u32(&seed) % (OPT_MAX + 1));
		struct opt is, should;

		random_fill(&seed, o.at, o.len);
		for (size_t i = 0; i < o.len; i++)
			if (o.at[i] & 0x80)
				o.at[i] = likely[o.at[i] % COUNT(likely)];
		should = reference(o.at, o.len);
		opt_parse(&is, o.at, o.len);
		assert_same(&is, &should);
		illegal += is.illegal;
		legal += is.has_mss || is.has_ts || is.has_wscale || is.sacks > 0;
		octets_free(&o);
	}
	assert_true(illegal > 1000 && legal > 1000); /* both were tried */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile__E03__all_kinds_of_length_0_and_1__end_the_parse),
		cmocka_unit_test(hostile__E03__most_options_there_can_be__all_walked),
		cmocka_unit_test(hostile__E04__kind_is_last_octet__is_not_read_past),
		cmocka_unit_test(hostile__E04__length_beyond_header__is_illegal),
		cmocka_unit_test(hostile__E05__known_kinds_of_wrong_length__are_skipped),
		cmocka_unit_test(opt_parse__five_sack_blocks__are_none),
		cmocka_unit_test(hostile__E06__doubles__first_stands),
		cmocka_unit_test(hostile__E09__every_window_scale__is_at_most_14),
		cmocka_unit_test(hostile__E13__unknown_kinds__are_skipped),
		cmocka_unit_test(hostile__E13__nothing_but_padding__is_nothing),
		cmocka_unit_test(hostile__E14__blocks_of_any_value__are_given_as_they_came),
		cmocka_unit_test(hostile__E03_E06__million_random_strings__parsed_as_reference_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
