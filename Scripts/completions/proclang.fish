# Completion of proclang for fish. Made by `proclang reference fish`.

function __proclang_command
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = "$argv[1]"
end

function __proclang_no_command
    set -l words (commandline -opc)
    test (count $words) -lt 2; or not contains -- "$words[2]" run repl check fmt explain ps top reference
end

function __proclang_first
    test (count (commandline -opc)) -eq 1
end

complete -c proclang -f
complete -c proclang -n __proclang_no_command -ka '(__fish_complete_suffix .proc)'
complete -c proclang -n __proclang_first -a run -d 'Run a script; without one, start the interactive prompt.'
complete -c proclang -n __proclang_first -a repl -d 'Start the interactive prompt.'
complete -c proclang -n __proclang_first -a check -d 'Report the errors and warnings of scripts without running them.'
complete -c proclang -n __proclang_first -a fmt -d 'Format scripts in place.'
complete -c proclang -n __proclang_first -a explain -d 'Explain an error or a warning by its code or kind.'
complete -c proclang -n __proclang_first -a ps -d 'Show the processes and channels of a running program.'
complete -c proclang -n __proclang_first -a top -d 'Watch the processes and channels of a running program.'
complete -c proclang -n __proclang_first -a reference -d 'Print the library\'s reference, manual page or completions.'
complete -c proclang -n __proclang_no_command -s e -r -d 'Run this code instead of a file.'
complete -c proclang -n __proclang_no_command -l memory -r -d 'The most shared memory (messages, channels, shared variables): 64M, 1G. Beyond it, `memory` is raised. Default: half of what the machine has.'
complete -c proclang -n __proclang_no_command -l timeout -r -d 'Cancel the program after this time: 500ms, 5s, 2m, 1h. It then ends with status 124.'
complete -c proclang -n __proclang_no_command -l seed -r -d 'Make the numbers of the module random repeatable, in every process.'
complete -c proclang -n __proclang_no_command -l deny -r -d 'Let these library calls raise `denied`: a list of exec, fs.read, fs.write, env, separated by commas.'
complete -c proclang -n __proclang_no_command -l color -xa 'auto always never' -d 'When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never.'
complete -c proclang -n __proclang_no_command -l version -d 'Show the version.'
complete -c proclang -n __proclang_no_command -s h -l help -d 'Show help information.'
complete -c proclang -n '__proclang_command run' -s e -r -d 'Run this code instead of a file.'
complete -c proclang -n '__proclang_command run' -l memory -r -d 'The most shared memory (messages, channels, shared variables): 64M, 1G. Beyond it, `memory` is raised. Default: half of what the machine has.'
complete -c proclang -n '__proclang_command run' -l timeout -r -d 'Cancel the program after this time: 500ms, 5s, 2m, 1h. It then ends with status 124.'
complete -c proclang -n '__proclang_command run' -l seed -r -d 'Make the numbers of the module random repeatable, in every process.'
complete -c proclang -n '__proclang_command run' -l deny -r -d 'Let these library calls raise `denied`: a list of exec, fs.read, fs.write, env, separated by commas.'
complete -c proclang -n '__proclang_command run' -l color -xa 'auto always never' -d 'When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never.'
complete -c proclang -n '__proclang_command run' -l version -d 'Show the version.'
complete -c proclang -n '__proclang_command run' -s h -l help -d 'Show help information.'
complete -c proclang -n '__proclang_command run' -ka '(__fish_complete_suffix .proc)'
complete -c proclang -n '__proclang_command repl' -l memory -r -d 'The most shared memory (messages, channels, shared variables): 64M, 1G. Beyond it, `memory` is raised. Default: half of what the machine has.'
complete -c proclang -n '__proclang_command repl' -l timeout -r -d 'Cancel the program after this time: 500ms, 5s, 2m, 1h. It then ends with status 124.'
complete -c proclang -n '__proclang_command repl' -l seed -r -d 'Make the numbers of the module random repeatable, in every process.'
complete -c proclang -n '__proclang_command repl' -l deny -r -d 'Let these library calls raise `denied`: a list of exec, fs.read, fs.write, env, separated by commas.'
complete -c proclang -n '__proclang_command repl' -l color -xa 'auto always never' -d 'When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never.'
complete -c proclang -n '__proclang_command repl' -l version -d 'Show the version.'
complete -c proclang -n '__proclang_command repl' -s h -l help -d 'Show help information.'
complete -c proclang -n '__proclang_command check' -l json -d 'Print the diagnostics as JSON, for editors.'
complete -c proclang -n '__proclang_command check' -l color -xa 'auto always never' -d 'When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never.'
complete -c proclang -n '__proclang_command check' -l version -d 'Show the version.'
complete -c proclang -n '__proclang_command check' -s h -l help -d 'Show help information.'
complete -c proclang -n '__proclang_command check' -ka '(__fish_complete_suffix .proc)'
complete -c proclang -n '__proclang_command fmt' -l check -d 'Change nothing; print the names of the files that are not formatted.'
complete -c proclang -n '__proclang_command fmt' -l color -xa 'auto always never' -d 'When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never.'
complete -c proclang -n '__proclang_command fmt' -l version -d 'Show the version.'
complete -c proclang -n '__proclang_command fmt' -s h -l help -d 'Show help information.'
complete -c proclang -n '__proclang_command fmt' -ka '(__fish_complete_suffix .proc)'
complete -c proclang -n '__proclang_command explain' -l version -d 'Show the version.'
complete -c proclang -n '__proclang_command explain' -s h -l help -d 'Show help information.'
complete -c proclang -n '__proclang_command explain' -a 'invalid-utf8 too-long unexpected-character unclosed-string invalid-escape invalid-number number-too-large syntax unclosed-bracket unmatched-bracket nested-too-deeply foreign-syntax invalid-assignment not-a-process undefined-name used-before-declaration duplicate-name assign-to-constant variable-of-another-process change-not-seen unused-variable unreachable-code arity argument-name process-call direction shared-argument misplaced nested-lock lost-update empty-select no-effect index-and-pair binds-anew self-communication one-sided-channel end-used-after-passing import-failed import-cycle runtime compile type index key value match overflow zero_division assertion recursion timeout closed poisoned deadlock process cancelled memory io denied'
complete -c proclang -n '__proclang_command ps' -l color -xa 'auto always never' -d 'When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never.'
complete -c proclang -n '__proclang_command ps' -l version -d 'Show the version.'
complete -c proclang -n '__proclang_command ps' -s h -l help -d 'Show help information.'
complete -c proclang -n '__proclang_command ps' -a '(proclang ps --pids 2>/dev/null)'
complete -c proclang -n '__proclang_command top' -l color -xa 'auto always never' -d 'When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never.'
complete -c proclang -n '__proclang_command top' -l version -d 'Show the version.'
complete -c proclang -n '__proclang_command top' -s h -l help -d 'Show help information.'
complete -c proclang -n '__proclang_command top' -a '(proclang ps --pids 2>/dev/null)'
complete -c proclang -n '__proclang_command reference' -l version -d 'Show the version.'
complete -c proclang -n '__proclang_command reference' -s h -l help -d 'Show help information.'
complete -c proclang -n '__proclang_command reference' -a 'library man bash zsh fish words'
