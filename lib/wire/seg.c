/* TCP segments: the header of RFC 9293 §3.1, and SEG.LEN of §3.3.1. */
#include "seg.h"

size_t
seg_build_summed(uint8_t *at, uint16_t src_port, uint16_t dst_port, const struct seg *seg, uint64_t *sum)
{
	size_t header = SEG_HEADER + opt_build_summed(at + SEG_HEADER, &seg->opt, sum);

	*sum += seg_put_fixed(at, (uint32_t)src_port << 16 | dst_port, seg->seq, seg->ack, header, seg->flags,
	                      seg->wnd, seg->up);
	return header;
}
