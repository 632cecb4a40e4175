# What a config.json (or the file of exec --process, as .process) asks for, as probe tells it:
# {ask: [arguments of probe], told: [lines]}. $unified: a host without cgroup v1. Values that probe tells in another form are left to
# the suites of the stages.
# execve(2) by a user who is not root: what is ambient is all that stays
def set($name): .process.capabilities[if .process.user.uid != 0 and ($name | IN("permitted",
		"effective")) then "ambient" else $name end] // [] | map(sub("^CAP_"; "")) as $names
	| if length == 0 then ["none"] else $order | map(select(. as $one | $names | index($one)) |
		"CAP_" + .) end | [$name] + . | join(" ");
def fact($ask; $told): {ask: $ask, told: $told};
def octal: if . < 8 then tostring else (. / 8 | floor | octal) + (. % 8 | tostring) end;
def padded: octal | if length < 4 then ("0000" + .)[-4:] else . end;
# 0, "" and -1 are not given, or no limit
def limit($legacy; $unified_name; $value): select($value | . and . != 0 and . != "" and . != -1)
	| (if $unified then $unified_name else $legacy end) | select(.)
	| fact(["read", "/sys/fs/cgroup/" + .]; [$value | tostring]);
# /dev/ptmx is that of the container's own devpts, whatever --privileged names
def node: {c: "character", u: "character", b: "block"}[.type];

[
	fact(["capabilities"]; ["inheritable", "permitted", "effective", "bounding", "ambient"] as $sets
		| [. as $document | $sets[] | . as $name | $document | set($name)]),
	fact(["nnp"]; ["no_new_privs " + if .process.noNewPrivileges then "1" else "0" end]),
	fact(["seccomp"]; ["seccomp " + if .linux.seccomp then "2" else "0" end]),
	(.process.user | fact(["ids"];
		["uid" + (" " + (.uid | tostring)) * 4, "gid" + (" " + (.gid | tostring)) * 4,
		"groups " + if .additionalGids then (.additionalGids | sort | map(tostring) | join(" "))
			else "none" end])),
	fact(["cwd"]; ["cwd " + .process.cwd]),
	fact(["umask"]; ["umask " + (.process.user.umask // 18 | padded)]),
	(select(.process.oomScoreAdj) | fact(["oom-score-adj"];
		["oom_score_adj " + (.process.oomScoreAdj | tostring)])),
	(select(.hostname) | fact(["hostname"]; ["hostname " + .hostname])),
	(.linux.sysctl // {} | to_entries[] | fact(["sysctl", .key];
		[.key + " " + (.value | gsub(" "; "\t"))])),
	(.linux.devices // [] | .[] | select(node and .path != "/dev/ptmx") | fact(["stat", .path];
		["\(.path) \(node) \(.fileMode % 512 | padded) \(.uid // 0) \(.gid // 0) \(.major):\(.minor)"])),
	(select(any(.mounts[]?; .type == "cgroup") and .linux.cgroupsPath) | .linux.resources //
		{} | limit("memory/memory.limit_in_bytes"; "memory.max"; .memory.limit),
		limit("pids/pids.max"; "pids.max"; .pids.limit),
		limit("cpu/cpu.shares"; null; .cpu.shares),
		limit("cpu/cpu.cfs_quota_us"; null; .cpu.quota),
		limit("cpuset/cpuset.cpus"; "cpuset.cpus"; .cpu.cpus))
]
