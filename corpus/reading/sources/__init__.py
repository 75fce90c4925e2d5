"""The three sources: what their raw JSON looks like, and how an entry of it becomes a `Dialogue`.

Raw field names are known here alone. An *entry* is the JSON of one dialogue: a whole document in
`topic`, an element of the list in `summary` and `sns`.
"""

import json
from collections import Counter
from typing import Any

import msgspec

from corpus.reading.sources import summary, topic
from corpus.records import Dialogue, Document, Source
from corpus.splits import drawn_split

_Read = tuple[str, str, list[str], list[str]]  # id, topic, speakers, texts

_TOPIC = msgspec.json.Decoder(topic.TopicDocument)
_SUMMARY = msgspec.json.Decoder(summary.SummaryEntry)
_SNS = msgspec.json.Decoder(summary.SnsEntry)
_DOCUMENTS: dict[Source, type] = {
    "topic": topic.TopicDocument,
    "summary": summary.SummaryDocument,
    "sns": summary.SnsDocument,
}


class EntryError(Exception):
    """An entry that is no dialogue: `bad_json`, `bad_shape` or `duplicate_key`, and the place."""

    def __init__(self, reason: str, detail: str) -> None:
        """Say why in the words of the ledger."""
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


def source_of(head: bytes) -> Source | None:
    """Return the source of a document by the keys in its first bytes (UTF-8)."""
    if topic.is_topic(head):
        return "topic"
    match summary.body_of(head):
        case b"{":
            return "summary"
        case b"[":
            return "sns"
    return None


def read_entry(
    source: Source, raw: bytes, document: Document, raw_offset: int, quirks: Counter[str]
) -> Dialogue:
    """Return the dialogue of an entry, and count what is odd about it in `quirks`.

    Raises:
        EntryError: `raw` is not the JSON of one entry; the detail names the byte or the JSON path.
    """
    try:
        if source == "topic":
            dialogue_id, subject, speakers, texts = _read_topic(raw, document, quirks)
        else:
            dialogue_id, subject, speakers, texts = _read_summary(raw, source)
    except msgspec.ValidationError as error:
        raise EntryError("bad_shape", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EntryError("bad_json", str(error)) from error
    split = document.split or drawn_split(dialogue_id)
    return Dialogue(
        source, dialogue_id, subject, split, speakers, texts, document.raw_file, raw_offset, raw
    )


def _read_topic(raw: bytes, document: Document, quirks: Counter[str]) -> _Read:
    info = _TOPIC.decode(raw).info[0]
    if topic.may_repeat_keys(raw, len(info.annotations.lines)):
        _forbid_repeated_keys(raw)
    dialogue_id = topic.stem_of(document.raw_file)
    speakers, texts = topic.utterances_of(info, dialogue_id, quirks)
    return dialogue_id, info.annotations.subject, speakers, texts


def _read_summary(raw: bytes, source: Source) -> _Read:
    if source == "sns":
        sns = _SNS.decode(raw)
        about, lines = sns.header.dialogue, sns.body
    else:
        entry = _SUMMARY.decode(raw)
        about, lines = entry.header.dialogue, entry.body.dialogue
    if summary.may_repeat_keys(raw, len(lines)):
        _forbid_repeated_keys(raw)
    return (
        about.dialogue_id,
        about.topic,
        [line.speaker for line in lines],
        [line.text for line in lines],
    )


def _forbid_repeated_keys(raw: bytes) -> None:
    """Raise EntryError if an object in `raw` has a key twice; of two values JSON means neither."""

    def check(pairs: list[tuple[str, Any]]) -> None:
        key, n = Counter(key for key, _ in pairs).most_common(1)[0] if pairs else ("", 0)
        if n > 1:
            raise EntryError("duplicate_key", f"{n} times {key!r} in one object")

    json.loads(
        raw.decode("utf-8", "replace"),
        object_pairs_hook=check,
        parse_int=str,  # Python refuses integers of more than 4,300 digits
    )


def id_of(source: Source, raw: bytes, document: Document) -> str | None:
    """Return the id of an entry that cannot be read, as far as it can be told."""
    return topic.stem_of(document.raw_file) if source == "topic" else summary.id_in(raw)


def json_schema(source: Source) -> dict[str, Any]:
    """Return the JSON Schema of a document, as far as it is read."""
    schema = msgspec.json.schema(_DOCUMENTS[source])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
