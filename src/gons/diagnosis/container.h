/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_DIAGNOSIS_CONTAINER_H
#define GONS_I_DIAGNOSIS_CONTAINER_H

/* The remedy where a container engine has covered parts of /proc or /sys, or made them read-only. */
#define GONS_I_UNMASK_CONTAINER                                                                    \
	"start the container with --security-opt unmask=ALL (podman), --security-opt "             \
	"systempaths=unconfined (docker) or lxc.mount.auto = proc:rw sys:rw (LXC)"

/* The remedy where a capability is missing; %s is its name without CAP_. */
#define GONS_I_ADD_CAP "add it to the capabilities of this process (docker, podman: --cap-add %s)"

#endif
