"""The report: what it counts, what it shows, and that its bytes depend on the data alone."""

import re
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from raw_trees import summary_document, summary_entry, task_document, topic_document, write

import corpus
from corpus.building import run
from corpus.names.given import names_of
from corpus.records import TOKENIZER
from corpus.report import charts, korean, words
from corpus.report.changes import change_of, visible
from corpus.report.chosen import in_words
from corpus.report.examples import LONGEST, REJECTED, SAMPLES, merge_examples
from corpus.report.numbers import losses, median
from corpus.report.rule_words import RULE_WORDS
from corpus.text.normalisation import trace
from corpus.text.personal import IN_PIECES
from corpus.text.respell import RESPELT, respell_rules
from corpus.text.rules import RULES, TABLES
from corpus.tokens.encoder import Encoder
from corpus.views.show import sample_lines

BROKEN = b'{"data": [{"header": {"dialogueInfo": {"dialogueID": 3}}, "body": {"dialogue": []}}]}'
PLANTED = "<script>alert(1)</script>"
TALK = [
    ("A", "안녕하세요ㅋㅋㅋㅋ"),
    ("B", "네 반가워요"),
    ("A", "#@이름#이는 잘 있어?"),
    ("B", "응ㅠ"),
]


def entries(n):
    for k in range(n):
        talk = [(who, f"{text} {k}") for who, text in TALK]
        yield summary_entry(f"d{k}", *talk, *([("A", PLANTED)] if k % 3 == 0 else ()))


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    long = [("A", "가나다라마바사 " * 6), ("B", "아자차카타파하 " * 6)] * 4
    return write(
        tmp_path_factory.mktemp("report") / "raw",
        Training__a=summary_document(
            *entries(12),
            summary_entry("d1", ("A", "다른"), ("B", "말")),
            summary_entry("three", ("A", "안녕"), ("B", "응"), ("C", "#@주소#에서 봐")),
            summary_entry("long", *long),
            summary_entry("sent", ("A", "#@시스템#사진# 봐"), ("B", "#@계정#")),
            {"header": {"dialogueInfo": {"dialogueID": 3}}, "body": PLANTED},
        ),
        Validation__t=topic_document("t", ("1", "**야 키키키"), ("2", "응 왜요?"), subject="여행"),
        broken=b'{"data": ',
    )


@pytest.fixture(scope="module")
def built(raw, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "out"
    return folder, run.build(raw, folder, tokenizer="builtin")


@pytest.fixture(scope="module")
def page(built):
    return (built[0] / "_report.html").read_text()


class Text(HTMLParser):
    """The text of a page, and the tags that it has."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.parts, self.ids, self.open = Counter(), [], [], []
        self.feed(page)
        self.text = " ".join(" ".join(self.parts).split())

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in {"meta", "link", "input", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] += 1

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.parts.append(data)


def test_every_section_is_there_in_order_and_every_tag_is_closed(page):
    parsed = Text(page)
    assert parsed.open == []
    sections = ["flow", "shape", "losses", "names", "korean", "dialogues", "provenance"]
    assert [one for one in parsed.ids if one in sections] == sections
    assert len(parsed.ids) == len(set(parsed.ids))
    assert parsed.tags["section"] == 7


def test_text_from_data_is_never_markup(page):
    parsed = Text(page)
    assert parsed.tags["script"] == 0
    assert PLANTED not in page
    assert PLANTED.replace("<", "&lt;").replace(">", "&gt;") in page
    assert "http" not in re.sub(r"&[a-z]+;", "", page)


def test_the_numbers_on_the_page_are_those_of_the_manifest(built, page):
    _, manifest = built
    text = Text(page).text
    dialogues, rows = manifest["dialogues"], sum(manifest["rows"].values())
    assert f"{dialogues['read']:,} dialogues read, {rows:,} rows written" in text
    for loss in losses(manifest):
        assert re.search(rf"{loss.reason} {loss.n:,} ", text), loss
        if loss.option and loss.gain is not None:
            assert f"{loss.option} +{loss.gain:,} 행 rows" in text
    for option, n in manifest["other_choices"].items():
        assert f"{option} {n:,} " in text
    for name, n in (manifest["rules"] | manifest["tags"]).items():
        assert f"{name} {n:,} " in text
    for reason, n in manifest["utterances"]["dropped"].items():
        assert f"{reason} {n:,} · " in text
    report = manifest["report"]
    assert f"in the rows {report['utterances']['in_rows']:,} · " in text
    assert f"{report['people']:,} people were invented" in text
    for shard in manifest["shards"]:
        assert shard["sha256"] in text
    assert manifest["tokenizer"]["sha256"] in text


def test_the_terminal_reads_the_same_numbers(built):
    folder, manifest = built
    text = "\n".join(sample_lines(folder, n=1))
    for loss in losses(manifest):
        gain = "" if loss.gain is None else f": {loss.gain:+,} rows"
        assert f"{loss.reason}{f'; {loss.option}{gain}' if loss.option else ''}\n" in text
    assert "_report.html" in text


def test_every_utterance_is_in_a_row_or_counted_as_lost(built):
    _, manifest = built
    where, read = manifest["report"]["utterances"], manifest["utterances"]
    assert where["in_rows"] + where["cut"] + sum(where["left_out"].values()) == read["kept"]
    assert where["cut"] == 4  # of the long one, all but the first pair
    assert where["left_out"] == {
        "ends_on_usr": 20,
        "multi_party": 3,
        "duplicate": 2,
        "no_text": 0,
    }


def test_lengths_are_those_of_the_rows(built):
    folder, manifest = built
    rows, report = corpus.load(folder), manifest["report"]
    for group, counter in report["tokens"].items():
        of_group = rows[rows["source"] + "/" + rows["split"] == group]
        assert counter == Counter(str((n + 1) // 8 * 8) for n in of_group["n_tokens"])
        assert report["turns"][group] == Counter(map(str, of_group["n_turns"]))
    assert {topic: one["rows"] for topic, one in report["topics"].items()} == dict(
        rows["topic"].value_counts()
    )
    assert report["rows_cut"] == (rows["n_turns_cut"] > 0).sum()
    assert max(map(int, report["uncapped_tokens"])) > 256 > rows["n_tokens"].max()


def test_speakers_are_counted_as_the_raw_files_describe_them(built):
    _, manifest = built
    report = manifest["report"]
    # 8 rows of d0 to d11, the duplicate of one of them before it is known, the long one, the topic
    assert report["speakers"] == {"summary/20대/여성": 20, "topic/20대/여성": 2}
    assert report["speakers_one_in"] == 1


def test_what_is_said_of_the_sample_is_true_of_the_rows(built):
    folder, manifest = built
    turns = [m["content"] for row in corpus.load(folder)["messages"] for m in row]
    sample = manifest["report"]["sample"]
    assert sample["turns"] == len(turns)
    assert sample["different_turns"] == len(set(turns))
    assert sum(one["laughing"] for one in sample["topics"].values()) == sum(
        "ㅋ" in turn or "ㅎ" in turn for turn in turns
    )
    assert sample["speech"] == Counter(korean.speech_of(turn) or "unknown" for turn in turns)


def test_a_sample_of_a_rule_is_what_the_rule_does(built, page):
    _, manifest = built
    for name in manifest["rules"]:
        inside = page.partition(f'<span class="mono">{name}</span><span class="count">')[2]
        assert 'class="arrow"' in inside.partition("</details>")[0], name
    for rule, before, after in trace("안녕하세요ㅋㅋㅋㅋ 5"):
        assert rule == "jamo_run"
        change = change_of(before, after)
        assert change.removed == "ㅋㅋ"
    assert "<del>ㅋㅋ</del>" in page


def test_a_sample_of_a_tag_says_what_was_chosen_and_is_what_the_row_has(tmp_path):
    talk = [("A", "#@이름#아 #@주소#에서 봐"), ("B", "응 #@소속#중학교 앞")]
    raw = write(
        tmp_path / "raw",
        Training__a=summary_document(*(summary_entry(f"d{k}", *talk) for k in range(3))),
        Training__t=topic_document("t", ("1", "**동에서 **이 봤어"), ("2", "어 진짜?")),
    )
    merged = {}

    def keep(found):
        merged.update(merge_examples(found))
        return merged

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("corpus.building.reporting.merge_examples", keep)
        run.build(raw, tmp_path / "out", tokenizer="builtin", dedup="off", workers=1)
    turns = {turn["content"] for row in corpus.load(tmp_path / "out")["messages"] for turn in row}
    page = (tmp_path / "out/_report.html").read_text()
    assert set(merged["tags"]) == {"#@이름#", "#@주소#", "#@소속#", "**"}
    for samples in merged["tags"].values():
        for _, after, chosen in samples:
            assert after in turns
            assert chosen
            for line, (in_korean, in_english) in zip(
                chosen.split("\n"), in_words(chosen), strict=True
            ):
                word, *about = line.split("\t")
                assert word in after or word[-2:] in after
                assert in_korean.startswith(f"{word}: ")
                assert in_english.startswith(f"{word}: ")
                assert in_korean in unescape(page)
                assert in_english in unescape(page)
                if len(about) == 2:
                    assert word[-2:] in names_of(int(about[1]))[about[0]]["any"]


def test_every_reason_has_its_examples(built, page):
    _, manifest = built
    for reason, n in (Counter(manifest["reasons"]) | Counter(manifest["broken"])).items():
        inside = page.partition(f'<span class="mono">{reason}</span><span class="count">')[2]
        cards = inside.partition("</details>")[0].count('<div class="card">')
        assert cards == min(n, REJECTED), reason


def test_the_page_does_not_depend_on_the_workers(raw, tmp_path, small_items, busy_workers):
    run.build(raw, tmp_path / "one", tokenizer="builtin")
    run.build(raw, tmp_path / "two", tokenizer="builtin", workers=2)
    one, two = ((tmp_path / name / "_report.html").read_bytes() for name in ("one", "two"))
    assert one == two


def test_the_report_is_a_file_of_the_corpus_and_names_no_place(built, raw, page):
    folder, manifest = built
    assert "_report.html" in manifest["files"]
    assert str(folder.parent) not in page
    assert str(raw.parent) not in page
    assert manifest["corpus_hash"] not in page


def test_a_corpus_with_nothing_in_it_has_a_report(tmp_path):
    raw = write(tmp_path / "raw", Training__a=BROKEN)
    manifest = run.build(raw, tmp_path / "out", tokenizer="builtin")
    text = Text((tmp_path / "out" / "_report.html").read_text()).text
    assert manifest["dialogues"]["written"] == 0
    assert "1 dialogues read, 0 rows written" in text


def test_a_big_corpus_keeps_few_examples_short(tmp_path):
    lines = [("AB"[k % 2], f"{k} ㅋㅋㅋ {'가' * 400}") for k in range(40)]
    raw = write(tmp_path / "raw", Training__a=summary_document(summary_entry("d", *lines)))
    run.build(raw, tmp_path / "out", tokenizer="builtin", max_tokens=4096)
    page = (tmp_path / "out" / "_report.html").read_text()
    inside = page.partition('<span class="mono">jamo_run</span>')[2].partition("</details>")[0]
    shown = [unescape(re.sub("<[^>]*>", "", one)) for one in re.findall("<bdi>(.*?)</bdi>", inside)]
    assert len(shown) == SAMPLES
    assert all(len(one) <= LONGEST + 2 for one in shown)
    assert len(page) < 200_000


def test_characters_that_the_tokenizer_lacks_are_ranked_by_their_cost(raw, tmp_path):
    run.build(raw, tmp_path / "out", tokenizer="builtin")
    encoder = Encoder((tmp_path / "out" / TOKENIZER).read_bytes())
    unknown = encoder.unknown_characters
    strange, plain = unknown[0], "가"
    assert plain not in unknown
    unk = encoder.unk_id.to_bytes(4, "little")
    for character in (strange, unknown[-1]):
        assert unk in encoder.encode([character])[0]
    ranked = korean.unknown_words([f"{strange}{strange} 가 나{strange}", f"나{strange}"], unknown)
    assert ranked == [
        {"word": strange * 2, "times": 1, "tokens": 2},
        {"word": f"나{strange}", "times": 2, "tokens": 2},
    ]


@pytest.mark.parametrize(
    ("turn", "speech"),
    [
        ("안녕하세요", "polite"),
        ("그럼 내일 봐요ㅋㅋ 제가 갈게", "polite"),
        ("갑니다!!", "polite"),
        ("어디 가십니까?", "polite"),
        ("맞죠", "polite"),
        ("어서 오십시오", "polite"),
        ("그러니까 내 말이", "casual"),
        ("학교에 다니다 말았어", "casual"),
        ("그건 필요 없어", "casual"),
        ("월요일에 봐", "casual"),
        ("응", "casual"),
        ("ㅇㅇ", None),
        ("?!", None),
    ],
)
def test_speech_is_judged_by_its_endings(turn, speech):
    assert korean.speech_of(turn) == speech


def test_what_nobody_can_see_is_spelt_out():
    assert visible("a\u202eb\n\x00") == r"a\u202eb\u000a\u0000"


@pytest.mark.parametrize("before", ["", "가", "가가", "가나다"])
@pytest.mark.parametrize("after", ["", "가", "가가", "나", "가 나다"])
def test_a_change_says_both_texts(before, after):
    change = change_of(before, after)
    assert change.head + change.removed + change.tail == before
    assert (change.head + change.added + change.tail).replace("␣", " ") == after


def test_a_histogram_counts_everything_once_and_marks_the_cap():
    counter = {str(k): 1 for k in range(0, 4000, 8)}
    drawn = charts.histogram(counter, step=8, cap=256)
    assert drawn.n == sum(bar.n for bar in drawn.bars) == len(counter)
    assert sum(bar.n for bar in drawn.bars if not bar.is_over) == 256 // 8
    assert drawn.bars[-1].label.endswith("+")
    assert len(drawn.bars) <= charts.MOST_BARS
    first_over = next(bar for bar in drawn.bars if bar.is_over)
    assert abs(first_over.x - drawn.cap) <= 1
    assert charts.histogram({}, step=1).n == 0


def test_a_flow_is_as_wide_on_both_sides():
    drawn = charts.flow([(60, 50), (39, 50), (1, 50)])
    assert [round(one.height) for one in drawn.ribbons] == [240, 156, 4]
    ends = [(one.y, one.y + one.height) for one in drawn.ribbons]
    assert all(ends[k][1] < ends[k + 1][0] for k in range(2))
    assert drawn.height >= ends[-1][1]


def test_the_median_is_the_middle():
    assert median({"2": 1, "4": 1, "6": 1}) == 4
    assert median({}) == 0


def test_every_reason_of_readme_is_said_in_both_languages():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    table = readme.partition("## Why a dialogue is not there")[2].partition("\n\nThe defaults")[0]
    named = {
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall("`([a-z_]+)`", line.split("|")[1])
    }
    assert named
    assert named <= words.REASONS.keys()
    drops = {"system_tag", "url_tag", "number_tag", "unknown_tag", "mask", "doubled_line", "empty"}
    assert drops <= words.DROPPED.keys()
    assert {rule.name for rule in RULES} & words.DROPPED.keys()
    for table in (words.REASONS, words.DROPPED, words.OPTIONS, words.SOURCES, words.SPLITS):
        assert all(said.ko and said.en for said in table.values())


def test_every_rule_is_explained_in_korean():
    every = [rule for table in TABLES.values() for rule in table]
    every += respell_rules(frozenset(RESPELT))
    assert {rule.name for rule in every} | {IN_PIECES[0]} == set(RULE_WORDS)
    assert all(re.search("[가-힣]", words) for words in RULE_WORDS.values())


def test_pictures_beside_each_other_have_the_same_scales():
    few, many = {"2": 3, "4": 1}, {"2": 500, "9": 1500}
    one, other = (charts.histogram(mine, step=1, beside=[few, many]) for mine in (few, many))
    assert one.x_ticks == other.x_ticks
    assert one.y_ticks == other.y_ticks
    assert one.y_ticks[-1].label.endswith("%")
    height = {bar.label: bar.height for bar in one.bars}
    assert height["2"] == {bar.label: bar.height for bar in other.bars}["9"]  # 75 % of each


def test_of_a_tag_a_sample_that_stays_comes_first_and_one_that_goes_says_why(tmp_path):
    talk = (
        ("A", "안녕하세요 #@회사#입니다"),
        ("B", "네 #@회사#에서 산 것인데요"),
        ("A", "네 #@회사#는 맞습니다"),
        ("B", "#@전번#"),
        ("A", "확인했습니다"),
    )
    raw = write(tmp_path / "raw", Training__t=task_document("t", *talk))
    run.build(raw, tmp_path / "out", tokenizer="builtin", workers=1)
    page = unescape((tmp_path / "out/_report.html").read_text())
    firm, number = (page.partition(f"<bdi>{tag}</bdi>")[2] for tag in ("#@회사#", "#@전번#"))
    first = firm.partition("</details>")[0]
    assert first.index("는 맞습니다") < first.index("안녕하세요")
    assert first.index("에서 산") < first.index("안녕하세요")
    assert "agent_opening: 상담원이 고객보다 먼저 한 말" in first
    assert "number_tag: 전화번호·계좌·상품명 등" in number.partition("</details>")[0]
