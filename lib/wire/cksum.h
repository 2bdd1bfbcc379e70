/* The Internet checksum (RFC 1071). */
#ifndef FNS_CKSUM_H
#define FNS_CKSUM_H

#include <stddef.h>
#include <stdint.h>

/* One's complement sum of len octets added to `sum`, not yet folded; an odd last octet is padded with zero, so
 * only the last piece of a sum may be odd.  A sum is kept in memory order (RFC 1071 §2 (B)): add to it by these functions
 * only. */
uint64_t cksum_add(uint64_t sum, const void *octets, size_t len);

/* The sum of the pseudo header; addresses of 16 octets, IPv4 mapped (both or neither). */
uint64_t cksum_pseudo(const uint8_t src[16], const uint8_t dst[16], uint8_t protocol, size_t len);

/* Folded and complemented, host order: ready for put_u16. */
uint16_t cksum_fold(uint64_t sum);

#endif
