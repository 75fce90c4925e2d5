"""The options of a build, told once: name, default, what it may be, and one line of help.

The command line, the check of `corpus.build`, the manifest, `verify` and the report's "build it
again" command are made from this table. To add an option, add its row here, its keyword to
`corpus.building.run.build`, and the code that reads it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from corpus.records import KOGPT2, SOURCES, CorpusError

Options = Mapping[str, Any]  # by `Option.name`, all of them, as the manifest records them

DEFAULT_TOKENIZER = KOGPT2
ENGINES = ("local", "ray")
ITEM_TIMEOUT = 600.0  # seconds: an item of 8 MB takes one
MIN_TOKENS = 6  # <s> <usr> and a token, <sys> and a token, </s>
SEED_BITS = 63  # what the manifest's JSON and every reader of it can hold


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a build.

    Attributes:
        name: as the keyword of `corpus.build` and in the manifest.
        default: its value where nothing is said.
        help: one line, without the default.
        choices: the values that it may have; none where it is a number.
        lowest: of a number.
        below: a number is less than this.
        range_help: what a number out of its range should have been.
        metavar: of a number, on the command line.
        of_2023: the only value that `--rules chathuman` knows; None if it knows all.
    """

    name: str
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    lowest: float = 0
    below: float = 0
    range_help: str = ""
    metavar: str | None = None
    of_2023: str | None = None

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def takes_several(self) -> bool:
        """Whether its value is a list of choices."""
        return isinstance(self.default, tuple)

    def checked(self, value: Any) -> Any:  # noqa: ANN401 - of any option
        """Return a value as the manifest records it.

        Raises:
            CorpusError: the option cannot have this value.
        """
        if self.takes_several:
            return self._checked_list(value)
        if self.choices:
            if not isinstance(value, str) or value not in self.choices:
                raise CorpusError(f"{self.name} can be {' or '.join(self.choices)}, not {value!r}.")
            return value
        kind = type(self.default)
        is_number = isinstance(value, Integral if kind is int else Real)  # numpy's, too
        if not is_number or isinstance(value, bool) or not self.lowest <= value < self.below:
            raise CorpusError(f"{self.name} is {value!r}; {self.range_help}.")
        return kind(value)

    def _checked_list(self, value: Any) -> list[str]:  # noqa: ANN401
        given = [value] if isinstance(value, str) or not isinstance(value, Iterable) else [*value]
        unknown = sorted({str(one) for one in given} - set(self.choices))
        if unknown or not given:
            told = ", ".join(unknown) or "none"
            raise CorpusError(f"{self.name} can be {', '.join(self.choices)}, not {told}.")
        return [choice for choice in self.choices if choice in given]


def _choice(name: str, choices: tuple[str, ...], text: str, of_2023: str | None = None) -> Option:
    """Return an option whose first choice is the default."""
    return Option(name, choices[0], text, choices=choices, of_2023=of_2023)


OPTIONS: tuple[Option, ...] = (
    _choice("rules", ("default", "chathuman"), "text rules: ours, or those of 2023"),
    _choice(
        "multi_party",
        ("drop", "nearest", "fold"),
        "dialogues of more than two speakers: drop them; or let the last one be <sys>, and whom it"
        " answers <usr>, or (fold) all others joined",
    ),
    _choice(
        "usr_ending",
        ("drop", "trim"),
        "dialogues that end on <usr>: drop them, or only their last turn",
    ),
    _choice(
        "overlong",
        ("truncate", "split", "drop"),
        "dialogues over the limit: keep what fits, or make the rest further rows, or drop",
    ),
    _choice(
        "personal",
        ("drop", "keep"),
        "utterances with personal data, as telephone numbers; the rules of 2023 keep them",
        of_2023="keep",
    ),
    _choice(
        "respell",
        ("off", "on"),
        "syllables that the tokenizer lacks: spell them with others where it is known how",
        of_2023="off",
    ),
    _choice(
        "dedup",
        ("exact", "near", "off"),
        "what is left out as a repeat: the same id or text; a text near it, too; or nothing",
    ),
    Option(
        "max_tokens",
        256,  # what the 2023 leaderboard runs used
        "limit of a row, <s> and </s> included",
        lowest=MIN_TOKENS,
        below=2**31,
        range_help=f"the shortest row has {MIN_TOKENS}: <s> <usr> one <sys> one </s>; "
        "and numbers from 2,147,483,648 on are too large",
        metavar="N",
    ),
    Option("sources", SOURCES, "build these alone", choices=SOURCES),
    Option(
        "test_share",
        0.0,
        "this share of train becomes a third split, test, by a hash of the id",
        below=1,
        range_help="it is a share of train: 0.05, say",
        metavar="X",
    ),
    Option(
        "seed",
        0,
        "of the invented names",
        lowest=-(2**SEED_BITS),
        below=2**SEED_BITS,
        range_help=f"it is a whole number of at most {SEED_BITS} bits and a sign",
    ),
)
CHOICES = {option.name: option.choices for option in OPTIONS}


def options_of(**given: Any) -> dict[str, Any]:  # noqa: ANN401 - each as its row says
    """Return the options of a build, those that are not given at their defaults.

    >>> options_of(max_tokens=128)["max_tokens"], options_of()["overlong"]
    (128, 'truncate')

    Raises:
        CorpusError: an option cannot have this value.
        TypeError: there is no such option.
    """
    unknown = given.keys() - CHOICES.keys()
    if unknown:
        raise TypeError(f"build has no option {', '.join(sorted(unknown))}")
    options = {one.name: one.checked(given.get(one.name, one.default)) for one in OPTIONS}
    if options["rules"] == "chathuman":
        options |= {one.name: one.of_2023 for one in OPTIONS if one.of_2023}
    return options


def flags_of(options: Options) -> Iterator[str]:
    """Yield what the command line needs for options that are not at their defaults.

    >>> list(flags_of(options_of(overlong="split", sources=["sns"])))
    ['--overlong split', '--sources sns']
    """
    defaults = options_of(rules=options["rules"]) | {"rules": "default"}
    for option in OPTIONS:
        value = options[option.name]
        if value != defaults[option.name]:
            yield f"{option.flag} {_as_typed(value)}"


def _as_typed(value: str | float | Sequence[str]) -> str:
    return str(value) if isinstance(value, (str, int, float)) else " ".join(value)
