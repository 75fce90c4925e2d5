import json
import re
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers

from corpus.records import CorpusError
from corpus.sample.bank import draws, read_bank, tell
from corpus.text.normalisation import normalise
from corpus.tokens import encoder as module
from corpus.tokens.builtin import train_tokenizer
from corpus.tokens.encoder import Encoder
from corpus.tokens.find import find_tokenizer

BUILTIN = find_tokenizer("builtin").json
KNOWN_TEXT = "운동은 어떤 거 해봤어? 하하나는 필라테스 했었어! ㅋㅎㅋ"
KNOWN_IDS = [
    *(19295, 9863, 9122, 9098, 7662, 8006, 406, 9078, 8702, 10972),
    *(20666, 21422, 9651, 8017, 8006, 376, 739, 605, 608, 605),
]

# What a text is made of: what people type, what the rules leave ...
TYPED = [
    *(
        "나는",
        "오늘 ",
        " 갔어?",
        "민준이가",
        "지우야",
        "ㅋㅋ",
        "ㅎㅎ",
        "ㅇㅇ",
        "ㄴㄴ",
        "ㅠㅠ",
        "ㅡㅡ",
    ),
    *(
        "ㅜㅜ",
        "^^",
        "가",
        "넋",
        "걔",
        "쌤",
        "뷁",
        "10:30",
        "2-3",
        "3000000원",
        "50%",
        "k-pop",
        "l^o",
    ),
    *(" ", ".", "..", "?", "!", ",", "~", "^", "_", "'", '"', "%", ";", "ok", "e", "1", "8"),
]
# ... and what it is not: jamo that fuse, control tokens, emoticons, emoji, what NFKC expands, white
# space of all kinds, what stands for tokens inside, characters of other planes.
HOSTILE = [
    *(
        "ㅋ",
        "ㅜ",
        "ㅏ",
        "ㅠ",
        "ㄳ",
        "ㄶ",
        "ㅄ",
        "네ㄳ",
        "ㅡ",
        "ㅥ",
        "ㅤ",
        "\u110f",
        "\u1161",
        "\u11aa",
    ),
    *("<usr>", "<sys>", "</s>", "<s", "usr>", "<unused3>", "<d>", "<", ">", "▁", "▁▁", "▁가", "\n"),
    *(
        ";^)",
        ":-)",
        ":-",
        "-)",
        "(",
        ")",
        ":",
        "-",
        "/",
        "d:-)",
        "8<",
        ":^)",
        "^",
        "BI",
        "XD",
        "*^^*",
    ),
    *(":)", ":))", ":-)8<", ":-{", ":-{}", ":-}X"),
    *(
        "😂",
        "☺",
        "☺️",
        "🤦🏻‍♂️",
        "❤️",
        "\u200d",
        "\ufe0f",
        "ﷺ",
        "…",
        "①",
        "㈜",
        "Ａ",
        "～",
        "´",
        "\u0301",
    ),
    *(
        "  ",
        "\t",
        "\r\n",
        "\xa0",
        "\u3000",
        "\u2028",
        "\x00",
        "\x85",
        "\ue000",
        "\ue005",
        "漢",
        "é",
    ),
]


@pytest.fixture(params=["builtin", "skt/kogpt2-base-v2"], scope="module")
def tokenizer_json(request):
    if request.param == "builtin":
        return BUILTIN
    return request.getfixturevalue("kogpt2_tokenizer").read_bytes()


@pytest.fixture(scope="module")
def encoder(tokenizer_json):
    return Encoder(tokenizer_json)


@pytest.fixture(scope="module")
def library(tokenizer_json):
    """What Hugging Face's own library makes of one text."""
    tokenizer = Tokenizer.from_buffer(tokenizer_json)
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def as_lists(encoded):
    return [np.frombuffer(ids, "<i4").tolist() for ids in encoded]


def texts_of(pieces):
    return st.lists(st.sampled_from(pieces), max_size=12).map("".join)


@pytest.fixture(scope="module")
def chats():
    """Turns as a corpus has them, from the invented chats."""
    return [
        text
        for script in read_bank()
        for text in normalise(
            [re.sub("#@이름#", "", text) for _, text in tell(script, draws(script.title))]
        )
        if text
    ]


# ---- equal to the library --------------------------------------------------------------------


@given(st.lists(texts_of(TYPED + HOSTILE), max_size=6))
@example(["", " ", "ㅠㅠ", "안녕ㅠㅠ나", "ㅠㅠ ㅠㅠ", "안녕 ^^"])
@example([":)))", ":-)8<", ":-{}"])
@example(["ㅋㅋㅠㅠ", "ㅋㅜ", "네ㄳ", "(-)"])
def test_a_batch_gives_each_text_the_ids_of_the_library(encoder, library, texts):
    assert as_lists(encoder.encode(texts)) == [library(text) for text in texts]


@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_text_at_all_has_the_ids_of_the_library(encoder, library, texts):
    assert as_lists(encoder.encode(texts)) == [library(text) for text in texts]


@given(st.lists(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)), max_size=6))
def test_ascii_art_has_the_ids_of_the_library(encoder, library, texts):
    assert as_lists(encoder.encode(texts)) == [library(text) for text in texts]


@given(st.lists(st.text("가나갔넋힣ㄱㅋㅏㅠㅡㄳㅀㅣ ^", max_size=30), max_size=6))
def test_jamo_in_any_order_have_the_ids_of_the_library(encoder, library, texts):
    assert as_lists(encoder.encode(texts)) == [library(text) for text in texts]


def test_every_easy_character_has_the_ids_of_the_library(encoder, library):
    assert len(module._EASY_CHARACTERS) == 95 + 11_172 + 51
    texts = list(module._EASY_CHARACTERS)
    assert all(map(module._is_easy, texts))
    assert as_lists(encoder.encode(texts)) == [library(text) for text in texts]


@pytest.mark.parametrize("first", ["ㄱㄲㄳㄴㄵㅎ", "ㅏㅐㅠㅡㅣ", "가네갔힣"])
@pytest.mark.parametrize("second", ["ㄱ-ㅎ", "ㅏ-ㅣ"])
def test_every_pair_with_jamo_has_the_ids_of_the_library(encoder, library, first, second):
    jamo = [c for c in module._EASY_CHARACTERS if re.match(f"[{second}]", c)]
    for text in (a + b + c for a in first for b in jamo for c in "ㅜㄳ "):
        assert as_lists(encoder.encode([text])) == [library(text)]  # alone: what fuses is seen


def test_invented_chats_have_the_ids_of_the_library(encoder, library, chats):
    assert len(chats) > 1000
    assert as_lists(encoder.encode(chats)) == [library(text) for text in chats]


def test_chats_are_encoded_without_the_library(encoder, chats, monkeypatch):
    monkeypatch.setattr(encoder, "_by_library", None)
    assert all(encoder.encode(chats))


def test_transformers_gives_the_same_ids(encoder, tokenizer_json, chats, tmp_path):
    transformers = pytest.importorskip("transformers")
    path = tmp_path / "tokenizer.json"
    path.write_bytes(tokenizer_json)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(path))
    texts = [*chats[:300], *TYPED, *HOSTILE]
    expected = tokenizer(texts, add_special_tokens=False)["input_ids"]
    assert as_lists(encoder.encode(texts)) == expected


@given(st.lists(texts_of(TYPED).map(str.split).map(" ".join).filter(bool), min_size=2, max_size=6))
def test_a_conversation_has_its_turns_ids_after_those_of_its_roles(encoder, library, turns):
    roles = ["<usr>", "<sys>"] * len(turns)
    conversation = "".join(role + turn for role, turn in zip(roles, turns, strict=False))
    ids = b"".join(
        (encoder.sys_bytes if k % 2 else encoder.usr_bytes) + turn
        for k, turn in enumerate(encoder.encode(turns))
    )
    assert as_lists([ids]) == [library(conversation)]


@pytest.mark.parametrize("size", [1, 10, 1000])
def test_where_a_batch_is_cut_makes_no_difference(encoder, chats, monkeypatch, size):
    texts = [*chats[:200], "😂 나", *HOSTILE]
    whole = encoder.encode(texts)
    monkeypatch.setattr(module, "_CHUNK", size)
    assert encoder.encode(texts) == whole


@pytest.mark.parametrize("length", [999, 1000, 1001, 5000])
def test_a_word_without_end_has_the_ids_of_the_library(encoder, library, length):
    texts = ["가나다" * (length // 3) + "가" * (length % 3), "나", "하하" * length]
    assert as_lists(encoder.encode(texts)) == [library(text) for text in texts]


def test_time_does_not_grow_with_the_square_of_a_word(encoder):
    start = time.process_time()
    encoder.encode(["ㅋ" * 30_000, "1" * 30_000, "나는 " * 100_000])
    assert time.process_time() - start < 5


def test_no_texts_have_no_ids(encoder):
    assert encoder.encode([]) == []
    assert encoder.encode([""]) == [b""]


# ---- other tokenizers ------------------------------------------------------------------------


def with_flag(flag):
    def change(structure):
        for token in structure["added_tokens"]:
            token[flag] = token["content"] in ("^^", "ㅠㅠ")

    return change


def with_option(**option):
    return lambda structure: structure["model"].update(option)


def with_part(**part):
    return lambda structure: structure.update(part)


def with_a_token_of_one_character(structure):
    token = {**structure["added_tokens"][-1], "id": 4000, "content": "나"}
    structure["added_tokens"].append(token)


def with_merge(left, right):
    def change(structure):
        structure["model"]["vocab"][left + right] = 4000
        structure["model"]["merges"].insert(0, [left, right])

    return change


METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}
OTHERS = {
    "no normalizer": with_part(normalizer=None),
    "lower case": with_part(normalizer={"type": "Lowercase"}),
    "▁ only before the first word": with_part(pre_tokenizer=METASPACE),
    "words not cut": with_part(pre_tokenizer=None),
    **{flag: with_flag(flag) for flag in ("single_word", "lstrip", "rstrip", "normalized")},
    "unknowns fused": with_option(fuse_unk=True),
    "merges ignored": with_option(ignore_merges=True),
    "a suffix": with_option(end_of_word_suffix="</w>"),
    "a merge of the unknown": with_merge("<unk>", "나"),
    "a merge of two words": with_merge("는", "▁"),
    "a token of one character": with_a_token_of_one_character,
}


@pytest.fixture(scope="module")
def other(request):
    structure = json.loads(BUILTIN)
    OTHERS[request.param](structure)
    content = json.dumps(structure).encode()
    return Encoder(content), Tokenizer.from_buffer(content)


@pytest.mark.parametrize("other", OTHERS, indirect=True)
@settings(max_examples=20)
@given(st.lists(texts_of(TYPED + HOSTILE), max_size=4))
@example(["뷁나는 나", "나는 나는"])
def test_a_tokenizer_of_another_structure_goes_through_the_library(other, texts):
    encoder, tokenizer = other
    assert encoder._easy_texts is None
    expected = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    assert as_lists(encoder.encode(texts)) == expected
    assert all(
        len(ids) <= encoder.n_tokens_at_most(text)
        for ids, text in zip(expected, texts, strict=True)
    )


def test_a_tokenizer_of_bytes_goes_through_the_library(chats):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    names = [AddedToken(name, special=True) for name in module.REQUIRED_TOKENS]
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=names, show_progress=False)
    tokenizer.train_from_iterator(chats, trainer)
    encoder = Encoder(tokenizer.to_str().encode())
    assert encoder.unk_id is None
    texts = chats[:200]
    expected = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    assert as_lists(encoder.encode(texts)) == expected


def test_merges_written_the_older_way_are_the_same_merges(chats):
    structure = json.loads(BUILTIN)
    structure["model"]["merges"] = [" ".join(merge) for merge in structure["model"]["merges"]]
    older = Encoder(json.dumps(structure).encode())
    assert older._easy_texts is not None
    assert older.encode(chats) == Encoder(BUILTIN).encode(chats)


def test_truncation_padding_and_templates_of_the_file_do_not_apply(library):
    tokenizer = Tokenizer.from_buffer(BUILTIN)
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=16)
    encoder = Encoder(tokenizer.to_str().encode())
    texts = ["오늘 점심 뭐 먹을래 나는 다 좋아", "응", "오늘 점심 뭐 먹을래 나는 다 좋아 😂"]
    assert encoder.encode(texts) == Encoder(BUILTIN).encode(texts)


# ---- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff\xfe", b'{"model": {}}'])
def test_what_is_no_tokenizer_is_refused_in_one_sentence(content):
    with pytest.raises(CorpusError, match="cannot be loaded"):
        Encoder(content)


def test_a_tokenizer_without_our_tokens_is_refused_by_their_names():
    structure = json.loads(BUILTIN)
    structure["added_tokens"] = [
        token for token in structure["added_tokens"] if token["content"] not in ("<usr>", "<pad>")
    ]
    with pytest.raises(CorpusError, match="lacks the added tokens <usr> <pad>;"):
        Encoder(json.dumps(structure).encode())


def test_a_tokenizer_of_kogpt2s_size_with_other_ids_is_refused():
    structure = json.loads(BUILTIN)
    vocab = structure["model"]["vocab"]
    vocab.update({f"filler{k}": k for k in range(len(vocab), 51_200)})
    with pytest.raises(CorpusError, match="gives other ids"):
        Encoder(json.dumps(structure).encode())


def test_kogpt2_with_a_token_more_is_refused(kogpt2_tokenizer):
    structure = json.loads(kogpt2_tokenizer.read_bytes())
    token = {**structure["added_tokens"][0], "id": 51_200, "content": "<one more>"}
    structure["added_tokens"].append(token)
    with pytest.raises(CorpusError, match="gives other ids"):
        Encoder(json.dumps(structure).encode())


# ---- ids and text ----------------------------------------------------------------------------


def test_kogpt2_gives_the_known_ids(kogpt2_tokenizer):
    encoder = Encoder(kogpt2_tokenizer.read_bytes())
    assert as_lists(encoder.encode([KNOWN_TEXT, "나는"])) == [KNOWN_IDS, [12102]]
    assert encoder.vocab_size == 51_200


def test_the_control_tokens_are_0_to_108(encoder):
    assert (encoder.bos_id, encoder.eos_id, encoder.usr_id, encoder.pad_id) == (0, 1, 2, 3)
    assert (encoder.sys_id, encoder.unk_id) == (4, 5)
    assert encoder.control_ids == set(range(109))
    assert as_lists([encoder.usr_bytes, encoder.sys_bytes]) == [[2], [4]]


def test_an_unknown_syllable_is_the_unknown_token(encoder):
    assert encoder.unk_id in as_lists(encoder.encode(["뷁"]))[0]


@pytest.mark.parametrize(
    "text", ["안녕", "오늘 뭐해? ㅋㅋ", "좋아 ㅠㅠ", "^^", "ㅇㅇ ㄴㄴ", "나 😂", "10:30에 봐~ ^^"]
)
def test_decoding_gives_back_what_was_typed(encoder, text):
    ids = as_lists(encoder.encode([text]))[0]
    assert encoder.decode(ids) == text
    assert encoder.decode([0, 2, *ids, 4, 1, 3, 108]) == text


@given(texts_of(TYPED + HOSTILE))
@example("ﷺ")
@example("😂나😂나")
@example("ㅠㅠ나ㅠㅠ나")
def test_a_text_never_has_more_tokens_than_its_bound(encoder, library, text):
    assert len(library(text)) <= encoder.n_tokens_at_most(text)


def test_the_bound_of_an_easy_text_costs_no_encoding(encoder, monkeypatch):
    monkeypatch.setattr(encoder, "_by_library", None)
    monkeypatch.setattr(encoder, "_easy_texts", object())
    assert encoder.n_tokens_at_most("나는 " * 1000) == 3001


# ---- the stand-in ----------------------------------------------------------------------------


def test_builtin_is_built_like_kogpt2(kogpt2_tokenizer):
    ours, theirs = json.loads(BUILTIN), json.loads(kogpt2_tokenizer.read_bytes())
    for part in (
        "normalizer",
        "pre_tokenizer",
        "post_processor",
        "decoder",
        "truncation",
        "padding",
    ):
        assert ours[part] == theirs[part]
    assert ours["added_tokens"][:109] == theirs["added_tokens"][:109]
    ours["model"] |= {"vocab": None, "merges": None}
    theirs["model"] |= {"vocab": None, "merges": None}
    assert ours["model"] == theirs["model"]


def test_the_same_text_makes_the_same_tokenizer_in_every_process(chats):
    texts = chats[:500]
    script = (
        "import json, sys; from corpus.tokens.builtin.train_tokenizer import train;"
        "sys.stdout.buffer.write(train(iter(json.load(sys.stdin))).encode())"
    )
    trained = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(texts).encode(),
        capture_output=True,
        check=True,
    ).stdout
    assert trained.decode() == train_tokenizer.train(iter(texts))
    assert Encoder(trained)._easy_texts is not None


def test_the_invented_chats_hold_hardly_an_unknown_character(chats):
    encoder = Encoder(BUILTIN)
    ids = np.frombuffer(b"".join(encoder.encode(chats)), "<i4")
    assert np.mean(ids == encoder.unk_id) < 0.001
