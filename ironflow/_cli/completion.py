"""Completion scripts: the words and flags of the table, written out for a shell.

Rules: names come from the tree; ids are not completed, because each tab would call the server.
A script loads nothing of Python, so it answers at once.
"""

from __future__ import annotations

from . import tree
from .help import PROGRAM
from .table import FILE, GLOBALS, Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .table import Flag

_BASH = """\
# Completion of {program} for bash: source <({program} completion bash)
_{name}() {{
    local word place="" i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word="${{COMP_WORDS[i]}}"
        case "${{place:+$place }}$word" in
            {places}) place="${{place:+$place }}$word" ;;
        esac
    done
    case "${{COMP_WORDS[COMP_CWORD-1]}}" in
        {files})
            local IFS=$'\\n'  # names may hold blanks
            compopt -o filenames 2>/dev/null
            COMPREPLY=($(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}")); return ;;
{choices}
    esac
    local words=""
    case "$place" in
{cases}
    esac
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -F _{name} {program}
"""

_ZSH = """\
#compdef {program}
# Completion of {program} for zsh: source <({program} completion zsh)
_{name}() {{
    local word place=""
    for word in "${{words[@]:1:$((CURRENT - 2))}}"; do
        case "${{place:+$place }}$word" in
            {places}) place="${{place:+$place }}$word" ;;
        esac
    done
    case "${{words[CURRENT-1]}}" in
        {files}) _files; return ;;
{choices}
    esac
    local found=""
    case "$place" in
{cases}
    esac
    compadd -- ${{=found}}
}}
compdef _{name} {program}
"""

_FISH = """\
# Completion of {program} for fish: {program} completion fish | source
function __{name}_words
    switch (commandline -opc)[-1]
{choices}
    end
    set -l place ""
    for word in (commandline -opc)[2..-1]
        set -l next (string trim -- "$place $word")
        switch "$next"
            case {places}
                set place "$next"
        end
    end
    switch "$place"
{cases}
    end
end
complete -c {program} -f -a '(__{name}_words)'
{files}
"""

# What is offered behind a flag whose values are known.
_BASH_CHOICE = """\
        {flag}) COMPREPLY=($(compgen -W "{values}" -- "${{COMP_WORDS[COMP_CWORD]}}")); return ;;"""
_ZSH_CHOICE = """\
        {flag}) compadd -- {values}; return ;;"""
_FISH_CHOICE = """\
        case '{flag}'
            string split ' ' -- '{values}'
            return"""

# What is offered behind the words of a place.
_BASH_CASE = """\
        "{place}") words="{words}" ;;"""
_ZSH_CASE = """\
        "{place}") found="{words}" ;;"""
_FISH_CASE = """\
        case '{place}'
            string split ' ' -- '{words}'"""

# A flag that takes a file is offered where it is one of the command's, not everywhere.
_FISH_FILE = """\
complete -c {program} -n '__{name}_words | string match -q -- {flag}' -l {long} -r -F"""

_TEMPLATES = {
    "bash": (_BASH, _BASH_CASE, _BASH_CHOICE),
    "zsh": (_ZSH, _ZSH_CASE, _ZSH_CHOICE),
    "fish": (_FISH, _FISH_CASE, _FISH_CHOICE),
}


def script(shell: str) -> str:
    """Return the completion script of a shell: bash, zsh or fish."""
    template, case, choice = _TEMPLATES[shell]
    quote, between = ("'", " ") if shell == "fish" else ('"', "|")
    places = _places()
    names = {"program": PROGRAM, "name": PROGRAM.replace("-", "_")}
    if shell == "fish":
        long = [flag for flag in _file_flags() if flag.startswith("--")]
        files = "\n".join(_FISH_FILE.format(**names, flag=flag, long=flag[2:]) for flag in long)
    else:
        files = "|".join(_file_flags())
    return template.format(
        **names,
        places=between.join(f"{quote}{place}{quote}" for place in places if place),
        cases="\n".join(
            case.format(place=place, words=" ".join(words)) for place, words in places.items()
        ),
        choices=_choice_cases(choice),
        files=files,
    ).rstrip()


def _places() -> dict[str, list[str]]:
    """Return what may follow each sequence of words: further words, and flags."""
    from .commands.calling import Methods

    every = [f"--{flag.name}" for flag in GLOBALS]
    shared = [name for name in every if name != "--version"]  # that is for before the command
    places: dict[str, list[str]] = {"": [*tree.GROUPS, *tree.ALIASES, *every]}
    for command in [*tree.every_command(), *Methods().values()]:
        for alias in _spellings(command):
            for length in range(1, len(alias)):
                found = places.setdefault(" ".join(alias[:length]), list(shared))
                if alias[length] not in found:
                    found.insert(0, alias[length])
            found = places.setdefault(" ".join(alias), list(shared))
            found += [name for name in _names(command.flags) if name not in found]
    places["completion"] = [*_TEMPLATES, *places["completion"]]
    return places


def _spellings(command: Command) -> list[tuple[str, ...]]:
    first, *rest = command.words
    aliases = [alias for alias, word in tree.ALIASES.items() if word == first]
    return [command.words, *((alias, *rest) for alias in aliases)]


def _names(flags: list[Flag]) -> list[str]:
    return [f"--{flag.name}" for flag in flags]


def _choice_cases(template: str) -> str:
    """Return the cases of the flags whose values are known."""
    choices = {
        f"--{flag.name}": " ".join(flag.choices)
        for command in tree.every_command()
        for flag in command.flags
        if flag.choices
    }
    return "\n".join(
        template.format(flag=flag, values=values) for flag, values in sorted(choices.items())
    )


def _file_flags() -> list[str]:
    flags = [
        flag for command in tree.every_command() for flag in command.flags if flag.kind == FILE
    ]
    short = {f"-{flag.short}" for flag in flags if flag.short}
    return sorted(short.union(_names(flags)))
