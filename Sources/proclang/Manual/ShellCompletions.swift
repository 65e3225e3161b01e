// Completion scripts for bash, zsh and fish, from what the argument parser knows.
//
// Each script is a table of words: for a command its options, for an option or an argument what its values are. The
// parser's own scripts know the subcommands only; here the first word may also be a script, the usual call.

/// What may stand in one place of a command line.
private enum Candidates {
    case words([String])
    case scripts
    /// The words that this command prints.
    case output(String)
    case nothing

    init(_ argument: CommandDescription.Argument) {
        if let values = argument.allValues ?? argument.completionKind?.list?.values {
            self = .words(values)
        } else if argument.completionKind?.file != nil {
            self = .scripts
        } else if let command = argument.completionKind?.shellCommand?.command {
            self = .output(command)
        } else {
            self = .nothing
        }
    }
}

struct ShellCompletions {
    private let program = CommandDescription.program

    /// The options that may be given before a script are those of `run`.
    private var rootOptions: [CommandDescription.Argument] {
        (program.commands.first { $0.commandName == "run" }?.options ?? []) + program.options + program.commonOptions
    }

    private func options(of command: CommandDescription) -> [CommandDescription.Argument] {
        command.options + command.commonOptions
    }

    /// All options that take a value, each once.
    private var valued: [CommandDescription.Argument] {
        var seen: [String] = []
        return (rootOptions + program.commands.flatMap(options)).filter { option in
            guard option.takesValue, let name = option.spellings.last, !seen.contains(name) else { return false }
            seen.append(name)
            return true
        }
    }

    // MARK: bash

    func bash() -> String {
        func reply(_ candidates: Candidates) -> String {
            switch candidates {
            case .words(let words): return "COMPREPLY=($(compgen -W '\(words.joined(separator: " "))' -- \"$cur\"))"
            case .scripts: return "_proclang_scripts"
            case .output(let command): return "COMPREPLY=($(compgen -W \"$(\(command) 2>/dev/null)\" -- \"$cur\"))"
            case .nothing: return "COMPREPLY=($(compgen -f -- \"$cur\"))"
            }
        }
        func names(_ options: [CommandDescription.Argument]) -> String {
            options.flatMap(\.spellings).joined(separator: " ")
        }
        var text = """
            # Completion of proclang for bash. Made by `proclang reference bash`.

            _proclang_scripts() {
                compopt -o filenames 2>/dev/null
                local IFS=$'\\n'
                COMPREPLY+=($(compgen -f -X '!*.proc' -- "$cur") $(compgen -d -- "$cur"))
            }

            _proclang() {
                local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
                COMPREPLY=()
                case $previous in

            """
        for option in valued {
            let pattern = option.spellings.joined(separator: "|")
            text += "        \(pattern)) \(reply(Candidates(option))); return ;;\n"
        }
        text += "    esac\n    if ((COMP_CWORD == 1)); then command=; fi\n    case $command in\n"
        for command in program.commands {
            let values = command.positionals.first.map { Candidates($0) } ?? .nothing
            text += """
                        \(command.commandName))
                            case $cur in
                                -*) COMPREPLY=($(compgen -W '\(names(options(of: command)))' -- "$cur")) ;;
                                *) \(reply(values)) ;;
                            esac ;;

                """
        }
        text += """
                    [!-]*)
                        # The words after a script are the script's.
                        compopt -o filenames 2>/dev/null
                        COMPREPLY=($(compgen -f -- "$cur")) ;;
                    *)
                        case $cur in
                            -*) COMPREPLY=($(compgen -W '\(names(rootOptions))' -- "$cur")) ;;
                            *)
                                if ((COMP_CWORD == 1)); then
                                    COMPREPLY=($(compgen -W '\(program.commands.map(\.commandName).joined(separator: " "))' -- "$cur"))
                                fi
                                _proclang_scripts ;;
                        esac ;;
                esac
            }

            complete -F _proclang proclang

            """
        return text
    }

    // MARK: zsh

    func zsh() -> String {
        func action(_ candidates: Candidates) -> String {
            switch candidates {
            case .words(let words): return "(\(words.joined(separator: " ")))"
            case .scripts: return "_files -g \"*.proc\""
            case .output(let command): return "{compadd -- ${(f)\"$(\(command) 2>/dev/null)\"}}"
            case .nothing: return "_files"
            }
        }
        func quoted(_ text: String) -> String {
            var result = ""
            for character in text {
                switch character {
                case "'": result += "'\\''"
                case "[", "]", ":", "\\": result += "\\\(character)"
                default: result.append(character)
                }
            }
            return result
        }
        func specifications(_ options: [CommandDescription.Argument]) -> [String] {
            options.map { option in
                let names = option.spellings
                let value = option.takesValue ? ":\(option.placeholder.lowercased()):\(action(Candidates(option)))" : ""
                let help = "[\(quoted(option.abstract ?? ""))]\(value)"
                if names.count == 1 { return "'\(names[0])\(help)'" }
                return "'(\(names.joined(separator: " ")))'{\(names.joined(separator: ","))}'\(help)'"
            }
        }
        func arguments(_ lines: [String], indent: String) -> String {
            indent + "_arguments -s \\\n" + lines.map { "\(indent)    \($0)" }.joined(separator: " \\\n") + "\n"
        }
        var text = """
            #compdef proclang
            # Completion of proclang for zsh. Made by `proclang reference zsh`.

            _proclang() {
                local -a commands
                commands=(

            """
        for command in program.commands {
            text += "        '\(command.commandName):\(quoted(command.abstract ?? ""))'\n"
        }
        text += """
                )
                if ((CURRENT > 2)); then
                    case $words[2] in

            """
        for command in program.commands {
            var lines = specifications(options(of: command))
            for positional in command.positionals {
                let place = positional.isRepeating ? "*" : positional.isOptional ? ":" : ""
                lines.append("'\(place):\(positional.placeholder.lowercased()):\(action(Candidates(positional)))'")
            }
            text += "            \(command.commandName))\n                shift words; ((CURRENT--))\n"
            text += arguments(lines, indent: "                ") + "                return ;;\n"
        }
        text += "        esac\n    fi\n"
        text += arguments(
            specifications(rootOptions) + ["'1:command or script:_proclang_first'", "'*:argument:_files'"], indent: "    ")
        text += """
            }

            _proclang_first() {
                _describe -t commands 'command' commands
                _files -g '*.proc'
            }

            if [ "$funcstack[1]" = "_proclang" ]; then
                _proclang "$@"
            else
                compdef _proclang proclang
            fi

            """
        return text
    }

    // MARK: fish

    func fish() -> String {
        func quoted(_ text: String) -> String {
            var result = "'"
            for character in text {
                if character == "'" || character == "\\" { result += "\\" }
                result.append(character)
            }
            return result + "'"
        }
        func values(_ candidates: Candidates) -> String {
            switch candidates {
            case .words(let words): return "-xa \(quoted(words.joined(separator: " ")))"
            case .scripts: return "-rka '(__fish_complete_suffix .proc)'"
            case .output(let command): return "-xa \(quoted("(\(command) 2>/dev/null)"))"
            case .nothing: return "-r"
            }
        }
        func line(_ option: CommandDescription.Argument, _ condition: String) -> String {
            let names = (option.names ?? []).map { $0.kind == "long" ? "-l \($0.name)" : "-s \($0.name)" }
            let value = option.takesValue ? " " + values(Candidates(option)) : ""
            return "complete -c proclang -n \(condition) \(names.joined(separator: " "))\(value) -d \(quoted(option.abstract ?? ""))\n"
        }
        let names = program.commands.map(\.commandName).joined(separator: " ")
        var text = """
            # Completion of proclang for fish. Made by `proclang reference fish`.

            function __proclang_command
                set -l words (commandline -opc)
                test (count $words) -ge 2; and test "$words[2]" = "$argv[1]"
            end

            function __proclang_no_command
                set -l words (commandline -opc)
                test (count $words) -lt 2; or not contains -- "$words[2]" \(names)
            end

            function __proclang_first
                test (count (commandline -opc)) -eq 1
            end

            complete -c proclang -f
            complete -c proclang -n __proclang_no_command -ka '(__fish_complete_suffix .proc)'

            """
        for command in program.commands {
            text += "complete -c proclang -n __proclang_first -a \(command.commandName) -d \(quoted(command.abstract ?? ""))\n"
        }
        for option in rootOptions { text += line(option, "__proclang_no_command") }
        for command in program.commands {
            let condition = "'__proclang_command \(command.commandName)'"
            for option in options(of: command) { text += line(option, condition) }
            if let positional = command.positionals.first {
                switch Candidates(positional) {
                case .scripts: text += "complete -c proclang -n \(condition) -ka '(__fish_complete_suffix .proc)'\n"
                case .words(let words): text += "complete -c proclang -n \(condition) -a \(quoted(words.joined(separator: " ")))\n"
                case .output(let output): text += "complete -c proclang -n \(condition) -a \(quoted("(\(output) 2>/dev/null)"))\n"
                case .nothing: text += "complete -c proclang -n \(condition) -F\n"
                }
            }
        }
        return text
    }
}
