"""Who may import whom: what keeps the parts exchangeable and `--help` instant."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(path for path in (ROOT / "corpus").rglob("*.py") if path.name != "__init__.py")
# Imports go up this list alone. The rooms of one line do not know each other, but for those of
# `WITHIN`, which stand in a line of their own because it is short.
ORDER = (
    {"records", "remote", "counts"},
    {"options", "splits"},
    {"dedup", "reading", "text", "names", "tokens", "sample"},
    {"output", "processed"},
    {"report"},
    {"dialogues"},
    {"building"},
    {"views", "verify"},
    {"commands"},
)
# What is done with models: other rooms do not know these, but for the commands that start them.
MODELS = {"training", "chat", "evaluation"}
WITHIN = {("counts", "records"), ("remote", "records"), ("processed", "output")}
AT_THE_ROOT = 8  # modules at most
LATE = {  # modules that import late, and why
    "commands/builds.py",  # --help answers at once
    "commands/raw_folder.py",
    "commands/finished.py",
    "commands/models.py",
    "__init__.py",
    "building/engines.py",  # Ray is an extra
    "building/steps.py",  # the process of a build only hands them out
    "building/workers.py",  # pyarrow, which that process does without
    "output/standing.py",
    "remote.py",  # fsspec, only for a store
    "processed.py",  # the manifest is read without pandas
    "tokens/find.py",  # the hub's library, only where the hub is asked
}
# Each library lives in one place; what many places need (arrays and tables) is not listed.
HOMES = {
    "msgspec": {"reading"},
    "regex": {"text/rule.py"},
    "tokenizers": {"tokens"},
    "huggingface_hub": {"tokens"},
    "pandas": {"processed.py"},
    "ray": {"building/on_ray.py"},
    "fsspec": {"remote.py"},
    "markupsafe": {"report/markup.py"},
    "hangulpy": {"chat/services/keyboard.py"},
    "FinanceDataReader": {"chat/services/network.py"},
    "starlette": {"chat/server/web.py", "chat/server/guard.py"},
    "uvicorn": {"chat/server/web.py", "chat/server/guard.py"},
    "sacrebleu": {"evaluation/measure.py"},
}
# Outside of training.
TORCH = {
    "torch": {"chat/decoding/model.py", "chat/decoding/sampling.py", "evaluation/model.py"},
    "safetensors": {"chat/decoding/weights.py"},
    "transformers": {"evaluation/model.py"},  # models of others, too
}


@cache
def nodes_of(path):
    return list(ast.walk(ast.parse(path.read_text())))


def imports_of(path):
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def home(path):
    return path.relative_to(ROOT / "corpus").as_posix()


def step(path):
    return home(path).partition("/")[0].removesuffix(".py")


def level(room):
    return next(level for level, rooms in enumerate(ORDER) if room in rooms)


def modules_imported_by(path):
    """Our modules that a module imports, as paths."""
    for node in nodes_of(path):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("corpus"):
            place = ROOT.joinpath(*node.module.split("."))
            if place.with_suffix(".py").exists():
                yield place.with_suffix(".py")
            else:
                inner = [place / f"{alias.name}.py" for alias in node.names]
                yield from (one if one.exists() else place / "__init__.py" for one in inner)


def goes_down(path, other):
    """Whether a module may import another one."""
    pair = step(path), step(other)
    if home(path) == "commands/models.py" and step(other) in MODELS:
        return other.stem in {"command", "options", "leaderboard"}
    known = step(other) in {"__init__", step(path)} or pair in WITHIN
    return known or level(pair[1]) < level(pair[0])


def test_imports_go_one_way():
    ordered = [
        path
        for path in MODULES
        if step(path) not in MODELS | {"__main__"} and "builtin" not in home(path)
    ]
    assert not [
        f"{home(path)} imports {home(other)}"
        for path in ordered
        for other in modules_imported_by(path)
        if not goes_down(path, other)
    ]


def test_no_imports_run_in_a_circle():
    package = ROOT / "corpus/__init__.py"  # names `build` and others for type checkers
    everything = set((ROOT / "corpus").rglob("*.py")) - {package}
    graph = {path: set(modules_imported_by(path)) - {path} for path in everything}
    while ends := {path for path, others in graph.items() if not others & graph.keys()}:
        graph = {path: others for path, others in graph.items() if path not in ends}
    assert not graph, sorted(map(home, graph))


def test_only_extras_and_slow_starters_are_imported_late():
    assert not [
        f"{home(path)}: {function.name}"
        for path in MODULES
        if home(path) not in LATE and step(path) not in MODELS
        for function in nodes_of(path)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]


def test_the_command_line_alone_knows_the_commands():
    for path in MODULES:
        known = {step(other) for other in modules_imported_by(path)}
        assert "commands" not in known or step(path) in {"__main__", "commands"}, home(path)


def test_few_modules_stand_at_the_root():
    assert len(list((ROOT / "corpus").glob("*.py"))) <= AT_THE_ROOT


def libraries_of(path):
    return {name.partition(".")[0] for name in imports_of(path)}


def test_a_library_lives_in_one_place():
    assert not [
        (home(path), library)
        for path in MODULES
        if step(path) != "training"
        for library in libraries_of(path) & HOMES.keys()
        if not any(home(path).startswith(place) for place in HOMES[library])
    ]


def test_torch_stands_where_it_is_needed():
    assert not [
        (home(path), library)
        for path in MODULES
        if step(path) != "training"
        for library in libraries_of(path) & TORCH.keys()
        if home(path) not in TORCH[library]
    ]


def test_nothing_but_training_and_its_command_imports_training():
    allowed = {f"corpus.training.{name}" for name in ("leaderboard", "command")}
    assert not [
        (home(path), name)
        for path in MODULES
        if step(path) != "training"
        for name in imports_of(path)
        if name.startswith("corpus.training")
        and not (home(path) == "commands/models.py" and name in allowed)
    ]


@pytest.mark.parametrize(
    ("room", "others"),
    [
        ("chat", {"records", "remote", "text", "tokens"}),
        ("evaluation", {"chat", "records", "remote", "text", "tokens"}),
    ],
)
def test_what_talks_imports_few_other_rooms(room, others):
    assert not [
        (home(path), name)
        for path in MODULES
        if step(path) == room
        for name in imports_of(path)
        if name.startswith("corpus.") and name.split(".")[1] not in others | {room}
    ]


def chat_room(path):
    return home(path).split("/")[1].removesuffix(".py")


def test_services_and_decoder_stand_alone_and_only_the_command_knows_the_server():
    for path in MODULES:
        if step(path) != "chat":
            continue
        room = chat_room(path)
        others = {chat_room(other) for other in modules_imported_by(path) if step(other) == "chat"}
        if room in {"services", "decoding"}:
            assert others <= {room, "reply"}, home(path)  # the plain values of a reply
        elif room not in {"server", "command"}:
            assert "server" not in others, home(path)


@pytest.mark.parametrize(("verb", "option"), [("chat", "--candidates"), ("eval", "--replies")])
def test_help_comes_before_any_library_is_loaded(verb, option):
    heavy = ["torch", "safetensors", "transformers", "sacrebleu", "numpy", "pyarrow", "regex"]
    heavy += ["tokenizers", "starlette", "uvicorn", "msgspec"]
    code = f"""if True:
        import sys
        from corpus.__main__ import main
        try:
            main([{verb!r}, "--help"])
        except SystemExit:
            loaded = set({heavy!r}) & set(sys.modules)
            sys.exit(f"loaded: {{loaded}}" if loaded else 0)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert option in done.stdout


def test_the_process_of_a_build_does_not_load_what_only_its_workers_need():
    ours = ["corpus.text", "corpus.names", "corpus.dialogues", "corpus.building.item"]
    ours += ["corpus.report.page", "corpus.report.counting", "corpus.tokens.encoder"]
    code = f"""if True:
        import sys
        import corpus.__main__, corpus.building.run, corpus.building.shares
        loaded = set({ours!r} + ["regex", "tokenizers"]) & set(sys.modules)
        sys.exit(f"loaded: {{loaded}}" if loaded else 0)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_train_never_imports_the_builder():
    paths = [ROOT / "train.py", *(path for path in MODULES if step(path) == "training")]
    for path in paths:
        for name in imports_of(path):
            evaluates = name == "corpus.evaluation.command" and path.stem == "chatbot"  # --eval
            assert (
                evaluates
                or not name.startswith("corpus.")
                or name.startswith(("corpus.training", "corpus.records", "corpus.remote"))
            ), path
