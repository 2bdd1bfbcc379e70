/* The Internet checksum against the arithmetic of RFC 1071 done one octet at a time. */
#include "cksum.h"

#include "octets.h"

static void
cksum__example_of_RFC_1071__is_as_printed(void **state)
{
	static const uint8_t example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	(void)state;
	/* §3: the sum is ddf2 */
	assert_int_equal(cksum_fold(cksum_add(0, example, sizeof(example))), (uint16_t)~0xddf2u);
}

static void
cksum__every_length_and_alignment__equals_naive(void **state)
{
	enum { LEN = 1600, ALIGN = 16 };
	uint64_t seed = 1;
	uint8_t text[LEN];

	(void)state;
	random_fill(&seed, text, sizeof(text));
	for (size_t len = 0; len <= LEN; len++) {
		for (size_t align = 0; align < ALIGN; align++) {
			struct octets o = octets_blank(align + len);

			memcpy(o.at + align, text, len);
			if (cksum_fold(cksum_add(0, o.at + align, len)) != naive_cksum(text, len))
				fail_msg("length %zu, alignment %zu", len, align);
			octets_free(&o);
		}
	}
}

/* Octets that carry at every step, and those that never do. */
static void
hostile__E02__zeros_and_ones__equal_naive(void **state)
{
	static const uint8_t fills[] = {0x00, 0xff, 0x80, 0x7f, 0x01};

	(void)state;
	for (size_t f = 0; f < COUNT(fills); f++) {
		for (size_t len = 0; len <= 300; len++) {
			struct octets o = octets_blank(len);
			uint64_t sum;

			memset(o.at, fills[f], len);
			sum = cksum_add(0, o.at, len);
			assert_int_equal(cksum_fold(sum), naive_cksum(o.at, len));
			octets_free(&o);
		}
	}
	/* the one sum of zero is that of zeros: a sum that went round is 0xffff, and its complement 0 */
	assert_int_equal(cksum_fold(cksum_add(0, "\0\0\0\0", 4)), 0xffff);
	assert_int_equal(cksum_fold(cksum_add(0, "\xff\xff", 2)), 0);
	assert_int_equal(cksum_fold(cksum_add(0, "\xff\xfe\x00\x01", 4)), 0);
}

/* More than is added at a time, of what fills every lane fastest: no carry is lost. */
static void
cksum__megabytes__equal_naive(void **state)
{
	static const uint8_t fills[] = {0xff, 0xfe, 0x80, 0x01};
	const size_t len = (2u << 20) + 1234567;
	struct octets o = octets_blank(len);
	uint64_t seed = 5;

	(void)state;
	for (size_t f = 0; f < COUNT(fills); f++) {
		memset(o.at, fills[f], len);
		assert_int_equal(cksum_fold(cksum_add(0, o.at, len)), naive_cksum(o.at, len));
	}
	random_fill(&seed, o.at, len);
	assert_int_equal(cksum_fold(cksum_add(UINT64_MAX, o.at, len)), naive_cksum(o.at, len));
	octets_free(&o);
}

/* Headers are summed by other steps than the rest. */
static void
cksum_header__every_length__equals_cksum_add(void **state)
{
	uint64_t seed = 6;
	uint8_t text[64];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint64_t before = (uint64_t)random_u32(&seed) << 32 | random_u32(&seed);
		size_t len = (size_t)i % 17 * 4;

		random_fill(&seed, text, sizeof(text));
		if (i % 3 == 0)
			memset(text, 0xff, len / 2);
		assert_int_equal(cksum_fold(cksum_header(before, text, len)),
		                 cksum_fold(cksum_add(before, text, len)));
		assert_int_equal(cksum_fold(cksum_header20(before, text)),
		                 cksum_fold(cksum_add(before, text, 20)));
		assert_int_equal(cksum_fold(cksum_header(0, text, len)), naive_cksum(text, len));
	}
}

static void
hostile__E02__million_random_inputs__equal_naive(void **state)
{
	uint64_t seed = 2;

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		size_t len = random_u32(&seed) % 96;
		uint8_t text[96];
		uint16_t is, should;

		for (size_t at = 0; at < sizeof(text); at += 4)
			put_u32(text + at, random_u32(&seed));
		if (i % 4 == 0) /* long runs of one value, so that sums come close to 0xffff */
			memset(text, i % 8 == 0 ? 0xff : 0, len / 2);
		is = cksum_fold(cksum_add(0, text, len));
		should = naive_cksum(text, len);
		if (is != should)
			fail_msg("input %d of length %zu: %04x, not %04x", i, len, is, should);
	}
}

/* As a multiplication says it and as folding does: near all multiples of 2^16 - 1 at the ends, and anywhere. */
static void
cksum_is_right__equals_a_fold_to_zero(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (uint64_t i = 0; i < 200000; i++) {
		uint64_t any = (uint64_t)random_u32(&seed) << 32 | random_u32(&seed),
			 multiple = any / 65535 * 65535;
		uint64_t sums[] = {i + 1,        UINT64_MAX - i, any,          multiple,
		                   multiple + 1, multiple - 1,   any >> i % 64};

		for (size_t k = 0; k < COUNT(sums); k++)
			if (sums[k] != 0) /* of zeros alone */
				assert_int_equal(cksum_is_right(sums[k]), cksum_fold(sums[k]) == 0);
	}
}

static void
cksum__sum_of_even_pieces__equals_whole(void **state)
{
	uint64_t seed = 3;
	uint8_t text[257];

	(void)state;
	random_fill(&seed, text, sizeof(text));
	for (size_t first = 0; first <= 256; first += 2) {
		for (size_t second = first; second <= 256; second += 2) {
			uint64_t sum = cksum_add(0, text, first);

			sum = cksum_add(sum, text + first, second - first);
			sum = cksum_add(sum, text + second, sizeof(text) - second); /* odd */
			assert_int_equal(cksum_fold(sum), naive_cksum(text, sizeof(text)));
		}
	}
}

static void
cksum__whole_with_its_checksum__folds_to_zero(void **state)
{
	uint64_t seed = 4;

	(void)state;
	for (size_t len = 2; len < 100; len++) {
		uint8_t text[100];

		random_fill(&seed, text, len);
		put_u16(text, 0);
		put_u16(text, cksum_fold(cksum_add(0, text, len)));
		assert_int_equal(cksum_fold(cksum_add(0, text, len)), 0);
		text[len - 1] ^= 0x10;
		assert_int_not_equal(cksum_fold(cksum_add(0, text, len)), 0);
	}
}

static void
cksum_pseudo__both_families__equals_pseudo_header_drawn_out(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint8_t src[16], dst[16], l4[64];
		uint8_t protocol = (uint8_t)random_u32(&seed);
		size_t len = random_u32(&seed) % sizeof(l4);
		uint64_t sum;

		random_fill(&seed, src, 16);
		random_fill(&seed, dst, 16);
		random_fill(&seed, l4, len);
		if (i % 2 == 0) {
			memcpy(src, ALICE4, 12);
			memcpy(dst, BOB4, 12);
		}
		if (i % 16 == 0)
			memset(src + 12, 0, 4);
		sum = cksum_add(cksum_pseudo(src, dst, protocol, len), l4, len);
		assert_int_equal(cksum_fold(sum), naive_l4_cksum(src, dst, protocol, l4, len));
	}
}

/* The length counts with all its bits. */
static void
cksum_pseudo__longest_packet__equals_naive(void **state)
{
	static uint8_t l4[65535];
	uint64_t seed = 6, sum;

	(void)state;
	random_fill(&seed, l4, sizeof(l4));
	sum = cksum_add(cksum_pseudo(ALICE6, BOB6, 6, sizeof(l4)), l4, sizeof(l4));
	assert_int_equal(cksum_fold(sum), naive_l4_cksum(ALICE6, BOB6, 6, l4, sizeof(l4)));
	sum = cksum_add(cksum_pseudo(ALICE4, BOB4, 6, 65515), l4, 65515);
	assert_int_equal(cksum_fold(sum), naive_l4_cksum(ALICE4, BOB4, 6, l4, 65515));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cksum__example_of_RFC_1071__is_as_printed),
		cmocka_unit_test(cksum__every_length_and_alignment__equals_naive),
		cmocka_unit_test(hostile__E02__zeros_and_ones__equal_naive),
		cmocka_unit_test(cksum__megabytes__equal_naive),
		cmocka_unit_test(cksum_header__every_length__equals_cksum_add),
		cmocka_unit_test(hostile__E02__million_random_inputs__equal_naive),
		cmocka_unit_test(cksum_is_right__equals_a_fold_to_zero),
		cmocka_unit_test(cksum__sum_of_even_pieces__equals_whole),
		cmocka_unit_test(cksum__whole_with_its_checksum__folds_to_zero),
		cmocka_unit_test(cksum_pseudo__both_families__equals_pseudo_header_drawn_out),
		cmocka_unit_test(cksum_pseudo__longest_packet__equals_naive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
