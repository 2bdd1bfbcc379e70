/* Ethernet II frames (RFC 894, RFC 2464). */
#include "eth.h"

void
eth_build(uint8_t at[ETH_HEADER], const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
	memcpy(at, dst, 6);
	memcpy(at + 6, src, 6);
	put_u16(at + 12, type);
}
