# A caller's config.json, made to fit a test's box: what it names on its host is the box's own.
# $rootfs $sources $hook $id; $pause: a process whose namespaces stand for the pod's;
# $calls: a profile's list of calls; $limits: the host's hard limits by name, which a host without CAP_SYS_RESOURCE cannot raise.
def is_bind: .type == "bind" or any((.options // [])[]; . == "bind" or . == "rbind");
# /proc/PID/exe, of the daemon that is not there
def with_hook($stage): map({path: $hook, args: ["hook", $stage]});

.root.path = $rootfs
| .process.terminal = false
| del(.process.consoleSize)
| .process.rlimits |= (. // [] | map(.hard = ([.hard, $limits[.type] // .hard] | min) |
	.soft = ([.soft, .hard] | min)))
| (.mounts[]? | select(is_bind) | .source) |=
	if startswith("/dev") or startswith("/sys") or startswith("/proc") then .
	else $sources + "/" + gsub("/"; "_") end
| (.mounts[]? | select(.type == "overlay") | .options) |=
	(map(select(test("^(lower|upper|work)dir=") | not)) +
	(["lower", "upper", "work"] | map(. + "dir=" + $sources + "/" + .)))
| .linux.namespaces |= map(if has("path")
	then .path = "/proc/" + $pause + "/ns/" + ({network: "net", mount: "mnt"}[.type] // .type)
	else . end)
| if .linux.cgroupsPath then .linux.cgroupsPath = "/" + $id else . end
# most profiles were cut short: those have the calls of the one that is whole beside their own
| if .linux.seccomp and all(.linux.seccomp.syscalls[].names[]; . != "execve") then .linux.seccomp.syscalls += $calls else . end
| .hooks |= if . then with_entries(.key as $stage | .value |= with_hook($stage)) else . end
| if .hooks.startContainer then .hooks.startContainer |= map(.path = "/bin/true" | .args = ["true"]) else . end
