#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Completion for coffer: commands, options, and what is in the store.

# Paths that begin with what was typed; a trailing slash where something lies below.
_coffer_paths() { # command typed last_level store...
        local command=$1 typed=$2 last_level=$3 above="" slashes name
        shift 3
        [[ $typed == */* ]] && above=${typed%/*}
        slashes=${typed//[!\/]/}
        while IFS=$'\t' read -r name _; do
                [[ ${above:+$above/}$name == "$typed"* ]] || continue
                if ((${#slashes} < last_level)); then
                        COMPREPLY+=("${above:+$above/}$name/")
                        compopt -o nospace 2>/dev/null
                else
                        COMPREPLY+=("${above:+$above/}$name")
                fi
        done < <("$command" -q "$@" ls "$above" 2>/dev/null)
}

# NAME=FILE: the file after the equals sign, which may be a word of its own.
_coffer_files() { # typed
        local typed=$1 before="" file
        [[ $typed == "=" ]] && typed=""
        [[ $typed == *=* ]] && before=${typed%%=*}=
        [[ $COMP_WORDBREAKS == *=* ]] && before=
        compopt -o filenames 2>/dev/null
        while IFS= read -r file; do
                COMPREPLY+=("$before$file")
        done < <(compgen -f -- "${typed#*=}")
}

_coffer() {
        local commands="put get ls show spec serializers verify help version"
        local common="--store --quiet --help" kinds="json npy text pickle bytes"
        local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
        local command="" operands=0 i store=()
        COMPREPLY=()

        for ((i = 1; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                -s | --store)
                        store=(--store "${COMP_WORDS[i + 1]}")
                        ((i++))
                        ;;
                -a | --as | -n | --attempt | -o | --output | -c | --check | -t | --tag | -d | --depth | -i | --items | --slice) ((i++)) ;;
                -*) ;;
                *)
                        if [[ -z $command ]]; then
                                command=${COMP_WORDS[i]}
                        else
                                ((operands++))
                        fi
                        ;;
                esac
        done

        case $before in
        -s | --store)
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -d -- "$word")
                return
                ;;
        -o | --output | -c | --check)
                _coffer_files "$word"
                return
                ;;
        -a | --as)
                mapfile -t COMPREPLY < <(compgen -W "$kinds" -- "$word")
                return
                ;;
        -n | --attempt)
                mapfile -t COMPREPLY < <(compgen -W "0 1 2 3 4 5" -- "$word")
                return
                ;;
        -t | --tag | -d | --depth | -i | --items | --slice) return ;;
        esac

        if [[ $word == -* ]]; then
                local options=$common
                case $command in
                "") options+=" --version" ;;
                put) options+=" --as --attempt --tag --json" ;;
                get) options+=" --output --as --attempt --raw --wire --slice" ;;
                ls) options+=" --all --long --attempt --json" ;;
                show) options+=" --all --attempt --depth --items --slice --scan --json" ;;
                spec) options+=" --check --attempt" ;;
                serializers) options+=" --long --json" ;;
                verify) options+=" --repair --json" ;;
                esac
                mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
                return
        fi

        case $command in
        "") mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word") ;;
        help) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word") ;;
        get) ((operands > 0)) || _coffer_paths "${COMP_WORDS[0]}" "$word" 4 "${store[@]}" ;;
        ls | show | spec) ((operands > 0)) || _coffer_paths "${COMP_WORDS[0]}" "$word" 4 "${store[@]}" ;;
        verify) ((operands > 0)) || _coffer_paths "${COMP_WORDS[0]}" "$word" 0 "${store[@]}" ;;
        put)
                if ((operands == 0)); then
                        _coffer_paths "${COMP_WORDS[0]}" "$word" 3 "${store[@]}"
                else
                        _coffer_files "$word"
                fi
                ;;
        esac
}
complete -F _coffer coffer
