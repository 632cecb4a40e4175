/*
 * Whose a cgroup is that was there before. A container that has ended keeps its cgroup until it is
 * deleted; another one with the same cgroupsPath may take it meanwhile, for it is empty. The delete
 * of the first then must not be the end of the second. So who takes one leaves a mark on it, an
 * extended attribute, which a container cannot write: trusted.* asks for CAP_SYS_ADMIN of the
 * host's user namespace. Without that right, and so without a mark, all is as if nobody had taken
 * it.
 */
#ifndef CGROUP_COMMON_TAKEN_H
#define CGROUP_COMMON_TAKEN_H

#include <ironbox/plugin.h>

/* Marks it as taken by this container, which remembers its mark. */
int cgroup_take(struct ironbox_stage *stage, int cgroup_fd, struct ironbox_error *error);
/* Takes the mark away again, if it is its own. */
void cgroup_let_go(const struct ironbox_stage *stage, int cgroup_fd);

/* Whether another container has taken it since: then it is not ours any more. */
bool cgroup_is_taken(const struct ironbox_stage *stage, int cgroup_fd);

#endif
