/* pd_preload.so, for LD_PRELOAD: packetdrill asks the C library, not the shared object under test, for TCP_INFO, TCP_CC_INFO
 * and SO_MEMINFO of its descriptors.  Those that the adapter gave are its to answer. */
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/times.h>

#include "interface.h"

static struct pd_answers answers;

void pd_preload_attach_(const struct pd_answers *) __asm__(PD_PRELOAD_ATTACH);

void
pd_preload_attach_(const struct pd_answers *from)
{
	answers = *from;
}

int
getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	union {
		void *object;
		int (*function)(int, int, int, void *, socklen_t *);
	} next;
	int r = answers.getsockopt == NULL ? -ENOTSOCK : answers.getsockopt(fd, level, option, value, len);

	if (r >= 0)
		return r;
	if (r != -ENOTSOCK) {
		errno = -r;
		return -1;
	}
	next.object = dlsym(RTLD_NEXT, "getsockopt");
	return next.function(fd, level, option, value, len);
}

/* What packetdrill does to be punctual buys nothing in virtual time.  It asks for real-time priority, which takes a core from
 * everybody else, ... */
int
sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	(void)pid;
	(void)policy;
	(void)param;
	return 0;
}

/* ... has all memory locked, which makes pages of it that nobody would have touched, ... */
int
mlockall(int flags)
{
	(void)flags;
	return 0;
}

/* ... and spins until the kernel's clock has ticked ten times: a tenth of a second, in each script. */
clock_t
times(struct tms *spent)
{
	static clock_t ticks;

	if (spent != NULL)
		*spent = (struct tms){0};
	return ++ticks;
}
