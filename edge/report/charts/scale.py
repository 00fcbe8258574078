"""From values to places on a chart, and the round values that an axis names."""

import math
from dataclasses import dataclass

MOST_TICKS = 5


@dataclass(frozen=True)
class Scale:
    """Maps values from `low` to `high` to places from `start` to `end`, by logarithms if `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the place of a value, which may lie outside."""
        low, high, value = (math.log(x) if self.log else x for x in (self.low, self.high, value))
        return self.start + (value - low) / ((high - low) or 1) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return round values from `low` to `high`."""
        if not self.log:
            step = round_step(self.high - self.low)
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            return [i * step for i in range(first, last + 1)]
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for digits in ((1, 2, 5), (1, 3), (1,)):
            values = [digit * 10.0**power for power in powers for digit in digits]
            within = [value for value in values if self.low * 0.999 <= value <= self.high * 1.001]
            if len(within) <= MOST_TICKS + 1:
                break
        return within


def round_step(span: float) -> float:
    """Return the distance of ticks, 1, 2 or 5 times a power of ten, that has at most `MOST_TICKS` of them in `span`."""
    power = 10.0 ** math.floor(math.log10((span or 1) / MOST_TICKS))
    return next((digit * power for digit in (1, 2, 5) if span / (digit * power) <= MOST_TICKS), 10 * power)


def rounded_out(low: float, high: float) -> tuple[float, float]:
    """Return the round values around a range."""
    step = round_step(high - low) / 2
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def number(value: float) -> str:
    """Return a round number, as those at ticks."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def measured(value: float) -> str:
    """Return a number with three digits that count, zeros too, but none beyond whole numbers and thousandths."""
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:#.3g}" if abs(value) >= 0.1 else f"{value:.3f}"


def percent(share: float) -> str:
    """Return a share, 0 to 1, as per cent without needless digits."""
    return f"{100 * share:.4g}%"
