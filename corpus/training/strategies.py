"""The names of the four labelling strategies; `labels` says what each of them scores."""

from typing import Literal, get_args

Labels = Literal["input", "last-sys", "all-sys", "shift"]
STRATEGIES: tuple[Labels, ...] = get_args(Labels)
TINY = "tiny"  # the small GPT-2 that is made from scratch, as a name of --model
