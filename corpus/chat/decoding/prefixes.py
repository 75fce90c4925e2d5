"""The prefixes that are kept between replies, so that a turn costs what is new in it."""

from collections.abc import Sequence

from corpus.chat.decoding.model import Decoder, Prefix

KEPT = 4  # conversations; a row of KoGPT2's takes 19 MB


class Prefixes:
    """The last conversations' prefixes; whoever was used longest ago gives way."""

    def __init__(self, decoder: Decoder, room: int) -> None:
        self._decoder, self._room = decoder, room
        self._kept: list[Prefix] = []  # the last used at the end

    def of(self, chunks: Sequence[Sequence[int]]) -> Prefix:
        """Return a prefix of these chunks, with its logits; what is known of them is not computed.

        A prefix that goes another way stays as it is: what is common is copied.
        """
        common = [_common(prefix, chunks) for prefix in self._kept]
        best = max(range(len(common)), key=lambda k: (common[k], k), default=-1)
        n = common[best] if self._kept else 0
        if self._kept and n and n == len(self._kept[best].ends):
            prefix = self._kept.pop(best)
        else:
            full = len(self._kept) == KEPT
            prefix = self._kept.pop(0) if full else self._decoder.new_prefix(self._room)
            known = self._kept[best - full] if n and not (full and best == 0) else None
            if known is None:  # it is the best one itself, or none has a chunk in common
                prefix.cut(prefix.ends[n - 1] if n else 0)
            else:
                prefix.copy_from(known, known.ends[n - 1])
        if len(prefix.ends) == len(chunks) and prefix.logits is None:
            prefix.cut(prefix.ends[-2] if len(chunks) > 1 else 0)
        for chunk in chunks[len(prefix.ends) :]:
            self._decoder.extend(prefix, chunk)
        self._kept.append(prefix)
        return prefix


def _common(prefix: Prefix, chunks: Sequence[Sequence[int]]) -> int:
    """Return how many chunks are the prefix's first."""
    n = begin = 0
    for chunk, end in zip(chunks, prefix.ends, strict=False):
        if prefix.ids[begin:end] != list(chunk):
            break
        n, begin = n + 1, end
    return n
