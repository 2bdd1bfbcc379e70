/* The table of functions that packetdrill calls instead of the kernel's when it is given a shared object.  Its layout is
 * an interface: one pointer for the callee, then 32 functions in this order, each with that pointer first and else as the
 * C library has them: -1 and errno. */
#ifndef PD_INTERFACE_H
#define PD_INTERFACE_H

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>

struct packetdrill_interface {
	void *userdata;
	void (*free)(void *);
	int (*socket)(void *, int domain, int type, int protocol);
	int (*bind)(void *, int fd, const struct sockaddr *, socklen_t);
	int (*listen)(void *, int fd, int backlog);
	int (*accept)(void *, int fd, struct sockaddr *, socklen_t *);
	int (*connect)(void *, int fd, const struct sockaddr *, socklen_t);
	ssize_t (*read)(void *, int fd, void *, size_t);
	ssize_t (*readv)(void *, int fd, const struct iovec *, int);
	ssize_t (*recv)(void *, int fd, void *, size_t, int flags);
	ssize_t (*recvfrom)(void *, int fd, void *, size_t, int flags, struct sockaddr *, socklen_t *);
	ssize_t (*recvmsg)(void *, int fd, struct msghdr *, int flags);
	ssize_t (*write)(void *, int fd, const void *, size_t);
	ssize_t (*writev)(void *, int fd, const struct iovec *, int);
	ssize_t (*send)(void *, int fd, const void *, size_t, int flags);
	ssize_t (*sendto)(void *, int fd, const void *, size_t, int flags, const struct sockaddr *,
	                  socklen_t);
	ssize_t (*sendmsg)(void *, int fd, const struct msghdr *, int flags);
	int (*fcntl)(void *, int fd, int command, ...);
	int (*ioctl)(void *, int fd, unsigned long request, ...);
	int (*close)(void *, int fd);
	int (*shutdown)(void *, int fd, int how);
	int (*getsockopt)(void *, int fd, int level, int option, void *, socklen_t *);
	int (*setsockopt)(void *, int fd, int level, int option, const void *, socklen_t);
	int (*poll)(void *, struct pollfd *, nfds_t, int timeout_ms);
	/* one bare IP packet into the TCP; 0 or -1 */
	int (*netdev_send)(void *, const void *, size_t);
	/* the next one out of it, with its length and when it left; a length of 0 fails the script */
	int (*netdev_receive)(void *, void *, size_t *, long long *at_us);
	int (*usleep)(void *, useconds_t);
	int (*gettimeofday)(void *, struct timeval *, struct timezone *);
	int (*epoll_create)(void *, int size);
	int (*epoll_ctl)(void *, int epfd, int op, int fd, struct epoll_event *);
	int (*epoll_wait)(void *, int epfd, struct epoll_event *, int room, int timeout_ms);
	int (*pipe)(void *, int fd[2]);
	ssize_t (*splice)(void *, int in, loff_t *in_at, int out, loff_t *out_at, size_t, unsigned flags);
};
_Static_assert(sizeof(struct packetdrill_interface) == 33 * sizeof(void *), "as packetdrill lays it out");

/* `flags` is what --so_flags says, or NULL. */
__attribute__((visibility("default"))) void packetdrill_interface_init(const char *flags,
                                                                       struct packetdrill_interface *);

/* pd_preload.so, if it is loaded: where it learns who answers for our descriptors.  Each function returns -ENOTSOCK for
 * descriptors that are not ours. */
struct pd_answers {
	int (*getsockopt)(int fd, int level, int option, void *, socklen_t *);
};
typedef void pd_preload_attach(const struct pd_answers *);
#define PD_PRELOAD_ATTACH "pd_preload_attach"

#endif
