/* What the tests of TCP options share. */
#ifndef FNS_TEST_OPTS_H
#define FNS_TEST_OPTS_H

#include "octets.h"
#include "opt.h"

static inline struct opt
parse(const void *octets, size_t len)
{
	struct octets o = octets_of(octets, len);
	struct opt opt;

	memset(&opt, 0xee, sizeof(opt));
	opt_parse(&opt, o.at, o.len);
	octets_free(&o);
	return opt;
}

static inline void
assert_same(const struct opt *a, const struct opt *b)
{
	assert_int_equal(a->has_mss, b->has_mss);
	assert_int_equal(a->has_wscale, b->has_wscale);
	assert_int_equal(a->has_sack_permitted, b->has_sack_permitted);
	assert_int_equal(a->has_ts, b->has_ts);
	assert_int_equal(a->illegal, b->illegal);
	assert_int_equal(a->mss, b->mss);
	assert_int_equal(a->wscale, b->wscale);
	assert_int_equal(a->ts_val, b->ts_val);
	assert_int_equal(a->ts_ecr, b->ts_ecr);
	assert_int_equal(a->sacks, b->sacks);
	for (size_t i = 0; i < a->sacks; i++) {
		assert_int_equal(a->sack[i].left, b->sack[i].left);
		assert_int_equal(a->sack[i].right, b->sack[i].right);
	}
}

#endif
