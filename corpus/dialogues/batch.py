"""One batch of dialogues, all at once, from texts as they were typed to rows: the steps in order.

normalise (tags and masks first) → turns → names → tokens → cap. The utterances of all dialogues are
one list, and an array says how many of them each dialogue has; turns and tokens likewise. So a step
is a few numpy calls for a whole batch instead of a loop over dialogues.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from corpus.counts import Counts
from corpus.dedup.keys import KEY, Keys
from corpus.dedup.near import Texts
from corpus.dialogues.cuts import (
    OVERLONG,
    cap_drafts,
    keys_of,
    over_limit,
    rows_of,
    text_keys_of,
    texts_of,
)
from corpus.dialogues.drafts import make_drafts, not_arranged
from corpus.dialogues.encoding import encode_drafts
from corpus.dialogues.said import Said, count_joined, normalise_dialogues
from corpus.dialogues.turns import Arrangement, arrange_turns, reject_reasons
from corpus.options import Options
from corpus.output.rows import COLUMNS, table_of
from corpus.output.utterances import Dropped, dropped_of
from corpus.reading.sources.speakers import ages_and_sexes
from corpus.records import ABOUT, Dialogue, Rejected
from corpus.report.examples import Examples
from corpus.tokens.encoder import Encoder


class Built(NamedTuple):
    """The result of a batch."""

    rows: pa.Table  # of `COLUMNS`, in the order of the dialogues
    keys: Keys  # one for every dialogue that some choice of options would keep
    rejected: list[Rejected]
    texts: list[Texts]  # of the rows, if near-duplicates are looked for
    dropped: list[Dropped]  # utterances that are left out


def build_batch(
    dialogues: Sequence[Dialogue],
    encoder: Encoder,
    counts: Counts,
    examples: Examples,
    options: Options,
    *,
    one_in: int,
) -> Built:
    """Take dialogues of one source through all steps, and count what was done.

    Args:
        dialogues: in plan order.
        one_in: the speakers of one in so many dialogues are counted.
    """
    if not dialogues:
        return Built(COLUMNS.empty_table(), np.empty(0, KEY), [], [], [])
    said = normalise_dialogues(dialogues, encoder, counts, examples, options)
    nearest = options["multi_party"] == "nearest"
    agent = ABOUT[dialogues[0].source].agent
    arranged = arrange_turns(said.speakers, said.lengths, agent, nearest=nearest)
    reasons = reject_reasons(
        arranged, multi_party=options["multi_party"], usr_ending=options["usr_ending"]
    )
    rejected = list(not_arranged(dialogues, said, arranged, reasons, counts))
    drafts = make_drafts(dialogues, said, arranged, reasons)
    tokens = encode_drafts(drafts, encoder, counts, options)
    keys = keys_of(drafts, arranged)
    cuts, over = cap_drafts(drafts, tokens, keys, options)
    rejected += over_limit(drafts, over, counts, options)
    count_joined(dialogues, said, arranged, reasons, counts)
    if arranged.folded.any():
        _arrange_otherwise(dialogues, said, arranged, keys, encoder, options)
    counted = (keys["rows"] > 0) & (keys["id"] % np.uint64(one_in) == 0)
    for dialogue in compress(drafts.dialogues, counted.tolist()):
        for age, sex in ages_and_sexes(dialogue.source, dialogue.raw):
            counts["speakers"][f"{dialogue.source}/{age}/{sex}"] += 1
    texts = texts_of(drafts, tokens, cuts) if options["dedup"] == "near" else []
    dropped = list(dropped_of(dialogues, said.dropped))
    return Built(table_of(rows_of(drafts, tokens, cuts)), keys, rejected, texts, dropped)


def _arrange_otherwise(
    dialogues: Sequence[Dialogue],
    said: Said,
    arranged: Arrangement,
    keys: Keys,
    encoder: Encoder,
    options: Options,
) -> None:
    """Put into the keys what `--multi-party nearest` would keep of groups, or else `fold`.

    A row of `nearest` holds at most the words of `fold`. Where `fold` fits with one spare token for
    each turn, `nearest` fits, too, and its tokens are not counted.
    """
    groups = said.of_dialogues(arranged.folded)
    nearest = options["multi_party"] != "nearest"
    agent = ABOUT[dialogues[0].source].agent
    other = arrange_turns(groups.speakers, groups.lengths, agent, nearest=nearest)
    of_groups = list(compress(dialogues, arranged.folded.tolist()))
    drafts = make_drafts(of_groups, groups, other, ["multi_party"] * len(of_groups))
    other_keys = text_keys_of(drafts)
    folded = np.flatnonzero(keys["folded"])
    fits = keys["tokens"][folded] + np.array(drafts.n_turns) <= options["max_tokens"]
    fitting = set(np.flatnonzero(fits).tolist()) if nearest else set()
    tokens = encode_drafts(drafts, encoder, defaultdict(Counter), options, fitting=fitting)
    if tokens.drafts:
        cap_drafts(drafts, tokens, other_keys, options)
    for name in ("text", *OVERLONG):
        keys[f"other_{name}"][folded] = other_keys[name]
