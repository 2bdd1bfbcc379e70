/* Floor 5: descriptors and what stands behind them. */
#ifndef FNS_SOCK_H
#define FNS_SOCK_H

#define _GNU_SOURCE 1 /* the C library keeps POLLRDHUP, SO_REUSEPORT and others behind it */

#include <finesse/sock.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#define SOCK_NONE   UINT32_MAX
#define WATCH_FLAGS ((unsigned)(EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP))

enum sock_kind { SOCK_FREE, SOCK_TCP, SOCK_EPOLL };

/* What the calls have made of it; what TCP has made of it since is in `opened` and `over`. */
enum sock_phase { IDLE, LISTENING, CONNECTING, CONNECTED };

enum { SHUT_IN = 1, SHUT_OUT = 2, SHUT_BOTH = 3 };

/* A socket, an epoll instance, or a connection that waits for accept (fd < 0). */
struct sock {
	uint8_t kind, phase;
	uint8_t shut; /* SHUT_IN, SHUT_OUT: by the calls or by the peer */
	bool nonblock;
	bool ip6;        /* AF_INET6 */
	bool bound;      /* the address is the caller's choice ... */
	bool port_held;  /* the port is its own, chosen by whomever; else the name is only remembered */
	bool port_bound; /* ... and the port */
	bool opened;     /* its connection has been ESTABLISHED */
	bool over;       /* its connection has ended, and is held for what it still answers */
	bool done;       /* the peer's FIN has come: no error will be read any more */
	bool cloexec;
	bool lingered;
	bool closed; /* lingers: nobody finds it any more */
	bool reuse_addr, reuse_port, v6only, delay_acks;
	uint8_t error; /* errno that the next call takes */
	uint8_t soft;  /* errno of what may still heal */
	int fd;
	uint32_t generation; /* another each time that the entry is taken */
	uint32_t next;       /* waits for accept behind this; or the next free one */
	struct fns_socks *owner;

	struct fns_conn *conn;
	struct fns_addr local, remote;
	struct fns_options options;
	uint64_t sent, received;                 /* octets taken from the application, and given to it */
	uint64_t rcv_timeout_us, snd_timeout_us; /* 0: none */
	uint32_t rcv_low, notsent_low;
	uint32_t rcv_buf, snd_buf; /* as getsockopt tells them */
	uint64_t opened_us;

	/* LISTENING */
	struct fns_listener *listener;
	uint32_t parent; /* of a connection that waits: the listener's */
	uint32_t first, last, waiting, backlog;
	uint32_t defer_s; /* TCP_DEFER_ACCEPT */

	uint32_t watches;                 /* first of those that watch it; an epoll instance's own */
	uint32_t ready_first, ready_last; /* SOCK_EPOLL */
};

/* One descriptor watched by one epoll instance. */
struct watch {
	uint32_t sock, epoll; /* SOCK_NONE: free */
	uint32_t of_sock;     /* next in sock.watches */
	uint32_t of_epoll;    /* next in the instance's */
	uint32_t ready_next;
	bool ready;
	uint32_t events; /* as epoll_ctl said; of a spent EPOLLONESHOT only the flags */
	epoll_data_t tag;
};

struct fns_socks {
	struct fns_socks_config config;
	struct fns_shard *shard;
	struct sock *sock; /* descriptors and those that wait for accept */
	uint32_t *by_fd;   /* index of a sock, or SOCK_NONE */
	struct watch *watch;
	uint32_t socks, free_sock, free_watch;
	uint32_t waiting; /* for accept, over all listeners: config.waiting at the most */
	uint64_t bytes;
	bool lacks;
	struct fns_sock_want want;
};

static inline uint32_t
sock_index(const struct sock *s)
{
	return (uint32_t)(s - s->owner->sock);
}

/* table.c.  Finding one begins a call: what the last one lacked is forgotten. */
struct sock *sock_find(struct fns_socks *, int fd, int *error); /* any kind; NULL with -EBADF */
struct sock *sock_tcp(struct fns_socks *, int fd, int *error);  /* NULL with -EBADF, -ENOTSOCK */
struct sock *sock_take(struct fns_socks *, enum sock_kind);     /* NULL: none is free */
int sock_give_fd(struct sock *);                                /* the lowest free descriptor, or -EMFILE */
void sock_free(struct sock *);

/* wait.c: the time, and waiting.  sock_wait: 0, try again; or what the call returns. */
uint64_t sock_now(const struct fns_socks *);
uint64_t sock_deadline(const struct sock *, uint64_t timeout_us, bool nonblock); /* 0: does not wait */
int sock_wait(struct fns_socks *, const struct sock *, unsigned events, uint64_t until_us);

/* address.c */
int sockaddr_read(const struct sock *, const struct sockaddr *, socklen_t,
                  struct fns_addr *); /* 0, -EINVAL, -EAFNOSUPPORT */
void sockaddr_write(const struct sock *, const struct fns_addr *, struct sockaddr *, socklen_t *);

/* reports.c: what the shard tells. */
void sock_reports(struct fns_conn *, unsigned reports, void *sock);
void sock_gone(struct fns_conn *, unsigned reports, void *nobody); /* the handler of what was closed */
int sock_error(struct sock *);                                     /* takes it: 0 or errno */

/* open.c */
bool sock_conflicts(const struct sock *, const struct fns_addr *local);
int sock_choose_port(struct sock *); /* 0 with local.port set, or -EADDRINUSE */
void sock_disconnect(struct sock *); /* back to IDLE; its connection is reset */

/* listen.c */
void sock_stop_listening(struct sock *);
struct sock *sock_acceptable(struct sock *listener,
                             struct sock **before); /* the first that accept may give */
uint64_t sock_ripe_us(const struct sock *); /* when time alone makes one acceptable, or an instance ready;
                                             * UINT64_MAX: never */

/* read.c: octets that a vector holds; 0 or -EINVAL. */
#define IOV_MOST 1024
int iov_total(const struct iovec *, int count, size_t *total);

/* write.c: enough room for poll to say so. */
bool sock_has_room(const struct sock *);
#define SOCK_CHUNK 61440u /* the most that Linux queues in one piece */

/* option.c: the profile is linux. */
uint8_t sock_profile(const struct sock *); /* enum fns_profile, never the default */
bool sock_is_linux(const struct sock *);

/* poll.c */
uint64_t sock_until(const struct fns_socks *, int timeout_ms); /* of poll and epoll_wait; 0: does not wait */
unsigned sock_events(struct sock *);                           /* POLLIN ... that hold now */

/* epoll.c: something of what `events` names has moved (0: anything) */
void sock_moved(struct sock *, unsigned events);
void epoll_forget(struct sock *);            /* it closes, the watched one or the watcher */
bool epoll_ready(struct sock *);             /* epoll_wait would find something */
uint64_t epoll_ripe_us(const struct sock *); /* sock_ripe_us of those that it watches */

#endif
