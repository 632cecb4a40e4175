/* internal.h: what the files of the namespace stage share. */
#ifndef NAMESPACE_INTERNAL_H
#define NAMESPACE_INTERNAL_H

#include <sched.h>

#include <ironbox/cleanup.h>
#include <ironbox/plugin.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

enum { KINDS = 8 };

/* A row of namespaces(7). */
struct kind {
	const char *type; /* in linux.namespaces */
	uint64_t flag;
	const char *file; /* below /proc/PID/ns */
};

extern const struct kind kinds[KINDS];

/* ironbox_stage.data */
struct namespaces {
	bool ready;              /* namespaces_read has run: the fds below mean something */
	uint64_t made;           /* CLONE_NEW* of those that are made for the container */
	uint64_t joined;         /* … of those that have a path */
	uint64_t entered;        /* … of those that the runtime is in, or its children will be */
	uint64_t by_cloner;      /* … of those that init is born in: see hand_to_cloner */
	uint64_t set_by_runtime; /* … of those whose names and sysctls the runtime sets */
	uint64_t by_pidfd;       /* … of those that a joiner enters by init's pidfd */
	const char *path[KINDS]; /* the document's */
	int joined_fd[KINDS];
	int own_fd[KINDS]; /* the way back */
};

/* ---- spec.c ---- */

/* Fills *namespaces from linux.namespaces; opens nothing. */
int namespaces_read(const struct ironbox_stage *stage, struct ironbox_error *error);
/* Opens what is to be joined, and proves it to be a namespace of the type that it is named for. */
int namespaces_open(const struct ironbox_stage *stage, struct ironbox_error *error);
/* Is this type made for the container, or joined and not the runtime's own? 1, 0, or -1. */
int namespaces_has_own(const struct ironbox_stage *stage, uint64_t flag,
                       struct ironbox_error *error);

/* ---- enter.c ---- */

/* The number of the namespace that the process PID (or "thread-self") is in, or 0. Runtime. */
uint64_t namespace_number(const struct ironbox_stage *stage, const char *process, uint64_t flag,
                          struct ironbox_error *error);
/* Opens the way back from a namespace that the runtime is about to enter. */
int own_namespace_open(const struct ironbox_stage *stage, uint64_t flag,
                       struct ironbox_error *error);
/* prepare: enters what init could not enter, or only before its clone. */
int enter_before_clone(const struct ironbox_stage *stage, struct ironbox_error *error);
/* Enters one of kinds[] that has a path. */
int enter_joined(const struct ironbox_stage *stage, int kind, struct ironbox_error *error);
/* prepare: has the cloner enter the cgroup namespace, where init could not. */
int hand_cgroup_to_cloner(struct ironbox_stage *stage, struct ironbox_error *error);
/* prepare, instead of both: has the cloner enter them. */
int hand_to_cloner(struct ironbox_stage *stage, struct ironbox_error *error);
/* Takes the runtime back to where it came from. Does nothing where there is nothing to do. */
int go_back(const struct ironbox_stage *stage, struct ironbox_error *error);
/* Enters a namespace of init's, from which go_back leads back. Runtime. */
int enter_by_pidfd(const struct ironbox_stage *stage, uint64_t flag, struct ironbox_error *error);
/* setup: enters what is left of these types. */
int enter_in_init(const struct ironbox_stage *stage, uint64_t flags, struct ironbox_error *error);
/* Becomes root of the user namespace that this process has just come to. */
int become_root(const struct ironbox_stage *stage, struct ironbox_error *error);

/* ---- worker.c ---- */

/* Runs a phase in a process of its own that shares the runtime's memory, so that *error is told
 * here, and waits for it. What it does to its namespaces ends with it. */
int worker_run(struct ironbox_stage *stage, ironbox_phase *work, struct ironbox_error *error);

/* ---- idmap.c, names.c, sysctl.c, timens.c ---- */

int idmap_validate(struct ironbox_stage *stage, struct ironbox_error *error);
int idmap_write(const struct ironbox_stage *stage, struct ironbox_error *error);

int names_validate(const struct ironbox_stage *stage, struct ironbox_error *error);
int names_set(const struct ironbox_stage *stage, struct ironbox_error *error);

int sysctl_validate(const struct ironbox_stage *stage, struct ironbox_error *error);
/* Is one given that is of a namespace of this type? */
bool sysctl_has(const struct ironbox_stage *stage, uint64_t flag);
/* Writes the sysctls of the namespaces of these types; the caller is in them. */
int sysctl_write(const struct ironbox_stage *stage, uint64_t flags, struct ironbox_error *error);

int timens_validate(const struct ironbox_stage *stage, struct ironbox_error *error);
int timens_make(const struct ironbox_stage *stage, struct ironbox_error *error);

/* ---- restore.c ---- */

/* Declare what the container has joined: in checkpoint as it stands, in restore by its path. */
ironbox_phase namespace_checkpoint, namespace_restore;
/* Is each namespace what config.json says, with its id maps? */
ironbox_phase namespace_verify;

#endif
