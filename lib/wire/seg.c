/* TCP segments: the header of RFC 9293 §3.1, and SEG.LEN of §3.3.1. */
#include "seg.h"

#include <assert.h>

#include "cksum.h"
#include "cursor.h"
#include "ip4.h"

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
	if (!verified && cksum_fold(cksum_add(cksum_pseudo(src, dst, PROTO_TCP, len), l4, len)) != 0)
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

size_t
seg_build(uint8_t *at, uint16_t src_port, uint16_t dst_port, const struct seg *seg)
{
	size_t header = SEG_HEADER + opt_build(at + SEG_HEADER, &seg->opt);

	put_u16(at, src_port);
	put_u16(at + 2, dst_port);
	put_u32(at + 4, seg->seq);
	put_u32(at + 8, seg->ack);
	at[12] = (uint8_t)(header / 4 << 4);
	at[13] = seg->flags;
	put_u16(at + 14, seg->wnd);
	put_u16(at + 16, 0);
	put_u16(at + 18, seg->up);
	return header;
}
