// What the control groups of this process leave it of the CPUs.
#ifndef RUNTIME_HOST_QUOTA_H
#define RUNTIME_HOST_QUOTA_H

#include <string>

namespace gemmart {

/// CPUs that the process may use on average: the smallest quota of its control groups and of those around them, of
/// either version; infinity where none has one or none can be read. `groups` lists the process's groups as
/// /proc/self/cgroup does, `mount` is where their files are.
double cpuQuota(const std::string &groups = "/proc/self/cgroup", const std::string &mount = "/sys/fs/cgroup");

} // namespace gemmart
#endif
