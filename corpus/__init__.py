"""AIHub's Korean dialogues as a chat corpus: `build`, `load`, `normalise`, `Chat`.

>>> import corpus
>>> corpus.normalise(["안녕ㅋㅋㅋㅋㅋ!!!!", "#@시스템#사진#"])
['안녕ㅋㅋ!', None]
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"
__all__ = ["Chat", "CorpusError", "build", "load", "normalise"]

if TYPE_CHECKING:
    from corpus.building.run import build
    from corpus.chat.engine import Chat
    from corpus.processed import load
    from corpus.records import CorpusError
    from corpus.text.normalisation import normalise

# No module is called like one of these functions: importing it would hide the function.
_HOMES = {
    "build": "building.run",
    "load": "processed",
    "normalise": "text.normalisation",
    "CorpusError": "records",
    "Chat": "chat.engine",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import on first use: `import corpus` and `--help` stay instant."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"corpus.{_HOMES[name]}"), name)
