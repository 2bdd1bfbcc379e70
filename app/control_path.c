/* The socket's file: in a folder that only we and a group may enter, bound so that nobody else can open it for a moment, and
 * taken over from a daemon that was killed (control_parts.h). */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control_parts.h"

#define FOLDER_MODE 0750
#define BACKLOG     16

static bool
find_group(struct control *control, char *why, size_t room)
{
	const char *name = control->conf->control.group;
	const struct group *g = name[0] == '\0' ? NULL : getgrnam(name);

	if (name[0] != '\0' && g == NULL) {
		snprintf(why, room, "there is no group \"%s\"", name);
		return false;
	}
	control->has_group = g != NULL;
	control->group = g == NULL ? 0 : g->gr_gid;
	return true;
}

/* The folder, open: made if it was not there.  Whoever may write in it could put another socket in our place; in a sticky
 * one only beside it. */
static int
open_folder(const struct control *control, const char *folder, char *why, size_t room)
{
	bool made = mkdir(folder, FOLDER_MODE) == 0;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(why, room, "%s: %s", folder, strerror(errno));
		close(fd);
		return -1;
	}
	if (made && control->has_group && fchown(fd, (uid_t)-1, control->group) != 0)
		(void)errno; /* then only our user can enter: safe */
	if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0) {
		snprintf(why, room, "%s: everybody may write there: chmod o-w, or another folder", folder);
		close(fd);
		return -1;
	}
	return fd;
}

/* True when nothing stands in the way: what a killed daemon left is removed. */
static bool
clear_way(const struct sockaddr_un *at, char *why, size_t room)
{
	struct stat st;
	int fd, result;

	if (lstat(at->sun_path, &st) != 0)
		return true;
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(why, room, "%s is there, and is no socket", at->sun_path);
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	result = connect(fd, (const struct sockaddr *)at, sizeof(*at));
	close(fd);
	if (result == 0 || errno == EAGAIN) {
		snprintf(why, room, "%s: another daemon answers there", at->sun_path);
		return false;
	}
	if (errno != ECONNREFUSED || unlink(at->sun_path) != 0) {
		snprintf(why, room, "%s: %s", at->sun_path, strerror(errno));
		return false;
	}
	return true;
}

static int
bind_there(struct control *control, const struct sockaddr_un *at, char *why, size_t room)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask = umask(0117); /* 0660 from the first moment */
	bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)at, sizeof(*at)) == 0;
	int error = errno;

	umask(mask);
	if (bound && control->has_group && chown(at->sun_path, (uid_t)-1, control->group) != 0)
		error = errno;
	else if (bound && listen(fd, BACKLOG) == 0)
		return fd;
	else
		error = errno;
	snprintf(why, room, "%s: %s", at->sun_path, strerror(error));
	if (bound)
		unlink(at->sun_path);
	close(fd);
	return -1;
}

int
path_listen(struct control *control, char *why, size_t room)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char folder[sizeof(control->path)];
	int fd = -1, lock;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", control->conf->control.socket);
	snprintf(control->path, sizeof(control->path), "%s", at.sun_path);
	memcpy(folder, control->path, sizeof(folder));
	if (!find_group(control, why, room))
		return -1;
	lock = open_folder(control, dirname(folder), why, room);
	if (lock < 0)
		return -1;
	/* two that start at the same time must not take each other's socket for a dead one's */
	flock(lock, LOCK_EX);
	if (clear_way(&at, why, room))
		fd = bind_there(control, &at, why, room);
	flock(lock, LOCK_UN);
	close(lock);
	control->bound = fd >= 0;
	return fd;
}

void
path_remove(struct control *control)
{
	if (control->bound)
		unlink(control->path);
	control->bound = false;
}
