import json
import threading
from datetime import UTC, datetime

import pytest

from corpus.chat.reply import Message
from corpus.chat.save import CHATS, PREFERENCES, save_dialogue, save_preference
from corpus.records import CorpusError

NOW = datetime(2026, 11, 27, 21, 5, tzinfo=UTC)


def talk(*turns):
    return [Message("assistant" if k % 2 else "user", turn) for k, turn in enumerate(turns)]


def said(folder):
    lines = (folder / CHATS).read_text().removesuffix("\n").split("\n")
    return [[one["utterance"] for one in json.loads(line)["body"]["dialogue"]] for line in lines]


def test_an_entry_is_as_aihub_117_writes_it(tmp_path):
    assert save_dialogue(tmp_path, talk("안녕ㅋㅋㅋㅋ", "응!!!"), now=NOW)
    entry = json.loads((tmp_path / CHATS).read_text())
    info = entry["header"]["dialogueInfo"]
    assert info["dialogueID"].startswith("chat-")
    assert len(info["dialogueID"]) == len("chat-") + 16
    assert (info["topic"], info["numberOfParticipants"]) == ("챗봇", 2)
    assert [one["participantID"] for one in entry["header"]["participantsInfo"]] == ["P01", "P02"]
    assert entry["body"]["dialogue"] == [
        {
            "utteranceID": "U1",
            "turnID": "T1",
            "participantID": "P01",
            "date": "2026-11-27",
            "time": "21:05:00",
            "utterance": "안녕ㅋㅋㅋㅋ",
        },
        {
            "utteranceID": "U2",
            "turnID": "T2",
            "participantID": "P02",
            "date": "2026-11-27",
            "time": "21:05:00",
            "utterance": "응!!!",
        },
    ]


def test_neighbours_of_one_role_are_one_turn(tmp_path):
    messages = [Message("user", "안녕"), Message("user", "뭐 해?"), Message("assistant", "놀아")]
    save_dialogue(tmp_path, messages, now=NOW)
    dialogue = json.loads((tmp_path / CHATS).read_text())["body"]["dialogue"]
    assert [one["turnID"] for one in dialogue] == ["T1", "T1", "T2"]


def test_the_same_is_not_kept_twice_and_what_goes_on_takes_the_place_of_its_beginning(tmp_path):
    assert save_dialogue(tmp_path, talk("저녁은?", "라면"), now=NOW)
    assert save_dialogue(tmp_path, talk("안녕", "응"), now=NOW)
    assert not save_dialogue(tmp_path, talk("안녕", "응"), now=NOW)
    assert save_dialogue(tmp_path, talk("안녕", "응", "뭐 해?", "놀아"), now=NOW)
    assert not save_dialogue(tmp_path, talk("안녕", "응"), now=NOW)
    assert save_dialogue(tmp_path, talk("안녕", "응", "뭐 해?", "자"), now=NOW)
    assert said(tmp_path) == [
        ["저녁은?", "라면"],
        ["안녕", "응", "뭐 해?", "놀아"],
        ["안녕", "응", "뭐 해?", "자"],
    ]


def test_nothing_without_a_reply_at_its_end_is_kept(tmp_path):
    for messages in ([], talk("안녕"), talk("안녕", "응", "뭐 해?"), talk("안녕", "응")[1:]):
        with pytest.raises(ValueError, match="ends with a reply"):
            save_dialogue(tmp_path, messages, now=NOW)
    assert not (tmp_path / CHATS).exists()


def test_a_preference_is_as_trl_reads_it(tmp_path):
    assert save_preference(tmp_path, talk("안녕"), chosen="응 안녕!", rejected="뭐")
    assert not save_preference(tmp_path, talk("안녕"), chosen="응 안녕!", rejected="뭐")
    assert json.loads((tmp_path / PREFERENCES).read_text()) == {
        "prompt": [{"role": "user", "content": "안녕"}],
        "chosen": [{"role": "assistant", "content": "응 안녕!"}],
        "rejected": [{"role": "assistant", "content": "뭐"}],
    }
    with pytest.raises(ValueError, match="between two replies"):
        save_preference(tmp_path, talk("안녕"), chosen="응", rejected="응")
    with pytest.raises(ValueError, match="message of the user"):
        save_preference(tmp_path, talk("안녕", "응"), chosen="응", rejected="뭐")


def test_trl_and_datasets_read_the_preferences(tmp_path):
    datasets = pytest.importorskip("datasets")
    trl = pytest.importorskip("trl")
    for k in range(3):
        save_preference(tmp_path, talk("안녕", "응", f"{k}?"), chosen="그래", rejected="아니")
    rows = datasets.load_dataset(
        "json",
        data_files=str(tmp_path / PREFERENCES),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert trl.is_conversational(rows[0])
    assert len(rows) == 3


@pytest.mark.parametrize(
    "text", ['"따옴표" \\ {}', "두\n줄", "\u2028줄", "\ud800", "\x00", "</script>"]
)
def test_any_text_is_kept_on_one_line(tmp_path, text):
    save_dialogue(tmp_path, talk(text, text), now=NOW)
    assert (tmp_path / CHATS).read_bytes().count(b"\n") == 1
    assert said(tmp_path) == [[text.replace("\ud800", "?")] * 2]
    assert not save_dialogue(tmp_path, talk(text, text), now=NOW)


def test_many_at_once_lose_nothing(tmp_path):
    def save(k):
        for n in range(10):
            save_dialogue(tmp_path, talk(f"{k}번 {n}", "응"), now=NOW)

    threads = [threading.Thread(target=save, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said(tmp_path)) == 80


def test_a_folder_that_is_none_and_a_file_of_another_are_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match="--save"):
        save_dialogue(tmp_path / "file", talk("안녕", "응"), now=NOW)
    (tmp_path / CHATS).write_text("{}\n")
    with pytest.raises(CorpusError, match="holds a line that chat did not write"):
        save_dialogue(tmp_path, talk("안녕", "응"), now=NOW)


def test_build_reads_the_folder_as_it_is(tmp_path):
    from corpus.building.run import build

    save_dialogue(tmp_path / "raw", talk("안녕ㅋㅋㅋㅋ", "응!!!"), now=NOW)
    save_dialogue(tmp_path / "raw", talk("저녁 뭐 먹을까?", "라면"), now=NOW)
    save_preference(tmp_path / "raw", talk("안녕"), chosen="응", rejected="뭐")
    manifest = build(tmp_path / "raw", tmp_path / "processed", tokenizer="builtin", workers=1)
    assert not manifest["broken"]

    from corpus.processed import load

    rows = load(tmp_path / "processed")
    assert sorted(rows["conversation"]) == [
        "<usr>안녕ㅋㅋ<sys>응!",
        "<usr>저녁 뭐 먹을까?<sys>라면",
    ]
    assert {*rows["topic"]} == {"챗봇"}
