/* TCP options (RFC 9293 §3.1, RFC 7323, RFC 2018). */
#ifndef FNS_OPT_H
#define FNS_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"

#define OPT_MAX        40 /* octets of options in a header at the most */

/* NOP, NOP and the beginning of timestamps: RFC 7323, appendix A, and nearly every segment there is. */
#define OPT_TS_ALIGNED 0x0101080au
#define OPT_TS_ROW     12u /* octets of them */

struct opt_block {
	uint32_t left, right;
};

struct opt {
	bool has_mss, has_wscale, has_sack_permitted, has_ts;
	bool illegal;   /* an option of illegal length ended the parse (MUST-7); what came before it stands */
	uint8_t wscale; /* at most 14: a larger one is read as 14 (RFC 7323 §2.3) */
	uint16_t mss;
	uint8_t sacks; /* blocks in sack[] */
	uint32_t ts_val, ts_ecr;
	struct opt_block sack[4];
	bool packed; /* to build: in the order and with the padding that FreeBSD uses, else Linux */
};

/* Never fails and never reads past len: unknown kinds are skipped by their length (MUST-6), a known kind of wrong
 * length counts as unknown, of doubles the first stands, and each step moves on by at least one octet. */
void opt_parse_each(struct opt *, const uint8_t *octets, size_t len); /* adds to what is there */
void opt_parse_any(struct opt *, const uint8_t *octets, size_t len);  /* to nothing */

/* What begins with OPT_TS_ALIGNED and ends OPT_TS_ROW octets later. */
static inline void
opt_take_ts(struct opt *opt, const uint8_t *octets)
{
	*opt = (struct opt){.has_ts = true, .ts_val = get_u32(octets + 4), .ts_ecr = get_u32(octets + 8)};
}

/* Writes that row, value and echo, and adds its words as numbers (cksum.h). */
static inline void
opt_put_ts(uint8_t *at, const uint32_t ts[2], uint64_t *sum)
{
	const uint32_t val = ts[0], ecr = ts[1];

	*sum += (uint64_t)OPT_TS_ALIGNED + val + ecr;
	put_u32(at, OPT_TS_ALIGNED);
	put_u32(at + 4, val);
	put_u32(at + 8, ecr);
}

/* The same, and what nearly every segment has, in one comparison. */
static inline void
opt_parse(struct opt *opt, const uint8_t *octets, size_t len)
{
	if (len == OPT_TS_ROW && get_u32(octets) == OPT_TS_ALIGNED)
		opt_take_ts(opt, octets);
	else
		opt_parse_any(opt, octets, len);
}

/* Order and padding: as Linux, MSS; SACK-permitted and timestamps in one row; NOP and window scale; SACK blocks.
 * `packed`, MSS; NOP and window scale; SACK-permitted; timestamps, and SACK blocks, each behind the NOPs that align its
 * numbers; end-of-list to the next word.  Writes what the has_ flags and `sacks` name; returns octets written, a multiple
 * of 4, at most OPT_MAX (SACK blocks that do not fit are left out). */
size_t opt_build(uint8_t at[OPT_MAX], const struct opt *);

/* The same, with *sum the sum of their words as numbers (cksum.h). */
size_t opt_build_summed(uint8_t *at, const struct opt *, uint64_t *sum);

/* How many octets opt_build will write. */
size_t opt_size(const struct opt *);

#endif
