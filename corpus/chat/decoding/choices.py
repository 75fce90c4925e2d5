"""In which precision and with how many threads a model computes here: measured, not assumed."""

import time
from contextlib import suppress
from pathlib import Path

from corpus.chat.decoding.model import Decoder, has_gpu, max_difference, n_threads, set_threads
from corpus.chat.decoding.weights import Weights
from corpus.records import CorpusError

PROBE_TOLERANCE = 1e-2  # of a logit
_PROBE_TOKENS = 8
_TIMED_STEPS = 3


def open_decoder(
    folder: Path, *, precision: str, device: str, threads: int | None
) -> tuple[Decoder, str]:
    """Load a model; return what is to be said about the choices that were made, too.

    Call it in the thread that will work with the decoder: the number of threads is its own.

    Raises:
        CorpusError: no plain GPT-2, weights are lacking, or there is no such device.
    """
    weights = Weights(folder)
    if device == "cuda" and not has_gpu():
        raise CorpusError("--device is cuda, but torch sees no GPU here.")
    on_gpu = device != "cpu" and has_gpu()
    every = n_threads()
    set_threads(threads or 1)  # to load, too: threads that wait for one another cost more
    if not on_gpu and precision in ("auto", "float16"):
        decoder, notice = _in_float16(weights)
    else:
        chosen = "bfloat16" if precision == "auto" else precision
        decoder = Decoder(weights, precision=chosen, device="cuda" if on_gpu else "cpu")
        notice = ""
    if not threads and not on_gpu and every > 1:
        set_threads(_fastest(decoder, every))
    return decoder, notice


def _in_float16(weights: Weights) -> tuple[Decoder, str]:
    """Return a decoder with float16 weights on a CPU, or in float32 if torch cannot, and why.

    They are multiplied in float32: 1.7 times as fast, since reading them is what takes the time.
    """
    notice = "torch cannot multiply by float16 weights here, so float32 is used."
    with suppress(AttributeError, RuntimeError):  # no such operator, or not on this CPU
        packed = Decoder(weights, precision="float16", device="cpu")
        plain = Decoder(weights, precision="float32", device="cpu", is_lasting=False)
        step = max(1, weights.config.vocab_size // _PROBE_TOKENS)
        probe = range(0, weights.config.vocab_size, step)[: weights.config.n_positions]
        off = max_difference(plain, packed, probe)
        if off <= PROBE_TOLERANCE:
            return packed, ""
        notice = f"with float16 weights a logit is off by {off:.2g}, so float32 is used."
    return Decoder(weights, precision="float32", device="cpu"), notice


def _fastest(decoder: Decoder, every: int) -> int:
    """Return the number of threads, one or all, by which a step takes less time.

    All are not always faster: on a busy machine each step waits for the slowest.
    """
    prefix, rows = decoder.new_prefix(2), decoder.new_rows(1, 2 * _TIMED_STEPS + 1)
    decoder.extend(prefix, [0, 0])

    def step() -> float:
        began = time.perf_counter()
        decoder.step(prefix, rows, [0])
        return time.perf_counter() - began

    alone = min(step() for _ in range(_TIMED_STEPS))
    set_threads(every)
    step()  # starts them
    for _ in range(_TIMED_STEPS):
        if step() < alone:
            return every
    return 1
