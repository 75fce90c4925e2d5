"""Token ids of texts, equal to what the Hugging Face tokenizer gives, at a fraction of its cost.

A tokenizer of KoGPT2's structure (added tokens cut out; NFKC; words cut at spaces by Metaspace; BPE
over characters) is computed by `corpus.tokens.bpe` for a whole batch of *easy* texts at once. Texts
that are not easy, and all texts of a tokenizer of another structure, go through the library itself.

Not handled: `truncation`, `padding` and the template of a tokenizer.json are switched off. A text
that spells an added token becomes that token, control tokens included, as in the library; the text
rules make sure that no text of a corpus spells one.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import compress, groupby, pairwise
from operator import itemgetter, not_
from typing import Any

import numpy as np
import orjson
from tokenizers import Tokenizer

from corpus.records import COMPATIBILITY_JAMO, CorpusError, Ids, Ints
from corpus.tokens.bpe import MAX_SYMBOL, NEVER_MERGED, Bpe

# The ends of a conversation, its roles, and what training pads with: stored as ids, never as text.
REQUIRED_TOKENS = ("<s>", "</s>", "<usr>", "<sys>", "<pad>")

# skt/kogpt2-base-v2 is recognised by its size. AutoTokenizer of transformers 5.23 reads the same
# file and silently gives other ids, so known ids are checked whenever the tokenizer is loaded.
_KOGPT2_SIZE = 51_200
_KOGPT2_IDS = {
    "운동은 어떤 거 해봤어? 하하나는 필라테스 했었어! ㅋㅎㅋ": [
        *(19295, 9863, 9122, 9098, 7662, 8006, 406, 9078, 8702, 10972),
        *(20666, 21422, 9651, 8017, 8006, 376, 739, 605, 608, 605),
    ],
    "나는": [12102],
}

# The settings of a tokenizer.json that this module computes exactly as the library does.
_NFKC = {"type": "NFKC"}
_NO_CHANGE = {
    "type": "BertNormalizer",
    "clean_text": False,
    "handle_chinese_chars": False,
    "strip_accents": False,
    "lowercase": False,
}
_METASPACE = {
    "type": "Metaspace",
    "replacement": "▁",
    "prepend_scheme": "always",
    "split": True,
}
_NORMALIZERS = (_NFKC, {"type": "Sequence", "normalizers": [_NFKC, _NO_CHANGE]})
_PRE_TOKENIZERS = (_METASPACE, {"type": "Sequence", "pretokenizers": [_METASPACE]})
_BPE_OPTIONS_OFF = (
    *("dropout", "continuing_subword_prefix", "end_of_word_suffix"),
    *("fuse_unk", "byte_fallback", "ignore_merges"),
)
_ADDED_OPTIONS_OFF = ("single_word", "lstrip", "rstrip", "normalized")

# Easy: printable ASCII, Hangul syllables and compatibility jamo, up to a length that bounds a
# word's (see `Bpe.merge`; a text that fits into a row is shorter).
_EASY = re.compile(r"[ -~가-힣ㄱ-ㅣ]*+")
_MAX_EASY = 1000
_JAMO = tuple(map(chr, range(ord("ㄱ"), ord("ㅣ") + 1)))
_EASY_CHARACTERS = (*map(chr, (*range(0x20, 0x7F), *range(ord("가"), ord("힣") + 1))), *_JAMO)
# NFKC makes a conjoining jamo of each compatibility jamo, and these two it fuses with the character
# before: ㅋㅜ becomes 쿠, 네ㄳ becomes 넧. Our text rules part them.
_OPEN_SYLLABLES = "".join(map(chr, range(ord("가"), ord("힣"), 28)))
_FUSES = re.compile(rf"[ㅏ-ㅣㄳㄵㄶㄺ-ㄿ](?<=[ㄱ-ㅎ][ㅏ-ㅣ]|[{_OPEN_SYLLABLES}][ㄳㄵㄶㄺ-ㄿ])")

_CONTROL = re.compile(r"</?\w+>")  # <s> ... <mask>, <d>, <unused0> ...: no emoticon is spelt so
_TYPED_JAMO = str.maketrans(COMPATIBILITY_JAMO)

_FIRST_MARK = 0xE000  # the k-th added token is this character + k while its text is encoded
_CHUNK = 400_000  # characters encoded at a time: 15 % faster than 100,000, with 16 MB of arrays


class Encoder:
    """Turns texts into token ids and back; made once per process, from the bytes of tokenizer.json.

    Attributes:
        bos_id, eos_id, usr_id, sys_id, pad_id: the ids of `REQUIRED_TOKENS`.
        usr_bytes, sys_bytes: the ids of the roles as `encode` gives ids.
        unk_id: the id of an unknown character; None where the tokenizer has none.
        control_ids: the ids of all tokens like `<s>`, `<unk>` and `<unused0>`.
        vocab_size: how many ids there are.
    """

    def __init__(self, tokenizer_json: bytes) -> None:
        """Load the tokenizer.

        Raises:
            CorpusError: it is no tokenizer, lacks a required token, or is a KoGPT2 with wrong ids.
        """
        try:
            self._tokenizer = Tokenizer.from_buffer(tokenizer_json)
        except Exception as error:  # the library raises nothing narrower
            raise CorpusError(f"The tokenizer cannot be loaded: {error}.") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        structure = orjson.loads(tokenizer_json)
        added = {token["content"]: int(token["id"]) for token in structure.get("added_tokens", ())}
        missing = [token for token in REQUIRED_TOKENS if token not in added]
        if missing:
            raise CorpusError(
                f"The tokenizer lacks the added tokens {' '.join(missing)}; a corpus needs"
                f" {' '.join(REQUIRED_TOKENS)}, as skt/kogpt2-base-v2 and `builtin` have them."
            )
        self.bos_id, self.eos_id, self.usr_id, self.sys_id, self.pad_id = (
            added[token] for token in REQUIRED_TOKENS
        )
        self.usr_bytes, self.sys_bytes = _as_bytes([self.usr_id]), _as_bytes([self.sys_id])
        self.unk_id: int | None = self._tokenizer.token_to_id("<unk>")
        self.vocab_size: int = self._tokenizer.get_vocab_size()
        self.control_ids = frozenset(added[token] for token in added if _CONTROL.fullmatch(token))
        self._easy_texts = _easy_texts(structure)
        if len(structure["model"]["vocab"]) == _KOGPT2_SIZE:
            self._check_kogpt2()

    def encode(self, texts: Sequence[str]) -> list[bytes]:
        """Return the ids of each text as little-endian int32, as the library gives them one by one.

        What `encode_flat` says of batches holds here, too.
        """
        return _parted(*self.encode_flat(texts))

    def encode_flat(self, texts: Sequence[str]) -> tuple[Ids, Ints]:
        """Return the ids of all texts one behind the other, and how many each has.

        The batch is what makes it fast: hand over 100,000 characters or more at a time (3,000 turns
        of chat); a tenth of that costs twice as much for each.
        """
        none = np.empty(0, np.int32), np.empty(0, np.int64)
        chunks = [none, *(self._encode_chunk(chunk) for chunk in _chunks(texts))]
        ids, lengths = (np.concatenate(arrays) for arrays in zip(*chunks, strict=True))
        return ids, lengths

    def n_tokens_at_most(self, text: str) -> int:
        """Return a number of tokens that `text` surely does not exceed, without encoding if easy.

        A character is one token at most, and the first may be preceded by one for the space that it
        lacks. So may be what follows an added token, but that has two characters or more.
        """
        if self._easy_texts and _EASY.fullmatch(text):
            return len(text) + 1
        return len(self._by_library([text])[0]) // 4

    @cached_property
    def unknown_characters(self) -> str:
        """The Hangul syllables, jamo and ASCII characters that become `<unk>`."""
        if self.unk_id is None:
            return ""
        unknown = _as_bytes([self.unk_id])
        ids = self.encode(_EASY_CHARACTERS)
        return "".join(
            c for c, of_it in zip(_EASY_CHARACTERS, ids, strict=True) if unknown in of_it
        )

    @cached_property
    def lacking(self) -> frozenset[str]:
        """The Hangul syllables that are unknown to the tokenizer."""
        return frozenset(one for one in self.unknown_characters if "가" <= one <= "힣")

    @cached_property
    def token_texts(self) -> list[str]:
        """The text of each id as people type it, a space in front where a word begins."""
        texts = [""] * self.vocab_size
        for token, number in self._tokenizer.get_vocab(with_added_tokens=True).items():
            texts[number] = token.replace("▁", " ").translate(_TYPED_JAMO)
        return texts

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids` as people type it: no control tokens, but ㅠㅠ, ^^ and emoji.

        Jamo come back as typed: KoGPT2 knows those that syllables are built from (U+1100 on).
        """
        kept = [token_id for token_id in ids if token_id not in self.control_ids]
        text: str = self._tokenizer.decode(kept, skip_special_tokens=False)
        return text.translate(_TYPED_JAMO)

    def _encode_chunk(self, texts: Sequence[str]) -> tuple[Ids, Ints]:
        if self._easy_texts is None:
            return _joined(self._by_library(texts))
        if max(map(len, texts)) <= _MAX_EASY and _EASY.fullmatch("".join(texts)):
            return self._easy_texts.encode(texts)
        easy = [_is_easy(text) for text in texts]
        in_numpy = iter(_parted(*self._easy_texts.encode(list(compress(texts, easy)))))
        by_library = iter(self._by_library(list(compress(texts, map(not_, easy)))))
        return _joined([next(in_numpy if is_easy else by_library) for is_easy in easy])

    def _by_library(self, texts: Sequence[str]) -> list[bytes]:
        encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [_as_bytes(encoding.ids) for encoding in encodings]

    def _check_kogpt2(self) -> None:
        texts = list(_KOGPT2_IDS)
        known = [_as_bytes(ids) for ids in _KOGPT2_IDS.values()]
        if self.vocab_size != _KOGPT2_SIZE or not (
            self.encode(texts) == self._by_library(texts) == known
        ):
            raise CorpusError(
                "The tokenizer has the size of skt/kogpt2-base-v2 but gives other ids; take the"
                " tokenizer.json of that model itself, not one that a program saved again."
            )


class _EasyTexts:
    """Encodes easy texts: makes arrays of symbols of them, which `Bpe` merges.

    The library cuts the added tokens out of a text, and each stretch between them begins with `▁`,
    its own leading space being one. Here an added token becomes one private-use character.
    """

    def __init__(
        self,
        vocab: Mapping[str, int],
        merges: Sequence[tuple[str, str]],
        unknown: int,
        added: Mapping[str, int],
    ) -> None:
        self._bpe = Bpe(vocab, merges)
        self._symbols = np.full(1 << 16, NEVER_MERGED, np.uint32)  # of each character
        normal = [unicodedata.normalize("NFKC", character) for character in _EASY_CHARACTERS]
        symbols = [vocab.get(character, unknown) for character in normal]
        self._symbols[list(map(ord, _EASY_CHARACTERS))] = symbols
        self._symbols[list(map(ord, normal))] = symbols
        self._symbols[[ord(" "), ord("▁")]] = vocab["▁"]
        self._added_ids = np.array(list(added.values()), np.uint32)
        self._marks = {token: f"{chr(_FIRST_MARK + k)}▁" for k, token in enumerate(added)}
        self._added = re.compile(_any_of(added))

    def encode(self, texts: Sequence[str]) -> tuple[Ids, Ints]:
        lines = "▁" + "\n▁".join(texts) + "\n"
        marked = self._added.sub(lambda token: self._marks[token[0]], lines)
        if _FUSES.search(marked):
            marked = unicodedata.normalize("NFKC", marked)
        codes = np.frombuffer(marked.encode("utf-32-le"), np.uint32)
        symbols = self._symbols.take(codes)
        stays = self._bpe.merge(symbols)
        mark = codes - np.uint32(_FIRST_MARK)
        is_mark = mark < len(self._marks)
        symbols[is_mark] = self._added_ids[mark[is_mark]]
        ends = codes == ord("\n")
        stays[ends] = False
        breaks = ends | is_mark | (codes == ord(" "))
        stays[:-1] &= (codes[:-1] != ord("▁")) | ~breaks[1:]  # a ▁ of ours where none is due
        return symbols[stays].astype(np.int32), np.diff(np.cumsum(stays)[ends], prepend=0)


def _is_easy(text: str) -> bool:
    return len(text) <= _MAX_EASY and _EASY.fullmatch(text) is not None


def _any_of(texts: Iterable[str]) -> str:
    """Return a pattern for the longest of `texts`, grouped by first character: 1.5 times faster."""
    return "|".join(
        f"{re.escape(first)}(?:{'|'.join(re.escape(text[1:]) for text in reversed(list(group)))})"
        for first, group in groupby(
            sorted(texts, key=lambda text: (text[0], len(text))), key=itemgetter(0)
        )
    )


def _as_bytes(ids: Sequence[int]) -> bytes:
    return np.array(ids, "<i4").tobytes()


def _parted(ids: Ids, lengths: Ints) -> list[bytes]:
    """Return the ids of each text as bytes."""
    joined = ids.astype("<i4", copy=False).tobytes()
    bounds = 4 * np.cumsum(lengths)
    return [joined[start:end] for start, end in pairwise([0, *bounds.tolist()])]


def _joined(of_texts: Sequence[bytes]) -> tuple[Ids, Ints]:
    """Return the pattern by which `_parted` splits."""
    lengths = np.array([len(ids) // 4 for ids in of_texts], np.int64)
    return np.frombuffer(b"".join(of_texts), "<i4").astype(np.int32, copy=False), lengths


def _easy_texts(structure: Mapping[str, Any]) -> _EasyTexts | None:
    """Return the encoder of easy texts for a tokenizer.json, None if its structure is another."""
    model, added = structure["model"], structure["added_tokens"]
    if (
        structure.get("normalizer") not in _NORMALIZERS
        or structure.get("pre_tokenizer") not in _PRE_TOKENIZERS
        or model.get("type") != "BPE"
        or any(model.get(option) for option in _BPE_OPTIONS_OFF)
        or any(token[option] for token in added for option in _ADDED_OPTIONS_OFF)
    ):
        return None
    vocab, unknown = model["vocab"], model["unk_token"]
    # Two strings for each merge; an older file has one string with a space between.
    pairs = (m.split(" ") if isinstance(m, str) else m for m in model["merges"])
    merges = [(left, right) for left, right in pairs]
    easy_ids = {token["content"]: token["id"] for token in added if _is_easy(token["content"])}
    if (
        not {"▁", unknown} <= vocab.keys()
        or max(len(merges), *vocab.values(), *easy_ids.values()) > MAX_SYMBOL
        or any(unknown in merge or merge[1].startswith("▁") for merge in merges)
        or not {part for left, right in merges for part in (left[-1], right[0])} <= vocab.keys()
        or any(len(token) == 1 for token in easy_ids)
    ):
        return None
    return _EasyTexts(vocab, merges, vocab[unknown], easy_ids)


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    start = size = 0
    for end, text in enumerate(texts, 1):
        size += len(text) + 1
        if size >= _CHUNK:
            yield texts[start:end]
            start, size = end, 0
    if start < len(texts):
        yield texts[start:]
