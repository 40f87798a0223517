"""Figures as people read them: shares in percent, nats with three decimals, a true minus sign."""

from __future__ import annotations

MINUS = "−"


def number(value: float, unit: str) -> str:
    """A value with as many decimals as its unit needs, and a percent sign for a share."""
    text = f"{100 * value:.0f} %" if unit == "share" else f"{value:.{decimals(unit)}f}"
    return text.replace("-", MINUS)


def decimals(unit: str) -> int:
    if unit.startswith("nats") or unit == "0 to 1":
        return 3
    return 1


def signed(value: float, unit: str) -> str:
    """A difference, with its sign: percentage points for shares."""
    text = f"{100 * value:+.0f}" if unit == "share" else f"{value:+.{decimals(unit)}f}"
    text = text.lstrip("+-") if not float(text) else text.replace("-", MINUS)
    return f"{text} points" if unit == "share" else text


def interval(low: float | None, high: float | None, unit: str) -> str:
    """`81 to 97 %`; "" where nothing is known of it."""
    if low is None or high is None:
        return ""
    if unit == "share":
        return f"{100 * low:.0f} to {100 * high:.0f} %"
    return f"{low:.{decimals(unit)}f} to {high:.{decimals(unit)}f}".replace("-", MINUS)


def difference(low: float | None, high: float | None, unit: str) -> str:
    """The interval of a difference, signs included."""
    if low is None or high is None:
        return "not known"
    bounds = [signed(bound, unit).removesuffix(" points") for bound in (low, high)]
    return f"{bounds[0]} to {bounds[1]}"


def share_of_axis(value: float | None, low: float, high: float) -> float | None:
    """Where a value lies between the ends of its axis, in percent, with room at both sides."""
    if value is None:
        return None
    return round(4 + 92 * (value - low) / ((high - low) or 1), 2)


def listed(parts: list[str]) -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
