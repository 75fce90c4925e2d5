"""`python -m corpus chat`: loads the model that is named, and talks in the terminal or serves."""

import argparse
import secrets
import sys
from importlib.util import find_spec

from corpus.chat.options import check_options
from corpus.chat.reply import Draw
from corpus.records import CorpusError

_NEEDED = ("torch", "safetensors", "hangulpy")
_NEEDED_TO_SERVE = ("starlette", "uvicorn")


def chat(args: argparse.Namespace) -> int:
    """Talk, or serve, until it is ended; return the exit code.

    Raises:
        CorpusError: one sentence that says what is wrong with the call or with the model.
    """
    check_options(args)
    _check_installed("chat", _NEEDED)
    if args.web:
        _check_installed("chat --web", _NEEDED_TO_SERVE)
    # Imported here: they load torch.
    from corpus.chat.engine import open_engine  # noqa: PLC0415
    from corpus.chat.terminal import STOPPED, reply_once, talk, talk_by_lines  # noqa: PLC0415

    engine = open_engine(
        args.folder,
        precision=args.precision,
        threads=args.threads,
        device=args.device,
        corpus=args.corpus,
    )
    try:
        for notice in engine.notices:
            _say(notice)
        if args.max_new_tokens > engine.max_new_tokens:
            most = f"half of a dialogue of this model is {engine.max_new_tokens} tokens"
            _say(f"--max-new-tokens is {args.max_new_tokens}, but {most}: no reply is longer.")
        seed = secrets.randbelow(2**31) if args.seed is None else args.seed
        if args.seed is None:
            _say(f"--seed {seed} gives these replies again.")
        draw = _draw(args, seed)
        if args.web:
            from corpus.chat.server.web import serve  # noqa: PLC0415

            return serve(
                engine,
                draw,
                host=args.host,
                port=args.port,
                key=args.key,
                name=args.name,
                services=args.services,
                save=args.save,
            )
        if args.prompt is not None:
            return reply_once(engine, draw, args)
        if sys.stdin.isatty():
            return talk(engine, draw, args)
        return talk_by_lines(engine, draw, args)
    except KeyboardInterrupt:
        return STOPPED
    finally:
        engine.close()


def _draw(args: argparse.Namespace, seed: int) -> Draw:
    return Draw(
        candidates=args.candidates,
        temperature=args.temperature,
        top_p=args.top_p,
        top_k=args.top_k,
        max_new_tokens=args.max_new_tokens,
        seed=seed,
    )


def _check_installed(what: str, libraries: tuple[str, ...]) -> None:
    for library in libraries:
        if find_spec(library) is None:
            raise CorpusError(f'{what} needs {library}: pip install -e ".[chat]".')


def _say(sentence: str) -> None:
    sys.stderr.write(f"corpus: {sentence}\n")
