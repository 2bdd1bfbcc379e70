/* One process of the kernel's run: it opens, or accepts, and does the work of the command (kernel.h). */
#include "kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "machine.h"
#include "work.h"

#define EVENTS 256
#define PORT   7000
#define PIECE  64
#define CALLS  64 /* made before the next look at what has happened */
#define CHUNK  65536

struct socket_state {
	uint64_t since_ns, sent, checked;
	uint16_t port; /* the client's */
	bool open, told, answered;
};

static uint8_t chunk[CHUNK];

static struct sockaddr_in
loopback(unsigned second, unsigned third, unsigned last, unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	a.sin_addr.s_addr = htonl(0x7f000000u | second << 16 | third << 8 | last);
	return a;
}

/* By edges; but where octets stream in, each connection in its turn, as long as it has some. */
static void
watch(struct kernel_end *e, int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = fd};

	if (e->side == SERVER && e->plan->command == COMMAND_STREAM)
		event.events = EPOLLIN;
	if (epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		kernel_fail(e, "epoll_ctl");
}

static void
end_it(struct kernel_end *e, int fd, enum socket_class class)
{
	e->at[fd] = (struct socket_state){0};
	close(fd);
	e->account.ended++;
	e->account.class[class]++;
	e->account.seen_over +=
		!(e->plan->plant != NULL && strcmp(e->plan->plant, "end") == 0 && e->gone == 0);
	e->gone++;
	atomic_store_explicit(&e->own->gone, e->gone, memory_order_relaxed);
}

static enum socket_class
class_of_error(void)
{
	return errno == ECONNRESET ? SOCKET_reset_received : SOCKET_failed;
}

static void
opened(struct kernel_end *e, int fd)
{
	e->at[fd].open = true;
	e->open++;
	e->account.opened++;
	e->account.seen_open++;
}

/* 16 source addresses each, so that ports do not run out. */
static int
open_one(struct kernel_end *e)
{
	struct sockaddr_in local = loopback(1, e->number, 1 + e->begun % 16, 0);
	struct sockaddr_in remote = loopback(0, 0, 1, PORT + e->number);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
	uint64_t at;

	if (fd < 0 || fd >= KERNEL_FDS_MAX) {
		kernel_fail(e, "socket");
		return -1;
	}
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	/* who echoes gets octets that differ from connection to connection; who checks does not know which it is */
	at = e->plan->command == COMMAND_CHURN || e->plan->command == COMMAND_RR ? e->begun : 0;
	e->at[fd] = (struct socket_state){.since_ns = e->now_ns, .sent = at, .checked = at};
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) != 0 ||
	    (connect(fd, (struct sockaddr *)&remote, sizeof(remote)) != 0 && errno != EINPROGRESS)) {
		kernel_fail(e, "connect");
		close(fd);
		return -1;
	}
	e->begun++;
	watch(e, fd);
	return fd;
}

/* Which of our own connections it is. */
static uint64_t
number_of(const struct kernel_end *e, const struct sockaddr_in *from)
{
	struct fns_addr client = e->plan->source[0];

	memcpy(client.ip + 12, &from->sin_addr, 4);
	client.port = ntohs(from->sin_port);
	return flow_number(e->plan, &client, e->plan->target.port);
}

static void
accept_all(struct kernel_end *e)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int fd, one = 1;

	while ((fd = accept4(e->listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC)) >=
	       0) {
		if (fd >= KERNEL_FDS_MAX) {
			errno = EMFILE;
			break;
		}
		e->at[fd] = (struct socket_state){.port = ntohs(from.sin_port)};
		if (e->outward && e->plan->command == COMMAND_STREAM)
			e->at[fd].checked = 7 * number_of(e, &from); /* as bulk.c sends */
		opened(e, fd);
		if (e->plan->command == COMMAND_RR)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		watch(e, fd);
		len = sizeof(from);
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		kernel_fail(e, "accept");
}

/* All of it: short messages fit, and of long ones the rest waits for the next event. */
static size_t
put(struct kernel_end *e, int fd, uint64_t at, size_t len)
{
	bool planted =
		e->plan->plant != NULL && strcmp(e->plan->plant, "octet") == 0 && e->account.octets_sent == 0;
	ssize_t n = send(fd, octets_at(at + planted), len, MSG_NOSIGNAL);

	if (n <= 0)
		return 0;
	e->account.octets_sent += (size_t)n;
	return (size_t)n;
}

/* Reads and checks what there is: 1 more may come, 0 end of file, -1 an error. */
static int
get(struct kernel_end *e, int fd)
{
	struct socket_state *s = &e->at[fd];
	ssize_t n;

	while ((n = recv(fd, chunk, sizeof(chunk), 0)) > 0) {
		if (memcmp(chunk, octets_at(s->checked), (size_t)n) != 0)
			e->account.wrong_octets += (size_t)n;
		s->checked += (size_t)n;
		e->account.octets_received += (size_t)n;
		if (e->plan->command == COMMAND_STREAM)
			return 1;
	}
	return n == 0 ? 0 : errno == EAGAIN ? 1 : -1;
}

static void
measure_latency(struct kernel_end *e, uint64_t since_ns)
{
	histogram_add(&e->account.latency, clock_ns() - since_ns);
}

/* teardown */

static void
tell_to_end(struct kernel_end *e, int fd)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	e->at[fd].told = true;
	e->called++;
	e->at[fd].since_ns = e->pair->called_ns[e->at[fd].port] = clock_ns();
	if (e->plan->close == CLOSE_HALF) {
		shutdown(fd, SHUT_WR);
		return;
	}
	if (e->plan->close == CLOSE_RST)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	end_it(e, fd, e->plan->close == CLOSE_RST ? SOCKET_reset_sent : SOCKET_closed_first);
}

static void
teardown_event(struct kernel_end *e, int fd, unsigned events)
{
	struct socket_state *s = &e->at[fd];
	uint64_t since;
	int more;

	if (!(events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
		return;
	more = get(e, fd);
	if (more > 0 || (e->side == SERVER && s->told))
		return;
	if (more == 0 && e->plan->close == CLOSE_FIN_WAIT_2) { /* it is left open until its peer is no more */
		s->told = true;
		atomic_store(&e->own->sent, ++e->called);
		return;
	}
	since = e->side == CLIENT ? s->since_ns : e->pair->called_ns[s->port];
	if (more == 0 && e->side == SERVER && e->plan->close == CLOSE_HALF && put(e, fd, 0, PIECE) != PIECE)
		kernel_fail(e, "send");
	end_it(e, fd,
	       more < 0            ? class_of_error()
	       : e->side == CLIENT ? SOCKET_closed_first
	                           : SOCKET_closed_second);
	if (e->plan->close != CLOSE_HALF || e->side == CLIENT)
		measure_latency(e, since);
}

/* churn: as churn.c's; who has sent its request waits for the answer and its end. */

static void
churn_client_event(struct kernel_end *e, int fd)
{
	struct socket_state *s = &e->at[fd];
	const struct linger now = {.l_onoff = 1, .l_linger = 0};
	bool answered;
	int more;

	if (!s->told) {
		s->told = true;
		if (put(e, fd, s->sent, e->plan->bytes) != e->plan->bytes)
			kernel_fail(e, "send");
		if (e->plan->close == CLOSE_HALF)
			shutdown(fd, SHUT_WR);
		return;
	}
	more = get(e, fd);
	answered = s->checked - s->sent == e->plan->bytes;
	if (more > 0 && !(answered && e->plan->close == CLOSE_RST))
		return;
	e->account.unanswered += !answered;
	if (!e->over)
		measure_latency(e, s->since_ns);
	e->account.requests += !e->over;
	if (more > 0)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	end_it(e, fd,
	       more > 0   ? SOCKET_reset_sent
	       : more < 0 ? class_of_error()
	                  : (e->plan->close == CLOSE_HALF ? SOCKET_closed_first : SOCKET_closed_second));
}

/* The server does not know which octets come: it sends back what it got. */
static void
echo_event(struct kernel_end *e, int fd)
{
	struct socket_state *s = &e->at[fd];
	ssize_t n, sent;

	while ((n = recv(fd, chunk, sizeof(chunk), 0)) > 0) {
		e->account.octets_received += (size_t)n;
		s->checked += (size_t)n;
		sent = send(fd, chunk, (size_t)n, MSG_NOSIGNAL);
		if (sent != n) {
			kernel_fail(e, "send");
			return;
		}
		e->account.octets_sent += (size_t)sent;
		if (e->plan->command == COMMAND_CHURN && e->plan->close == CLOSE_FIN &&
		    s->checked >= e->plan->bytes) {
			end_it(e, fd, SOCKET_closed_first);
			return;
		}
	}
	if (n < 0 && errno == EAGAIN)
		return;
	end_it(e, fd, n < 0 ? class_of_error() : SOCKET_closed_second);
}

static void
rr_event(struct kernel_end *e, int fd)
{
	struct socket_state *s = &e->at[fd];
	int more = get(e, fd);

	if (more <= 0) {
		end_it(e, fd, more < 0 ? class_of_error() : SOCKET_closed_second);
		return;
	}
	if (!s->told || s->checked != s->sent)
		return;
	if (e->over) {
		end_it(e, fd, SOCKET_closed_first);
		return;
	}
	e->account.requests++;
	measure_latency(e, s->since_ns);
	s->since_ns = clock_ns();
	s->sent += put(e, fd, s->sent, e->plan->bytes);
}

static void
push(struct kernel_end *e, int fd)
{
	size_t n;

	while (!e->over && (n = put(e, fd, e->at[fd].sent, OCTETS_RUN)) > 0)
		e->at[fd].sent += n;
}

static void
sink(struct kernel_end *e, int fd)
{
	int more = get(e, fd);

	if (more <= 0)
		end_it(e, fd, more < 0 ? class_of_error() : SOCKET_closed_second);
}

static void
event(struct kernel_end *e, int fd, unsigned events)
{
	if (fd == e->listener) {
		accept_all(e);
		return;
	}
	if (e->side == CLIENT && !e->at[fd].open) {
		if (!(events & EPOLLOUT) || (events & EPOLLERR)) {
			kernel_fail(e, "a connection was not made");
			return;
		}
		opened(e, fd);
	}
	switch (e->plan->command) {
	case COMMAND_CHURN:
		e->side == CLIENT ? churn_client_event(e, fd) : echo_event(e, fd);
		break;
	case COMMAND_RR:
		e->side == CLIENT ? rr_event(e, fd) : echo_event(e, fd);
		break;
	case COMMAND_STREAM:
		e->side == CLIENT ? push(e, fd) : sink(e, fd);
		break;
	default:
		teardown_event(e, fd, events);
		break;
	}
}

/* Once over all descriptors; the kernel hands out the lowest first. */
static bool
next_open(const struct kernel_end *e, int *fd)
{
	for (; *fd < KERNEL_FDS_MAX; ++*fd) {
		if (e->at[*fd].open)
			return true;
	}
	return false;
}

static void
note_ports(struct kernel_end *e)
{
	for (int fd = 0; next_open(e, &fd); fd++) {
		struct sockaddr_in a;
		socklen_t len = sizeof(a);

		if (getsockname(fd, (struct sockaddr *)&a, &len) == 0)
			e->at[fd].port = ntohs(a.sin_port);
	}
}

static void
look(struct kernel_end *e, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(e->epoll, events, EVENTS, timeout_ms);

	e->now_ns = clock_ns();
	for (int i = 0; i < n && !atomic_load_explicit(&e->own->failed, memory_order_relaxed); i++)
		event(e, events[i].data.fd, events[i].events);
}

/* Calls of the client; true if there may be more at once. */
static bool
act(struct kernel_end *e, int *fd)
{
	uint64_t window = 1 + e->plan->window / e->stage->pairs, gone;

	switch (e->plan->command) {
	case COMMAND_CHURN:
		for (unsigned i = 0; i < CALLS && !e->over && e->begun - e->gone < e->conns; i++) {
			if (open_one(e) < 0)
				break;
		}
		return false;
	case COMMAND_RR:
	case COMMAND_STREAM:
		for (; next_open(e, fd); ++*fd) {
			struct socket_state *s = &e->at[*fd];

			if (s->told && !e->over)
				continue;
			if (e->over && e->plan->command == COMMAND_STREAM) {
				end_it(e, *fd, SOCKET_closed_first);
				continue;
			}
			s->since_ns = clock_ns();
			if (e->plan->command == COMMAND_STREAM)
				push(e, *fd);
			else if (!s->told)
				s->sent += put(e, *fd, s->sent, e->plan->bytes);
			s->told = true;
		}
		return false;
	default:
		gone = atomic_load_explicit(&e->pair->half[SERVER].gone, memory_order_relaxed);
		if (e->plan->close == CLOSE_HALF)
			gone = e->gone;
		for (unsigned i = 0; i < CALLS && e->called - gone < window && next_open(e, fd); i++, ++*fd)
			tell_to_end(e, *fd);
		return e->called < e->conns;
	}
}

static bool
done(const struct kernel_end *e)
{
	const struct half *client = &e->pair->half[CLIENT];

	if (e->plan->command != COMMAND_CHURN)
		return e->gone == e->conns;
	if (e->side == CLIENT)
		return e->over && e->gone == e->begun;
	return atomic_load(&client->phase) == PHASE_GONE && e->gone == atomic_load(&client->called);
}

static void
turn_until_done(struct kernel_end *e)
{
	int fd = 0;
	bool measured = false;

	e->account.begun_ns = e->now_ns = clock_ns();
	e->stop_ns = e->now_ns + e->plan->seconds * 1000000000;
	while (!done(e) && !atomic_load_explicit(&e->stage->failed, memory_order_relaxed)) {
		bool more = false;

		if (!e->over && e->now_ns >= e->stop_ns) {
			e->over = true;
			fd = 0;
		}
		if (e->over && !measured && e->plan->command != COMMAND_TEARDOWN) {
			e->account.over_ns = e->now_ns;
			if (e->plan->command == COMMAND_STREAM)
				e->account.requests = e->account.octets_received;
			measured = true;
		}
		if (e->side == CLIENT)
			more = act(e, &fd);
		look(e, more ? 0 : 1);
		if (more)
			sched_yield();
	}
	if (!measured)
		e->account.over_ns = clock_ns();
	atomic_store(&e->own->called, e->begun);
	atomic_store(&e->own->phase, PHASE_GONE);
}

static bool
begin(struct kernel_end *e)
{
	struct sockaddr_in local = loopback(0, 0, 1, PORT + e->number);
	int one = 1;

	if (e->outward)
		local.sin_addr.s_addr = htonl(INADDR_ANY);
	e->listener = -1;
	e->at = calloc(KERNEL_FDS_MAX, sizeof(*e->at));
	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (e->at == NULL || e->epoll < 0)
		return false;
	if (e->side == CLIENT)
		return true;
	e->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(e->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (e->listener < 0 || bind(e->listener, (struct sockaddr *)&local, sizeof(local)) != 0 ||
	    listen(e->listener, 65535) != 0)
		return false;
	watch(e, e->listener);
	return true;
}

static void
open_all(struct kernel_end *e)
{
	while (e->open < e->conns && !atomic_load_explicit(&e->stage->failed, memory_order_relaxed)) {
		for (unsigned i = 0; e->side == CLIENT && i < CALLS && e->begun < e->conns; i++) {
			if (e->begun - e->open >= CALLS || open_one(e) < 0)
				break;
		}
		look(e, 1);
	}
	if (e->side == CLIENT)
		note_ports(e);
}

void
kernel_work(struct kernel_end *e)
{
	if (!begin(e)) {
		kernel_fail(e, "a process does not begin");
		return;
	}
	if (!kernel_meet(e, PHASE_READY))
		return;
	if (e->plan->command != COMMAND_CHURN)
		open_all(e);
	if (!kernel_meet(e, PHASE_OPEN))
		return;
	if (e->side == CLIENT && e->number == 0)
		e->stage->slab_open = machine_slab_bytes();
	if (!kernel_meet(e, PHASE_DUE))
		return;
	turn_until_done(e);
	if (!kernel_meet(e, PHASE_GONE))
		return;
	if (e->side == CLIENT && e->number == 0)
		e->stage->slab_after = machine_slab_bytes();
	e->account.live = e->account.opened - e->account.ended;
}

/* From phase to phase: all are open; of stream, the client sends no more; of fin-wait-2, it is gone; all are over. */
static void
go_on(struct kernel_end *e, const struct half *client)
{
	unsigned there = atomic_load(&client->phase);
	int fd = 0;

	if (e->plan->command == COMMAND_CHURN)
		return;
	if (atomic_load(&e->own->phase) < PHASE_OPEN && e->open == e->conns) {
		e->account.begun_ns = e->now_ns;
		atomic_store(&e->own->phase, PHASE_OPEN);
	}
	if (e->plan->command == COMMAND_STREAM && e->account.over_ns == 0 && there >= PHASE_DUE) {
		e->account.over_ns = e->now_ns;
		e->account.requests = e->account.octets_received;
	}
	for (; e->plan->close == CLOSE_FIN_WAIT_2 && there >= PHASE_GONE && next_open(e, &fd); fd++)
		end_it(e, fd, SOCKET_closed_second);
	if (atomic_load(&e->own->phase) < PHASE_GONE && e->gone == e->conns) {
		if (e->account.over_ns == 0)
			e->account.over_ns = e->now_ns;
		atomic_store(&e->own->phase, PHASE_GONE);
	}
}

void
kernel_serve(struct kernel_end *e, const struct half *client)
{
	if (!begin(e)) {
		kernel_fail(e, "a process does not begin");
		return;
	}
	atomic_store(&e->own->phase, PHASE_READY);
	while (atomic_load(&client->phase) < PHASE_GONE || e->gone < e->open) {
		if (atomic_load(&e->own->failed) || atomic_load(&client->failed))
			break;
		look(e, 1);
		go_on(e, client);
	}
	atomic_store(&e->own->phase, PHASE_OVER);
	e->account.live = e->account.opened - e->account.ended;
}
