/* The task service, by both of its names: its messages are the same bytes in both. */
#include "task/methods.h"

#define ROW(service, name, message, handler, on_gone)                                           \
	{                                                                                       \
		service, name, &containerd__task__v2__##message##__descriptor, handler, on_gone \
	}
#define METHOD(name, message, handler, on_gone)                          \
	ROW("containerd.task.v2.Task", name, message, handler, on_gone), \
		ROW("containerd.task.v3.Task", name, message, handler, on_gone)

const struct ttrpc_method task_service[] = {
	METHOD("Create", create_task_request, method_create, NULL),
	METHOD("Start", start_request, method_start, NULL),
	METHOD("State", state_request, method_state, NULL),
	METHOD("Wait", wait_request, method_wait, wait_gone),
	METHOD("Delete", delete_request, method_delete, NULL),
	METHOD("Kill", kill_request, method_kill, NULL),
	METHOD("Connect", connect_request, method_connect, NULL),
	METHOD("Shutdown", shutdown_request, method_shutdown, NULL),
	METHOD("Exec", exec_process_request, method_exec, NULL),
	METHOD("ResizePty", resize_pty_request, method_resize_pty, NULL),
	METHOD("CloseIO", close_iorequest, method_close_io, NULL),
	METHOD("Pids", pids_request, method_pids, NULL),
	METHOD("Pause", pause_request, method_pause, NULL),
	METHOD("Resume", resume_request, method_resume, NULL),
	METHOD("Update", update_task_request, method_update, NULL),
	METHOD("Checkpoint", checkpoint_task_request, method_checkpoint, NULL),
	METHOD("Stats", stats_request, method_stats, NULL),
	{ .service = NULL },
};
