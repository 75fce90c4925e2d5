"""What people liked, kept as files: dialogues for `build`, and preferences for DPO.

`chats.jsonl` holds an entry of AIHub 117 a line, which the builder reads as it is;
`preferences.jsonl` holds lines as TRL reads them. Texts are raw, as they were typed and shown.
Nothing is written that nobody judged: a model that learns from its own words gets worse.
"""

import json
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import FileLock

from corpus.chat.reply import Message
from corpus.records import CorpusError

CHATS, PREFERENCES = "chats.jsonl", "preferences.jsonl"
TOPIC = "챗봇"
_LOCK = ".lock"
_SPEAKERS = {"user": "P01", "assistant": "P02"}


def save_dialogue(folder: Path, messages: Sequence[Message], *, now: datetime) -> bool:
    """Add a dialogue whose last message is a reply that was liked; return False if it is there.

    A dialogue that goes on from one that is there takes its place: nothing is learnt twice.

    Raises:
        CorpusError: the folder cannot be written to.
        ValueError: it does not begin with the user, or does not end with a reply.
    """
    if not messages or (messages[0].role, messages[-1].role) != ("user", "assistant"):
        raise ValueError("a dialogue begins with the user and ends with a reply")
    messages = _writable(messages)
    said = _said(messages)

    def place(line: dict[str, Any]) -> str:
        other = [(one["participantID"], one["utterance"]) for one in line["body"]["dialogue"]]
        if other[: len(said)] == said:
            return "there"
        return "goes" if said[: len(other)] == other else "stays"

    return _add(folder / CHATS, dialogue_entry(messages, now=now), place)


def save_preference(folder: Path, prompt: Sequence[Message], *, chosen: str, rejected: str) -> bool:
    """Add that one reply was preferred to another; return False if it is there.

    Raises:
        CorpusError: the folder cannot be written to.
        ValueError: there is no difference.
    """
    [*prompt, good, bad] = _writable(
        [*prompt, Message("assistant", chosen), Message("assistant", rejected)]
    )
    if good == bad or not prompt or prompt[-1].role != "user":
        raise ValueError("a preference is between two replies to a message of the user")
    line = {
        "prompt": [_as_json(message) for message in prompt],
        "chosen": [_as_json(good)],
        "rejected": [_as_json(bad)],
    }
    return _add(folder / PREFERENCES, line, lambda other: "there" if other == line else "stays")


def dialogue_entry(messages: Sequence[Message], *, now: datetime) -> dict[str, Any]:
    """Return a dialogue as AIHub 117 writes one; its id is a hash of what was said."""
    digest = sha256(json.dumps(_said(messages), ensure_ascii=False).encode())
    turn = 0
    dialogue = []
    for k, message in enumerate(messages):
        turn += k == 0 or message.role != messages[k - 1].role
        dialogue.append(
            {
                "utteranceID": f"U{k + 1}",
                "turnID": f"T{turn}",
                "participantID": _SPEAKERS[message.role],
                "date": f"{now:%Y-%m-%d}",
                "time": f"{now:%H:%M:%S}",
                "utterance": message.content,
            }
        )
    info = {
        "dialogueID": f"chat-{digest.hexdigest()[:16]}",
        "numberOfParticipants": len(_SPEAKERS),
        "numberOfUtterances": len(messages),
        "numberOfTurns": turn,
        "type": "일상 대화",
        "topic": TOPIC,
    }
    people = [{"participantID": speaker} for speaker in _SPEAKERS.values()]
    return {
        "header": {"dialogueInfo": info, "participantsInfo": people},
        "body": {"dialogue": dialogue},
    }


def _writable(messages: Sequence[Message]) -> list[Message]:
    """Return the messages with `?` for what UTF-8 has no bytes for: half a character."""
    return [
        Message(message.role, message.content.encode("utf-8", "replace").decode())
        for message in messages
    ]


def _said(messages: Sequence[Message]) -> list[tuple[str, str]]:
    return [(_SPEAKERS[message.role], message.content) for message in messages]


def _as_json(message: Message) -> dict[str, str]:
    return {"role": message.role, "content": message.content}


def _add(path: Path, line: dict[str, Any], place: Callable[[dict[str, Any]], str]) -> bool:
    """Add a line unless it is there, in place of those that it replaces."""
    written = (json.dumps(line, ensure_ascii=False) + "\n").encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.parent / _LOCK):
            known = path.read_bytes().splitlines(keepends=True) if path.exists() else []
            places = [place(json.loads(one)) for one in known]
            if "there" in places:
                return False
            if "goes" in places:
                left = [one for one, of_it in zip(known, places, strict=True) if of_it == "stays"]
                _replace(path, b"".join([*left, written]))
            else:
                with path.open("ab", buffering=0) as file:
                    file.write(written)
                    os.fsync(file.fileno())
    except OSError as error:
        raise CorpusError(f"--save {path.parent}: {error.strerror}: {path.name}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{path} holds a line that chat did not write: {error}.") from error
    return True


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that either the old or the new one is there, whatever happens."""
    new = path.with_name(f".{path.name}.new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
