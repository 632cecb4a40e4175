/* What the rdma controller counts: the same files in both versions. */
#ifndef CGROUP_COMMON_RDMA_H
#define CGROUP_COMMON_RDMA_H

#include <ironbox/plugin.h>

/* Reports rdma.current and rdma.max as "cgroup.rdma.current.mlx4_0.hca_handle". Files that are not
 * there are left out, and devices whose names have what separates the parts of a name. */
void cgroup_report_rdma(struct ironbox_stage *stage, int cgroup_fd);

#endif
