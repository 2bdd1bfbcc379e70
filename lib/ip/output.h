/* Output below ip.h: what ICMP shares with TCP. */
#ifndef FNS_OUTPUT_H
#define FNS_OUTPUT_H

#include "ip.h"

/* ip_begin with the route already chosen. */
enum ip_verdict ip_begin_by(struct ip *, const struct ip_route *, struct ip_out *);

/* Ethernet and IP in front of len octets at out->l4 whose checksum is done. */
void ip_finish(struct ip *, const struct ip_out *, const uint8_t src[16], const uint8_t dst[16],
               uint8_t protocol, uint8_t ttl, uint8_t tos, size_t len);

#endif
