/* TCP options (RFC 9293 §3.1, §3.2; RFC 7323 §2.2, §3.2; RFC 2018 §2, §3). */
#include "opt.h"

#include "cksum.h"
#include "cursor.h"

enum opt_kind {
	KIND_END,
	KIND_NOP,
	KIND_MSS,
	KIND_WSCALE,
	KIND_SACK_PERMITTED,
	KIND_SACK,
	KIND_TS = 8,
};

enum opt_len {
	LEN_MSS = 4,
	LEN_WSCALE = 3,
	LEN_SACK_PERMITTED = 2,
	LEN_SACK = 2,
	LEN_BLOCK = 8,
	LEN_TS = 10
};

#define WSCALE_MAX 14 /* RFC 7323 §2.3 */
#define SACK_MAX   4

static void
parse_sack(struct opt *opt, const uint8_t *body, size_t len)
{
	size_t n = len / LEN_BLOCK;

	if (len % LEN_BLOCK != 0 || n > SACK_MAX || opt->sacks > 0)
		return;
	for (size_t i = 0; i < n; i++) {
		opt->sack[i].left = get_u32(body + i * LEN_BLOCK);
		opt->sack[i].right = get_u32(body + i * LEN_BLOCK + 4);
	}
	opt->sacks = (uint8_t)n;
}

/* One option of len octets, kind and length included. */
static void
parse_one(struct opt *opt, uint8_t kind, const uint8_t *body, size_t len)
{
	switch (kind) {
	case KIND_MSS:
		if (len != LEN_MSS || opt->has_mss)
			break;
		opt->has_mss = true;
		opt->mss = get_u16(body);
		break;
	case KIND_WSCALE:
		if (len != LEN_WSCALE || opt->has_wscale)
			break;
		opt->has_wscale = true;
		opt->wscale = body[0] < WSCALE_MAX ? body[0] : WSCALE_MAX;
		break;
	case KIND_SACK_PERMITTED:
		if (len == LEN_SACK_PERMITTED)
			opt->has_sack_permitted = true;
		break;
	case KIND_SACK:
		parse_sack(opt, body, len - LEN_SACK);
		break;
	case KIND_TS:
		if (len != LEN_TS || opt->has_ts)
			break;
		opt->has_ts = true;
		opt->ts_val = get_u32(body);
		opt->ts_ecr = get_u32(body + 4);
		break;
	default: /* MUST-6 */
		break;
	}
}

void
opt_parse_each(struct opt *opt, const uint8_t *at, size_t len)
{
	while (len > 0 && at[0] != KIND_END) {
		size_t size = 1;

		if (at[0] != KIND_NOP) {
			if (len < 2 || at[1] < 2 || at[1] > len) {
				opt->illegal = true; /* MUST-7 */
				return;
			}
			size = at[1];
			parse_one(opt, at[0], at + 2, size);
		}
		at += size;
		len -= size;
	}
}

/* What timestamps begin, as nearly all do, is blocks or nothing. */
void
opt_parse_any(struct opt *opt, const uint8_t *octets, size_t len)
{
	if (len >= OPT_TS_ROW && get_u32(octets) == OPT_TS_ALIGNED) {
		opt_take_ts(opt, octets);
		octets += OPT_TS_ROW;
		len -= OPT_TS_ROW;
	} else {
		*opt = (struct opt){0};
	}
	opt_parse_each(opt, octets, len);
}

/* The next place, n being even, where what follows an option's kind and length begins a word. */
static size_t
align(size_t n)
{
	return n & 2 ? n : n + 2;
}

/* Octets of everything but SACK blocks; `packed` ones may end within a word. */
static size_t
fixed_size(const struct opt *opt)
{
	size_t n = 0;

	if (opt->has_mss)
		n += LEN_MSS;
	if (opt->has_wscale)
		n += 1 + LEN_WSCALE;
	if (opt->has_sack_permitted)
		n += LEN_SACK_PERMITTED;
	if (opt->packed)
		return opt->has_ts ? align(n) + LEN_TS : n;
	/* SACK-permitted stands behind two NOPs, or takes the place of those that align the timestamps */
	if (opt->has_ts)
		return align(n) + LEN_TS;
	return opt->has_sack_permitted ? n + 2 : n;
}

/* How many SACK blocks fit behind `fixed` octets. */
static size_t
sacks_that_fit(const struct opt *opt, size_t fixed)
{
	size_t room;

	if (opt->sacks == 0)
		return 0;
	room = (OPT_MAX - align(fixed) - LEN_SACK) / LEN_BLOCK;
	return opt->sacks < room ? opt->sacks : room;
}

size_t
opt_size(const struct opt *opt)
{
	size_t fixed = fixed_size(opt), n = sacks_that_fit(opt, fixed);

	return n > 0 ? align(fixed) + LEN_SACK + n * LEN_BLOCK : (fixed + 3) & ~(size_t)3;
}

/* Options are written a word at a time, as numbers, and summed by that. */
struct words {
	uint8_t *at;
	uint64_t sum;
};

static inline void
put_word(struct words *w, uint32_t word)
{
	put_u32(w->at, word);
	w->at += 4;
	w->sum += word;
}

static inline void
put_sack(struct words *w, uint32_t before, const struct opt *opt, size_t n)
{
	put_word(w, before << 16 | (uint32_t)KIND_SACK << 8 | (uint32_t)(LEN_SACK + n * LEN_BLOCK));
	for (size_t i = 0; i < n; i++) {
		put_word(w, opt->sack[i].left);
		put_word(w, opt->sack[i].right);
	}
}

#define NOPS           ((uint32_t)KIND_NOP << 8 | KIND_NOP)
#define SACK_PERMITTED ((uint32_t)KIND_SACK_PERMITTED << 8 | LEN_SACK_PERMITTED)
#define WSCALE         ((uint32_t)KIND_NOP << 24 | (uint32_t)KIND_WSCALE << 16 | (uint32_t)LEN_WSCALE << 8)

size_t
opt_build_summed(uint8_t *at, const struct opt *opt, uint64_t *sum)
{
	size_t sacks = sacks_that_fit(opt, fixed_size(opt));
	/* what stands in front of two octets of kind and length, so that numbers begin a word */
	uint32_t before = opt->has_sack_permitted ? SACK_PERMITTED : NOPS;
	struct words w = {.at = at};

	if (opt->has_mss)
		put_word(&w, (uint32_t)KIND_MSS << 24 | (uint32_t)LEN_MSS << 16 | opt->mss);
	if (opt->has_wscale && opt->packed)
		put_word(&w, WSCALE | opt->wscale);
	if (opt->has_ts) {
		put_word(&w, before << 16 | (uint32_t)KIND_TS << 8 | LEN_TS);
		put_word(&w, opt->ts_val);
		put_word(&w, opt->ts_ecr);
		before = NOPS;
	} else if (opt->has_sack_permitted && !(opt->packed && sacks > 0)) {
		put_word(&w, opt->packed ? before << 16 : NOPS << 16 | before); /* behind it, the list ends */
		before = NOPS;
	}
	if (opt->has_wscale && !opt->packed)
		put_word(&w, WSCALE | opt->wscale);
	if (sacks > 0)
		put_sack(&w, before, opt, sacks);
	*sum = w.sum;
	return (size_t)(w.at - at);
}

size_t
opt_build(uint8_t at[OPT_MAX], const struct opt *opt)
{
	uint64_t sum;

	return opt_build_summed(at, opt, &sum);
}
