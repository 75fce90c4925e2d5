"""Sums: + − × ÷ and brackets on decimal numbers, by a parser of its own.

Not handled: powers, percent, units, and whatever else a calculator knows.
"""

import re
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

from corpus.chat.services.particles import with_particle

MAX_CHARACTERS = 60
_PLACES = Decimal("0.000001")  # shown of what does not come out even
_DIGITS = 200  # 60 characters multiply to fewer

_NUMBER = r"(?:0|[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]*)(?:\.[0-9]+)?"
_TOKEN = re.compile(rf" *({_NUMBER}(?![0-9])|[-+*/()]) *")
_SIGNS = str.maketrans("×xX＊∙·÷−–＋（）", "***" + "***" + "/--+()")
# 010-1234-5678 and 2026-11-27 are no sums, and neither is 1/3 alone.
_NO_SUM = re.compile(r"[0-9]-[0-9]+-[0-9]|^ *[0-9]+(?:/[0-9]+)+ *$")


def result_of(expression: str, *, is_asked: bool = False) -> str | None:
    """Return the sentence that answers a sum, or None if it is none.

    `is_asked`: words around it say that a sum is meant, so that 1/3 is one.

    >>> result_of("3+4*2"), result_of("1÷0 + 1"), result_of("10:30"), result_of("10 / 3 * 1")
    ('11이에요.', '0으로는 나눌 수 없어요.', None, '약 3.333333이에요.')
    """
    if len(expression) > MAX_CHARACTERS or (_NO_SUM.search(expression) and not is_asked):
        return None
    tokens = _tokens(expression.translate(_SIGNS))
    if not tokens or not re.search(r"[0-9)] [-+*/] ", " ".join(tokens)):
        return None
    context = Context(prec=_DIGITS, traps=[DivisionByZero, InvalidOperation, Overflow])
    reader = _Reader(tokens, context)
    try:
        value = reader.sum()
    except (DivisionByZero, InvalidOperation):
        return "0으로는 나눌 수 없어요."
    except ValueError:
        return None
    return None if reader.tokens else _told(value, is_inexact=context.flags[Inexact])


def _tokens(expression: str) -> list[str] | None:
    tokens, at = [], 0
    while at < len(expression):
        found = _TOKEN.match(expression, at)
        if found is None:
            return None
        tokens.append(found[1])
        at = found.end()
    return tokens


class _Reader:
    """Reads tokens from the left, products before sums."""

    def __init__(self, tokens: list[str], context: Context) -> None:
        self.tokens, self._context = tokens, context

    def sum(self) -> Decimal:
        value = self._product()
        while self.tokens and self.tokens[0] in "+-":
            sign = self.tokens.pop(0)
            operate = self._context.add if sign == "+" else self._context.subtract
            value = operate(value, self._product())
        return value

    def _product(self) -> Decimal:
        value = self._factor()
        while self.tokens and self.tokens[0] in "*/":
            sign = self.tokens.pop(0)
            operate = self._context.multiply if sign == "*" else self._context.divide
            value = operate(value, self._factor())
        return value

    def _factor(self) -> Decimal:
        part = self.tokens.pop(0) if self.tokens else ""
        if part == "-":
            return self._context.minus(self._factor())
        if part == "(":
            value = self.sum()
            if not self.tokens or self.tokens.pop(0) != ")":
                raise ValueError("a bracket is open")
            return value
        if not part[:1].isdigit():
            raise ValueError("a number is missing")
        return Decimal(part.replace(",", ""))


def _told(value: Decimal, *, is_inexact: bool) -> str:
    shown = value
    if is_inexact or -value.as_tuple().exponent > 6:  # type: ignore[operator]  # it is finite
        shown = value.quantize(_PLACES, context=Context(prec=_DIGITS))
    number = f"{shown:,f}"
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    if number == "-0":
        number = "0"
    about = "" if shown == value else "약 "
    return f"{about}{with_particle(number, '이에요', '예요')}."
