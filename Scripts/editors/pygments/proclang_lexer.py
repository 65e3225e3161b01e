"""A Pygments lexer for ProcLang.

    pygmentize -x -l proclang_lexer.py:ProcLangLexer job.proc
"""

from pygments.lexer import RegexLexer, bygroups, include, words
from pygments.token import (
    Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, Text, Whitespace)

__all__ = ["ProcLangLexer"]

# Scripts/editors/words.json is what the real lexer knows; a test compares.
DECLARATIONS = ("channel", "func", "let", "pipe", "process", "queue", "shared", "var")
KEYWORDS = (
    "break", "case", "catch", "continue", "else", "finally", "for", "if", "import", "lock", "loop", "match",
    "parallel", "raise", "return", "select", "start", "try", "while")
WORD_OPERATORS = ("and", "in", "is", "not", "or")
CONSTANTS = ("false", "nil", "true")
TYPES = (
    "any", "barrier", "bool", "bytes", "error", "event", "float", "float32", "float64", "handle", "int", "int16",
    "int32", "int64", "int8", "list", "map", "module", "namespace", "range", "semaphore", "string", "uint16",
    "uint32", "uint64", "uint8")
FUNCTIONS = (
    "abs", "all", "any", "assert", "barrier", "bool", "bytes", "chr", "enumerate", "eprint", "error", "event", "exit",
    "filter", "float", "input", "int", "len", "list", "map", "max", "min", "namespace", "ord", "print", "range",
    "repr", "reversed", "round", "semaphore", "sleep", "sorted", "str", "sum", "type", "zip")
MODULES = ("fs", "json", "math", "os", "random", "time")

NAME = r"[^\W\d]\w*"
DIGITS = r"\d+(?:_\d+)*"


class ProcLangLexer(RegexLexer):
    """For `ProcLang <docs/language.md>`_ scripts."""

    name = "ProcLang"
    aliases = ["proclang"]
    filenames = ["*.proc"]
    mimetypes = ["text/x-proclang"]

    tokens = {
        "root": [
            (r"\A#!.*", Comment.Hashbang),
            include("code"),
            (r"[()\[\]{}]", Punctuation),
            (r".", Error),
        ],
        "code": [
            (r"\s+", Whitespace),
            (r"#.*", Comment.Single),
            (r'"""', String.Double, "lines"),
            (r'"', String.Double, "string"),
            (r"'[^'\n]*'", String.Single),
            include("numbers"),
            # A word after a point is a member, whatever it is.
            (rf"(\.)(\s*)({NAME})", bygroups(Punctuation, Whitespace, Name.Attribute)),
            include("contextual"),
            (rf"(process|func)(\s+)({NAME})", bygroups(Keyword.Declaration, Whitespace, Name.Function)),
            (words(DECLARATIONS, suffix=r"\b"), Keyword.Declaration),
            (words(KEYWORDS, suffix=r"\b"), Keyword),
            (words(WORD_OPERATORS, suffix=r"\b"), Operator.Word),
            (words(CONSTANTS, suffix=r"\b"), Keyword.Constant),
            (words(("self",), suffix=r"\b"), Name.Builtin.Pseudo),
            (words(MODULES, suffix=r"\b"), Name.Builtin),
            (words(FUNCTIONS, suffix=r"(?=\s*\()"), Name.Builtin),
            (words(TYPES, suffix=r"\b"), Name.Builtin),
            (words(FUNCTIONS, suffix=r"\b"), Name.Builtin),
            (NAME, Name),
            (r"\.\.\.|\.\.<|\.\.|=>|==|!=|<=|>=|\*\*=|//=|[-+*/%]=|\*\*|//|[-+*/%<>=!?]", Operator),
            (r"[,;:.]", Punctuation),
        ],
        # Words that mean something only inside one construct.
        "contextual": [
            (r"\b(select)(\s+)(first)(?=\s*\{)", bygroups(Keyword, Whitespace, Keyword.Pseudo)),
            (r"\bsupervise(?=\s+(?:restarts|within|for)\b|\s*\{)", Keyword.Pseudo),
            (r"\b(?:restarts|within|limit)(?=[ \t]+[\w(])", Keyword.Pseudo),
            (r"\bwhen(?=[ \t]+[\w(\[\"'-])", Keyword.Pseudo),
            (r"^([ \t]*)(after)(?=[ \t]+[\w(])", bygroups(Whitespace, Keyword.Pseudo)),
            (r"^([ \t]*)(closed)(?=[ \t]*\{)", bygroups(Whitespace, Keyword.Pseudo)),
            (rf"\bas(?=[ \t]+{NAME}[ \t]*(?:$|[;#]))", Keyword.Pseudo),
        ],
        "numbers": [
            (r"0[xX][0-9a-fA-F]+(?:_[0-9a-fA-F]+)*", Number.Hex),
            (r"0[oO][0-7]+(?:_[0-7]+)*", Number.Oct),
            (r"0[bB][01]+(?:_[01]+)*", Number.Bin),
            (rf"{DIGITS}(?:\.{DIGITS})?(?:[eE][-+]?{DIGITS})?(?:us|ms|s|m|h)\b", Number.Float),
            (rf"{DIGITS}\.{DIGITS}(?:[eE][-+]?{DIGITS})?", Number.Float),
            (rf"{DIGITS}[eE][-+]?{DIGITS}", Number.Float),
            (DIGITS, Number.Integer),
        ],
        "escapes": [
            (r"\\u\{[0-9a-fA-F]+\}|\\.", String.Escape),
            (r"\{", String.Interpol, "value"),
        ],
        "string": [
            include("escapes"),
            (r'"', String.Double, "#pop"),
            (r'[^"\\{\n]+', String.Double),
            # Not closed on its line.
            (r"\n", Error, "#pop"),
        ],
        "lines": [
            include("escapes"),
            (r'"""', String.Double, "#pop"),
            (r'[^"\\{]+', String.Double),
            (r'"', String.Double),
        ],
        # "{value:format}": the first colon outside of brackets begins the format.
        "value": [
            (r"\}", String.Interpol, "#pop"),
            (r":", String.Interpol, "format"),
            (r"[(\[{]", Punctuation, "nested"),
            include("code"),
        ],
        "nested": [
            (r"[)\]}]", Punctuation, "#pop"),
            (r"[(\[{]", Punctuation, "#push"),
            include("code"),
        ],
        "format": [
            (r"\{", String.Interpol, "value"),
            (r"\}", String.Interpol, "#pop:2"),
            (r'[^{}"\n]+', String.Interpol),
            (r'(?=["\n])', Text, "#pop:2"),
        ],
    }
