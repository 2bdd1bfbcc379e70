/* TCP segments: the header of RFC 9293 §3.1, and SEG.LEN of §3.3.1. */
#include "seg.h"

/* All but the options, and the sum of all, to which theirs has been added. */
static inline size_t
build_fixed(uint8_t *at, uint32_t ports, const struct seg *seg, size_t header, uint64_t *sum)
{
	const uint32_t seq = seg->seq, ack = seg->ack, up = seg->up;
	const uint32_t offset = (uint32_t)header << 26 | (uint32_t)seg->flags << 16 | seg->wnd;

	*sum += (uint64_t)ports + seq + ack + offset + up;
	put_u32(at, ports);
	put_u32(at + 4, seq);
	put_u32(at + 8, ack);
	put_u32(at + 12, offset);
	put_u32(at + 16, up);
	return header;
}

/* Apart, so that what nearly every segment needs is straight on. */
static __attribute__((noinline)) size_t
build_any(uint8_t *at, uint32_t ports, const struct seg *seg, uint64_t *sum)
{
	size_t n = opt_build_summed(at + SEG_HEADER, &seg->opt, sum);

	return build_fixed(at, ports, seg, SEG_HEADER + n, sum);
}

size_t
seg_build_summed(uint8_t *at, uint16_t src_port, uint16_t dst_port, const struct seg *seg, uint64_t *sum)
{
	const struct opt *opt = &seg->opt;
	const uint32_t ports = (uint32_t)src_port << 16 | dst_port, val = opt->ts_val, ecr = opt->ts_ecr;

	*sum = 0;
	if (opt->has_mss | opt->has_wscale | opt->has_sack_permitted | opt->packed | opt->sacks)
		return build_any(at, ports, seg, sum);
	if (!opt->has_ts)
		return build_fixed(at, ports, seg, SEG_HEADER, sum);
	*sum = (uint64_t)OPT_TS_ALIGNED + val + ecr;
	put_u32(at + SEG_HEADER, OPT_TS_ALIGNED);
	put_u32(at + SEG_HEADER + 4, val);
	put_u32(at + SEG_HEADER + 8, ecr);
	return build_fixed(at, ports, seg, SEG_HEADER + 12, sum);
}
