/* SPDX-License-Identifier: Apache-2.0 */
/* For forbidden.py, never compiled: what is marked must be found, and nothing else. */
static int join(int nsfd, int type)
{
	return setns(nsfd, type) == 0 || unshare(CLONE_FS) < 0 || chroot(".") < 0;
}
