"""Invented dialogues in the true shapes of AIHub: for tests, benchmarks and a first try.

The bank (`bank.py`) tells the chats; `topic.py`, `chats.py` and `task.py` put them into the files
of AIHub 543, 117 and 114, and 544, with the irregularities that were counted in original files.
Nothing here is AIHub's.

Not imitated: the morphemes of 543 (empty) and the summaries of 117 (one sentence names the title).
"""

from collections import Counter
from hashlib import sha256
from pathlib import Path

from corpus.records import MANIFEST, CorpusError
from corpus.sample.bank import SAMPLE_TEXT, SERVICE_TEXT, read_bank
from corpus.sample.chats import plan_chats, write_sns, write_summary
from corpus.sample.task import write_task
from corpus.sample.topic import write_topic

TOPIC_HOME = "020.주제별 텍스트 일상 대화 데이터"
SUMMARY_HOME = "한국어 대화 요약"
SNS_HOME = "한국어 SNS"
TASK_HOME = "021.용도별 목적대화 데이터"
TOPIC_SHARE, SNS_SHARE, TASK_SHARE = 0.3, 0.2, 0.1  # of the dialogues; the rest are summary's
MISCOUNT_FROM = 1000  # dialogues: a smaller sample is read as an example, and its counts are right


def write_sample(
    out: Path, *, dialogues: int = 400, seed: int = 0, broken: bool = False
) -> dict[str, int]:
    """Write `dialogues` invented dialogues below `out`; return counts by source and irregularity.

    Same arguments, same bytes (with one version of zlib). Memory does not grow with `dialogues`.
    `broken` adds entries and files that cannot be read.

    Raises:
        CorpusError: `dialogues` is not positive, `out` is no folder, or it already holds one
            of ours.
    """
    if dialogues < 1:
        raise CorpusError(
            f"a sample of {dialogues} dialogues cannot be written; ask for 1 or more."
        )
    if out.exists() and not out.is_dir():
        raise CorpusError(f"{out} is not a folder.")
    if (out / MANIFEST).exists():
        raise CorpusError(f"{out} holds a corpus, which files of raw/ would spoil.")
    for home in (TOPIC_HOME, SUMMARY_HOME, SNS_HOME, TASK_HOME):
        if (out / home).exists():
            raise CorpusError(f"{out / home} is already there; give a folder without it.")
    counts: Counter[str] = Counter()
    scripts, services = (
        sorted(read_bank(bank), key=lambda s: sha256(f"{seed}/{s.title}".encode()).digest())
        for bank in (SAMPLE_TEXT, SERVICE_TEXT)
    )
    n_topic, n_sns, n_task = (
        round(dialogues * share) for share in (TOPIC_SHARE, SNS_SHARE, TASK_SHARE)
    )
    write_topic(out / TOPIC_HOME / "01.데이터", scripts, n_topic, seed, counts)
    chats = plan_chats(scripts, dialogues - n_topic - n_sns - n_task, n_sns, seed, counts)
    write_summary(out / SUMMARY_HOME, chats, miscount=dialogues >= MISCOUNT_FROM, broken=broken)
    write_sns(out / SNS_HOME, chats)
    write_task(out / TASK_HOME / "01.데이터", services, n_task, seed, counts)
    return {name: count for name, count in sorted(counts.items()) if count}
