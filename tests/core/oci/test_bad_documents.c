/* Documents that are wrong, and the whole line that says so. */
#include "document.h"

static const struct bad_text bad_texts[] = {
	/* no JSON */
	{ SPEC_CONFIG, "empty", "", "config.json:1:0: '[' or '{' expected near end of file" },
	{ SPEC_CONFIG, "blanks", " \n ", "config.json:2:1: '[' or '{' expected near end of file" },
	{ SPEC_CONFIG, "a word", "hello", "config.json:1:5: '[' or '{' expected near 'hello'" },
	{ SPEC_CONFIG, "truncated", "{\"ociVersion\": \"1.0",
	  "config.json:1:19: premature end of input near '\"1.0'" },
	{ SPEC_CONFIG, "truncated between members", "{\"ociVersion\": \"1.0.2\",",
	  "config.json:1:23: string or '}' expected near end of file" },
	{ SPEC_CONFIG, "a comma too many", "{\"ociVersion\": \"1.0.2\",}",
	  "config.json:1:24: string or '}' expected near '}'" },
	{ SPEC_CONFIG, "two documents", "{} {}", "config.json:1:4: end of file expected near '{'" },
	{ SPEC_CONFIG, "a comment", "{ // no\n}",
	  "config.json:1:3: string or '}' expected near '/'" },
	{ SPEC_CONFIG, "not UTF-8", "{\"a\": \"\xff\"}",
	  "config.json:1:7: unable to decode byte 0xff near '\"'" },
	{ SPEC_CONFIG, "NUL in a string", CONFIG(", \"hostname\": \"a\\u0000b\""),
	  "config.json:1:74: \\u0000 is not allowed without JSON_ALLOW_NUL near '\"a\\u0000b\"'" },
	{ SPEC_CONFIG, "a line break in a string", "{\"a\": \"b\nc\"}",
	  "config.json:1:8: unexpected newline near '\"b'" },
	{ SPEC_CONFIG, "a key twice", "{\"a\": 1,\n \"a\": 2}",
	  "config.json:2:4: duplicate object key near '\"a\"'" },
	{ SPEC_CONFIG, "a key twice, spelt twice", CONFIG(", \"r\\u006fot\": {}"),
	  "config.json:1:63: duplicate object key near '\"r\\u006fot\"'" },

	/* wrong types, from the outside inwards */
	{ SPEC_CONFIG, "an array", "[]", "config.json: expected an object" },
	{ SPEC_CONFIG, "no version", "{\"root\": {\"path\": \"r\"}}",
	  "config.json: ociVersion: missing" },
	{ SPEC_CONFIG, "version of another kind", "{\"ociVersion\": 1}",
	  "config.json: ociVersion: expected a string" },
	{ SPEC_CONFIG, "version 2", "{\"ociVersion\": \"2.0.0\"}",
	  "config.json: ociVersion: \"2.0.0\" is no version 1.x.y of the runtime specification" },
	{ SPEC_CONFIG, "version 1", "{\"ociVersion\": \"1\"}",
	  "config.json: ociVersion: \"1\" is no version 1.x.y of the runtime specification" },
	{ SPEC_CONFIG, "version 1.0", "{\"ociVersion\": \"1.0\"}",
	  "config.json: ociVersion: \"1.0\" is no version 1.x.y of the runtime specification" },
	{ SPEC_CONFIG, "version 1.0.x", "{\"ociVersion\": \"1.0.x\"}",
	  "config.json: ociVersion: \"1.0.x\" is no version 1.x.y of the runtime specification" },
	{ SPEC_CONFIG, "version 1.0.2-", "{\"ociVersion\": \"1.0.2-\"}",
	  "config.json: ociVersion: \"1.0.2-\" is no version 1.x.y of the runtime specification" },
	{ SPEC_CONFIG, "no root", "{\"ociVersion\": \"1.3.0\"}", "config.json: root: missing" },
	{ SPEC_CONFIG, "a root of null", "{\"ociVersion\": \"1.3.0\", \"root\": null}",
	  "config.json: root: missing" },
	{ SPEC_CONFIG, "root without path", "{\"ociVersion\": \"1.3.0\", \"root\": {}}",
	  "config.json: root.path: missing" },
	{ SPEC_CONFIG, "root as text", "{\"ociVersion\": \"1.3.0\", \"root\": \"/\"}",
	  "config.json: root: expected an object" },
	{ SPEC_CONFIG, "readonly as text",
	  "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"r\", \"readonly\": \"yes\"}}",
	  "config.json: root.readonly: expected true or false" },
	{ SPEC_CONFIG, "readonly as 1",
	  "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"r\", \"readonly\": 1}}",
	  "config.json: root.readonly: expected true or false" },
	{ SPEC_CONFIG, "hostname as number", CONFIG(", \"hostname\": 7"),
	  "config.json: hostname: expected a string" },
	{ SPEC_CONFIG, "mounts as object", CONFIG(", \"mounts\": {}"),
	  "config.json: mounts: expected an array" },
	{ SPEC_CONFIG, "a mount of null", CONFIG(", \"mounts\": [null]"),
	  "config.json: mounts[0]: expected an object" },
	{ SPEC_CONFIG, "mount without destination",
	  CONFIG(", \"mounts\": [{\"destination\": \"/a\"}, {\"type\": \"tmpfs\"}]"),
	  "config.json: mounts[1].destination: missing" },
	{ SPEC_CONFIG, "mount options as text",
	  CONFIG(", \"mounts\": [{\"destination\": \"/a\", \"options\": \"ro\"}]"),
	  "config.json: mounts[0].options: expected an array" },
	{ SPEC_CONFIG, "mount option as number",
	  CONFIG(", \"mounts\": [{\"destination\": \"/a\", \"options\": [\"ro\", 3]}]"),
	  "config.json: mounts[0].options[1]: expected a string" },
	{ SPEC_CONFIG, "mount with half an id map",
	  CONFIG(", \"mounts\": [{\"destination\": \"/a\", \"uidMappings\": "
	         "[{\"containerID\": 0, \"hostID\": 1}]}]"),
	  "config.json: mounts[0].uidMappings[0].size: missing" },
	{ SPEC_CONFIG, "annotation as number", CONFIG(", \"annotations\": {\"a.b\": 1}"),
	  "config.json: annotations.a.b: expected a string" },
	{ SPEC_CONFIG, "annotation as null", CONFIG(", \"annotations\": {\"a.b\": null}"),
	  "config.json: annotations.a.b: expected a string" },
	{ SPEC_CONFIG, "hook without path", CONFIG(", \"hooks\": {\"prestart\": [{\"args\": []}]}"),
	  "config.json: hooks.prestart[0].path: missing" },
	{ SPEC_CONFIG, "hook with a relative path",
	  CONFIG(", \"hooks\": {\"poststop\": [{\"path\": \"true\"}]}"),
	  "config.json: hooks.poststop[0].path: \"true\" is no absolute path" },
	{ SPEC_CONFIG, "hook with a timeout below 0",
	  CONFIG(", \"hooks\": {\"poststop\": [{\"path\": \"/a\", \"timeout\": -1}]}"),
	  "config.json: hooks.poststop[0].timeout: expected an integer from 0 to 2147483647" },
	{ SPEC_CONFIG, "hook's env without =",
	  CONFIG(", \"hooks\": {\"prestart\": [{\"path\": \"/a\", \"env\": [\"SECRET\"]}]}"),
	  "config.json: hooks.prestart[0].env[0]: \"SECRET\" has no =" },
	{ SPEC_CONFIG, "linux as list", CONFIG(", \"linux\": []"),
	  "config.json: linux: expected an object" },
	{ SPEC_CONFIG, "an unknown namespace",
	  CONFIG(", \"linux\": {\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"net\"}]}"),
	  "config.json: linux.namespaces[1].type: \"net\" is none of mount, pid, network, uts, "
	  "ipc, "
	  "user, cgroup, time" },
	{ SPEC_CONFIG, "a namespace without type", CONFIG(", \"linux\": {\"namespaces\": [{}]}"),
	  "config.json: linux.namespaces[0].type: missing" },
	{ SPEC_CONFIG, "a namespace of a relative path",
	  CONFIG(", \"linux\": {\"namespaces\": [{\"type\": \"pid\", \"path\": \"ns/pid\"}]}"),
	  "config.json: linux.namespaces[0].path: \"ns/pid\" is no absolute path" },
	{ SPEC_CONFIG, "sysctl as number", CONFIG(", \"linux\": {\"sysctl\": {\"net.x\": 1}}"),
	  "config.json: linux.sysctl.net.x: expected a string" },
	{ SPEC_CONFIG, "nanosecs above a second",
	  CONFIG(", \"linux\": {\"timeOffsets\": {\"boottime\": {\"nanosecs\": 1000000000}}}"),
	  "config.json: linux.timeOffsets.boottime.nanosecs: expected an integer from 0 to "
	  "999999999" },
	{ SPEC_CONFIG, "a device of no type",
	  CONFIG(", \"linux\": {\"devices\": [{\"path\": \"/dev/a\", \"type\": \"x\"}]}"),
	  "config.json: linux.devices[0].type: \"x\" is none of b, c, u, p" },
	{ SPEC_CONFIG, "a device with an empty type",
	  CONFIG(", \"linux\": {\"devices\": [{\"path\": \"/dev/a\", \"type\": \"\"}]}"),
	  "config.json: linux.devices[0].type: \"\" is none of b, c, u, p" },
	{ SPEC_CONFIG, "propagation", CONFIG(", \"linux\": {\"rootfsPropagation\": \"bound\"}"),
	  "config.json: linux.rootfsPropagation: \"bound\" is none of private, shared, slave, "
	  "unbindable, rprivate, rshared, rslave, runbindable" },
	{ SPEC_CONFIG, "personality",
	  CONFIG(", \"linux\": {\"personality\": {\"domain\": \"BSD\"}}"),
	  "config.json: linux.personality.domain: \"BSD\" is none of LINUX, LINUX32" },
	{ SPEC_CONFIG, "a personality's flag",
	  CONFIG(", \"linux\": {\"personality\": {\"domain\": \"LINUX\", \"flags\": [\"A\"]}}"),
	  "config.json: linux.personality.flags[0]: \"A\" is no flag: the spec knows none yet" },
	{ SPEC_CONFIG, "memory limit in words",
	  CONFIG(", \"linux\": {\"resources\": {\"memory\": {\"limit\": \"1g\"}}}"),
	  "config.json: linux.resources.memory.limit: expected an integer" },
	{ SPEC_CONFIG, "memory limit as real number",
	  CONFIG(", \"linux\": {\"resources\": {\"memory\": {\"limit\": 1.0}}}"),
	  "config.json: linux.resources.memory.limit: expected an integer" },
	{ SPEC_CONFIG, "memory limit with an exponent",
	  CONFIG(", \"linux\": {\"resources\": {\"memory\": {\"limit\": 1e6}}}"),
	  "config.json: linux.resources.memory.limit: expected an integer" },
	{ SPEC_CONFIG, "memory limit as true",
	  CONFIG(", \"linux\": {\"resources\": {\"memory\": {\"limit\": true}}}"),
	  "config.json: linux.resources.memory.limit: expected an integer" },
	{ SPEC_CONFIG, "classID beyond 32 bits",
	  CONFIG(", \"linux\": {\"resources\": {\"network\": {\"classID\": 4294967296}}}"),
	  "config.json: linux.resources.network.classID: expected an integer from 0 to "
	  "4294967295" },
	{ SPEC_CONFIG, "weight beyond 16 bits",
	  CONFIG(", \"linux\": {\"resources\": {\"blockIO\": {\"weight\": 65536}}}"),
	  "config.json: linux.resources.blockIO.weight: expected an integer from 0 to 65535" },
	{ SPEC_CONFIG, "shares below 0",
	  CONFIG(", \"linux\": {\"resources\": {\"cpu\": {\"shares\": -1}}}"),
	  "config.json: linux.resources.cpu.shares: expected an integer from 0 to "
	  "18446744073709551615" },
	{ SPEC_CONFIG, "pids without limit",
	  CONFIG(", \"linux\": {\"resources\": {\"pids\": {\"max\": 1}}}"),
	  "config.json: linux.resources.pids.limit: missing" },
	{ SPEC_CONFIG, "a page size in lower case",
	  CONFIG(", \"linux\": {\"resources\": {\"hugepageLimits\": "
	         "[{\"pageSize\": \"64kB\", \"limit\": 1}]}}"),
	  "config.json: linux.resources.hugepageLimits[0].pageSize: \"64kB\" is no page size such "
	  "as "
	  "2MB" },
	{ SPEC_CONFIG, "a page size that leads elsewhere",
	  CONFIG(", \"linux\": {\"resources\": {\"hugepageLimits\": "
	         "[{\"pageSize\": \"../2MB\", \"limit\": 1}]}}"),
	  "config.json: linux.resources.hugepageLimits[0].pageSize: \"../2MB\" is no page size "
	  "such "
	  "as 2MB" },
	{ SPEC_CONFIG, "a device rule without allow",
	  CONFIG(", \"linux\": {\"resources\": {\"devices\": [{\"access\": \"rwm\"}]}}"),
	  "config.json: linux.resources.devices[0].allow: missing" },
	{ SPEC_CONFIG, "a device rule's access",
	  CONFIG(", \"linux\": {\"resources\": {\"devices\": [{\"allow\": true, \"access\": "
	         "\"rx\"}]}}"),
	  "config.json: linux.resources.devices[0].access: \"rx\" has letters other than r, w and "
	  "m" },
	{ SPEC_CONFIG, "rdma", CONFIG(", \"linux\": {\"resources\": {\"rdma\": {\"mlx5_1\": 3}}}"),
	  "config.json: linux.resources.rdma.mlx5_1: expected an object" },
	{ SPEC_CONFIG, "unified", CONFIG(", \"linux\": {\"resources\": {\"unified\": {\"a\": 1}}}"),
	  "config.json: linux.resources.unified.a: expected a string" },
	{ SPEC_CONFIG, "seccomp without default",
	  CONFIG(", \"linux\": {\"seccomp\": {\"flags\": []}}"),
	  "config.json: linux.seccomp.defaultAction: missing" },
	{ SPEC_CONFIG, "a seccomp action",
	  CONFIG(", \"linux\": {\"seccomp\": {\"defaultAction\": \"allow\"}}"),
	  "config.json: linux.seccomp.defaultAction: \"allow\" is none of SCMP_ACT_KILL, "
	  "SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, SCMP_ACT_TRAP, SCMP_ACT_ERRNO, "
	  "SCMP_ACT_TRACE, SCMP_ACT_ALLOW, SCMP_ACT_LOG, SCMP_ACT_NOTIFY" },
	{ SPEC_CONFIG, "a seccomp rule without names",
	  CONFIG(", \"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": "
	         "[{\"names\": [], \"action\": \"SCMP_ACT_LOG\"}]}}"),
	  "config.json: linux.seccomp.syscalls[0].names: expected an array that is not empty" },
	{ SPEC_CONFIG, "a seventh argument",
	  CONFIG(", \"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": "
	         "[{\"names\": [\"read\"], \"action\": \"SCMP_ACT_LOG\", \"args\": [{\"index\": "
	         "6}]}]}}"),
	  "config.json: linux.seccomp.syscalls[0].args[0].index: expected an integer from 0 to 5" },
	{ SPEC_CONFIG, "a memory schema",
	  CONFIG(", \"linux\": {\"intelRdt\": {\"memBwSchema\": \"L3:0=f\"}}"),
	  "config.json: linux.intelRdt.memBwSchema: \"L3:0=f\" is no schema that begins with MB:" },

	/* process */
	{ SPEC_CONFIG, "process without cwd", CONFIG(", \"process\": {\"args\": [\"a\"]}"),
	  "config.json: process.cwd: missing" },
	{ SPEC_CONFIG, "an empty cwd", CONFIG(", \"process\": {\"cwd\": \"\"}"),
	  "config.json: process.cwd: \"\" is no absolute path" },
	{ SPEC_PROCESS, "a relative cwd", "{\"cwd\": \"home\"}",
	  "process.json: cwd: \"home\" is no absolute path" },
	{ SPEC_PROCESS, "args as text", "{\"cwd\": \"/\", \"args\": \"true\"}",
	  "process.json: args: expected an array" },
	{ SPEC_CONFIG,
	  "TD5: env without =", PROCESS(", \"env\": [\"PATH=/bin\", \"LD_PRELOAD=\", \"SECRET\"]"),
	  "config.json: process.env[2]: \"SECRET\" has no =" },
	{ SPEC_CONFIG, "TD2: uid -1 as 32 bits", PROCESS(", \"user\": {\"uid\": 4294967295}"),
	  "config.json: process.user.uid: expected an integer from 0 to 4294967294" },
	{ SPEC_CONFIG, "TD2: uid -1", PROCESS(", \"user\": {\"uid\": -1}"),
	  "config.json: process.user.uid: expected an integer from 0 to 4294967294" },
	{ SPEC_CONFIG, "TD2: uid 2^32", PROCESS(", \"user\": {\"uid\": 4294967296}"),
	  "config.json: process.user.uid: expected an integer from 0 to 4294967294" },
	{ SPEC_CONFIG, "TD2: uid 2^63", PROCESS(", \"user\": {\"uid\": 9223372036854775808}"),
	  "config.json: process.user.uid: expected an integer from 0 to 4294967294" },
	{ SPEC_CONFIG, "TD2: uid 2^64+1", PROCESS(", \"user\": {\"uid\": 18446744073709551617}"),
	  "config.json: process.user.uid: expected an integer from 0 to 4294967294" },
	{ SPEC_CONFIG, "TD2: uid 1e3", PROCESS(", \"user\": {\"uid\": 1e3}"),
	  "config.json: process.user.uid: expected an integer" },
	{ SPEC_CONFIG, "TD2: uid 1.0", PROCESS(", \"user\": {\"uid\": 1.0}"),
	  "config.json: process.user.uid: expected an integer" },
	{ SPEC_CONFIG, "TD2: uid true", PROCESS(", \"user\": {\"uid\": true}"),
	  "config.json: process.user.uid: expected an integer" },
	{ SPEC_CONFIG, "TD2: uid as text", PROCESS(", \"user\": {\"uid\": \"1\"}"),
	  "config.json: process.user.uid: expected an integer" },
	{ SPEC_CONFIG, "an additional gid of -1",
	  PROCESS(", \"user\": {\"additionalGids\": [0, -1]}"),
	  "config.json: process.user.additionalGids[1]: expected an integer from 0 to 4294967294" },
	{ SPEC_CONFIG, "umask beyond 0777", PROCESS(", \"user\": {\"umask\": 512}"),
	  "config.json: process.user.umask: expected an integer from 0 to 511" },
	{ SPEC_CONFIG, "capabilities as list", PROCESS(", \"capabilities\": [\"CAP_KILL\"]"),
	  "config.json: process.capabilities: expected an object" },
	{ SPEC_CONFIG, "an unknown rlimit",
	  PROCESS(", \"rlimits\": [{\"type\": \"RLIMIT_X\", \"soft\": 1, \"hard\": 1}]"),
	  "config.json: process.rlimits[0].type: \"RLIMIT_X\" is none of RLIMIT_AS, RLIMIT_CORE, "
	  "RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_LOCKS, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, "
	  "RLIMIT_NICE, RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_RSS, RLIMIT_RTPRIO, RLIMIT_RTTIME, "
	  "RLIMIT_SIGPENDING, RLIMIT_STACK" },
	{ SPEC_CONFIG, "half an rlimit",
	  PROCESS(", \"rlimits\": [{\"type\": \"RLIMIT_CORE\", \"soft\": 1}]"),
	  "config.json: process.rlimits[0].hard: missing" },
	{ SPEC_CONFIG, "an rlimit below 0",
	  PROCESS(", \"rlimits\": [{\"type\": \"RLIMIT_CORE\", \"soft\": -1, \"hard\": 1}]"),
	  "config.json: process.rlimits[0].soft: expected an integer from 0 to "
	  "18446744073709551615" },
	{ SPEC_CONFIG, "an rlimit beyond 64 bits",
	  PROCESS(", \"rlimits\": [{\"type\": \"RLIMIT_CORE\", \"soft\": 18446744073709551616, "
	          "\"hard\": 1}]"),
	  "config.json: process.rlimits[0].soft: expected an integer from 0 to "
	  "18446744073709551615" },
	{ SPEC_CONFIG, "oomScoreAdj", PROCESS(", \"oomScoreAdj\": 1001"),
	  "config.json: process.oomScoreAdj: expected an integer from -1000 to 1000" },
	{ SPEC_CONFIG, "oomScoreAdj below", PROCESS(", \"oomScoreAdj\": -1001"),
	  "config.json: process.oomScoreAdj: expected an integer from -1000 to 1000" },
	{ SPEC_CONFIG, "console size",
	  PROCESS(", \"consoleSize\": {\"height\": 65536, \"width\": 1}"),
	  "config.json: process.consoleSize.height: expected an integer from 0 to 65535" },
	{ SPEC_CONFIG, "scheduler without policy", PROCESS(", \"scheduler\": {\"nice\": 1}"),
	  "config.json: process.scheduler.policy: missing" },
	{ SPEC_CONFIG, "scheduler nice",
	  PROCESS(", \"scheduler\": {\"policy\": \"SCHED_OTHER\", \"nice\": 20}"),
	  "config.json: process.scheduler.nice: expected an integer from -20 to 19" },
	{ SPEC_CONFIG, "scheduler flag",
	  PROCESS(", \"scheduler\": {\"policy\": \"SCHED_RR\", \"flags\": [\"FAST\"]}"),
	  "config.json: process.scheduler.flags[0]: \"FAST\" is none of SCHED_FLAG_RESET_ON_FORK, "
	  "SCHED_FLAG_RECLAIM, SCHED_FLAG_DL_OVERRUN, SCHED_FLAG_KEEP_POLICY, "
	  "SCHED_FLAG_KEEP_PARAMS, SCHED_FLAG_UTIL_CLAMP_MIN, SCHED_FLAG_UTIL_CLAMP_MAX" },
	{ SPEC_CONFIG, "io class", PROCESS(", \"ioPriority\": {\"class\": \"RT\"}"),
	  "config.json: process.ioPriority.class: \"RT\" is none of IOPRIO_CLASS_RT, "
	  "IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE" },
	{ SPEC_CONFIG, "io priority",
	  PROCESS(", \"ioPriority\": {\"class\": \"IOPRIO_CLASS_BE\", \"priority\": 8}"),
	  "config.json: process.ioPriority.priority: expected an integer from 0 to 7" },
	{ SPEC_CONFIG, "a cpu list of words",
	  PROCESS(", \"execCPUAffinity\": {\"initial\": \"all\"}"),
	  "config.json: process.execCPUAffinity.initial: \"all\" is no list of cpus such as "
	  "0-3,7" },
	{ SPEC_CONFIG, "a cpu list backwards",
	  PROCESS(", \"execCPUAffinity\": {\"final\": \"3-1\"}"),
	  "config.json: process.execCPUAffinity.final: \"3-1\" is no list of cpus such as 0-3,7" },
	{ SPEC_CONFIG, "a cpu too far", PROCESS(", \"execCPUAffinity\": {\"final\": \"1024\"}"),
	  "config.json: process.execCPUAffinity.final: \"1024\" is no list of cpus such as 0-3,7" },
	{ SPEC_CONFIG, "a cpu list with an end missing",
	  PROCESS(", \"execCPUAffinity\": {\"final\": \"1,\"}"),
	  "config.json: process.execCPUAffinity.final: \"1,\" is no list of cpus such as 0-3,7" },

	/* resources */
	{ SPEC_RESOURCES, "resources as text", "{\"memory\": \"1g\"}",
	  "process.json: memory: expected an object" },

	/* a name from the document is shown, its control bytes are not */
	{ SPEC_CONFIG, "a key with control bytes", CONFIG(", \"annotations\": {\"\\u001b[2J\": 1}"),
	  "config.json: annotations.?[2J: expected a string" },
};

static void depth_is_bounded(void **state)
{
	struct spec spec = SPEC_NONE;
	char deep[4096], text[8192];
	ERROR_NONE(error);

	(void)state;
	memset(deep, '[', 1900);
	memset(deep + 1900, ']', 1900);
	deep[3800] = '\0';
	snprintf(text, sizeof(text), CONFIG(", \"windows\": {\"a\": %s}"), deep);
	assert_int_equal(spec_parse(&spec, SPEC_CONFIG, "config.json", text, strlen(text), &error),
	                 -1);
	assert_string_equal(error_text(&error), "config.json: windows: nested more than 64 deep");

	memset(deep, '[', 2000);
	memset(deep + 2000, ']', 2000);
	deep[4000] = '\0';
	snprintf(text, sizeof(text), CONFIG(", \"nobody.knows\": %s"), deep);
	assert_int_equal(spec_parse(&spec, SPEC_CONFIG, "config.json", text, strlen(text), &error),
	                 -1);
	assert_string_equal(error_text(&error),
	                    "config.json: nobody.knows: nested more than 64 deep");

	/* jansson's own end comes at 2048 */
	memset(deep, '[', 4095);
	deep[4095] = '\0';
	assert_int_equal(spec_parse(&spec, SPEC_CONFIG, "config.json", deep, 4095, &error), -1);
	assert_string_equal(error_text(&error),
	                    "config.json:1:2049: maximum parsing depth reached near '['");
}

/* 64 deep is still right, 65 is not: the document is the first, "unknown" the second. */
static void depth_64_is_allowed(void **state)
{
	char deep[256], text[512];
	struct spec spec = SPEC_NONE;
	ERROR_NONE(error);

	(void)state;
	memset(deep, '[', 63);
	memset(deep + 63, ']', 63);
	deep[126] = '\0';
	snprintf(text, sizeof(text), CONFIG(", \"unknown\": %s"), deep);
	spec = document(SPEC_CONFIG, text);
	spec_free(&spec);
	memset(deep, '[', 64);
	memset(deep + 64, ']', 64);
	deep[128] = '\0';
	snprintf(text, sizeof(text), CONFIG(", \"unknown\": %s"), deep);
	assert_int_equal(spec_parse(&spec, SPEC_CONFIG, "config.json", text, strlen(text), &error),
	                 -1);
}

static void number_of_values_is_bounded(void **state)
{
	size_t size = 2 * 1000 * 1000 + 64;
	char *text = malloc(size);
	struct spec spec = SPEC_NONE;
	ERROR_NONE(error);
	size_t used;

	(void)state;
	assert_non_null(text);
	used = (size_t)snprintf(text, size, "{\"unknown\": [0");
	while (used < size - 8) {
		text[used++] = ',';
		text[used++] = '0';
	}
	text[used++] = ']';
	text[used++] = '}';
	assert_int_equal(spec_parse(&spec, SPEC_CONFIG, "config.json", text, used, &error), -1);
	assert_string_equal(error_text(&error), "config.json: more than 1000000 values");
	free(text);
}

static void nul_in_the_text_is_refused(void **state)
{
	static const char text[] = "{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"a\"}}\0";
	struct spec spec = SPEC_NONE;
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(
		spec_parse(&spec, SPEC_CONFIG, "config.json", text, sizeof(text) - 1, &error), -1);
	assert_string_equal(error_text(&error),
	                    "config.json:1:47: end of file expected near end of file");
}

int main(void)
{
	const size_t count = sizeof(bad_texts) / sizeof(bad_texts[0]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(depth_64_is_allowed),
		cmocka_unit_test(number_of_values_is_bounded),
		cmocka_unit_test(nul_in_the_text_is_refused),
	};
	struct CMUnitTest *rows = tests_of_texts(bad_texts, count);
	int failed = _cmocka_run_group_tests("bad texts", rows, count, NULL, NULL);

	free(rows);
	return failed + cmocka_run_group_tests_name("bounds", tests, NULL, NULL);
}
