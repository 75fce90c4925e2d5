"""A model that replies: it reads, draws candidates, filters and ranks them, in a thread of its own.

>>> Chat("runs/NAME").reply(["안녕?"])  # doctest: +SKIP
'응 안녕!'
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from corpus.chat.candidates import Judge, choose
from corpus.chat.decoding.choices import open_decoder
from corpus.chat.decoding.generation import Writer
from corpus.chat.decoding.model import Decoder, Device
from corpus.chat.decoding.prefixes import Prefixes
from corpus.chat.decoding.sampling import Vocabulary
from corpus.chat.folder import Trained, find_model, name_of, read_chat
from corpus.chat.reply import UNREADABLE, Cancelled, Draw, Message, Reply, Seen
from corpus.chat.services.bad_words import find_bad_word
from corpus.chat.window import Reader, make_window, tokens_never_written
from corpus.records import CorpusError
from corpus.tokens.encoder import Encoder

if TYPE_CHECKING:
    from corpus.chat.copies import Copies

_HEARS_CTRL_C = 0.1  # seconds
SMALLEST_ROOM = 16  # tokens: less holds no exchange


class Engine:
    """One model, for many threads: one worker thread owns it, and replies are made one by one.

    Attributes:
        name: what the model is called: the name of its run.
        max_tokens: of a dialogue, as it was trained.
        notices: what is to be said at the start, a sentence each.
        encoder: of its tokenizer.
        vocab_size: how many token ids there are.
    """

    def __init__(
        self,
        model: Path,
        *,
        precision: str = "auto",
        threads: int | None = None,
        device: str = "auto",
        corpus: Path | None = None,
    ) -> None:
        """Load a model; `open_engine` finds it in the folder of its run."""
        trained, notice = read_chat(model)
        self.encoder = Encoder(_tokenizer(model))
        self.vocab_size = self.encoder.vocab_size
        self._copies = _copies(corpus) if corpus else None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="chat")
        self._closed = Event()
        opening = self._worker.submit(
            open_decoder, model, precision=precision, device=device, threads=threads
        )
        self._decoder, other = opening.result()
        self.notices = tuple(one for one in (notice, other) if one)
        self.name = name_of(model)
        self.max_tokens = min(trained.max_tokens, self._decoder.config.n_positions)
        _check_sizes(self.encoder, self._decoder, self.max_tokens, model)
        self._reader = reader_of(self.encoder, trained)
        self._vocabulary = vocabulary_of(
            self._reader, self._decoder.config.vocab_size, self._decoder.device
        )
        self._prefixes = Prefixes(self._decoder, self.max_tokens)

    def reply(
        self,
        messages: Sequence[Message],
        draw: Draw,
        *,
        on_text: Callable[[str], None] | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> Reply:
        """Return a reply to the last message, which is the user's.

        Args:
            messages: the conversation so far.
            draw: how to draw.
            on_text: told, in the worker thread, what is new of the reply, with one candidate alone.
            is_cancelled: asked in the worker thread before each token.

        Raises:
            Cancelled: before the next token, once the reply is no longer wanted.
            ValueError: the last message is not the user's.
        """
        if not messages or messages[-1].role != "user":
            raise ValueError("the last message must be the user's")
        wanted = self._worker.submit(
            self._reply, tuple(messages), self._within(draw), on_text, is_cancelled
        )
        while not wait([wanted], timeout=_HEARS_CTRL_C).done:
            pass  # a signal that came just before waiting is only heard after it
        return wanted.result()

    @property
    def max_new_tokens(self) -> int:
        """The most tokens of a reply: half of a dialogue, to leave room for what it answers."""
        return self.max_tokens // 2

    def read(self, text: str) -> Seen:
        """Return what the model would read of a text."""
        return self._reader.seen(text)

    def close(self) -> None:
        """End what is being written, and the worker."""
        self._closed.set()
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _within(self, draw: Draw) -> Draw:
        """Return the draw as this model can do it."""
        return replace(
            draw,
            candidates=1 if draw.temperature == 0 else draw.candidates,
            max_new_tokens=min(draw.max_new_tokens, self.max_new_tokens),
            n_rivals=min(draw.n_rivals, self.encoder.vocab_size),
        )

    def _reply(
        self,
        messages: Sequence[Message],
        draw: Draw,
        on_text: Callable[[str], None] | None,
        is_cancelled: Callable[[], bool],
    ) -> Reply:
        began = time.monotonic()

        def is_ended() -> bool:
            return self._closed.is_set() or is_cancelled()

        if is_ended():  # while others were answered
            raise Cancelled
        window = make_window(messages, self._reader, self.max_tokens - 1 - draw.max_new_tokens)
        if window is None:
            return _unreadable(messages, self._reader, time.monotonic() - began)
        prefix = self._prefixes.of(window.chunks)
        writer = Writer(self._decoder, self.encoder, self._vocabulary, prefix, draw)
        judge = Judge(self._decoder, self._reader, window, lambda text: bool(find_bad_word(text)))
        chosen = choose(
            writer,
            judge,
            draw.candidates,
            on_text=on_text if draw.candidates == 1 else None,
            is_cancelled=is_ended,
        )
        return Reply(
            text=chosen.text,
            finish=chosen.finish,
            chosen=chosen.place,
            candidates=chosen.candidates,
            seen=window.seen,
            window_tokens=len(prefix.ids),
            first_message=window.first_message,
            cut_characters=window.cut_characters,
            unknown=window.unknown,
            copies=self._copies.of(chosen.text) if self._copies else None,
            seconds=time.monotonic() - began,
            fallback=chosen.place < 0,
            prompt_tokens=len(prefix.ids),
            completion_tokens=chosen.n_tokens,
        )


def open_engine(
    folder: Path,
    *,
    precision: str = "auto",
    threads: int | None = None,
    device: str = "auto",
    corpus: Path | None = None,
) -> Engine:
    """Load the best model of a run, or the model in a folder.

    Args:
        folder: of the run or of the model.
        precision: `auto`, `float32`, `float16` or `bfloat16`; auto is float16 weights on a CPU and
            bfloat16 on a GPU.
        threads: on a CPU; None measures whether one or all are faster.
        device: `auto`, `cpu` or `cuda`.
        corpus: a finished build, to count how often a reply stands in it.

    Raises:
        CorpusError: one sentence that says what is wrong with the folder.
    """
    model = find_model(folder)
    return Engine(model, precision=precision, threads=threads, device=device, corpus=corpus)


class Chat:
    """A model to talk to from Python, with the command line's defaults."""

    def __init__(self, folder: str | Path) -> None:
        """Load the best model of a run, or the model in a folder.

        Raises:
            CorpusError: one sentence that says what is wrong with the folder.
        """
        self._engine = open_engine(Path(folder))

    def reply(self, turns: Sequence[str], *, seed: int = 0, candidates: int = 4) -> str:
        """Return a reply to the last of some turns that alternate: the user's, the model's, ...

        Raises:
            ValueError: there are no turns.
        """
        return self._engine.reply(messages_of(turns), Draw(seed=seed, candidates=candidates)).text


def messages_of(turns: Sequence[str]) -> list[Message]:
    """Return turns that alternate as messages, of which the last is the user's.

    >>> [message.role for message in messages_of(["안녕?", "응 안녕", "뭐 해?"])]
    ['user', 'assistant', 'user']
    """
    behind = range(len(turns) - 1, -1, -1)
    return [
        Message("assistant" if k % 2 else "user", turn)
        for k, turn in zip(behind, turns, strict=True)
    ]


def _copies(corpus: Path) -> "Copies":
    from corpus.chat.copies import Copies  # noqa: PLC0415 (pyarrow takes 0.2 s, and few ask)

    return Copies(corpus)


def _tokenizer(model: Path) -> bytes:
    path = model / "tokenizer.json"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CorpusError(f"{model} has no tokenizer.json, which train.py writes there.") from None


def _check_sizes(encoder: Encoder, decoder: Decoder, max_tokens: int, model: Path) -> None:
    if decoder.config.vocab_size < encoder.vocab_size:
        raise CorpusError(
            f"{model} holds a model of {decoder.config.vocab_size} tokens and a tokenizer of "
            f"{encoder.vocab_size}: they do not belong together."
        )
    if max_tokens < SMALLEST_ROOM:
        raise CorpusError(
            f"{model} has room for {max_tokens} tokens; a chat needs {SMALLEST_ROOM}."
        )


def reader_of(encoder: Encoder, trained: Trained) -> Reader:
    """Return what reads messages as a model was trained to see them."""
    lacking = encoder.lacking if trained.respell == "on" else frozenset()
    begin = (encoder.bos_id,) if trained.labels == "shift" else ()
    return Reader(encoder, trained.rules, lacking, begin)


def vocabulary_of(reader: Reader, vocab_size: int, device: Device) -> Vocabulary:
    """Return which tokens a reply may hold, of a model that has so many."""
    encoder = reader.encoder
    ends = (encoder.eos_id, encoder.usr_id)
    never = tokens_never_written(reader) | set(range(encoder.vocab_size, vocab_size))
    return Vocabulary.of(banned=sorted(never - set(ends)), ends=ends, device=device)


def _unreadable(messages: Sequence[Message], reader: Reader, seconds: float) -> Reply:
    texts = reader.texts([message.content for message in messages])
    return Reply(
        text=UNREADABLE,
        finish="stop",
        chosen=-1,
        candidates=(),
        seen=tuple(text or "" for text in texts),
        window_tokens=0,
        first_message=len(messages) - 1,
        cut_characters=0,
        unknown=0,
        copies=None,
        seconds=seconds,
        fallback=True,
        prompt_tokens=0,
        completion_tokens=0,
    )
