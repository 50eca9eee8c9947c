/* SPDX-License-Identifier: Apache-2.0 */
/* Binds a port that the machine may be using, and sees no link but the loopback link. */
#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int count_other_links(void)
{
	DIR *dir = opendir("/sys/class/net");
	const struct dirent *entry;
	int others = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lo") != 0 &&
		    strcmp(entry->d_name, "bonding_masters") != 0)
			others++;
	closedir(dir);
	return others;
}

int main(void)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0 || listen(fd, 1) < 0) {
		perror("cannot listen on port 53");
		return 1;
	}
	if (count_other_links() != 0) {
		fprintf(stderr, "there are other links than lo\n");
		return 1;
	}
	close(fd);
	return 0;
}
