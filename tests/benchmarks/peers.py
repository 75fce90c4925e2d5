"""What a user would write instead of `python -m corpus build`, with the same rows as the result.

    python tests/benchmarks/peers.py NAME RAW OUT TOKENIZER

`notebook` is a careful notebook, `datasets` and `datatrove` are those libraries as their guides use
them: irregular files through a generator (`Dataset.from_generator`) or a reader of one's own
(`BaseDiskReader`), then batched `map` and `filter`, or filters that tell a reason; then Parquet.
`tokenizer` and `tokenizer_once` are no peers: they encode every raw utterance with the Hugging Face
tokenizer, some or all at a time, and do nothing else; what that took is in OUT/seconds.

All share one reader, one set of rules in plain `re` and one way to turns, so that they differ in
how the work is driven. They leave out: invented names (each tag becomes the same word, and the row
says so in `stands_in`), the ledger with its raw text, counts, broken and hostile input, splits that
no path tells, resuming, bounded memory. `orjson` reads for the libraries, `json` for the notebook.
"""

import io
import json
import re
import resource
import sys
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

BATCH = 1000  # what `datasets` takes at a time
MAX_TOKENS = 256
KEPT_COLUMNS = "dialogue_id source topic split n_turns n_tokens conversation messages token_ids"

# -- raw/ ------------------------------------------------------------------------------------------

_TOPIC_PREFIX = re.compile(r"([0-9]+)(?: *[:;] ?| {2,})")
_TASK_PREFIX = re.compile(r"\s*([A-Z])\s*[.:;]\s*")


def raw_files(raw: str) -> list[list[str]]:
    """The files, validation first, the parts of a split zip together."""
    whole: dict[str, list[tuple[int, str]]] = {}
    for path in Path(raw).rglob("*"):
        found = re.fullmatch(r"(.*\.zip)\.part([0-9]+)", str(path))
        name, place = (found[1], int(found[2])) if found else (str(path), 0)
        if path.is_file() and name.endswith((".zip", ".json")):
            whole.setdefault(name, []).append((place, str(path)))
    order = sorted(whole, key=lambda name: (split_of(name) == "train", name))
    return [[path for _, path in sorted(whole[name])] for name in order]


def split_of(path: str) -> str:
    return "validation" if re.search(r"Validation|(?:^|[/!])V[LS]_", path) else "train"


def documents_in(paths: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each JSON document of a file."""
    content = b"".join(Path(path).read_bytes() for path in paths)
    if not zipfile.is_zipfile(io.BytesIO(content)):
        yield paths[0], content
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".json") and not re.match(r"[TV]S_", name.rpartition("/")[2]):
                yield name, archive.read(name)


def dialogues_in(paths: list[str], loads=json.loads) -> Iterator[dict]:
    split = split_of(paths[0])
    for name, content in documents_in(paths):
        document = loads(content)
        if "info" in document:
            yield topic_dialogue(name, split, document["info"][0]["annotations"])
            continue
        for entry in document["data"]:
            about, body = entry["header"]["dialogueInfo"], entry["body"]
            lines = body if isinstance(body, list) else body["dialogue"]
            yield {
                "dialogue_id": about["dialogueID"],
                "source": "sns" if isinstance(body, list) else "summary",
                "topic": about["topic"],
                "split": split,
                "speakers": [line["participantID"] for line in lines],
                "texts": [line["utterance"] for line in lines],
            }


def topic_dialogue(name: str, split: str, annotations: dict) -> dict:
    is_task = _TASK_PREFIX.match(annotations["lines"][0]["text"])
    pattern = _TASK_PREFIX if is_task else _TOPIC_PREFIX
    lines = {(line["id"], line["text"]): line for line in annotations["lines"]}.values()
    texts = []
    for line in lines:
        text, prefix = line["text"], pattern.match(line["text"])
        own = prefix and prefix[1] == line["speaker"]["id"].removesuffix("번")
        texts.append(text[prefix.end() :] if own else text)
    return {
        "dialogue_id": Path(name).stem,
        "source": "task" if is_task else "topic",
        "topic": annotations["subject"],
        "split": split,
        "speakers": [line["speaker"]["id"] for line in lines],
        "texts": texts,
    }


def all_dialogues(files: list[list[str]], loads=json.loads) -> Iterator[dict]:
    for paths in files:
        yield from dialogues_in(paths, loads)


# -- text ------------------------------------------------------------------------------------------

_NO_TEXT = re.compile("#@시스템#|@URL|@url|#@(?:계정|신원|전번|금융|번호|상품|기타)#")
_EMOTICON = re.compile(r"#@이모티콘#(?:[^#@\s]{1,12}#(?!@))?")
_STAND_INS = (
    (re.compile("#@이름#"), "민준"),
    (re.compile("#@(?:주소|장소)#"), "서울"),
    (re.compile("#@소속#"), "학교"),
    (re.compile("#@회사#"), "한빛"),
)
_MASKS = (  # other words than those of tags, so that the same dialogues are duplicates as for us
    (re.compile(r"(?<![*^])\*{2,3}(?=에서)"), "부산"),
    (re.compile(r"(?<![*^])\*{3}(?![*^])"), "김지수"),
    (re.compile(r"(?<![*^])\*\*(?![*^])"), "지수"),
    (re.compile(r"(?<![*^])\*(?=씨|님|교수|대리|과장|부장|선생)"), "김"),
)
_STARS = re.compile(r"(?<![*^])\*+(?![*^])")
_SAME = dict(zip(map(chr, range(0xFF01, 0xFF5F)), map(chr, range(0x21, 0x7F)), strict=True))
_SAME |= {"…": "..", "〜": "~"} | dict.fromkeys("“”„‟", '"') | dict.fromkeys("‘’‚‛", "'")
_SAME_TABLE = str.maketrans(_SAME | dict.fromkeys("‐‑‒–—―−﹘﹣", "-"))
_WRITING = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^ *\(([^()]*)\) *$", r"\1"),
        (r"\([^()]*\)", ""),
        (r">\.<|[<>]", " "),
        (r"""[^가-힣ㄱ-ㅣㅥ-ㆎ0-9a-z?!.,~^_'"%; :/&+\-]+""", " "),
        (r"(?<![0-9a-z])[:/&+\-]|[:/&+\-](?![0-9a-z])", " "),
        ("(?<![가-힣])하하+(?![가-힣])", "ㅎㅎ"),
        ("[ㅠㅜ]{2,}", "ㅠㅠ"),
        (r"([ㄱ-ㆎ])\1\1+", r"\1\1"),
        (r"\.{3,}", ".."),
        (r"""([!?,~;_'"%])\1+""", r"\1"),
        (r"!\?[!?]+", "!?"),
        (r"\?![!?]+", "?!"),
        (r"\^{3,}", "^^"),
        (r"(?<=[ㄱ-ㅎㅥ-ㆆ])(?=[ㅏ-ㅣㆇ-ㆎ])(?!ㅠㅠ|ㅡㅡ)", " "),
        (r"(?<=[가-힣])(?=[ㄳㄵㄶㄺ-ㄿ])", " "),
        (" +", " "),
    )
)
_LAUGH_KEY = re.compile("(?<!키)(?<!와이)키키+")
_WHITE, _INVISIBLE = re.compile(r"\s"), re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\ufeff\u3164]")


def normalise(text: str, source: str) -> str:
    """The text as the corpus writes it, empty if it is dropped."""
    text = _INVISIBLE.sub("", _WHITE.sub(" ", text))
    text = unicodedata.normalize("NFC", text).translate(_SAME_TABLE)
    if "@" in text:
        if _NO_TEXT.search(text):
            return ""
        text = _EMOTICON.sub(" ", text)
        for pattern, word in _STAND_INS:
            text = pattern.sub(word, text)
        if "#@" in text:
            return ""
    if source == "topic" and "*" in text:
        for pattern, word in _MASKS:
            text = pattern.sub(word, text)
        if _STARS.search(text):
            return ""
    if source == "topic":
        text = _LAUGH_KEY.sub("ㅋㅋ", text)
    text = text.lower()
    for pattern, replacement in _WRITING:
        text = pattern.sub(replacement, text)
    return text.strip()


def stands_in(dialogue: dict) -> bool:
    """Whether a tag or a mask may have become a word, so that the row is compared by id alone."""
    raw = "".join(dialogue["texts"])
    return "#@" in raw or (dialogue["source"] == "topic" and "*" in raw)


# -- dialogues -------------------------------------------------------------------------------------


def turns_of(dialogue: dict) -> list[str] | str:
    """The turns, which begin on `<usr>` and end on `<sys>`, or why there are none."""
    turns: list[str] = []
    speakers, last = set(), None
    for speaker, raw in zip(dialogue["speakers"], dialogue["texts"], strict=True):
        text = normalise(raw, dialogue["source"])
        if not text or (dialogue["source"] == "task" and last is None and speaker == "A"):
            continue
        speakers.add(speaker)
        if speaker == last:
            turns[-1] += " " + text
        else:
            turns.append(text)
        last = speaker
    if len(speakers) != 2:
        return "multi_party" if len(speakers) > 2 else "one_speaker" if speakers else "no_text"
    return "ends_on_usr" if len(turns) % 2 else turns


def conversation(turns: list[str]) -> str:
    return "".join(("<sys>" if place % 2 else "<usr>") + text for place, text in enumerate(turns))


def capped(turns: list[str], ids: list[int], usr_id: int, sys_id: int) -> dict | None:
    """The columns of the whole pairs of turns that fit, None if none does."""
    starts = [place for place, token in enumerate(ids) if token in (usr_id, sys_id)] + [len(ids)]
    n_turns = max((n for n in range(0, len(starts), 2) if starts[n] <= MAX_TOKENS - 2), default=0)
    if not n_turns:
        return None
    kept = turns[:n_turns]
    roles = ("user", "assistant")
    return {
        "n_turns": n_turns,
        "n_tokens": starts[n_turns],
        "conversation": conversation(kept),
        "messages": [{"role": roles[n % 2], "content": text} for n, text in enumerate(kept)],
        "token_ids": ids[: starts[n_turns]],
    }


class Seen:
    """Tells a dialogue that was there before, by id or by its turns."""

    def __init__(self) -> None:
        self.ids, self.texts = set(), set()

    def is_new(self, source: str, dialogue_id: str, text: str) -> bool:
        key = (source if source in ("topic", "task") else "chat", dialogue_id)
        if key in self.ids or text in self.texts:
            return False
        self.ids.add(key)
        self.texts.add(text)
        return True


# -- the peers -------------------------------------------------------------------------------------


def notebook(raw: str, out: Path, tokenizer_file: str) -> None:
    import pandas as pd
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(tokenizer_file)
    usr_id, sys_id = tokenizer.token_to_id("<usr>"), tokenizer.token_to_id("<sys>")
    rows, seen = [], Seen()
    for dialogue in all_dialogues(raw_files(raw)):
        turns = turns_of(dialogue)
        if isinstance(turns, str):
            continue
        whole = conversation(turns)
        ids = tokenizer.encode(whole, add_special_tokens=False).ids
        columns = capped(turns, ids, usr_id, sys_id)
        if columns and seen.is_new(dialogue["source"], dialogue["dialogue_id"], whole):
            about = {name: dialogue[name] for name in ("dialogue_id", "source", "topic", "split")}
            rows.append(about | columns | {"stands_in": stands_in(dialogue)})
    table = pd.DataFrame(rows)
    for split, part in table.groupby("split"):
        part.to_parquet(out / f"{split}.parquet", compression="zstd")


def datasets(raw: str, out: Path, tokenizer_file: str) -> None:
    import orjson
    from datasets import Dataset, Features, List, Value, disable_progress_bars
    from tokenizers import Tokenizer

    disable_progress_bars()
    tokenizer = Tokenizer.from_file(tokenizer_file)
    usr_id, sys_id = tokenizer.token_to_id("<usr>"), tokenizer.token_to_id("<sys>")
    text = Value("string")
    features = Features(
        dict.fromkeys(("dialogue_id", "source", "topic", "split"), text)
        | {"speakers": List(text), "texts": List(text)}
    )

    def clean(batch):
        dialogues = [
            dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)
        ]
        turns = [turns_of(dialogue) for dialogue in dialogues]
        return {
            "turns": [[] if isinstance(one, str) else one for one in turns],
            "stands_in": [stands_in(dialogue) for dialogue in dialogues],
        }

    def encode(batch):
        wholes = [conversation(turns) for turns in batch["turns"]]
        encodings = tokenizer.encode_batch_fast(wholes, add_special_tokens=False)
        none = {"n_turns": 0, "n_tokens": 0, "conversation": "", "messages": [], "token_ids": []}
        rows = [
            (capped(turns, encoding.ids, usr_id, sys_id) or none) | {"whole": whole}
            for turns, encoding, whole in zip(batch["turns"], encodings, wholes, strict=True)
        ]
        return {name: [row[name] for row in rows] for name in rows[0]} if rows else batch

    seen = Seen()

    def is_new(batch):
        return [
            n_turns > 0 and seen.is_new(source, dialogue_id, whole)
            for n_turns, source, dialogue_id, whole in zip(
                *(batch[name] for name in ("n_turns", "source", "dialogue_id", "whole")),
                strict=True,
            )
        ]

    table = Dataset.from_generator(
        all_dialogues,
        features=features,
        gen_kwargs={"files": raw_files(raw), "loads": orjson.loads},
        cache_dir=str(out / "cache"),
    )
    table = table.map(clean, batched=True, remove_columns=["speakers", "texts"])
    table = table.filter(lambda batch: [bool(turns) for turns in batch["turns"]], batched=True)
    table = table.map(encode, batched=True, remove_columns=["turns"])
    table = table.filter(is_new, batched=True).remove_columns("whole")
    for split in ("train", "validation"):
        part = table.filter(split.__eq__, input_columns="split")
        part.to_parquet(out / f"{split}.parquet")


def datatrove(raw: str, out: Path, tokenizer_file: str) -> None:
    import orjson
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.filters.base_filter import BaseFilter
    from datatrove.pipeline.readers.base import BaseDiskReader
    from datatrove.pipeline.writers import ParquetWriter
    from tokenizers import Tokenizer

    files = {paths[0]: paths for paths in raw_files(raw)}
    (out / "paths.txt").write_text("\n".join(str(Path(path).relative_to(raw)) for path in files))

    class Reader(BaseDiskReader):
        name = "AIHub"

        def read_file(self, filepath):
            paths = files[str(Path(raw) / filepath)]
            for place, dialogue in enumerate(dialogues_in(paths, orjson.loads)):
                given = {"id": dialogue.pop("dialogue_id"), "text": "\n".join(dialogue["texts"])}
                yield self.get_document_from_dict(given | dialogue, filepath, place)

    class Turns(BaseFilter):
        name = "turns"

        def filter(self, doc):
            turns = turns_of(doc.metadata)
            if isinstance(turns, str):
                return False, turns
            doc.metadata["stands_in"] = stands_in(doc.metadata)
            doc.metadata["turns"], doc.text = turns, conversation(turns)
            return True

    class Tokens(BaseFilter):
        name = "tokens"

        def __init__(self):
            super().__init__(batch_size=BATCH)

        def filter(self, doc):
            return self.filter_batch([doc])[0]

        def filter_batch(self, batch):
            tokenizer = loaded()
            encodings = tokenizer.encode_batch_fast(
                [doc.text for doc in batch], add_special_tokens=False
            )
            usr_id, sys_id = tokenizer.token_to_id("<usr>"), tokenizer.token_to_id("<sys>")
            answers = []
            for doc, encoding in zip(batch, encodings, strict=True):
                columns = capped(doc.metadata["turns"], encoding.ids, usr_id, sys_id)
                doc.metadata["columns"] = columns
                answers.append(True if columns else (False, "over_max_tokens"))
            return answers

    class Unique(BaseFilter):
        name = "duplicates"

        def __init__(self):
            super().__init__()
            self.seen = Seen()

        def filter(self, doc):
            return self.seen.is_new(doc.metadata["source"], doc.id, doc.text) or (False, "repeated")

    cache = {}

    def loaded():
        if not cache:
            cache["tokenizer"] = Tokenizer.from_file(tokenizer_file)
        return cache["tokenizer"]

    def row(self, doc):
        about = {name: doc.metadata[name] for name in ("source", "topic", "split", "stands_in")}
        return {"dialogue_id": doc.id} | about | doc.metadata["columns"]

    LocalPipelineExecutor(
        pipeline=[
            Reader(raw, paths_file=str(out / "paths.txt"), add_file_path=False),
            Turns(),
            Tokens(),
            Unique(),
            ParquetWriter(
                str(out), output_filename="${split}.parquet", compression="zstd", adapter=row
            ),
        ],
        logging_dir=str(out / "logs"),
        workers=1,
    ).run()


def tokenizer(raw: str, out: Path, tokenizer_file: str, at_once: int = BATCH) -> None:
    from tokenizers import Tokenizer

    texts = [text for dialogue in all_dialogues(raw_files(raw)) for text in dialogue["texts"]]
    library = Tokenizer.from_file(tokenizer_file)
    began = resource.getrusage(resource.RUSAGE_SELF)
    for start in range(0, len(texts), at_once):
        library.encode_batch_fast(texts[start : start + at_once], add_special_tokens=False)
    ended = resource.getrusage(resource.RUSAGE_SELF)
    spent = ended.ru_utime - began.ru_utime + ended.ru_stime - began.ru_stime
    (out / "seconds").write_text(repr(spent))


def tokenizer_once(raw: str, out: Path, tokenizer_file: str) -> None:
    tokenizer(raw, out, tokenizer_file, at_once=sys.maxsize)


# -- are the rows the same? ------------------------------------------------------------------------


def compare(processed: str, out: Path, _: str) -> None:
    """Print our rows, the peer's, and how many of the rows of either are in both and equal.

    Equal is: id, split and, unless a name may be in it, the token ids.
    """
    import pyarrow.parquet as pq

    columns = ["dialogue_id", "source", "split", "conversation", "token_ids"]

    def rows(paths, more=()):
        for path in paths:
            yield from pq.ParquetFile(path).read([*columns, *more]).to_pylist()

    theirs = list(rows(sorted(out.glob("*.parquet")), ["stands_in"]))
    free = {row["dialogue_id"] for row in theirs if row["stands_in"]}

    def keys(some):
        for row in some:
            content = () if row["dialogue_id"] in free else tuple(row["token_ids"])
            text = "" if row["dialogue_id"] in free else row["conversation"]
            yield row["dialogue_id"], row["source"], row["split"], text, content

    ours = set(keys(rows(sorted(Path(processed).glob("*/*.parquet")))))
    theirs = set(keys(theirs))
    print(json.dumps({"ours": len(ours), "theirs": len(theirs), "same": len(ours & theirs)}))


if __name__ == "__main__":
    name, raw, out, tokenizer_file = sys.argv[1:]
    contestants = (notebook, datasets, datatrove, tokenizer, tokenizer_once, compare)
    {one.__name__: one for one in contestants}[name](raw, Path(out), tokenizer_file)
