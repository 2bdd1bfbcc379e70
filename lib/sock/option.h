/* getsockopt and setsockopt: each level in a file of its own. */
#ifndef FNS_OPTION_H
#define FNS_OPTION_H

#include "sock.h"

enum { PROFILE_LINUX_DOUBLES = 2 };

/* What a number is read from or answered to. */
int option_number(const void *value, socklen_t len, int *out); /* 0, -EFAULT, -EINVAL */
int option_answer(void *value, socklen_t *len, const void *from, size_t size);
int option_answer_number(void *value, socklen_t *len, int number);

/* The sock's options are other ones: so are its connection's, or its listener's. */
int option_apply(struct sock *, const struct fns_options *);

/* A level's own.  -ENOPROTOOPT: it does not have that name. */
int option_set_sol(struct sock *, int name, const void *value, socklen_t len);
int option_get_sol(struct sock *, int name, void *value, socklen_t *len);
int option_set_tcp(struct sock *, int name, const void *value, socklen_t len);
int option_get_tcp(struct sock *, int name, void *value, socklen_t *len);
int option_set_ip(struct sock *, int name, const void *value, socklen_t len);
int option_get_ip(struct sock *, int name, void *value, socklen_t *len);
int option_set_ip6(struct sock *, int name, const void *value, socklen_t len);
int option_get_ip6(struct sock *, int name, void *value, socklen_t *len);

/* figures.c */
void figures_of(struct sock *, struct fns_tcp_figures *);
void figures_memory(struct sock *, uint32_t out[9]); /* as SO_MEMINFO */

#endif
