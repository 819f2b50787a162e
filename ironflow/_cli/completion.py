"""Completion scripts: the words and flags of the table, written out for a shell.

Rules: names come from the tree, ids do not, for that would take a call of the server on each tab.
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


def script(shell: str) -> str:
    """Return the completion script of a shell: bash, zsh or fish."""
    places = _places()
    name = PROGRAM.replace("-", "_")
    words = {place: " ".join(found) for place, found in places.items()}
    known = [place for place in places if place]
    files = _file_flags()
    if shell == "fish":
        cases = [
            f"        case '{place}'\n            string split ' ' -- '{text}'"
            for place, text in words.items()
        ]
        listed = " ".join(f"'{place}'" for place in known)
        # A flag is offered where it is one of the command's, not everywhere.
        options = [
            f"complete -c {PROGRAM} -n '__{name}_words | string match -q -- {flag}'"
            f" -l {flag[2:]} -r -F"
            for flag in files
            if flag.startswith("--")
        ]
        return _FISH.format(
            program=PROGRAM,
            name=name,
            places=listed,
            cases="\n".join(cases),
            choices=_choice_cases(_FISH_CHOICE),
            files="\n".join(options),
        ).rstrip()
    variable = "words" if shell == "bash" else "found"
    cases = [f'        "{place}") {variable}="{text}" ;;' for place, text in words.items()]
    template = _BASH if shell == "bash" else _ZSH
    return template.format(
        program=PROGRAM,
        name=name,
        places="|".join(f'"{place}"' for place in known),
        cases="\n".join(cases),
        choices=_choice_cases(_BASH_CHOICE if shell == "bash" else _ZSH_CHOICE),
        files="|".join(files),
    ).rstrip()


def _places() -> dict[str, list[str]]:
    """Return what may follow each sequence of words: further words, and flags."""
    from .commands.calling import Methods
    from .commands.local import SHELLS

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
    places["completion"] = [*SHELLS, *places["completion"]]
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
