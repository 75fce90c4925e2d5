"""Make the stand-in tokenizer, tokenizer.json: `python -m corpus.tokens.builtin.train_tokenizer`.

It is built as skt/kogpt2-base-v2 is (NFKC, Metaspace, BPE over characters, the same control tokens
at the same ids, then emoticons and emoji), but small, and trained only on the chats that were
written for this project (`corpus/sample/text`), each told a few times. It lets everything run
without a network. The ids of one tokenizer mean nothing to the other.

The same text gives the same bytes.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

from corpus import normalise
from corpus.sample.bank import draws, read_bank, tell

OUTPUT = Path(__file__).parent / "tokenizer.json"

VOCAB_SIZE = 4_000  # those chats then have as many tokens as with KoGPT2, within 6 %
TELLINGS = 12  # of each script, as each draws other wordings

# Ids 0 to 108, as in skt/kogpt2-base-v2.
CONTROL_TOKENS = (
    *("<s>", "</s>", "<usr>", "<pad>", "<sys>", "<unk>", "<mask>", "<d>", "</d>"),
    *(f"<unused{k}>" for k in range(100)),
)
EMOTICONS = (
    *("^^", "ㅜㅜ", "ㅠㅠ", "ㅡㅡ"),
    *(
        ":)",
        ":))",
        ":(",
        ":D",
        ":P",
        ":/",
        ":|",
        ":*",
        ";)",
        "=)",
        "XD",
        "<3",
        "</3",
        ":-)",
        ":-(",
        ":-D",
    ),
    *(":-P", ":-/", ":-|", ":-*", ";-)", "8-)", "(-:", ")-:", ":^)", ";^)", ">:(", ":'(", ":'-("),
    *("d:-)", "^o^", "l^o", "T_T", "-_-", ">_<", "*^^*"),
)
EMOJI = (
    *map(chr, range(0x1F600, 0x1F645)),
    *"❤💕💖💙💜💪👋👍👎👏🙌🙏🎂🎉🎶✨☀☔⭐🔥🐶🐱☺",
    "☺️",
    "❤️",
)

_TAG = re.compile(r"#@[^#]+#")


def training_texts() -> Iterator[str]:
    """Yield the messages of every script, told and normalised as a corpus is, without names."""
    for script in read_bank():
        for telling in range(TELLINGS):
            messages = tell(script, draws(f"{script.title}/{telling}"))
            for text in normalise([_TAG.sub("", text) for _, text in messages]):
                yield re.sub("ㅠㅠ|ㅜㅜ|ㅡㅡ|\\^\\^", " ", text or "")  # no merges for added tokens


def alphabet() -> list[str]:
    """Return the characters that are never `<unk>`, as NFKC makes them.

    The 2,350 syllables of KS X 1001, all that is commonly written (a tenth of what can be written;
    KoGPT2 has 1,995), the 51 jamo that a keyboard types, and printable ASCII.
    """
    syllables = (chr(code) for code in range(ord("가"), ord("힣") + 1))
    common = (s for s in syllables if len(s.encode("euc_kr")) == 2)  # others: 8 bytes
    jamo = map(chr, range(ord("ㄱ"), ord("ㅣ") + 1))
    ascii_ = map(chr, range(0x21, 0x7F))
    return [unicodedata.normalize("NFKC", c) for c in ("▁", *ascii_, *jamo, *common)]


def train(texts: Iterator[str]) -> str:
    """Return the tokenizer.json of a tokenizer of KoGPT2's structure trained on `texts`."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))  # noqa: S106 (no password)
    no_change = normalizers.BertNormalizer(
        clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), no_change])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Metaspace()
    added = (*CONTROL_TOKENS, *EMOTICONS, *EMOJI)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        show_progress=False,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in added],
        initial_alphabet=alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    structure = json.loads(tokenizer.to_str())
    return json.dumps(structure, ensure_ascii=False, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    OUTPUT.write_text(train(training_texts()), encoding="utf-8")
