/* names.c: hostname and domainname. */
#include <errno.h>
#include <string.h>

#include "internal.h"

enum { NAME_MAX_SIZE = 64 }; /* uts_namespaces(7), __NEW_UTS_LEN */

/* The name at a path of the spec, or NULL where it is not given. An empty one is none: callers
 * that know no name leave it empty. */
static const char *name_at(const struct ironbox_stage *stage, const char *path)
{
	const char *name = stage->host->text(stage->host->spec(stage, path));

	return name && *name ? name : NULL;
}

static int name_validate(const struct ironbox_stage *stage, const char *path,
                         struct ironbox_error *error)
{
	const char *name = name_at(stage, path);
	int own;

	if (!name)
		return 0;
	if (strlen(name) > NAME_MAX_SIZE)
		return stage->host->fail(error, 0, "%s: longer than %d bytes", path, NAME_MAX_SIZE);
	own = namespaces_has_own(stage, CLONE_NEWUTS, error);
	if (own == 0)
		return stage->host->fail(
			error, 0,
			"%s: needs a uts namespace in linux.namespaces that is not "
			"the host's",
			path);
	return own < 0 ? -1 : 0;
}

int names_validate(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	if (name_validate(stage, "hostname", error) < 0 ||
	    name_validate(stage, "domainname", error) < 0)
		return -1;
	return 0;
}

int names_set(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const char *hostname = name_at(stage, "hostname");
	const char *domainname = name_at(stage, "domainname");

	if (hostname && sethostname(hostname, strlen(hostname)) < 0)
		return stage->host->fail(error, errno, "set the host name \"%s\"", hostname);
	if (domainname && setdomainname(domainname, strlen(domainname)) < 0)
		return stage->host->fail(error, errno, "set the domain name \"%s\"", domainname);
	return 0;
}
