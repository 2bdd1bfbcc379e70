/* Output below ip.h: what ICMP shares with TCP. */
#ifndef FNS_OUTPUT_H
#define FNS_OUTPUT_H

#include "out.h"

/* The path of packets to `remote` that go by this route. */
void path_set(const struct ip *, struct ip_path *, const uint8_t remote[16], const struct ip_route *);

/* ip_begin with the path already chosen: it is there until ip_finish. */
enum ip_verdict ip_begin_by(struct ip *, struct ip_path *, struct ip_out *);

/* IP in front of len octets at out->l4 whose checksum is done. */
void ip_finish(struct ip *, const struct ip_out *, uint8_t own, uint8_t protocol, uint8_t ttl, uint8_t tos,
               size_t len);

#endif
