# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Completion of gons-run for bash.

_gons_run_list() { # PREFIX WORDS: completes the last word of a list with commas
	local done_part=${cur%"${cur##*,}"}
	mapfile -t COMPREPLY < <(compgen -P "$1$done_part" -W "$2" -- "${cur##*,}")
	compopt -o nospace
}

_gons_run() {
	local cur prev words cword split
	_init_completion -s || return

	case $prev in
	--sys) mapfile -t COMPREPLY < <(compgen -W 'ro rw' -- "$cur") ;;
	--private) _gons_run_list '' 'run tmp names' ;;
	--on-failure) _gons_run_list '' 'report shell hold' ;;
	--require) _gons_run_list '' '1 net mnt uts ipc cgroup user pid time veth' ;;
	--artifacts) _filedir -d ;;
	--plan) [[ $cur == @* ]] && cur=${cur#@} && _filedir ;;
	--in) mapfile -t COMPREPLY < <(compgen -W "$(compgen -e GONS_HOST_ | sed 's/GONS_HOST_//')" -- "$cur") ;;
	--sysctl | --host | --timeout | --uts) ;;
	*)
		local i=1
		while [[ $i -lt $cword ]]; do
			case ${words[i]} in
			--) break ;;
			--sysctl) ((i++)) ;;
			-*) ;;
			*) break ;;
			esac
			((i++))
		done
		if [[ $i -lt $cword ]]; then
			_command_offset "$i"
		elif [[ $cur == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W '--pid --uts --ipc --cgroup --user
				--map-current-user --no-net --no-sys --sys= --no-loopback --in=
				--private= --sysctl --hermetic --plan= --host= --draw --timeout=
				--on-failure= --capture --artifacts= --require= --help --version' -- "$cur")
			[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
		else
			_command
		fi
		;;
	esac
} && complete -F _gons_run gons-run
