/* HOME of the container's user, where process.env does not say. */
#ifndef IRONBOX_LIFECYCLE_HOME_H
#define IRONBOX_LIFECYCLE_HOME_H

#include <sys/types.h>

/* "HOME=/root", malloc'ed, by the container's /etc/passwd, which is not trusted: a regular file, at
 * most 1 MiB, read by a parser of ours (no NSS). "HOME=/" where it does not tell. */
char *home_of(uid_t uid);

/* The same by the text of a passwd(5), which is cut up by it; NULL: there is none. */
char *home_from_passwd(char *text, uid_t uid);

#endif
