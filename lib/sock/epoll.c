/* epoll: who watches whom, and what has moved since it was last looked at. */
#include "sock.h"

static struct watch *
watch_at(struct fns_socks *m, uint32_t i)
{
	return &m->watch[i];
}

static uint32_t
watch_index(const struct fns_socks *m, const struct watch *w)
{
	return (uint32_t)(w - m->watch);
}

/* Behind the others that are ready. */
static void
make_ready(struct fns_socks *m, struct watch *w)
{
	struct sock *e = &m->sock[w->epoll];

	if (w->ready)
		return;
	w->ready = true;
	w->ready_next = SOCK_NONE;
	if (e->ready_last == SOCK_NONE)
		e->ready_first = watch_index(m, w);
	else
		watch_at(m, e->ready_last)->ready_next = watch_index(m, w);
	e->ready_last = watch_index(m, w);
}

static void
unready(struct fns_socks *m, struct watch *w)
{
	struct sock *e = &m->sock[w->epoll];
	uint32_t index = watch_index(m, w), before = SOCK_NONE;

	if (!w->ready)
		return;
	w->ready = false;
	for (uint32_t i = e->ready_first; i != index; i = watch_at(m, i)->ready_next)
		before = i;
	if (before == SOCK_NONE)
		e->ready_first = w->ready_next;
	else
		watch_at(m, before)->ready_next = w->ready_next;
	if (e->ready_last == index)
		e->ready_last = before;
}

void
sock_moved(struct sock *s, unsigned events)
{
	struct fns_socks *m = s->owner;

	for (uint32_t i = s->watches; i != SOCK_NONE; i = watch_at(m, i)->of_sock) {
		struct watch *w = watch_at(m, i);

		if ((events == 0 || (w->events & events)) && (w->events & ~WATCH_FLAGS))
			make_ready(m, w);
	}
}

static void
drop(struct fns_socks *m, uint32_t index)
{
	struct watch *w = watch_at(m, index);
	uint32_t *of_sock = &m->sock[w->sock].watches, *of_epoll = &m->sock[w->epoll].watches;

	unready(m, w);
	while (*of_sock != index)
		of_sock = &watch_at(m, *of_sock)->of_sock;
	*of_sock = w->of_sock;
	while (*of_epoll != index)
		of_epoll = &watch_at(m, *of_epoll)->of_epoll;
	*of_epoll = w->of_epoll;
	w->sock = SOCK_NONE;
	w->of_sock = m->free_watch;
	m->free_watch = index;
}

void
epoll_forget(struct sock *s)
{
	while (s->watches != SOCK_NONE)
		drop(s->owner, s->watches);
}

int
fns_sock_epoll_create1(struct fns_socks *m, int flags)
{
	struct sock *s;
	int fd;

	m->lacks = false;
	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	s = sock_take(m, SOCK_EPOLL);
	if (s == NULL)
		return -ENFILE;
	fd = sock_give_fd(s);
	if (fd < 0)
		sock_free(s);
	return fd;
}

int
fns_sock_epoll_create(struct fns_socks *m, int size)
{
	return size <= 0 ? -EINVAL : fns_sock_epoll_create1(m, 0);
}

static struct watch *
find(struct sock *e, const struct sock *s)
{
	struct fns_socks *m = e->owner;

	for (uint32_t i = s->watches; i != SOCK_NONE; i = watch_at(m, i)->of_sock) {
		if (watch_at(m, i)->epoll == sock_index(e))
			return watch_at(m, i);
	}
	return NULL;
}

static int
add(struct sock *e, struct sock *s, const struct epoll_event *event)
{
	struct fns_socks *m = e->owner;
	uint32_t index = m->free_watch;
	struct watch *w;

	if (index == SOCK_NONE)
		return -ENOSPC;
	w = watch_at(m, index);
	m->free_watch = w->of_sock;
	*w = (struct watch){.sock = sock_index(s),
	                    .epoll = sock_index(e),
	                    .of_sock = s->watches,
	                    .of_epoll = e->watches,
	                    .ready_next = SOCK_NONE,
	                    .events = event->events | EPOLLERR | EPOLLHUP,
	                    .tag = event->data};
	s->watches = e->watches = index;
	make_ready(m, w);
	return 0;
}

int
fns_sock_epoll_ctl(struct fns_socks *m, int epfd, int op, int fd, struct epoll_event *event)
{
	int r = 0;
	struct sock *e = sock_find(m, epfd, &r), *s = sock_find(m, fd, &r);
	struct watch *w;

	if (op != EPOLL_CTL_DEL && event == NULL)
		return -EFAULT;
	if (e == NULL || s == NULL)
		return r;
	if (s->kind == SOCK_EPOLL || e->kind != SOCK_EPOLL)
		return -EINVAL;
	w = find(e, s);
	switch (op) {
	case EPOLL_CTL_ADD:
		return w != NULL ? -EEXIST : add(e, s, event);
	case EPOLL_CTL_MOD:
		if (w == NULL)
			return -ENOENT;
		w->events = event->events | EPOLLERR | EPOLLHUP;
		w->tag = event->data;
		make_ready(m, w);
		return 0;
	case EPOLL_CTL_DEL:
		if (w == NULL)
			return -ENOENT;
		drop(m, watch_index(m, w));
		return 0;
	default:
		return -EINVAL;
	}
}

static unsigned
holds(struct fns_socks *m, const struct watch *w)
{
	return sock_events(&m->sock[w->sock]) & w->events & ~WATCH_FLAGS;
}

/* Nothing holds, and time alone will change that: nobody would call sock_moved. */
static bool
ripens(const struct fns_socks *m, const struct watch *w)
{
	return sock_ripe_us(&m->sock[w->sock]) != UINT64_MAX;
}

bool
epoll_ready(struct sock *e)
{
	struct fns_socks *m = e->owner;

	for (uint32_t i = e->ready_first, next; i != SOCK_NONE; i = next) {
		struct watch *w = watch_at(m, i);

		next = w->ready_next;
		if (holds(m, w) != 0)
			return true;
		if (!ripens(m, w))
			unready(m, w);
	}
	return false;
}

uint64_t
epoll_ripe_us(const struct sock *e)
{
	uint64_t soonest = UINT64_MAX;

	for (uint32_t i = e->ready_first; i != SOCK_NONE; i = watch_at(e->owner, i)->ready_next) {
		uint64_t ripe = sock_ripe_us(&e->owner->sock[watch_at(e->owner, i)->sock]);

		soonest = ripe < soonest ? ripe : soonest;
	}
	return soonest;
}

/* Looks once at each that is ready.  Level-triggered ones stay, behind the others. */
static int
collect(struct sock *e, struct epoll_event *event, int room)
{
	struct fns_socks *m = e->owner;
	uint32_t i = e->ready_first, next, last = e->ready_last;
	int n = 0;

	for (; i != SOCK_NONE && n < room; i = next) {
		struct watch *w = watch_at(m, i);
		unsigned events = holds(m, w);
		bool was_last = i == last;

		next = w->ready_next;
		unready(m, w);
		if (events != 0) {
			event[n++] = (struct epoll_event){.events = events, .data = w->tag};
			if (w->events & EPOLLONESHOT)
				w->events &= WATCH_FLAGS;
			else if (!(w->events & EPOLLET))
				make_ready(m, w);
		} else if (ripens(m, w)) {
			make_ready(m, w);
		}
		if (was_last)
			break;
	}
	return n;
}

int
fns_sock_epoll_wait(struct fns_socks *m, int epfd, struct epoll_event *event, int room, int timeout_ms)
{
	uint64_t until = sock_until(m, timeout_ms);
	int r = 0, n;
	struct sock *e = sock_find(m, epfd, &r);

	if (room <= 0)
		return -EINVAL;
	if (event == NULL)
		return -EFAULT;
	if (e == NULL)
		return r;
	if (e->kind != SOCK_EPOLL)
		return -EINVAL;
	for (;;) {
		n = collect(e, event, room);
		if (n > 0)
			return n;
		r = sock_wait(m, e, POLLIN, until);
		if (r != 0)
			return r == -EAGAIN ? 0 : r;
	}
}
