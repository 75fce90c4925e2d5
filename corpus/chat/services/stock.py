"""The sentence that answers what a share costs. What it will cost, nobody knows."""

from corpus.chat.services.network import Network, NotInstalledError, UnreachableError
from corpus.chat.services.particles import particle


def stock_sentence(asked: str, network: Network) -> str:
    """Tell the last known price of a share, or why it is not known."""
    try:
        quote = network.quote(asked)
    except NotInstalledError:
        return '주가를 보려면 pip install -e ".[stock]" 이 필요해요.'
    except UnreachableError:
        return f"지금은 인터넷에 연결할 수 없어서 {asked} 주가를 알 수 없어요."
    if quote is None:
        called = particle(asked, "이라는", "라는")
        return f"'{asked}'{called} 종목을 찾지 못했어요."
    change = "전날과 같아요"
    if quote.change:
        before = quote.price - quote.change
        percent = f"({abs(quote.change) / before:.1%})" if before > 0 else ""
        verb = "올랐어요" if quote.change > 0 else "내렸어요"
        change = f"전날보다 {abs(quote.change):,}원{percent} {verb}"
    return f"{quote.name}({quote.code}) {quote.price:,}원, {change}. 늦은 시세일 수 있어요."
