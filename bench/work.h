/* What works share: listening, opening all connections, octets that can be checked anywhere in a run. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "end.h"

/* The server listens on all its ports; the client does nothing.  False after end_fail. */
bool work_listen(struct end *, fns_handler *);

/* Until every connection is open at this end: the client opens more; true when the end entered PHASE_OPEN and the
 * other end has, too.  `user_of` (or NULL) gives each connection of the client its `user`. */
bool work_open(struct end *, fns_handler *, void *(*user_of)(struct end *, uint64_t number));

/* For the handler: FNS_OPENED of a connection at the server, which goes to its place in e->conn; its number. */
uint64_t work_accept(struct end *, struct fns_conn *);

/* For the handlers: the last report. */
void work_over(struct end *);

/* For a handler of the client whose connections stay: none may end, or be half-closed, before it was told to. */
void work_stays(struct end *, unsigned reports);

/* All connections are over at this end: waits for the other, which may need an answer still; then the end is over. */
void work_gone(struct end *);

/* Octets that can be told by their position: at `at` there stand `len` octets, at most OCTETS_RUN. */
#define OCTETS_RUN 65536
void octets_begin(const struct plan *);
const uint8_t *octets_at(uint64_t at);
/* fns_send of these, counted. */
ptrdiff_t octets_send(struct end *, struct fns_conn *, uint64_t at, size_t len);
/* Counts what is wrong, and takes them. */
void octets_check(struct end *, struct fns_conn *, uint64_t *at);
/* Takes them whatever they are. */
void octets_pass(struct end *, struct fns_conn *);

#endif
