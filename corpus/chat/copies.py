"""How often a reply stands word for word in train: is it the model's own, or learnt by heart?"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from corpus.records import CorpusError


class Copies:
    """The replies of a corpus's train split, each once, with how often it is there."""

    def __init__(self, processed: Path) -> None:
        """Read them; it takes a second for some millions.

        Raises:
            CorpusError: there is no such corpus.
        """
        shards = sorted((processed / "train").glob("*.parquet"))
        if not shards:
            raise CorpusError(f"--corpus {processed}: there is no train/*.parquet of a build.")
        try:
            counted = [_count(shard) for shard in shards]
        except (pa.ArrowException, OSError, KeyError) as error:
            raise CorpusError(f"--corpus {processed} cannot be read: {error}.") from error
        every = pa.concat_tables(counted).group_by("text").aggregate([("n", "sum")])
        self._texts, self._counts = every["text"], every["n_sum"]

    def of(self, reply: str) -> int:
        """Return how often a reply is there."""
        place = pc.index(self._texts, pa.scalar(reply, self._texts.type)).as_py()
        return 0 if place < 0 else int(self._counts[place].as_py())


def _count(shard: Path) -> pa.Table:
    messages = pq.read_table(shard, columns=["messages"])["messages"].combine_chunks().flatten()
    role, content = messages.flatten()
    counts = pc.value_counts(content.filter(pc.equal(role, "assistant")))
    return pa.table({"text": counts.field("values"), "n": counts.field("counts")})
