// Descriptors 0, 1 and 2 are always standard input, output and error, and a command whose output is lost fails.
//
// Where the caller closed one of them, the next file that the program opens would take its number, and what is
// printed would go into that file.

import Glibc

enum StandardStreams {
    /// Fills the gaps: a closed input is at its end, and writing to a closed output or error fails. Call it before
    /// anything is opened.
    static func open() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is this one, because those below it are open. Opened for reading, an output
            // refuses every write.
            _ = Glibc.open("/dev/null", O_RDONLY)
        }
    }

    /// Ends a command: successfully, unless what it printed could not be written.
    static func finish() -> Never {
        if fflush(stdout) != 0 || ferror(stdout) != 0 {
            complain("proclang: cannot write to standard output")
            exit(ExitStatus.failure)
        }
        exit(ExitStatus.success)
    }
}
