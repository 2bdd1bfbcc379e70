/* Words for people, one line each, on standard error. */
#ifndef FINESSED_LOG_H
#define FINESSED_LOG_H

void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
