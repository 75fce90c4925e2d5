"""The cap: which whole turns of a dialogue fit into a row of at most `max_tokens` tokens."""

from collections.abc import Sequence


def cap_turns(n_tokens: Sequence[int], max_tokens: int, overlong: str) -> list[range]:
    """Return the turns of each row that a dialogue gives; no row means `over_max_tokens`.

    Args:
        n_tokens: how many tokens each turn has, the role token included; they begin on `<usr>`
            and end on `<sys>`; rows are runs of such pairs, never cut inside a turn.
        max_tokens: the limit of a row, `<s>` and `</s>` included though they are not stored.
        overlong: `truncate` keeps the longest run from the start that fits; `split` goes on with
            the rest, skipping a pair that exceeds the limit alone; `drop` keeps all or nothing.

    >>> cap_turns([3, 4, 3, 4], 16, "truncate")
    [range(0, 4)]
    >>> cap_turns([3, 4, 3, 4], 15, "truncate"), cap_turns([3, 4, 3, 4], 15, "drop")
    ([range(0, 2)], [])
    >>> cap_turns([3, 4, 9, 9, 3, 4], 15, "split")
    [range(0, 2), range(4, 6)]
    """
    room = max_tokens - 2
    if sum(n_tokens) <= room:
        return [range(len(n_tokens))]
    if overlong == "drop":
        return []
    rows: list[range] = []
    start = end = total = 0  # the row being filled is turns start..end
    while end < len(n_tokens):
        pair = n_tokens[end] + n_tokens[end + 1]
        if total + pair <= room:
            end, total = end + 2, total + pair
            continue
        if start < end:
            rows.append(range(start, end))
        if overlong == "truncate":
            return rows
        if pair > room:
            end += 2
        start, total = end, 0
    if start < end:
        rows.append(range(start, end))
    return rows
