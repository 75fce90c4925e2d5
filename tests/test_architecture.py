"""Who may import whom: what keeps the parts exchangeable and `--help` instant."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(path for path in (ROOT / "corpus").rglob("*.py") if path.name != "__init__.py")
# A step is a package or a module; its own modules may import each other, and all know the records
# and that a folder may lie in a store.
STEPS = {"reading", "text", "names", "tokens"}
RECORDS = {"records", "remote"}
# Each library lives in one place; what many places need (arrays and tables) is not listed.
HOMES = {
    "faker": {"names/lexicon.py"},
    "msgspec": {"reading"},
    "regex": {"text/rules.py"},
    "tokenizers": {"tokens"},
    "huggingface_hub": {"tokens"},
    "pandas": {"processed.py"},
    "ray": {"building/on_ray.py"},
    "fsspec": {"remote.py"},
    "jinja2": {"report/page.py"},
    "hangulpy": {"chat/keyboard.py"},
    "FinanceDataReader": {"chat/network.py"},
    "starlette": {"chat/web.py", "chat/guard.py"},
    "uvicorn": {"chat/web.py", "chat/guard.py"},
}
# Outside of training.
TORCH = {
    "torch": {"chat/model.py", "chat/sampling.py"},
    "safetensors": {"chat/weights.py"},
}


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def home(path):
    return path.relative_to(ROOT / "corpus").as_posix()


def step(path):
    return home(path).partition("/")[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=home)
def test_steps_import_the_records_and_no_other_step(path):
    ours = {name.split(".")[1] for name in imports_of(path) if name.startswith("corpus.")}
    if step(path) in STEPS and "builtin" not in home(path):
        assert ours <= RECORDS | {step(path)}


@pytest.mark.parametrize("path", MODULES, ids=home)
def test_a_library_lives_in_one_place(path):
    if step(path) == "training":
        return
    for library in {name.partition(".")[0] for name in imports_of(path)} & HOMES.keys():
        assert any(home(path).startswith(place) for place in HOMES[library]), library


@pytest.mark.parametrize("path", MODULES, ids=home)
def test_training_alone_imports_transformers_and_nothing_else_imports_training(path):
    if step(path) != "training":
        roots = {name.partition(".")[0] for name in imports_of(path)}
        places = {library for library in TORCH if home(path) in TORCH[library]}
        assert not roots & {"transformers", *TORCH} - places
        assert not any(name.startswith("corpus.training") for name in imports_of(path))


@pytest.mark.parametrize("path", [path for path in MODULES if step(path) == "chat"], ids=home)
def test_chat_imports_records_text_and_tokens_alone(path):
    ours = {name.split(".")[1] for name in imports_of(path) if name.startswith("corpus.")}
    assert ours <= RECORDS | {"chat", "text", "tokens"}


def test_help_comes_before_any_library_is_loaded():
    heavy = "torch safetensors numpy pyarrow regex tokenizers starlette uvicorn msgspec faker"
    code = f"""if True:
        import sys
        from corpus.__main__ import main
        try:
            main(["chat", "--help"])
        except SystemExit:
            loaded = set({heavy!r}.split()) & set(sys.modules)
            sys.exit(f"loaded: {{loaded}}" if loaded else 0)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--candidates" in done.stdout


def test_train_never_imports_the_builder():
    paths = [ROOT / "train.py", *(path for path in MODULES if step(path) == "training")]
    for path in paths:
        for name in imports_of(path):
            assert not name.startswith("corpus.") or name.startswith(
                ("corpus.training", "corpus.records", "corpus.remote")
            ), path
