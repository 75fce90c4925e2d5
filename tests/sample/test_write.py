import hashlib
import io
import itertools
import json
import random
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.records import CorpusError
from corpus.sample import bank
from corpus.sample import typing as sample_typing
from corpus.sample.layout import VALIDATION_EVERY, in_split, shares
from corpus.sample.write import write_sample

TOPIC, TASK = "020.", "021."  # how their folders begin
COMMITTED = Path(__file__).parents[2] / "raw" / "sample"
SCRIPTS = bank.read_bank()
SERVICES = bank.read_bank(bank.SERVICE_TEXT)


def test_the_committed_sample_is_what_the_command_writes_today(tmp_path):
    write_sample(tmp_path / "sample")
    assert contents(COMMITTED) == contents(tmp_path / "sample")


def test_the_committed_sample_is_small_enough_to_clone():
    assert sum(path.stat().st_size for path in files(COMMITTED)) < 600_000


def test_the_same_arguments_give_the_same_bytes_and_another_seed_other_ones(tmp_path):
    trees = []
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        counts = write_sample(tmp_path / name, dialogues=60, seed=seed)
        trees.append((counts, {digest(path) for path in files(tmp_path / name)}))
    assert trees[0] == trees[1]
    assert not trees[0][1] & trees[2][1]


@pytest.mark.parametrize("dialogues", [1, 2, 5, 9, 31])
def test_a_sample_of_any_size_holds_as_many_dialogues_as_it_was_asked_for(tmp_path, dialogues):
    counts = write_sample(tmp_path, dialogues=dialogues)
    sources = ("topic", "summary", "sns", "task")
    assert sum(counts.get(f"{source}_dialogues", 0) for source in sources) == dialogues
    tree = contents(tmp_path)
    entries = sum(len(entries) for _, _, entries in documents(tree))
    labels = [*label_files(tree), *label_files(tree, TASK)]
    assert len(labels) + entries == dialogues


def test_a_wrong_call_is_one_sentence_and_leaves_what_was_there(tmp_path):
    with pytest.raises(CorpusError, match="1 or more"):
        write_sample(tmp_path, dialogues=0)
    write_sample(tmp_path, dialogues=3)
    before = contents(tmp_path)
    with pytest.raises(CorpusError, match="already there"):
        write_sample(tmp_path, dialogues=30)
    assert contents(tmp_path) == before


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A sample large enough that every irregularity occurs: its folder, contents and counts."""
    out = tmp_path_factory.mktemp("big")
    counts = write_sample(out, dialogues=2_400, seed=3)
    return out, contents(out), counts


def test_zip_members_have_cp949_names_without_the_utf8_flag(big):
    out, _, _ = big
    archive = zipfile.ZipFile(next(out.rglob("*_train.zip")))
    assert "개인및관계.json" in [korean(member.filename) for member in archive.infolist()]
    assert not any(member.flag_bits & 0x800 for member in archive.infolist())


def test_the_parts_of_an_archive_are_named_after_their_byte_offsets(big):
    out, _, _ = big
    parts = sorted(out.rglob("*.zip.part*"), key=part_offset)
    sizes = [part.stat().st_size for part in parts]
    assert len(parts) > 1
    assert [part_offset(part) for part in parts] == [0, *itertools.accumulate(sizes[:-1])]
    assert zipfile.ZipFile(io.BytesIO(b"".join(p.read_bytes() for p in parts))).testzip() is None


@pytest.mark.parametrize(("source", "home"), [("topic", TOPIC), ("task", TASK)])
def test_labels_are_laid_out_as_json_with_two_spaces(big, source, home):
    _, tree, counts = big
    n_escapes = 0
    for _, raw in label_files(tree, home):
        plain = json.dumps(json.loads(raw), ensure_ascii=False, indent=2)
        for mark in "<>'&=":
            n_escapes += plain.count(mark)
            plain = plain.replace(mark, f"\\u{ord(mark):04x}")
        assert raw.decode() == plain
    assert n_escapes == counts.get(f"{source}_escapes", 0)
    assert n_escapes > 0 or source == "task"


def test_the_counts_of_topic_are_what_lies_in_its_files(big):
    _, tree, counts = big
    seen = Counter()
    for stem, raw in label_files(tree):
        seen += topic_irregularities(stem, json.loads(raw)["info"][0])
    told = {name: n for name, n in counts.items() if name.startswith("topic_")}
    del told["topic_escapes"]
    assert seen == told
    assert len(told) > 12


def topic_irregularities(stem, info):
    """Count, without the writer's code, what one label file has of the irregularities."""
    lines = info["annotations"]["lines"]
    doubled = lines[0] == lines[1]
    lines = lines[:: 1 + doubled]
    n_speakers = len({line["speaker"]["id"] for line in lines})
    texts = [re.fullmatch(r"(?s)(\d)( : |: | :| ; |  )(.+)", line["text"]) for line in lines]
    masks = re.compile(r"(?<!\*)\*\*(?![*동역])|\*(?=과장|대리)")
    return Counter(
        topic_dialogues=1,
        topic_doubled_files=doubled,
        topic_other_titles=info["title"] != stem,
        topic_other_media=(stem[:5] == "KAKAO") != (info["medianame"] == "카카오톡"),
        topic_mislabelled_speakers=n_speakers > 2 and info["annotations"]["speaker_type"] == "1:1",
        topic_stuck_norm_texts=len({line["norm_text"] for line in lines}) == 1,
        topic_empty_norm_texts=sum(not line["norm_text"] for line in lines),
        topic_newlines=sum("\n" in line["text"] for line in lines),
        topic_odd_prefixes=sum(match[2] != " : " for match in texts),
        topic_masks=sum(len(masks.findall(match[3])) for match in texts),
        **{f"topic_speakers_{n_speakers}": 1},
    )


def test_topic_lines_are_the_text_behind_the_speaker(big):
    _, tree, _ = big
    for _, raw in label_files(tree):
        for line in json.loads(raw)["info"][0]["annotations"]["lines"]:
            number, text = re.fullmatch(r"(?s)(\d)(?: : |: | :| ; |  )(.+)", line["text"]).groups()
            assert line["speaker"]["id"] == f"{number}번"
            assert line["norm_text"] in ("", text) or line["norm_text"].startswith("1 ")
            assert "#@" not in text
            assert not re.search("ㅋㅋ|ㅎㅎ|(?!하)[가-힣]하하하", text)


def test_lines_of_a_call_centre_begin_with_the_letter_of_who_speaks(big):
    _, tree, counts = big
    seen = Counter()
    for stem, raw in label_files(tree, TASK):
        info = json.loads(raw)["info"][0]
        lines = info["annotations"]["lines"]
        found = [re.fullmatch(r"([AB])(\.| : )(\S.*)", line["text"]) for line in lines]
        assert [match[1] for match in found] == [line["speaker"]["id"] for line in lines]
        assert {match[1] for match in found} == {"A", "B"}
        assert all(line["norm_text"] == line["text"] for line in lines)
        assert info["title"] == stem
        seen["task_dialogues"] += 1
        seen["task_agent_opens"] += found[0][1] == "A"
        seen["task_odd_prefixes"] += sum(match[2] == " : " for match in found)
        seen["task_names"] += sum(match[3].count("#@이름#") for match in found)
    assert seen == {name: n for name, n in counts.items() if name.startswith("task_")}
    assert 0 < seen["task_agent_opens"] < seen["task_dialogues"]


def test_every_subject_of_a_call_centre_has_a_folder_in_the_archive(big):
    _, tree, _ = big
    members = [name.rpartition("!")[2] for name in tree if name.startswith(TASK) and "L_1" in name]
    subjects = {member.partition("/")[0].partition(".")[2] for member in members}
    assert subjects == {script.subject for script in SERVICES}


def test_raw_text_lies_beside_every_archive_of_labels(big):
    out, _, _ = big
    labels = {path.name.replace("L_", "S_", 1) for path in out.rglob("[TV]L_*.zip")}
    assert labels == {path.name for path in out.rglob("[TV]S_*.zip")}


def test_headers_of_chats_say_what_their_bodies_hold(big):
    _, tree, counts = big
    seen = Counter()
    ids = {"summary": Counter(), "sns": Counter()}
    for source, n_items, entries in documents(tree):
        seen["summary_wrong_item_counts"] += n_items != len(entries)
        for entry in entries:
            head = entry["header"]["dialogueInfo"]
            body = entry["body"] if source == "sns" else entry["body"]["dialogue"]
            turns = [who for who, _ in itertools.groupby(body, key=lambda u: u["participantID"])]
            assert head["numberOfUtterances"] == len(body)
            assert head["numberOfTurns"] == len(turns) == int(body[-1]["turnID"][1:])
            assert head["numberOfParticipants"] == len(set(turns))
            assert {p["participantID"] for p in entry["header"]["participantsInfo"]} == set(turns)
            assert [u["utteranceID"] for u in body] == [f"U{k + 1}" for k in range(len(body))]
            assert [u["time"] for u in body] == sorted(u["time"] for u in body)
            ids[source][head["dialogueID"]] += 1
            texts = " ".join(u["utterance"] for u in body)
            seen[f"{source}_dialogues"] += 1
            seen[f"{source}_speakers_{len(set(turns))}"] += 1
            seen[f"{source}_names"] += texts.count("#@이름#")
            seen[f"{source}_adjacent_emoticons"] += texts.count("##@")
    seen["summary_repeated_ids"] = sum(n - 1 for n in ids["summary"].values())
    seen["sns_also_in_summary"] = sum(ids["sns"][known] for known in ids["summary"])
    told = {name: n for name, n in counts.items() if not name.startswith(("topic_", "task_"))}
    assert told.pop("summary_repeated_texts") > 0
    assert +seen == told


def test_some_dialogues_of_the_summary_set_are_repeated_under_another_id(big):
    _, tree, counts = big
    ids_of = {}
    for source, _, entries in documents(tree):
        for entry in entries if source == "summary" else ():
            texts = tuple(u["utterance"] for u in entry["body"]["dialogue"])
            ids_of.setdefault(texts, set()).add(entry["header"]["dialogueInfo"]["dialogueID"])
    repeated = sum(len(ids) - 1 for ids in ids_of.values())
    assert counts["summary_repeated_texts"] <= repeated < 0.02 * counts["summary_dialogues"]


def test_one_dialogue_in_nine_is_for_validation(big):
    _, tree, counts = big
    for source, home in (("topic", TOPIC), ("task", TASK)):
        labels = [name for name in tree if name.startswith(home) and "라벨링데이터" in name]
        validation = sum("2.Validation" in name for name in labels)
        assert validation == counts[f"{source}_dialogues"] // VALIDATION_EVERY


def test_a_broken_sample_differs_by_what_cannot_be_read_alone(tmp_path):
    whole = write_sample(tmp_path / "whole", dialogues=40)
    counts = write_sample(tmp_path / "broken", dialogues=40, broken=True)
    assert counts == whole | {"summary_unreadable_entries": 6, "unreadable_files": 2}
    sound, broken = contents(tmp_path / "whole"), contents(tmp_path / "broken")
    assert {Path(name).name for name in broken.keys() - sound.keys()} == {
        "잘린 문서.json",
        "다른 문서.json",
    }
    changed = [name for name in sound if broken[name] != sound[name]]
    assert len(changed) == 2  # a document of each split
    for name in changed:
        with pytest.raises(ValueError, match=r"."):
            json.loads(broken[name])


def test_memory_does_not_grow_with_the_sample(tmp_path):
    def peak_kb(dialogues):
        program = (
            "import resource, sys; from pathlib import Path\n"
            "from corpus.sample.write import write_sample\n"
            "write_sample(Path(sys.argv[1]), dialogues=int(sys.argv[2]))\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        command = [sys.executable, "-c", program, str(tmp_path / str(dialogues)), str(dialogues)]
        return int(subprocess.run(command, check=True, capture_output=True).stdout)

    assert peak_kb(1_600) < 1.25 * peak_kb(200)


def test_every_telling_of_every_script_is_plain_chat():
    syntax = re.compile(r"[\[\]{}|\n\v]|  ")
    for script in (*SCRIPTS, *SERVICES):
        for k in range(15):
            draw = bank.draws(str(k))
            for speaker, text in sample_typing.type_out(
                bank.tell(script, draw), draw, laugh="ㅋㅎ"
            ):
                assert speaker in "ABCDEFGHI"
                assert text == text.strip() != "", script.title
                assert not syntax.search(text), (script.title, text)


def test_the_people_of_every_script_can_be_told_apart():
    for script in SCRIPTS:
        mentions = re.findall(r"\{([A-Z])(?::([가-힣]+))?\}", script.text)
        assert {person for person, _ in mentions} == set(script.people)
        if len(script.people) == 2:  # a mention that fits any name could become the other's
            assert all(particle for _, particle in mentions), script.title


def test_the_bank_is_large_and_mixed_enough():
    assert len(SCRIPTS) >= 130
    ends = Counter()
    for k, script in enumerate(SCRIPTS):
        speakers = [speaker for speaker, _ in bank.tell(script, bank.draws(str(k)))]
        order = list(dict.fromkeys(speakers))
        ends[len(order), order.index(speakers[-1]) + 1] += 1
    share = {kind: count / len(SCRIPTS) for kind, count in ends.items()}
    assert 0.55 < share[2, 2] < 0.75  # what a default build keeps
    assert share[2, 1] > 0.15
    assert {1, 3, 9} <= {n_speakers for n_speakers, _ in share}


def test_tellings_are_mostly_distinct():
    told = set()
    for script in SCRIPTS:
        for k in range(12):
            draw = bank.draws(f"{script.title}/{k}")
            messages = sample_typing.type_out(bank.tell(script, draw), draw, laugh="ㅋㅎ")
            text = " ".join(f"{speaker}{text}" for speaker, text in messages)
            told.add(re.sub(r"(.)\1+", r"\1", text.replace("ㅜ", "ㅠ").replace("ㅎ", "ㅋ")))
    assert len(told) > 0.97 * 12 * len(SCRIPTS)


@given(
    st.text("가각달빵유0기", min_size=1, max_size=4), st.sampled_from(["은", "을", "으로", "이랑"])
)
def test_a_particle_fits_the_last_syllable(word, particle):
    if word.endswith("0"):
        with pytest.raises(ValueError, match="Hangul"):
            bank.with_particle(word, particle)
        return
    after_vowel = {"은": "는", "을": "를", "으로": "로", "이랑": "랑"}
    vowel = word[-1] in "가유기" or (word[-1] == "달" and particle == "으로")
    assert bank.with_particle(word, particle) == word + (
        after_vowel[particle] if vowel else particle
    )


@given(st.integers(0, 10_000), st.sampled_from(SCRIPTS))
def test_typing_keeps_the_speakers_the_tags_and_the_digits(seed, script):
    messages = bank.tell(script, bank.draws(str(seed)))
    typed = sample_typing.type_out(messages, random.Random(seed).random, laugh="키하")
    for pick in (
        lambda m: [speaker for speaker, _ in itertools.groupby(m, key=lambda pair: pair[0])],
        lambda m: re.findall(r"#@\S*?#|\d+", " ".join(text for _, text in m)),
    ):
        assert pick(typed) == pick(messages)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("subject: 가\n\n== 나\nA: 다", "opens with its subject"),
        ("subject: 가\ntopic: 나\n\n== 다\n라", "cannot read"),
        ("subject: 가\ntopic: 나\n\n== 다\nA: {라}", "listed"),
        ("subject: 가\ntopic: 나\n\n== 다\nlet a = 라\nA: 마", "listed"),
        ("subject: 가\ntopic: 나\n\n== 다\nlet a / b = 라\nA: {a} {b}", "fillers"),
        ("subject: 가\ntopic: 나\n\n== 다\nA: {X:가} {Y:랑} {Z:는}", "more than two"),
        ("subject: 가\ntopic: 나\n\n== 다\nA: [라", "brackets"),
    ],
)
def test_a_slip_in_the_bank_is_told_with_its_file(tmp_path, text, why):
    (tmp_path / "slip.txt").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"slip\.txt: .*{why}"):
        bank.read_bank(tmp_path)


@given(st.integers(0, 5_000), st.lists(st.integers(1, 50), min_size=1, max_size=9))
def test_shares_cut_a_range_without_loss(n, weights):
    cut = shares(n, weights)
    assert [k for share in cut for k in share] == list(range(n))
    assert all(
        abs(len(share) - n * weight / sum(weights)) <= 1
        for share, weight in zip(cut, weights, strict=True)
    )
    both = in_split(range(n), validation=True) + in_split(range(n), validation=False)
    assert sorted(both) == list(range(n))


def files(tree):
    return sorted(path for path in tree.rglob("*") if path.is_file())


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def part_offset(path):
    return int(path.name.rpartition("part")[2])


def korean(name):
    return name.encode("cp437").decode("cp949")


def contents(tree):
    """Return every document of a tree by its place: compressed bytes differ from zlib to zlib."""
    found, parts = {}, {}
    for path in files(tree):
        name = path.relative_to(tree).as_posix()
        if ".part" in name:
            parts.setdefault(name.rpartition(".part")[0], []).append(path)
        elif name.endswith(".zip"):
            parts[name] = [path]
        else:
            found[name] = path.read_bytes()
    for name, paths in parts.items():
        whole = b"".join(p.read_bytes() for p in sorted(paths, key=lambda p: len(p.name)))
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            for member in archive.infolist():
                found[f"{name}!{korean(member.filename)}"] = archive.read(member)
    return found


def label_files(tree, home=TOPIC):
    for name, raw in tree.items():
        if name.startswith(home) and "라벨링데이터" in name:
            yield name.rpartition("!")[2].rpartition("/")[2].removesuffix(".json"), raw


def documents(tree):
    """Yield source, numberOfItems and entries of every document of 117 and 114."""
    for name, raw in tree.items():
        if not name.startswith((TOPIC, TASK)):
            document = json.loads(raw)
            source = "sns" if name.startswith("한국어 SNS") else "summary"
            yield source, document["numberOfItems"], document["data"]
