/* The same calls made of the host kernel's sockets or of ours: two sides on 127.0.0.1, or in a world. */
#ifndef SOCK_SIDES_H
#define SOCK_SIDES_H

#include "world.h"

extern bool kernel; /* the host's */

void sides_begin(void);
void sides_end(void);                          /* closes what is still open, on both sides */
void sides_settle(void);                       /* what is under way arrives */
void sides_pass(uint64_t us);                  /* ours alone */
void sides_delayed_ack(unsigned side, int fd); /* the ACK of our FIN has come */
void sides_cut(unsigned cut);                  /* ours alone */

/* Each returns what POSIX says, or -errno. */
int c_socket(unsigned side);
int c_epoll(unsigned side);
int c_bind(unsigned side, int fd, uint16_t port);
int c_listen(unsigned side, int fd, int backlog);
int c_accept(unsigned side, int fd, int flags, bool *peer_ok);
int c_connect(unsigned side, int fd, unsigned to, uint16_t port, socklen_t len);
int c_connect_unspec(unsigned side, int fd);
int c_name(unsigned side, int fd, bool peer, struct sockaddr_in *);
int c_recv(unsigned side, int fd, void *, size_t len, int flags);
int c_read(unsigned side, int fd, void *, size_t len);
int c_send(unsigned side, int fd, const void *, size_t len, int flags);
int c_write(unsigned side, int fd, const void *, size_t len);
int c_shutdown(unsigned side, int fd, int how);
int c_close(unsigned side, int fd);
int c_poll(unsigned side, int fd, unsigned *revents);
int c_set(unsigned side, int fd, int level, int name, const void *, socklen_t);
int c_get(unsigned side, int fd, int level, int name, void *, socklen_t *);
int c_fcntl(unsigned side, int fd, int command, long arg);
int c_ioctl(unsigned side, int fd, unsigned long request, int *arg);
int c_watch(unsigned side, int epfd, int op, int fd, unsigned events);
int c_ready(unsigned side, int epfd, unsigned *events); /* 0 or 1, at once */
int c_ready_fd(unsigned side, int epfd);                /* which one; -1: none */

#endif
