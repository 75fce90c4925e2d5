import argparse

import pytest

from corpus.__main__ import main
from corpus.chat.options import KEY_VARIABLE, NAME, SERVICES, add_options, check_options
from corpus.chat.reply import Draw
from corpus.chat.services import table
from corpus.records import CorpusError


def parsed(*options):
    parser = argparse.ArgumentParser()
    add_options(parser)
    args = parser.parse_args(["runs/x", *options])
    check_options(args)
    return args


def test_the_defaults_are_those_of_a_draw():
    args, draw = parsed(), Draw()
    for name in ("candidates", "temperature", "top_p", "top_k", "max_new_tokens"):
        assert getattr(args, name) == getattr(draw, name)
    assert (args.port, args.host, args.seed, args.threads) == (8400, "127.0.0.1", None, None)


def test_services_and_name_are_those_that_the_services_know():
    assert SERVICES == table.CHOICES
    assert NAME == table.DEFAULT_NAME


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--candidates 9", "--candidates is 9; it may be 1 to 8."),
        ("--candidates 0", "--candidates is 0; it may be 1 to 8."),
        ("--temperature -1", "--temperature is -1.0; it may be 0 to 2."),
        ("--temperature nan", "--temperature is nan; it may be 0 to 2."),
        ("--top-p 0", "--top-p is 0.0; it may be above 0 to 1."),
        ("--top-p 1.1", "--top-p is 1.1; it may be above 0 to 1."),
        ("--top-k -1", "--top-k is -1; it may be 0 or more."),
        ("--max-new-tokens 0", "--max-new-tokens is 0; it may be 1 or more."),
        ("--threads 0", "--threads is 0; it may be 1 or more."),
        ("--seed -1", "--seed is -1; it may be 0 or more."),
        ("--port 70000", "--port is 70000; it may be 0 to 65535."),
        ("--web -p 안녕", "-p replies once and --web serves: give one of them."),
        ("--web --host 0.0.0.0", "--host 0.0.0.0 opens this server to others: give a --key."),
    ],
)
def test_a_wrong_option_is_told_before_anything_is_loaded(options, sentence, capsys, monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(CorpusError) as error:
        parsed(*options.split())
    assert str(error.value) == sentence
    assert main(["chat", "runs/none", *options.split()]) == 2
    assert capsys.readouterr().err == f"corpus: {sentence}\n"


def test_a_key_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    assert parsed("--web", "--host", "0.0.0.0").key == "secret"
    assert parsed("--key", "mine").key == "mine"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_alone_needs_no_key(host, monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    assert parsed("--web", "--host", host).key is None


@pytest.mark.parametrize("library", ["torch", "safetensors", "hangulpy"])
def test_a_library_that_is_lacking_is_named_with_what_brings_it(library, capsys, monkeypatch):
    from corpus.chat import command

    monkeypatch.setattr(command, "find_spec", lambda name: None if name == library else name)
    assert main(["chat", "runs/none"]) == 2
    expected = f'corpus: chat needs {library}: pip install -e ".[chat]".\n'
    assert capsys.readouterr().err == expected


def test_the_server_needs_starlette(capsys, monkeypatch):
    from corpus.chat import command

    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "starlette" else name)
    assert main(["chat", "runs/none", "--web"]) == 2
    expected = 'corpus: chat --web needs starlette: pip install -e ".[chat]".\n'
    assert capsys.readouterr().err == expected
