"""What each step and rule of a build did to one dialogue, from its raw text to its tokens."""

from collections.abc import Iterator
from itertools import chain

from corpus.dialogues.cap import cap_turns
from corpus.dialogues.pieces import find_pieces
from corpus.dialogues.said import fill_dialogue, lacking_of
from corpus.dialogues.turns import arrange_turns, opening_of, reject_reasons, turns_of
from corpus.options import Options
from corpus.output.rows import conversation
from corpus.reading.decode import decode_document, sniff
from corpus.reading.documents import find_documents, open_document
from corpus.records import ABOUT, CorpusError, Dialogue
from corpus.remote import Folder
from corpus.report.chosen import about
from corpus.text.normalisation import normalise_texts, trace
from corpus.tokens.encoder import Encoder


def read_dialogue(raw: Folder, raw_file: str, raw_offset: int) -> Dialogue:
    """Return one dialogue from where the corpus says it stands.

    Raises:
        CorpusError: it is not there (any more), or cannot be read.
    """
    for document in find_documents(raw, sniff=sniff).documents:
        if document.raw_file == raw_file:
            stream = open_document(raw, document)
            for start, end in ((raw_offset, raw_offset + 1), (0, None)):  # see raw_entries
                for decoded in decode_document(stream, document, start=start, end=end):
                    for dialogue in decoded.dialogues:
                        if dialogue.raw_offset == raw_offset:
                            return dialogue
    raise CorpusError(f"{raw} holds no readable dialogue in {raw_file} at {raw_offset:,}.")


def explain_lines(dialogue: Dialogue, encoder: Encoder, options: Options) -> Iterator[str]:
    """Yield what became of a dialogue, step by step."""
    rules, source, personal = options["rules"], dialogue.source, options["personal"]
    lacking = lacking_of(encoder, options)
    normalised = normalise_texts(
        dialogue.texts, rules=rules, source=source, personal=personal, lacking=lacking
    )
    yield "read and normalised"
    for place, (speaker, text) in enumerate(zip(dialogue.speakers, dialogue.texts, strict=True)):
        yield f"  {speaker}  {text!r}"
        steps = trace(text, rules=rules, source=source, personal=personal, lacking=lacking)
        for rule, _, after in steps:
            yield f"      {rule:<20} {after!r}"
        if place in normalised.dropped:
            yield f"      dropped: {normalised.dropped[place]}"
    pairs = zip(dialogue.speakers, normalised.texts, strict=True)
    left = [(speaker, text) for speaker, text in pairs if text is not None]
    if personal == "drop":
        pieces = find_pieces([speaker for speaker, _ in left], [text for _, text in left])
        gone = set(chain.from_iterable(pieces))
        if gone:
            yield f"dropped: {len(gone)} utterances that are personal data together"
        left = [pair for place, pair in enumerate(left) if place not in gone]
    agent = ABOUT[source].agent
    n_before = opening_of([speaker for speaker, _ in left], agent) if agent else 0
    if n_before:
        yield f"dropped: {n_before} utterances of the agent before the customer's first"
    speakers, texts = (
        [speaker for speaker, _ in left[n_before:]],
        [text for _, text in left[n_before:]],
    )
    nearest = options["multi_party"] == "nearest"
    arranged = arrange_turns(speakers, [len(speakers)], agent, nearest=nearest)
    reason = reject_reasons(
        arranged, multi_party=options["multi_party"], usr_ending=options["usr_ending"]
    )[0]
    if not arranged.n_turns[0]:
        yield f"turns: rejected as {reason}"
        return
    filled = fill_dialogue(dialogue, speakers, texts, options["seed"])
    yield "names: none" if not filled.people else "names"
    for person in filled.persons:
        kind = f"{about(person.sex)[1]}, born in the {person.decade}s"
        yield f"  {person.surname}{person.given}: {kind}"
    if filled.places:
        yield "places and affiliations"
    for word, kind in zip(filled.places, filled.kinds, strict=True):
        yield f"  {word}: {about(kind)[1]}"
    for place in arranged.other_speaker.nonzero()[0].tolist():
        yield f"in no turn (other_speaker): {speakers[place]}  {filled.texts[place]}"
    spoken = turns_of(speakers, agent, nearest=nearest)
    turns = [" ".join(filled.texts[place] for place in turn) for turn in spoken]
    ids = encoder.encode(turns)
    n_tokens = [len(one) // 4 + 1 for one in ids]
    yield "turns and tokens"
    for place, (turn, n) in enumerate(zip(turns, n_tokens, strict=True)):
        yield f"  {'<sys>' if place % 2 else '<usr>'} {n:>4}  {turn}"
    if reason:
        yield f"rejected as {reason}"
        return
    kept = cap_turns(n_tokens, options["max_tokens"], options["overlong"])
    for part, row in enumerate(kept):
        n = sum(n_tokens[row.start : row.stop])
        yield f"row {part}: turns {row.start + 1} to {row.stop}, {n} tokens"
        yield f"  {conversation(turns[row.start : row.stop])}"
    if not kept:
        yield "rejected as over_max_tokens"
