/* TCP segments: the header of RFC 9293 §3.1, and SEG.LEN of §3.3.1. */
#include "seg.h"

#include <assert.h>

#include "cksum.h"
#include "cursor.h"
#include "ip4.h"

#define PLAIN (SEG_HEADER + 12) /* octets of a segment with timestamps and nothing else */

/* Whether it is such a one is known where this is inlined: what those do not need, calls above all, is not there. */
static inline __attribute__((always_inline)) enum drop
parse(struct seg *seg, uint16_t *src_port, uint16_t *dst_port, const uint8_t *l4, size_t header, size_t len,
      const uint8_t src[16], const uint8_t dst[16], bool verified, bool plain)
{
	uint32_t ports;

	if (!verified) {
		uint64_t sum = cksum_header20(cksum_pseudo(src, dst, PROTO_TCP, len), l4);

		sum = cksum_header(sum, l4 + SEG_HEADER, header - SEG_HEADER);
		if (len > header)
			sum = cksum_add(sum, l4 + header, len - header);
		if (cksum_fold(sum) != 0)
			return DROP_TCP_CKSUM; /* MUST-3 */
	}
	ports = get_u32(l4);
	*src_port = (uint16_t)(ports >> 16);
	*dst_port = (uint16_t)ports;
	if (ports <= UINT16_MAX || (uint16_t)ports == 0)
		return DROP_TCP_PORT_ZERO;
	seg->seq = get_u32(l4 + 4);
	seg->ack = get_u32(l4 + 8);
	seg->flags = l4[13];
	seg->ce = false;
	seg->wnd = get_u16(l4 + 14);
	seg->up = get_u16(l4 + 18);
	if (plain)
		opt_take_ts(&seg->opt, l4 + SEG_HEADER);
	else
		opt_parse(&seg->opt, l4 + SEG_HEADER, header - SEG_HEADER);
	if (seg->opt.illegal && (seg->flags & SYN))
		return DROP_TCP_OPTION; /* MUST-7; later segments still carry text, so there only the options are lost */
	seg->text = l4 + header;
	seg->text_len = (uint16_t)(len - header);
	seg->len = seg->text_len + (seg->flags / SYN & 1u) + (seg->flags / FIN & 1u);
	return DROP_TAKEN;
}

static inline size_t
header_of(const uint8_t *l4)
{
	return (size_t)(l4[12] >> 4) * 4; /* the reserved bits beside it are ignored */
}

static __attribute__((noinline)) enum drop
parse_any(struct seg *seg, uint16_t *src_port, uint16_t *dst_port, const uint8_t *l4, size_t len,
          const uint8_t src[16], const uint8_t dst[16], bool verified)
{
	return parse(seg, src_port, dst_port, l4, header_of(l4), len, src, dst, verified, false);
}

enum drop
seg_parse(struct seg *seg, uint16_t *src_port, uint16_t *dst_port, const uint8_t *l4, size_t len,
          const uint8_t src[16], const uint8_t dst[16], bool verified)
{
	assert(len <= UINT16_MAX); /* it came in one IP packet */
	if (len < SEG_HEADER)
		return DROP_TCP_SHORT;
	if (header_of(l4) < SEG_HEADER || header_of(l4) > len)
		return DROP_TCP_OFFSET;
	if (header_of(l4) == PLAIN && len == PLAIN && get_u32(l4 + SEG_HEADER) == OPT_TS_ALIGNED)
		return parse(seg, src_port, dst_port, l4, PLAIN, PLAIN, src, dst, verified, true);
	return parse_any(seg, src_port, dst_port, l4, len, src, dst, verified);
}

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
