/* Socket activation, sd_listen_fds(3), without the library for two variables. */
#ifndef IRONBOX_SUPPORT_LISTEN_FDS_H
#define IRONBOX_SUPPORT_LISTEN_FDS_H

#include <stdint.h>

/* How many fds from 3 up were handed to this very process; 0 when LISTEN_PID is not ours. */
uint32_t listen_fds_count(void);

#endif
