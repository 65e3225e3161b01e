# Completion of proclang for bash. Made by `proclang reference bash`.

_proclang_scripts() {
    compopt -o filenames 2>/dev/null
    local IFS=$'\n'
    COMPREPLY+=($(compgen -f -X '!*.proc' -- "$cur") $(compgen -d -- "$cur"))
}

_proclang() {
    local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
    COMPREPLY=()
    case $previous in
        -e) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --memory) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --timeout) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --seed) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --deny) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$cur")); return ;;
    esac
    if ((COMP_CWORD == 1)); then command=; fi
    case $command in
        run)
            case $cur in
                -*) COMPREPLY=($(compgen -W '-e --memory --timeout --seed --deny --color --version -h --help' -- "$cur")) ;;
                *) _proclang_scripts ;;
            esac ;;
        repl)
            case $cur in
                -*) COMPREPLY=($(compgen -W '--memory --timeout --seed --deny --color --version -h --help' -- "$cur")) ;;
                *) COMPREPLY=($(compgen -f -- "$cur")) ;;
            esac ;;
        check)
            case $cur in
                -*) COMPREPLY=($(compgen -W '--json --color --version -h --help' -- "$cur")) ;;
                *) _proclang_scripts ;;
            esac ;;
        fmt)
            case $cur in
                -*) COMPREPLY=($(compgen -W '--check --color --version -h --help' -- "$cur")) ;;
                *) _proclang_scripts ;;
            esac ;;
        explain)
            case $cur in
                -*) COMPREPLY=($(compgen -W '--version -h --help' -- "$cur")) ;;
                *) COMPREPLY=($(compgen -W 'invalid-utf8 too-long unexpected-character unclosed-string invalid-escape invalid-number number-too-large syntax unclosed-bracket unmatched-bracket nested-too-deeply foreign-syntax invalid-assignment not-a-process undefined-name used-before-declaration duplicate-name assign-to-constant variable-of-another-process change-not-seen unused-variable unreachable-code arity argument-name process-call direction shared-argument misplaced nested-lock lost-update empty-select no-effect index-and-pair binds-anew self-communication one-sided-channel end-used-after-passing import-failed import-cycle runtime compile type index key value match overflow zero_division assertion recursion timeout closed poisoned deadlock process cancelled memory io denied' -- "$cur")) ;;
            esac ;;
        ps)
            case $cur in
                -*) COMPREPLY=($(compgen -W '--color --version -h --help' -- "$cur")) ;;
                *) COMPREPLY=($(compgen -W "$(proclang ps --pids 2>/dev/null)" -- "$cur")) ;;
            esac ;;
        top)
            case $cur in
                -*) COMPREPLY=($(compgen -W '--color --version -h --help' -- "$cur")) ;;
                *) COMPREPLY=($(compgen -W "$(proclang ps --pids 2>/dev/null)" -- "$cur")) ;;
            esac ;;
        reference)
            case $cur in
                -*) COMPREPLY=($(compgen -W '--version -h --help' -- "$cur")) ;;
                *) COMPREPLY=($(compgen -W 'library man bash zsh fish words' -- "$cur")) ;;
            esac ;;
        [!-]*)
            # The words after a script are the script's.
            compopt -o filenames 2>/dev/null
            COMPREPLY=($(compgen -f -- "$cur")) ;;
        *)
            case $cur in
                -*) COMPREPLY=($(compgen -W '-e --memory --timeout --seed --deny --color --version -h --help' -- "$cur")) ;;
                *)
                    if ((COMP_CWORD == 1)); then
                        COMPREPLY=($(compgen -W 'run repl check fmt explain ps top reference' -- "$cur"))
                    fi
                    _proclang_scripts ;;
            esac ;;
    esac
}

complete -F _proclang proclang
