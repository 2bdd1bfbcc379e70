/* TCP segments: the header of RFC 9293 §3.1, and SEG.LEN of §3.3.1. */
#include "seg.h"

#include <assert.h>

#include "cksum.h"
#include "cursor.h"
#include "ip4.h"

static bool
sum_is_good(const uint8_t *l4, size_t header, size_t len, const uint8_t src[16], const uint8_t dst[16])
{
	uint64_t sum = cksum_header(cksum_pseudo(src, dst, PROTO_TCP, len), l4, header);

	if (len > header)
		sum = cksum_add(sum, l4 + header, len - header);
	return cksum_fold(sum) == 0;
}

enum drop
seg_parse(struct seg *seg, uint16_t *src_port, uint16_t *dst_port, const uint8_t *l4, size_t len,
          const uint8_t src[16], const uint8_t dst[16], bool verified)
{
	size_t header;

	assert(len <= UINT16_MAX); /* it came in one IP packet */
	if (len < SEG_HEADER)
		return DROP_TCP_SHORT;
	header = (size_t)(l4[12] >> 4) * 4; /* the reserved bits beside it are ignored */
	if (header < SEG_HEADER || header > len)
		return DROP_TCP_OFFSET;
	if (!verified && !sum_is_good(l4, header, len, src, dst))
		return DROP_TCP_CKSUM; /* MUST-3 */
	*src_port = get_u16(l4);
	*dst_port = get_u16(l4 + 2);
	if (*src_port == 0 || *dst_port == 0)
		return DROP_TCP_PORT_ZERO;
	seg->seq = get_u32(l4 + 4);
	seg->ack = get_u32(l4 + 8);
	seg->flags = l4[13];
	seg->ce = false;
	seg->wnd = get_u16(l4 + 14);
	seg->up = get_u16(l4 + 18);
	opt_parse(&seg->opt, l4 + SEG_HEADER, header - SEG_HEADER);
	if (seg->opt.illegal && (seg->flags & SYN))
		return DROP_TCP_OPTION; /* MUST-7; later segments still carry text, so there only the options are lost */
	seg->text = l4 + header;
	seg->text_len = (uint16_t)(len - header);
	seg->len = seg->text_len;
	if (seg->flags & SYN)
		seg->len++;
	if (seg->flags & FIN)
		seg->len++;
	return DROP_TAKEN;
}

/* Octets of options; the most frequent ones without a detour. */
static size_t
options(uint8_t *at, const struct opt *opt, uint64_t *sum)
{
	uint8_t octets[OPT_MAX];
	size_t n;

	if (!(opt->has_mss || opt->has_wscale || opt->has_sack_permitted || opt->sacks > 0 || opt->packed)) {
		if (!opt->has_ts)
			return 0;
		put_u32(at, 0x0101080a);
		put_u32(at + 4, opt->ts_val);
		put_u32(at + 8, opt->ts_ecr);
		*sum += (uint64_t)0x0101080a + opt->ts_val + opt->ts_ecr;
		return 12;
	}
	n = opt_build(octets, opt);
	memcpy(at, octets, n);
	*sum += cksum_number_of(cksum_header(0, octets, n));
	return n;
}

size_t
seg_build_summed(uint8_t *at, uint16_t src_port, uint16_t dst_port, const struct seg *seg, uint64_t *sum)
{
	uint32_t ports = (uint32_t)src_port << 16 | dst_port, offset;
	size_t header;

	*sum = 0;
	header = SEG_HEADER + options(at + SEG_HEADER, &seg->opt, sum);
	offset = (uint32_t)header / 4 << 28 | (uint32_t)seg->flags << 16 | seg->wnd;
	put_u32(at, ports);
	put_u32(at + 4, seg->seq);
	put_u32(at + 8, seg->ack);
	put_u32(at + 12, offset);
	put_u32(at + 16, seg->up);
	*sum += (uint64_t)ports + seg->seq + seg->ack + offset + seg->up;
	return header;
}
