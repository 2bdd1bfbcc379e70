/* Sleep and waking (sleeper.h). */
#include "sleeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_epoll.h>
#include <rte_ethdev.h>
#include <rte_interrupts.h>

#define EVENTS 16

static bool
has_queue(const struct sleeper *s, uint16_t port)
{
	return s->queue < s->port[port].queues;
}

/* False: it must be looked at. */
static bool
is_interrupted(const struct sleeper *s, uint16_t port)
{
	return !has_queue(s, port) ||
	       (s->port[port].rx_interrupts &&
	        rte_eth_dev_rx_intr_ctl_q(s->port[port].id, s->queue, s->set, RTE_INTR_EVENT_ADD, NULL) == 0);
}

int
sleeper_init(struct sleeper *s, const struct port *port, uint16_t ports, uint16_t queue)
{
	struct epoll_event bell = {.events = EPOLLIN}; /* without a pointer: EAL has nothing to do for it */

	memset(s, 0, sizeof(*s));
	s->port = port;
	s->ports = ports;
	s->queue = queue;
	s->set = epoll_create1(EPOLL_CLOEXEC);
	s->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (s->set < 0 || s->bell < 0 || epoll_ctl(s->set, EPOLL_CTL_ADD, s->bell, &bell) != 0)
		return -errno;
	s->interrupted = true;
	for (uint16_t i = 0; i < ports; i++)
		s->interrupted = is_interrupted(s, i) && s->interrupted;
	return 0;
}

/* net_tap looks at a queue only after a signal, which the kernel sends to any thread that takes it; if that one is slow to
 * run, the frame is not seen by the one that it woke.  So each queue's signal is for the thread that polls it. */
void
sleeper_begin(const struct sleeper *s)
{
	const struct f_owner_ex me = {.type = F_OWNER_TID, .pid = gettid()};

	for (uint16_t i = 0; i < s->ports; i++) {
		int fd;

		if (!has_queue(s, i) || !s->port[i].rx_interrupts || !s->port[i].virtual)
			continue;
		fd = rte_eth_dev_rx_intr_ctl_q_get_fd(s->port[i].id, s->queue);
		if (fd >= 0)
			fcntl(fd, F_SETOWN_EX, &me);
	}
}

/* Some devices must be told each time (and net_tap says that it cannot be: it always interrupts). */
static void
tell_ports(const struct sleeper *s, int (*what)(uint16_t port, uint16_t queue))
{
	for (uint16_t i = 0; s->interrupted && i < s->ports; i++) {
		if (has_queue(s, i) && !s->port[i].virtual)
			what(s->port[i].id, s->queue);
	}
}

void
sleeper_nod(struct sleeper *s)
{
	tell_ports(s, rte_eth_dev_rx_intr_enable);
	atomic_store_explicit(&s->asleep, true, memory_order_seq_cst);
}

void
sleeper_sleep(struct sleeper *s, uint64_t us)
{
	struct timespec ts = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};
	struct pollfd fd = {.fd = s->set, .events = POLLIN};
	struct rte_epoll_event event[EVENTS];
	uint64_t rung;

	/* not rte_epoll_wait at once: it counts in milliseconds */
	if (us > 0 && ppoll(&fd, 1, &ts, NULL) > 0) {
		rte_epoll_wait(s->set, event, EVENTS, 0); /* takes each device's interrupt back */
		if (read(s->bell, &rung, sizeof(rung)) < 0)
			rung = 0; /* not the bell, but a frame */
	}
	atomic_store_explicit(&s->asleep, false, memory_order_relaxed);
	tell_ports(s, rte_eth_dev_rx_intr_disable);
}

void
sleeper_ring(struct sleeper *s)
{
	const uint64_t once = 1;

	/* sequentially consistent, as in sleeper_nod: either it is seen to be asleep, or it sees what was handed over */
	if (!atomic_exchange_explicit(&s->asleep, false, memory_order_seq_cst))
		return;
	if (write(s->bell, &once, sizeof(once)) < 0)
		return; /* it has been rung more often than can be counted: it will wake */
}

void
sleeper_end(struct sleeper *s)
{
	if (s->bell > 0)
		close(s->bell);
	if (s->set > 0)
		close(s->set);
	s->bell = s->set = -1;
}
