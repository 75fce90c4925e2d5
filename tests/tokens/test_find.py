import time
from hashlib import sha256
from threading import Event

import huggingface_hub
import pytest
from huggingface_hub import try_to_load_from_cache

from corpus.records import CorpusError
from corpus.tokens import find as module
from corpus.tokens.find import find_tokenizer

NAME = "someone/some-model"
NO_SUCH_PLACE = "/there/is/no/such/folder"


@pytest.fixture(autouse=True)
def _empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", unreachable)


def unreachable(*_):
    raise ConnectionError("We have no network.\nReally not.")


def cache(folder, content=b"{}"):
    model = folder / "models--someone--some-model"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text("abc123")
    (model / "snapshots" / "abc123").mkdir(parents=True)
    path = model / "snapshots" / "abc123" / "tokenizer.json"
    path.write_bytes(content)
    return path


def test_a_file_is_taken_byte_for_byte(tmp_path):
    path = tmp_path / "any-name.json"
    path.write_bytes(b'{"a": "\xea\xb0\x80"}\r\n')
    found = find_tokenizer(str(path))
    assert found.json == path.read_bytes()
    assert found.sha256 == sha256(path.read_bytes()).hexdigest()


def test_a_folder_stands_for_its_tokenizer_json(tmp_path):
    (tmp_path / "tokenizer.json").write_bytes(b"{}")
    assert find_tokenizer(str(tmp_path)).json == b"{}"


def test_a_local_tokenizer_is_named_without_the_path_to_it(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(b"{}")
    (tmp_path / "other").symlink_to(tmp_path)
    given = [path, tmp_path, tmp_path / "other"]
    assert [find_tokenizer(str(one)).name for one in given] == ["tokenizer.json"] * 3


def test_builtin_needs_neither_file_nor_network():
    assert find_tokenizer("builtin").json.startswith(b'{"version"')


@pytest.mark.parametrize(
    "name", [f"{NO_SUCH_PLACE}/tokenizer.json", "tokenizer.json", "./x", "a/b/c"]
)
def test_a_path_that_leads_nowhere_is_not_asked_for_on_the_hub(name, capsys):
    with pytest.raises(CorpusError, match="no such file or folder"):
        find_tokenizer(name)
    assert capsys.readouterr().err == ""


def test_a_folder_without_a_tokenizer_is_an_error_that_names_it(tmp_path):
    with pytest.raises(CorpusError, match=f"{tmp_path}: there is no tokenizer.json in this"):
        find_tokenizer(str(tmp_path))


def test_the_cache_is_asked_before_the_hub(tmp_path, capsys):
    path = cache(tmp_path / "cache", b'{"cached": 1}')
    assert find_tokenizer(NAME).json == b'{"cached": 1}'
    assert capsys.readouterr().err == ""
    # ... and it is where the hub's own client would look.
    assert try_to_load_from_cache(NAME, "tokenizer.json", tmp_path / "cache") == str(path)


@pytest.mark.parametrize(
    ("variable", "folder"), [("HF_HOME", "hub"), ("XDG_CACHE_HOME", "huggingface/hub")]
)
def test_the_cache_may_be_moved_as_for_the_hubs_client(monkeypatch, tmp_path, variable, folder):
    for other in ("HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    cache(tmp_path / folder, b'{"moved": 1}')
    assert find_tokenizer(NAME).json == b'{"moved": 1}'


def test_the_hub_is_asked_aloud(monkeypatch, tmp_path, capsys):
    path = cache(tmp_path / "downloaded", b'{"from": "hub"}')
    asked = []
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *a: asked.append(a) or str(path))
    assert find_tokenizer(NAME).json == b'{"from": "hub"}'
    assert asked == [(NAME, "tokenizer.json")]
    assert NAME in capsys.readouterr().err


def test_a_hub_that_cannot_be_reached_is_one_sentence_that_names_builtin():
    with pytest.raises(CorpusError) as error:
        find_tokenizer()
    message = str(error.value)
    assert "\n" not in message
    assert "skt/kogpt2-base-v2" in message
    assert "We have no network" in message
    assert "`builtin`" in message


def test_a_hub_that_does_not_answer_is_given_up(monkeypatch):
    never = Event()
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *_: never.wait(60))
    monkeypatch.setattr(module, "_PATIENCE", 0.2)
    start = time.monotonic()
    with pytest.raises(CorpusError, match=r"no answer within .*`builtin`"):
        find_tokenizer(NAME)
    assert time.monotonic() - start < 10
    never.set()
