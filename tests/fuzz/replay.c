/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target on each file of a directory, where there is no fuzzer.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *directory, const char *name)
{
	static uint8_t data[1 << 20];
	char path[4096];
	ssize_t size;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* fopen(3) may be the target's */
	size = fd < 0 ? -1 : read(fd, data, sizeof(data));
	if (size < 0) {
		perror(path);
		return -1;
	}
	(void)close(fd);
	printf("%s: %zd bytes\n", name, size);
	(void)fflush(stdout); /* so that the last one is the one that failed */
	return LLVMFuzzerTestOneInput(data, (size_t)size);
}

int main(int argc, char **argv)
{
	DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
	const struct dirent *entry;
	int files = 0;

	if (!directory) {
		(void)fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.') {
			if (replay(argv[1], entry->d_name) != 0)
				return 1;
			files++;
		}
	(void)closedir(directory);
	return files > 0 ? 0 : 1;
}
