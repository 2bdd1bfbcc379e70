/* The calls that applications know, over the event interface: descriptors, POSIX arguments, errors as Linux has them and
 * in its order, for the connections of one shard.
 *
 * A call returns what POSIX says of it, or -errno; no signal is ever raised (MSG_NOSIGNAL is taken and means nothing).
 * The calls are made from the thread that turns the shard, outside of a turn, and never from a handler.  There is no
 * thread, no clock and no lock here: time is that of the shard's last turn.  Nothing is allocated after
 * fns_socks_new. */
#ifndef FINESSE_SOCK_H
#define FINESSE_SOCK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "finesse.h"
#include "shard.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fns_socks; /* the descriptors of one shard */

struct fns_socks_config {
	/* limits; 0: the figure in brackets */
	uint32_t descriptors; /* that can be open at once; they are numbered from 0 (1,024) */
	uint32_t
		waiting; /* established connections that wait for accept, of all listeners together (1,024) */
	uint32_t watches;          /* pairs of an epoll descriptor and a watched one (1,024) */
	uint32_t backlog_max;      /* what the backlog of listen is cut to (4,096) */
	uint32_t notsent_low;      /* TCP_NOTSENT_LOWAT where it is not set (off) */
	uint32_t rcv_buf, snd_buf; /* octets, of a new descriptor (the shard's) */

	/* What a new descriptor's connections begin with, before setsockopt; all zero: the shard's configuration, except
	 * that `record` is ON unless it says OFF: TCP_INFO's counts are those of the flight recorder.  Its
	 * `profile` also decides where the calls of Linux and BSD differ. */
	struct fns_options options;

	/* Blocking.  Called when a call on a blocking descriptor cannot go on: waits until something may have moved (which
	 * means: turns the shard at least once), or until until_us of the shard's clock (UINT64_MAX: for ever).  fd is the
	 * descriptor that is waited for and `events` what for (POLLIN, POLLOUT; 0: for close to end), or -1 in poll.
	 * 0: try again; -EINTR or another error: the call gives up and returns that.  The calls above may be made from
	 * within (by another thread that holds whatever lock the caller has): a descriptor that was closed meanwhile is
	 * EBADF.  NULL: every call behaves as on a non-blocking descriptor, and fns_socks_would says what it lacked. */
	int (*wait)(void *arg, int fd, unsigned events, uint64_t until_us);
	void *wait_arg;

	/* memory, as in fns_config: called by fns_socks_new and fns_socks_free alone */
	void *(*alloc)(size_t bytes, void *arg);
	void (*free)(void *memory, size_t bytes, void *arg);
	void *alloc_arg;
};

/* `config` NULL: all defaults.  NULL with errno: EINVAL, ENOMEM.  The shard must outlive it. */
struct fns_socks *fns_socks_new(struct fns_shard *, const struct fns_socks_config *config);

/* Closes every descriptor, as the end of a process would, and frees. */
void fns_socks_free(struct fns_socks *);

/* Without a wait plug: what the last call lacked that returned -EAGAIN or -EINPROGRESS (or 0, of poll and epoll_wait)
 * though its descriptor was blocking.  False: it did not have to wait. */
struct fns_sock_want {
	int fd;
	unsigned events;
	uint64_t until_us;
};
bool fns_socks_would(const struct fns_socks *, struct fns_sock_want *);

/* The connection behind a descriptor, NULL if there is none: for fns_status and the like. */
struct fns_conn *fns_sock_conn(const struct fns_socks *, int fd);

/* AF_INET, AF_INET6; SOCK_STREAM, with SOCK_NONBLOCK and SOCK_CLOEXEC (which means nothing).  A descriptor of AF_INET6
 * talks IPv4 to mapped addresses, as long as IPV6_V6ONLY is off. */
int fns_sock_socket(struct fns_socks *, int domain, int type, int protocol);
int fns_sock_bind(struct fns_socks *, int fd, const struct sockaddr *, socklen_t len);
int fns_sock_listen(struct fns_socks *, int fd, int backlog);
int fns_sock_accept(struct fns_socks *, int fd, struct sockaddr *, socklen_t *len);
int fns_sock_accept4(struct fns_socks *, int fd, struct sockaddr *, socklen_t *len, int flags);
int fns_sock_connect(struct fns_socks *, int fd, const struct sockaddr *, socklen_t len);
int fns_sock_shutdown(struct fns_socks *, int fd, int how);
int fns_sock_close(struct fns_socks *, int fd);
int fns_sock_getsockname(struct fns_socks *, int fd, struct sockaddr *, socklen_t *len);
int fns_sock_getpeername(struct fns_socks *, int fd, struct sockaddr *, socklen_t *len);

/* Flags: MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL, MSG_TRUNC (drops instead of copying); MSG_OOB is EINVAL. */
ssize_t fns_sock_read(struct fns_socks *, int fd, void *, size_t len);
ssize_t fns_sock_readv(struct fns_socks *, int fd, const struct iovec *, int count);
ssize_t fns_sock_recv(struct fns_socks *, int fd, void *, size_t len, int flags);
ssize_t fns_sock_recvfrom(struct fns_socks *, int fd, void *, size_t len, int flags, struct sockaddr *,
                          socklen_t *);
ssize_t fns_sock_recvmsg(struct fns_socks *, int fd, struct msghdr *, int flags);

/* Flags: MSG_DONTWAIT, MSG_MORE, MSG_EOR, MSG_NOSIGNAL; MSG_OOB and MSG_FASTOPEN are EOPNOTSUPP. */
ssize_t fns_sock_write(struct fns_socks *, int fd, const void *, size_t len);
ssize_t fns_sock_writev(struct fns_socks *, int fd, const struct iovec *, int count);
ssize_t fns_sock_send(struct fns_socks *, int fd, const void *, size_t len, int flags);
ssize_t fns_sock_sendto(struct fns_socks *, int fd, const void *, size_t len, int flags,
                        const struct sockaddr *, socklen_t);
ssize_t fns_sock_sendmsg(struct fns_socks *, int fd, const struct msghdr *, int flags);

/* A timeout is in milliseconds; negative: none.  An epoll descriptor cannot watch another. */
int fns_sock_poll(struct fns_socks *, struct pollfd *, nfds_t count, int timeout_ms);
int fns_sock_epoll_create(struct fns_socks *, int size);
int fns_sock_epoll_create1(struct fns_socks *, int flags);
int fns_sock_epoll_ctl(struct fns_socks *, int epfd, int op, int fd, struct epoll_event *);
int fns_sock_epoll_wait(struct fns_socks *, int epfd, struct epoll_event *, int room, int timeout_ms);

/* F_GETFL, F_SETFL (O_NONBLOCK), F_GETFD, F_SETFD; others are EINVAL. */
int fns_sock_fcntl(struct fns_socks *, int fd, int command, long arg);
/* FIONREAD (SIOCINQ), TIOCOUTQ (SIOCOUTQ), SIOCOUTQNSD, FIONBIO; others are ENOTTY. */
int fns_sock_ioctl(struct fns_socks *, int fd, unsigned long request, void *arg);

int fns_sock_setsockopt(struct fns_socks *, int fd, int level, int name, const void *, socklen_t len);
int fns_sock_getsockopt(struct fns_socks *, int fd, int level, int name, void *, socklen_t *len);

/* What TCP_INFO answers, laid out as Linux's struct tcp_info (its 280 octets) lays it out: same places, same units.
 * Marked with 0: this TCP does not know it, and says 0.  Counted in segments of full size, since octets are what is
 * known: unacked, sacked, lost, retrans, delivered.  Marked with *: 0 unless the connection is recorded
 * (fns_options.record, fns_config.recorders). */
struct fns_tcp_figures {
	uint8_t state;    /* TCP_ESTABLISHED 1 ... TCP_CLOSING 11, as in <netinet/tcp.h> */
	uint8_t ca_state; /* 0 open, 1 disorder, 2 reduced for ECN, 3 recovery, 4 loss */
	uint8_t retransmits, probes, backoff;
	uint8_t options; /* 1 timestamps, 2 SACK, 4 window scale, 8 ECN */
	uint8_t snd_wscale : 4, rcv_wscale : 4;
	uint8_t delivery_rate_app_limited : 1, fastopen_client_fail : 2; /* 0 */

	uint32_t rto_us, ato_us, snd_mss, rcv_mss; /* rcv_mss: the longest received * */
	uint32_t unacked, sacked;                  /* a listener's: waiting for accept, and its backlog */
	uint32_t lost, retrans;
	uint32_t fackets;                             /* 0 */
	uint32_t last_data_sent_ms;                   /* ago * */
	uint32_t last_ack_sent_ms;                    /* 0 */
	uint32_t last_data_recv_ms, last_ack_recv_ms; /* * */
	uint32_t pmtu, rcv_ssthresh, rtt_us, rttvar_us;
	uint32_t snd_ssthresh, snd_cwnd; /* segments */
	uint32_t advmss, reordering;
	uint32_t rcv_rtt_us; /* 0 */
	uint32_t rcv_space;
	uint32_t total_retrans;                                    /* * */
	uint64_t pacing_rate, max_pacing_rate;                     /* all ones: nothing is paced */
	uint64_t bytes_acked, bytes_received;                      /* octets of text */
	uint32_t segs_out, segs_in;                                /* * */
	uint32_t notsent_bytes, min_rtt_us;                        /* min_rtt * */
	uint32_t data_segs_in, data_segs_out;                      /* * */
	uint64_t delivery_rate;                                    /* 0 */
	uint64_t busy_time_us, rwnd_limited_us, sndbuf_limited_us; /* * */
	uint32_t delivered;
	uint32_t delivered_ce;              /* 0 */
	uint64_t bytes_sent, bytes_retrans; /* * */
	uint32_t dsack_dups, reord_seen;    /* 0 */
	uint32_t rcv_ooopack;               /* * */
	uint32_t snd_wnd, rcv_wnd;
	uint32_t rehash;               /* 0 */
	uint16_t total_rto;            /* * */
	uint16_t total_rto_recoveries; /* 0 */
	uint32_t total_rto_time_ms;    /* 0 */
	uint32_t received_ce, delivered_e1, delivered_e0, delivered_ect_ce, received_e1, received_e0,
		received_ect_ce;                    /* 0 */
	uint16_t accecn_fail_mode, accecn_opt_seen; /* 0 */
};

#ifdef __cplusplus
}
#endif
#endif
