/* SipHash-2-4 against the vectors of its reference, and 1-3 against those that OpenSSL 3 computes
 * (openssl mac -macopt c-rounds:1 -macopt d-rounds:3 ... SipHash): key 00..0f, input 00..3e and its prefixes. */
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "siphash.h"

static const uint64_t vectors_24[64] = {
	0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d, 0xcf2794e0277187b7,
	0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137, 0x93f5f5799a932462, 0x9e0082df0ba9e4b0,
	0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7, 0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee,
	0xa129ca6149be45e5, 0x3f2acc7f57c29bdb, 0x699ae9f52cbe4794, 0x4bc1b3f0968dd39c, 0xbb6dc91da77961bd,
	0xbed65cf21aa2ee98, 0xd0f2cbb02e3b67c7, 0x93536795e3a33e88, 0xa80c038ccd5ccec8, 0xb8ad50c6f649af94,
	0xbce192de8a85b8ea, 0x17d835b85bbb15f3, 0x2f2e6163076bcfad, 0xde4daaaca71dc9a5, 0xa6a2506687956571,
	0xad87a3535c49ef28, 0x32d892fad841c342, 0x7127512f72f27cce, 0xa7f32346f95978e3, 0x12e0b01abb051238,
	0x15e034d40fa197ae, 0x314dffbe0815a3b4, 0x027990f029623981, 0xcadcd4e59ef40c4d, 0x9abfd8766a33735c,
	0x0e3ea96b5304a7d0, 0xad0c42d6fc585992, 0x187306c89bc215a9, 0xd4a60abcf3792b95, 0xf935451de4f21df2,
	0xa9538f0419755787, 0xdb9acddff56ca510, 0xd06c98cd5c0975eb, 0xe612a3cb9ecba951, 0xc766e62cfcadaf96,
	0xee64435a9752fe72, 0xa192d576b245165a, 0x0a8787bf8ecb74b2, 0x81b3e73d20b49b6f, 0x7fa8220ba3b2ecea,
	0x245731c13ca42499, 0xb78dbfaf3a8d83bd, 0xea1ad565322a1a0b, 0x60e61c23a3795013, 0x6606d7e446282b93,
	0x6ca4ecb15c5f91e1, 0x9f626da15c9625f3, 0xe51b38608ef25f57, 0x958a324ceb064572,
};

static const uint64_t vectors_13[64] = {
	0xabac0158050fc4dc, 0xc9f49bf37d57ca93, 0x82cb9b024dc7d44d, 0x8bf80ab8e7ddf7fb, 0xcf75576088d38328,
	0xdef9d52f49533b67, 0xc50d2b50c59f22a7, 0xd3927d989bb11140, 0x369095118d299a8e, 0x25a48eb36c063de4,
	0x79de85ee92ff097f, 0x70c118c1f94dc352, 0x78a384b157b4d9a2, 0x306f760c1229ffa7, 0x605aa111c0f95d34,
	0xd320d86d2a519956, 0xcc4fdd1a7d908b66, 0x9cf2689063dbd80c, 0x8ffc389cb473e63e, 0xf21f9de58d297d1c,
	0xc0dc2f46a6cce040, 0xb992abfe2b45f844, 0x7ffe7b9ba320872e, 0x525a0e7fdae6c123, 0xf464aeb267349c8c,
	0x45cd5928705b0979, 0x3a3e35e3ca9913a5, 0xa91dc74e4ade3b35, 0xfb0bed02ef6cd00d, 0x88d93cb44ab1e1f4,
	0x540f11d643c5e663, 0x2370dd1f8c21d1bc, 0x81157b6c16a7b60d, 0x4d54b9e57a8ff9bf, 0x759f12781f2a753e,
	0xcea1a3bebf186b91, 0x2cf508d3ada26206, 0xb6101c2da3c33057, 0xb3f47496ae3a36a1, 0x626b57547b108392,
	0xc1d2363299e41531, 0x667cc1923f1ad944, 0x65704ffec8138825, 0x24f280d1c28949a6, 0xc2ca1cedfaf8876b,
	0xc2164bfc9f042196, 0xa16e9c9368b1d623, 0x49fb169c8b5114fd, 0x9f3143f8df074c46, 0xc6fdaf2412cc86b3,
	0x7eaf49d10a52098f, 0x1cf313559d292f9a, 0xc44a30dda2f41f12, 0x36fae98943a71ed0, 0x318fb34c73f0bce6,
	0xa27abf3670a7e980, 0xb4bcc0db243c6d75, 0x23f8d852fdb71513, 0x8f035f4da67d8a08, 0xd89cd0e5b7e8f148,
	0xf6f4e6bcf7a644ee, 0xaec59ad80f1837f2, 0xc3b2f6154b6694e0, 0x9d199062b7bbb3a8,
};

static const uint8_t key_octets[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static void
sip_key__octets__little_endian(void **state)
{
	struct sip_key key = sip_key_from(key_octets);

	(void)state;
	assert_true(key.k0 == 0x0706050403020100);
	assert_true(key.k1 == 0x0f0e0d0c0b0a0908);
}

/* Input of exactly the size that is hashed, at every alignment, so that a read past either end is caught. */
static void
check(uint64_t (*hash)(struct sip_key, const void *, size_t), const uint64_t vectors[64])
{
	struct sip_key key = sip_key_from(key_octets);

	for (size_t shift = 0; shift < 8; shift++) {
		for (size_t len = 0; len < 64; len++) {
			uint8_t *in = malloc(shift + len + 1);

			for (size_t i = 0; i < len; i++)
				in[shift + 1 + i] = (uint8_t)i;
			assert_true(hash(key, in + shift + 1, len) == vectors[len]);
			free(in);
		}
	}
}

static void
siphash24__reference_vectors__equal(void **state)
{
	(void)state;
	check(siphash24, vectors_24);
}

static void
siphash13__openssl_vectors__equal(void **state)
{
	(void)state;
	check(siphash13, vectors_13);
}

/* Longer than 255 octets: only the low octet of the length goes into the last word.  Value by OpenSSL. */
static void
siphash__300_octets__equal(void **state)
{
	uint8_t in[300];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	assert_true(siphash24(sip_key_from(key_octets), in, sizeof(in)) == 0x4b0b710db6117839);
	assert_true(siphash13(sip_key_from(key_octets), in, sizeof(in)) == 0x4016a23bda5a2224);
}

static void
siphash__one_bit_of_key_or_input__changes_half(void **state)
{
	struct sip_key key = sip_key_from(key_octets);
	uint8_t in[36] = {0};
	unsigned bits = 0;
	uint64_t plain = siphash13(key, in, sizeof(in));

	(void)state;
	for (unsigned i = 0; i < sizeof(in) * 8; i++) {
		in[i / 8] ^= (uint8_t)(1 << i % 8);
		bits += (unsigned)__builtin_popcountll(siphash13(key, in, sizeof(in)) ^ plain);
		in[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_in_range(bits / (sizeof(in) * 8), 30, 34);
	for (unsigned i = 0; i < 64; i++) {
		struct sip_key other = {.k0 = key.k0 ^ (uint64_t)1 << i, .k1 = key.k1};

		assert_true(siphash13(other, in, sizeof(in)) != plain);
		other = (struct sip_key){.k0 = key.k0, .k1 = key.k1 ^ (uint64_t)1 << i};
		assert_true(siphash13(other, in, sizeof(in)) != plain);
	}
}

/* Word by word, for who knows the length beforehand: as the whole. */
static void
sip_end__after_whole_words__equals_the_whole(void **state)
{
	struct sip_key key = sip_key_from(key_octets);
	uint8_t in[24];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	for (size_t words = 0; words < 4; words++) {
		struct sip_state s13 = sip_begin(key), s24 = s13;

		for (size_t i = 0; i < words; i++) {
			sip_word(&s13, sip_load(in + 8 * i), 1);
			sip_word(&s24, sip_load(in + 8 * i), 2);
		}
		assert_true(sip_end(&s13, (uint64_t)(8 * words) << 56, 1, 3) == vectors_13[8 * words]);
		assert_true(sip_end(&s24, (uint64_t)(8 * words) << 56, 2, 4) == vectors_24[8 * words]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sip_key__octets__little_endian),
		cmocka_unit_test(siphash24__reference_vectors__equal),
		cmocka_unit_test(siphash13__openssl_vectors__equal),
		cmocka_unit_test(siphash__300_octets__equal),
		cmocka_unit_test(sip_end__after_whole_words__equals_the_whole),
		cmocka_unit_test(siphash__one_bit_of_key_or_input__changes_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
