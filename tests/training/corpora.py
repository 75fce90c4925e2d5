"""Small finished corpora, written with pyarrow to the contract; the builder is not involved."""

import json
import random
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from tokenizers import Tokenizer

ROOT = Path(__file__).parents[2]
BUILTIN = ROOT / "corpus/tokens/builtin/tokenizer.json"
USR, SYS = 2, 4

SCHEMA = pa.schema(
    [
        ("dialogue_id", pa.string()),
        ("part", pa.int32()),
        ("source", pa.string()),
        ("topic", pa.string()),
        ("split", pa.string()),
        ("n_turns", pa.int32()),
        ("n_turns_cut", pa.int32()),
        ("n_tokens", pa.int32()),
        ("conversation", pa.string()),
        (
            "messages",
            pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])),
        ),
        ("token_ids", pa.list_(pa.int32())),
        ("turn_starts", pa.list_(pa.int32())),
        ("raw_file", pa.string()),
        ("raw_offset", pa.int64()),
    ]
)

THINGS = ("김밥", "떡볶이", "냉면", "영화", "수영", "산책", "기타", "축구", "그림", "여행")
PAIRS = (
    ("오늘 {} 어때?", "{} 완전 좋지 ㅋㅋ"),
    ("{} 할까 하는데 같이 갈래?", "나는 {} 말고 {} 하고 싶어"),
    ("어제 {} 했어", "우와 {} 재밌었어?"),
    ("너 {} 좋아해?", "응 {} 진짜 좋아해 ㅠㅠ"),
    ("{} 어디가 좋아?", "시내에 {} 잘하는 데 있어"),
)


def chats(n, seed=0, pairs=3):
    """Invented dialogues: lists of turns, of which the odd ones answer the ones before."""
    draw = random.Random(seed)
    for _ in range(n):
        turns = []
        for _ in range(draw.randint(1, pairs)):
            question, answer = draw.choice(PAIRS)
            thing, other = draw.sample(THINGS, 2)
            turns += [question.format(thing), answer.format(thing, other)]
        yield turns


def row(number, turns, split, source, tokenizer):
    token_ids, turn_starts = [], []
    for place, text in enumerate(turns):
        turn_starts.append(len(token_ids))
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        token_ids += [SYS if place % 2 else USR, *ids]
    return {
        "dialogue_id": f"d{number}",
        "part": 0,
        "source": source,
        "topic": "일상",
        "split": split,
        "n_turns": len(turns),
        "n_turns_cut": 0,
        "n_tokens": len(token_ids),
        "conversation": "".join(
            ("<sys>" if place % 2 else "<usr>") + text for place, text in enumerate(turns)
        ),
        "messages": [
            {"role": "assistant" if place % 2 else "user", "content": text}
            for place, text in enumerate(turns)
        ],
        "token_ids": token_ids,
        "turn_starts": turn_starts,
        "raw_file": "raw.zip!d.json",
        "raw_offset": number,
    }


def write_corpus(folder, train, validation, *, tokenizer_file=BUILTIN, sources=("summary",)):
    """Write a finished corpus with two shards of train; sources take turns."""
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    train = list(train)
    half = len(train) // 2
    shards = []
    for split, number, dialogues in (
        ("train", 0, train[:half]),
        ("train", 1, train[half:]),
        ("validation", 0, list(validation)),
    ):
        if not dialogues:
            continue
        rows = [
            row(k, turns, split, sources[k % len(sources)], tokenizer)
            for k, turns in enumerate(dialogues)
        ]
        path = f"{split}/{number:05d}.parquet"
        (folder / split).mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / path)
        shards.append(
            {
                "path": path,
                "split": split,
                "rows": len(rows),
                "tokens": sum(one["n_tokens"] for one in rows),
                "sha256": sha256((folder / path).read_bytes()).hexdigest(),
            }
        )
    folder.mkdir(parents=True, exist_ok=True)
    content = Path(tokenizer_file).read_bytes()
    (folder / "_tokenizer.json").write_bytes(content)
    manifest = {
        "corpus_version": "0.1.0",
        "corpus_hash": sha256(json.dumps(shards).encode()).hexdigest(),
        "tokenizer": {
            "name": "builtin",
            "sha256": sha256(content).hexdigest(),
            "vocab_size": tokenizer.get_vocab_size(),
        },
        "shards": shards,
        "options": {"max_tokens": 256, "rules": "default", "respell": "off"},
    }
    (folder / "_manifest.json").write_text(json.dumps(manifest))
    return folder
