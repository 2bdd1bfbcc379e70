/* The descriptor table: entries, numbers, the life of both. */
#include "sock.h"

#include <stdlib.h>
#include <string.h>

enum { DESCRIPTORS = 1024, WAITING = 1024, WATCHES = 1024, BACKLOG_MAX = 4096, MOST = 1 << 24 };

static void
defaults(struct fns_socks_config *c)
{
	c->descriptors = c->descriptors == 0 ? DESCRIPTORS : c->descriptors;
	c->waiting = c->waiting == 0 ? WAITING : c->waiting;
	c->watches = c->watches == 0 ? WATCHES : c->watches;
	c->backlog_max = c->backlog_max == 0 ? BACKLOG_MAX : c->backlog_max;
}

static void *
take(const struct fns_socks_config *c, uint64_t bytes)
{
	return c->alloc != NULL ? c->alloc(bytes, c->alloc_arg) : calloc(1, bytes);
}

static void
give(const struct fns_socks_config *c, void *memory, uint64_t bytes)
{
	if (c->free != NULL)
		c->free(memory, bytes, c->alloc_arg);
	else if (c->alloc == NULL)
		free(memory);
}

static uint64_t
aligned(uint64_t bytes)
{
	return (bytes + 63) & ~UINT64_C(63);
}

/* One block: the table, the entries, the watches, the numbers. */
static void
divide(struct fns_socks *m)
{
	uint8_t *at = (uint8_t *)m + aligned(sizeof(*m));

	m->sock = (struct sock *)(void *)at;
	at += aligned(m->socks * sizeof(struct sock));
	m->watch = (struct watch *)(void *)at;
	at += aligned(m->config.watches * sizeof(struct watch));
	m->by_fd = (uint32_t *)(void *)at;
	for (uint32_t i = 0; i < m->config.descriptors; i++)
		m->by_fd[i] = SOCK_NONE;
	for (uint32_t i = 0; i < m->socks; i++) {
		m->sock[i].owner = m;
		m->sock[i].next = i + 1 < m->socks ? i + 1 : SOCK_NONE;
	}
	for (uint32_t i = 0; i < m->config.watches; i++) {
		m->watch[i].sock = SOCK_NONE;
		m->watch[i].of_sock = i + 1 < m->config.watches ? i + 1 : SOCK_NONE;
	}
}

struct fns_socks *
fns_socks_new(struct fns_shard *shard, const struct fns_socks_config *config)
{
	struct fns_socks_config c = config != NULL ? *config : (struct fns_socks_config){0};
	struct fns_socks *m;
	uint64_t bytes;

	defaults(&c);
	if (shard == NULL || c.descriptors > MOST || c.waiting > MOST || c.watches > MOST ||
	    c.backlog_max > MOST || c.options.profile > FNS_RFC9293) {
		errno = EINVAL;
		return NULL;
	}
	bytes = aligned(sizeof(*m)) + aligned((uint64_t)(c.descriptors + c.waiting) * sizeof(struct sock)) +
	        aligned(c.watches * sizeof(struct watch)) + aligned(c.descriptors * sizeof(uint32_t));
	m = take(&c, bytes);
	if (m == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	m->config = c;
	m->shard = shard;
	m->bytes = bytes;
	m->socks = c.descriptors + c.waiting;
	divide(m);
	return m;
}

void
fns_socks_free(struct fns_socks *m)
{
	struct fns_socks_config c = m->config;

	m->config.wait = NULL; /* the end of a process does not linger */
	for (uint32_t fd = 0; fd < c.descriptors; fd++) {
		if (m->by_fd[fd] != SOCK_NONE)
			fns_sock_close(m, (int)fd);
	}
	give(&c, m, m->bytes);
}

struct sock *
sock_find(struct fns_socks *m, int fd, int *error)
{
	m->lacks = false;
	if (fd < 0 || (uint32_t)fd >= m->config.descriptors || m->by_fd[fd] == SOCK_NONE) {
		*error = -EBADF;
		return NULL;
	}
	return &m->sock[m->by_fd[fd]];
}

struct sock *
sock_tcp(struct fns_socks *m, int fd, int *error)
{
	struct sock *s = sock_find(m, fd, error);

	if (s != NULL && s->kind != SOCK_TCP) {
		*error = -ENOTSOCK;
		return NULL;
	}
	return s;
}

struct sock *
sock_take(struct fns_socks *m, enum sock_kind kind)
{
	struct sock *s;
	uint32_t generation;

	if (m->free_sock == SOCK_NONE)
		return NULL;
	s = &m->sock[m->free_sock];
	m->free_sock = s->next;
	generation = s->generation + 1;
	memset(s, 0, sizeof(*s));
	s->owner = m;
	s->kind = (uint8_t)kind;
	s->generation = generation;
	s->fd = -1;
	s->next = s->first = s->last = s->watches = s->ready_first = s->ready_last = s->parent = SOCK_NONE;
	return s;
}

int
sock_give_fd(struct sock *s)
{
	struct fns_socks *m = s->owner;

	for (uint32_t fd = 0; fd < m->config.descriptors; fd++) {
		if (m->by_fd[fd] == SOCK_NONE) {
			m->by_fd[fd] = sock_index(s);
			s->fd = (int)fd;
			return s->fd;
		}
	}
	return -EMFILE;
}

void
sock_free(struct sock *s)
{
	struct fns_socks *m = s->owner;

	epoll_forget(s);
	if (s->fd >= 0)
		m->by_fd[s->fd] = SOCK_NONE;
	s->kind = SOCK_FREE;
	s->conn = NULL;
	s->generation++;
	s->next = m->free_sock;
	m->free_sock = sock_index(s);
}

struct fns_conn *
fns_sock_conn(const struct fns_socks *m, int fd)
{
	if (fd < 0 || (uint32_t)fd >= m->config.descriptors || m->by_fd[fd] == SOCK_NONE)
		return NULL;
	return m->sock[m->by_fd[fd]].conn;
}
