/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does nothing; built once with gons and once without.
 */
int main(void)
{
	return 0;
}
